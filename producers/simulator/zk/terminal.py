"""
A ZK terminal as it behaves: its memory, its clock, its sessions, and an answer to every request.

It knows no socket: ``server`` gives it peers and payloads. Nothing that a reader asks deletes anything here.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hadir import clock
from producers.simulator.zk import memory, wire
from producers.simulator.zk.faults import Fault, Faults
from producers.simulator.zk.memory import Mark, Person
from producers.simulator.zk.wire import ATTLOG_EVENT, Code, Request, packet

ROOM = 100_000
"""Users and records that fit in."""


@dataclass
class Make:
    """
    What kind of terminal it is.

    Attributes:
        serial: its number, an option that a reader asks for.
        key: communication key; 0: none is asked for.
        record_bytes: size of a record, one of ``memory.RECORD_BYTES``; users have 28 bytes up to 16, else 72.
        event_bytes: length of a pushed event, one of ``memory.ID_BYTES``; numbers of 2 and 4 bytes hold digits only.
        packet_bytes: most bytes of a bulk read in one packet.
        small_bytes: a memory up to this size comes at once, without chunks.
        gap_s: pause between the packets of one answer, seconds of the machine.
        restart_s: how long a restart takes, seconds of the machine.
        utc_offset_s, offset_s, drift_ppm: of its clock: zone, error at the start, error that it gathers.
    """

    serial: str = "SIM0000000001"
    key: int = 0
    record_bytes: int = 40
    event_bytes: int = 32
    packet_bytes: int = 0xFFF8
    small_bytes: int = 1024
    gap_s: float = 0.0
    restart_s: float = 0.2
    utc_offset_s: int = 7 * 3600
    offset_s: float = 0.0
    drift_ppm: float = 0.0


class WallClock:
    """A terminal's clock: milliseconds as if UTC, off by an offset and by what it has gathered since it was set."""

    def __init__(self, make: Make, now_ms: Callable[[], int]) -> None:
        self._now, self._drift = now_ms, make.drift_ppm / 1e6
        self._since = now_ms()
        self._ahead_ms = round((make.utc_offset_s + make.offset_s) * 1000)

    def wall_ms(self) -> int:
        """What it shows."""
        now = self._now()
        return now + self._ahead_ms + round((now - self._since) * self._drift)

    def set(self, wall_ms: int) -> None:
        """Somebody sets it; it drifts on from there."""
        self._since = self._now()
        self._ahead_ms = wall_ms - self._since


class Peer(ABC):
    """One reader's line, and what the terminal remembers of it. ``limit``: most data bytes that a packet may carry."""

    limit = 0x10000

    def __init__(self) -> None:
        self.session = 0
        self.trusted = False
        self.mask = 0
        self.buffer: bytes | None = None
        self.lock = asyncio.Lock()

    @abstractmethod
    def framed(self, payload: bytes) -> bytes:
        """A payload as this line carries it."""

    @abstractmethod
    async def write(self, raw: bytes) -> None:
        """Send bytes as they are: a piece of a stream, or one datagram."""

    @abstractmethod
    def close(self) -> None:
        """End the line."""


