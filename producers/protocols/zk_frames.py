"""
ZK terminals, the frame: what goes over TCP port 4370 (or UDP), before anybody asks what it means.

A payload is u16 command, checksum, session, reply number, then data; all little-endian. UDP carries it bare, TCP behind
``50 50 82 7D`` and its u32 length. A reply carries the request's reply number. Of the packets that bring a piece of a
bulk read (``DATA``) the session field is an index 0, 1, 2 ...; of an event it is the event's code, and the reply number
is 0.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from hadir.errors import Undecodable
from producers.protocols.lines import Reject

MAGIC = b"\x50\x50\x82\x7d"
MAX_PAYLOAD = 0x10000 + 8
"""The largest piece that firmware was seen to send in one packet, 0x10000 bytes, behind its header."""
EF_ATTLOG = 1
"""The event that somebody was recognised, in the mask of ``REG_EVENT`` and in the session field of what is pushed."""

_HEADER = struct.Struct("<4H")
_PREFIX = struct.Struct("<4sI")
_SHOWN = 64  # bytes of garbage that a fault keeps: enough to see what speaks there, not enough to fill a log


class Command(IntEnum):
    """Commands and replies by their numbers."""

    USERS = 9
    OPTION = 11
    ATTLOG = 13
    FREE_SIZES = 50
    START_VERIFY = 60
    CANCEL_CAPTURE = 62
    GET_TIME = 201
    SET_TIME = 202
    REG_EVENT = 500
    CONNECT = 1000
    EXIT = 1001
    ENABLE = 1002
    DISABLE = 1003
    VERSION = 1100
    AUTH = 1102
    PREPARE_DATA = 1500
    DATA = 1501
    FREE_DATA = 1502
    READ_BUFFER = 1503
    READ_CHUNK = 1504
    ACK_OK = 2000
    ACK_ERROR = 2001
    ACK_UNAUTH = 2005


class Packet(NamedTuple):
    """One payload, taken apart; ``command`` may be a number that ``Command`` does not have."""

    command: int
    session: int
    reply: int
    data: bytes


def _total(payload: bytes) -> int:
    """Sum of the payload's 16-bit words, an odd last byte filled up with zero."""
    if len(payload) % 2:
        payload += b"\0"
    return sum(struct.unpack(f"<{len(payload) // 2}H", payload))


def pack(packet: Packet) -> bytes:
    """
    A payload with its checksum: words summed, carries folded back, inverted.

    >>> pack(Packet(2000, 0x8DF3, 10, b"\\x09")).hex()
    'd007296af38d0a0009'
    """
    bare = _HEADER.pack(packet.command, 0, packet.session, packet.reply) + packet.data
    total = _total(bare)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return bare[:2] + (~total & 0xFFFF).to_bytes(2, "little") + bare[4:]


def unpack(payload: bytes) -> Packet:
    """
    A payload taken apart.

    Raises:
        Undecodable: shorter than a header, or its checksum is another. (A sum of zero has two forms; both are taken.)
    """
    if len(payload) < _HEADER.size:
        raise Undecodable(f"a packet of {len(payload)} bytes: shorter than its header")
    command, _, session, reply = _HEADER.unpack_from(payload)
    if _total(payload) % 0xFFFF:
        raise Undecodable("checksum is wrong")
    return Packet(command, session, reply, payload[_HEADER.size :])


def frame(payload: bytes) -> bytes:
    """A payload as TCP carries it."""
    return _PREFIX.pack(MAGIC, len(payload)) + payload


def scramble(key: int, session: int, ticks: int = 50) -> bytes:
    """
    The data of ``AUTH``: a terminal's communication key, hidden behind the session that it has just assigned.

    Args:
        key: 0 to 2**32 - 1, as set on the terminal; 0 where none is set.
        session: of the answer to ``CONNECT``.

    Source: golden values of a real terminal's session.

    >>> scramble(12, 0x45CF).hex(), scramble(45, 0x45CF).hex()
    ('614d323c', '61c9323c')
    """
    mirrored = int(f"{key & 0xFFFFFFFF:032b}"[::-1], 2)
    mixed = ((mirrored + session) & 0xFFFFFFFF).to_bytes(4, "little")
    _, second, third, fourth = (byte ^ salt for byte, salt in zip(mixed, b"ZKSO", strict=True))
    return bytes((third ^ ticks, fourth ^ ticks, ticks, second ^ ticks))


class Taken(NamedTuple):
    """What one piece of a stream completed: packets in order; faults with ``number`` the byte at which they began."""

    packets: list[Packet]
    faults: list[Reject]


class Splitter:
    """
    Packets out of a TCP stream, however it is cut: several in one segment, one over several.

    What is no frame is passed over up to the next ``MAGIC`` and told as one fault; a frame with a wrong checksum is a
    fault too, and the stream goes on behind it. Holds at most one frame (``max_payload``); every byte is looked at a
    bounded number of times.
    """

    def __init__(self, max_payload: int = MAX_PAYLOAD) -> None:
        self._max = max_payload
        self._held = bytearray()
        self._place = 0

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun; not 0 at the end of a stream means that it was torn."""
        return len(self._held)

    def feed(self, piece: bytes) -> Taken:
        """Take the stream's next bytes. Raises nothing."""
        held = self._held
        held += piece
        taken = Taken([], [])
        at = 0
        while len(held) - at >= 4:
            if held[at : at + 4] != MAGIC:
                at = self._skip(at, at, taken, "no frame begins here")
                continue
            if len(held) - at < _PREFIX.size:
                break
            length = int.from_bytes(held[at + 4 : at + 8], "little")
            if not _HEADER.size <= length <= self._max:
                at = self._skip(at, at + 4, taken, f"a frame of {length} bytes")
                continue
            end = at + _PREFIX.size + length
            if len(held) < end:
                break
            try:
                taken.packets.append(unpack(bytes(held[at + _PREFIX.size : end])))
            except Undecodable as fault:
                taken.faults.append(Reject(self._place + at, bytes(held[at:end]), str(fault)))
            at = end
        del held[:at]
        self._place += at
        return taken

    def _skip(self, start: int, search: int, taken: Taken, reason: str) -> int:
        """Pass over what is no frame: up to the next magic, or up to what may be its beginning."""
        held = self._held
        end = held.find(MAGIC, search)
        if end < 0:
            tail = range(max(search, len(held) - len(MAGIC) + 1), len(held))
            end = next((at for at in tail if MAGIC.startswith(bytes(held[at:]))), len(held))
        taken.faults.append(Reject(self._place + start, bytes(held[start : min(end, start + _SHOWN)]), reason))
        return end
