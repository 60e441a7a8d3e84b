"""
The terminal's side of the ZK protocol as bytes: packets it sends, requests it understands.

Written from the protocol's facts and from nothing of hadir's own reader, so that each can be held against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

START = bytes.fromhex("5050827d")
HEAD = 8
"""Bytes of the prefix that TCP has, and of the header that every packet has."""
MAX_REQUEST = 4096
"""No request of a reader is longer: who announces more speaks another protocol."""
ATTLOG_EVENT = 1


class Code(IntEnum):
    """Numbers of requests and replies that a terminal knows."""

    USERTEMP_RRQ = 9
    OPTIONS_RRQ = 11
    ATTLOG_RRQ = 13
    GET_FREE_SIZES = 50
    STARTVERIFY = 60
    CANCELCAPTURE = 62
    GET_TIME = 201
    SET_TIME = 202
    REG_EVENT = 500
    CONNECT = 1000
    EXIT = 1001
    ENABLEDEVICE = 1002
    DISABLEDEVICE = 1003
    RESTART = 1004
    REFRESHDATA = 1013
    GET_VERSION = 1100
    AUTH = 1102
    PREPARE_DATA = 1500
    DATA = 1501
    FREE_DATA = 1502
    DATA_WRRQ = 1503
    DATA_RDY = 1504
    ACK_OK = 2000
    ACK_ERROR = 2001
    ACK_UNAUTH = 2005
    ACK_UNKNOWN = 0xFFFF


class Request(NamedTuple):
    """What a reader asks; ``code`` may be one that no terminal knows."""

    code: int
    session: int
    reply: int
    data: bytes


def u16(number: int) -> bytes:
    """Two bytes, little-endian."""
    return number.to_bytes(2, "little")


def u32(number: int) -> bytes:
    """Four bytes, little-endian."""
    return number.to_bytes(4, "little")


def checksum(payload: bytes) -> int:
    """
    Of a payload whose checksum field is zero: 16-bit words summed, carries folded in, inverted.

    A number's remainder by 65535 is the folded sum of its 16-bit digits, but for a sum of 65535, which folds to itself.

    >>> hex(checksum(bytes.fromhex("0b000000f38d03005a4b4661636556657273696f6e00")))
    '0x175a'
    """
    number = int.from_bytes(payload, "little")
    folded = number % 0xFFFF or (0xFFFF if number else 0)
    return 0xFFFF - folded


def packet(code: int, session: int, reply: int, data: bytes = b"") -> bytes:
    """A payload, as UDP carries it."""
    bare = u16(code) + b"\0\0" + u16(session) + u16(reply) + data
    return bare[:2] + u16(checksum(bare)) + bare[4:]


def over_tcp(payload: bytes) -> bytes:
    """A payload as TCP carries it."""
    return START + u32(len(payload)) + payload


def read_request(payload: bytes) -> Request | None:
    """What a reader asked; None where a terminal would not answer: too short, or a wrong checksum."""
    if len(payload) < HEAD:
        return None
    told, right = int.from_bytes(payload[2:4], "little"), checksum(payload[:2] + b"\0\0" + payload[4:])
    if told != right and {told, right} != {0, 0xFFFF}:  # the sum's zero has two forms
        return None
    code, session, reply = (int.from_bytes(payload[at : at + 2], "little") for at in (0, 4, 6))
    return Request(code, session, reply, payload[HEAD:])


def opens(data: bytes, key: int, session: int) -> bool:
    """
    Whether what came with AUTH is this key, hidden for this session.

    The reader chooses a byte and sends it as the third; the others are taken apart with it.

    >>> opens(bytes.fromhex("614d323c"), 12, 0x45CF), opens(bytes.fromhex("61c9323c"), 12, 0x45CF)
    (True, False)
    """
    if len(data) < 4:
        return False
    mirrored = sum(1 << (31 - bit) for bit in range(32) if key >> bit & 1)
    hidden = u32((mirrored + session) % (1 << 32))
    veiled = bytes(a ^ b for a, b in zip(hidden, b"ZKSO", strict=True))
    ticks = data[2]
    return data[:2] == bytes(byte ^ ticks for byte in veiled[2:]) and data[3] == veiled[1] ^ ticks


def free_sizes(users: int, records: int, user_room: int, record_room: int) -> bytes:
    """The 92 bytes of GET_FREE_SIZES; a finger for every user, no faces."""
    block = bytearray(92)
    fields = {16: users, 24: users, 32: records, 56: user_room, 60: user_room, 64: record_room}
    fields |= {68: user_room - users, 72: user_room - users, 76: record_room - records, 80: 0, 88: 0}
    for at, number in fields.items():
        block[at : at + 4] = number.to_bytes(4, "little", signed=True)
    return bytes(block)


def chunk(reply: int, piece: bytes, session: int, packet_bytes: int) -> Sequence[bytes]:
    """Payloads that bring a piece of a bulk read: what comes, the packets with their index as session, the end."""
    cuts = range(0, len(piece), packet_bytes)
    body = [packet(Code.DATA, index & 0xFFFF, reply, piece[at : at + packet_bytes]) for index, at in enumerate(cuts)]
    first = packet(Code.PREPARE_DATA, session, reply, u32(len(piece)) + u32(packet_bytes))
    return [first, *body, packet(Code.ACK_OK, session, reply)]