class Terminal:
    """
    One terminal.

    Args:
        make: what kind it is.
        people, marks: what it remembers at the start.
        now_ms: the clock that its own clock follows, milliseconds UTC.

    ``seen`` counts requests by number, ``acks`` events that a reader has acknowledged; ``enabled`` is False while a
    reader keeps people from punching.
    """

    def __init__(
        self,
        make: Make,
        people: Sequence[Person] = (),
        marks: Sequence[Mark] = (),
        now_ms: Callable[[], int] = clock.now_ms,
    ) -> None:
        self.make = make
        self.people = list(people)
        self.marks = list(marks)
        self.clock = WallClock(make, now_ms)
        self.faults = Faults()
        self.peers: set[Peer] = set()
        self.seen: Counter[int] = Counter()
        self.acks = 0
        self.enabled = True
        self.restart: Callable[[], None] = lambda: None
        self._sessions = 0x45CF
        self._noise = random.Random(make.serial)  # noqa: S311  (no secret: bytes that mean nothing)

    async def punch(self, person: Person, verify: int = 1, state: int = 0) -> bool:
        """Somebody puts a finger on it now; False while a reader has disabled it."""
        if not self.enabled:
            return False
        mark = Mark(person, memory.stamp_of(self.clock.wall_ms()), verify, state)
        self.marks.append(mark)
        await self.push([mark])
        return True

    def spoil(self, person: Person) -> None:
        """A record of 30 February, as a clock that lost its battery leaves one."""
        self.marks.append(Mark(person, memory.stamp(2026, 2, 30, 7 * 3600)))

    async def push(self, marks: Sequence[Mark], size: int | None = None, cuts: Sequence[int] = ()) -> None:
        """
        Push events to whoever asked for them: over TCP in one piece, or cut at these bytes.

        Args:
            size: length of an event, instead of the model's own.
        """
        size = self.make.event_bytes if size is None else size
        for peer in [peer for peer in self.peers if peer.mask & ATTLOG_EVENT]:
            events = (packet(Code.REG_EVENT, ATTLOG_EVENT, 0, memory.event(mark, size)) for mark in marks)
            async with peer.lock:
                await self._push(peer, [peer.framed(event) for event in events], cuts)

    async def _push(self, peer: Peer, frames: Sequence[bytes], cuts: Sequence[int]) -> None:
        if peer.framed(b"") == b"":  # a datagram is a packet
            pieces = list(frames)
        else:
            stream = b"".join(frames)
            edges = [0, *cuts, len(stream)]
            pieces = [stream[start:end] for start, end in pairwise(edges)]
        for piece in pieces:
            await peer.write(piece)
            await asyncio.sleep(self.make.gap_s)

    async def take(self, peer: Peer, payload: bytes) -> None:
        """Answer one payload of a reader; broken ones get no answer."""
        request = wire.read_request(payload)
        if request is None:
            return
        self.seen[request.code] += 1
        if request.code == Code.ACK_OK:
            self.acks += 1
            return
        async with peer.lock:
            answer = self._answer(peer, request)
            brings_data = any(int.from_bytes(part[:2], "little") == Code.DATA for part in answer)
            fault = self.faults.strike(request.code, brings_data=brings_data)
            if fault is None:
                await self._send(peer, answer)
            else:
                await self._fail(peer, answer, fault)
            if request.code == Code.EXIT:
                peer.close()
            elif request.code == Code.RESTART and peer.trusted:
                self.restart()

    async def _send(self, peer: Peer, answer: Sequence[bytes]) -> None:
        for number, payload in enumerate(answer):
            if number and self.make.gap_s:
                await asyncio.sleep(self.make.gap_s)
            await peer.write(peer.framed(payload))

    async def _fail(self, peer: Peer, answer: Sequence[bytes], fault: Fault) -> None:
        if fault == Fault.CLOSE:
            whole = b"".join(peer.framed(payload) for payload in answer)
            await peer.write(whole[: len(whole) // 2] if peer.framed(b"") else peer.framed(answer[0]))
            peer.close()
        elif fault == Fault.GARBAGE:
            await peer.write(self._noise.randbytes(64))
        elif fault == Fault.RESTART:
            self.restart()
        elif fault != Fault.SILENCE:
            await self._send(peer, answer)
            if fault == Fault.GROWS:
                self.marks.append(Mark(self.people[0], memory.stamp_of(self.clock.wall_ms())))
            else:
                del self.marks[:1]

    def _answer(self, peer: Peer, request: Request) -> Sequence[bytes]:
        if request.code == Code.CONNECT:
            if not peer.session:
                self._sessions = self._sessions % 0xFFFF + 1
                peer.session = self._sessions
            peer.trusted = peer.trusted or self.make.key == 0
            return [self._reply(peer, request, Code.ACK_OK if peer.trusted else Code.ACK_UNAUTH)]
        if request.session != peer.session or not peer.session:
            return [self._reply(peer, request, Code.ACK_UNAUTH)]
        if request.code == Code.AUTH:
            peer.trusted = peer.trusted or wire.opens(request.data, self.make.key, peer.session)
        if not peer.trusted:
            return [self._reply(peer, request, Code.ACK_UNAUTH)]
        if request.code == Code.DATA_RDY:
            return self._chunk(peer, request)
        code, data = self._obey(peer, request)
        return [self._reply(peer, request, code, data)]

    @staticmethod
    def _reply(peer: Peer, request: Request, code: int, data: bytes = b"") -> bytes:
        return packet(code, peer.session, request.reply, data)

    def _obey(self, peer: Peer, request: Request) -> tuple[int, bytes]:
        """What a request does, and the reply's number and data."""
        match request.code:
            case Code.AUTH | Code.EXIT | Code.RESTART | Code.REFRESHDATA | Code.STARTVERIFY | Code.CANCELCAPTURE:
                return Code.ACK_OK, b""
            case Code.ENABLEDEVICE | Code.DISABLEDEVICE:
                self.enabled = request.code == Code.ENABLEDEVICE
                return Code.ACK_OK, b""
            case Code.REG_EVENT:
                peer.mask = int.from_bytes(request.data[:4], "little")
                return Code.ACK_OK, b""
            case Code.GET_TIME:
                return Code.ACK_OK, wire.u32(memory.stamp_of(self.clock.wall_ms()))
            case Code.SET_TIME:
                return self._set_time(request.data)
            case Code.GET_VERSION:
                return Code.ACK_OK, b"Ver 6.60 Apr 28 2017\0"
            case Code.OPTIONS_RRQ:
                return self._option(request.data)
            case Code.GET_FREE_SIZES:
                return Code.ACK_OK, wire.free_sizes(len(self.people), len(self.marks), ROOM, ROOM)
            case Code.DATA_WRRQ:
                return self._bulk(peer, request.data)
            case Code.FREE_DATA:
                peer.buffer = None
                return Code.ACK_OK, b""
        return Code.ACK_UNKNOWN, b""

    def _set_time(self, data: bytes) -> tuple[int, bytes]:
        try:
            self.clock.set(memory.wall_of(int.from_bytes(data[:4], "little")))
        except ValueError:
            return Code.ACK_ERROR, b""
        return Code.ACK_OK, b""

    def _option(self, data: bytes) -> tuple[int, bytes]:
        options = {
            "~SerialNumber": self.make.serial,
            "~DeviceName": "hadir-simulator",
            "~Platform": "ZLM60_TFT",
            "~OS": "1",
            "~ZKFPVersion": "10",
            "MAC": "02:00:00:00:00:01",
        }
        name = data.rstrip(b"\0").decode("latin-1")
        if name not in options:
            return Code.ACK_ERROR, b""
        return Code.ACK_OK, f"{name}={options[name]}\0".encode("latin-1")

    def _bulk(self, peer: Peer, data: bytes) -> tuple[int, bytes]:
        """A memory at once where it is small, else its size, twice, for a reader that then asks piece by piece."""
        asked = int.from_bytes(data[1:3], "little") if len(data) == 11 and data[0] == 1 else 0
        if asked not in (Code.ATTLOG_RRQ, Code.USERTEMP_RRQ):
            return Code.ACK_ERROR, b""
        size = self.make.record_bytes
        if asked == Code.ATTLOG_RRQ:
            held = memory.memory([memory.record(mark, size) for mark in self.marks])
        else:
            held = memory.memory([memory.user(person, 28 if size <= 16 else 72) for person in self.people])
        if len(held) <= min(self.make.small_bytes, peer.limit):
            return Code.DATA, held
        peer.buffer = held
        return Code.ACK_OK, b"\0" + wire.u32(len(held)) * 2 + wire.u32(wire.checksum(held))

    def _chunk(self, peer: Peer, request: Request) -> Sequence[bytes]:
        start, size = (int.from_bytes(request.data[at : at + 4], "little") for at in (0, 4))
        held = peer.buffer
        if held is None or len(request.data) != 8 or start + size > len(held) or not size:
            return [self._reply(peer, request, Code.ACK_ERROR)]
        limit = min(self.make.packet_bytes, peer.limit)
        return wire.chunk(request.reply, held[start : start + size], peer.session, limit)
