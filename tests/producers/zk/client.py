"""A reader of terminals for the tests, out of hadir's own codec: it asks, the simulated terminal answers."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from producers.protocols.lines import Reject
from producers.protocols.zk_frames import Command, Packet, Splitter, frame, pack, scramble, unpack
from producers.simulator.zk.server import Server

WAIT_S = 10.0


class Gone(Exception):
    """The terminal closed the line."""


class Client:
    """One line to a terminal; ``send`` takes a payload, ``heard`` is a queue of packets, None at the end."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Packet | None] = asyncio.Queue()
        self.faults: list[Reject] = []
        self.session = 0
        self._reply = 0

    def send(self, payload: bytes) -> None:
        """Send one payload."""
        raise NotImplementedError

    async def next(self) -> Packet:
        """The next packet. Raises Gone, TimeoutError."""
        packet = await asyncio.wait_for(self.heard.get(), WAIT_S)
        if packet is None:
            raise Gone
        return packet

    async def ask(self, command: int, data: bytes = b"") -> Packet:
        """One request, one answer, of the same reply number."""
        self.send(pack(Packet(command, self.session, self._reply, data)))
        answer = await self.next()
        assert answer.reply == self._reply
        self._reply += 1
        return answer

    async def connect(self, key: int = 0) -> Packet:
        """CONNECT, and AUTH where the terminal wants it."""
        answer = await self.ask(Command.CONNECT)
        self.session = answer.session
        if answer.command == Command.ACK_UNAUTH:
            answer = await self.ask(Command.AUTH, scramble(key, self.session))
        return answer

    async def bulk(self, what: int, chunk: int = 0xFFC0) -> bytes:
        """A whole memory; holds the packets' indexes and their reply number against the protocol."""
        first = await self.ask(Command.READ_BUFFER, struct.pack("<BHII", 1, what, 0, 0))
        if first.command == Command.DATA:
            return first.data
        assert first.command == Command.ACK_OK
        _, size, again = struct.unpack("<BII4x", first.data)
        assert size == again
        whole = b"".join([await self.piece(at, min(chunk, size - at)) for at in range(0, size, chunk)])
        assert (await self.ask(Command.FREE_DATA)).command == Command.ACK_OK
        return whole

    async def piece(self, start: int, size: int) -> bytes:
        """One chunk."""
        before = self._reply
        first = await self.ask(Command.READ_CHUNK, struct.pack("<II", start, size))
        assert first.command == Command.PREPARE_DATA
        told, most = struct.unpack("<II", first.data)
        assert told == size
        parts: list[bytes] = []
        while (packet := await self.next()).command == Command.DATA:
            assert (packet.session, packet.reply) == (len(parts), before)
            assert len(packet.data) <= most
            parts.append(packet.data)
        assert (packet.command, packet.reply) == (Command.ACK_OK, before)
        return b"".join(parts)


class _Tcp(Client):
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._writer = writer

    def send(self, payload: bytes) -> None:
        self._writer.write(frame(payload))

    async def listen(self, reader: asyncio.StreamReader) -> None:
        splitter = Splitter()
        try:
            while piece := await reader.read(65536):
                taken = splitter.feed(piece)
                self.faults.extend(taken.faults)
                for packet in taken.packets:
                    self.heard.put_nowait(packet)
        except ConnectionError:
            pass
        self.heard.put_nowait(None)


class _Udp(Client, asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, _: object) -> None:
        self.heard.put_nowait(unpack(data))

    def send(self, payload: bytes) -> None:
        self.transport.sendto(payload)  # type: ignore[attr-defined]


@asynccontextmanager
async def client(server: Server, *, udp: bool = False) -> AsyncIterator[Client]:
    """A line to a simulated terminal."""
    if udp:
        transport, line = await asyncio.get_running_loop().create_datagram_endpoint(
            _Udp, remote_addr=(server.host, server.port)
        )
        try:
            yield line
        finally:
            transport.close()
        return
    reader, writer = await asyncio.open_connection(server.host, server.port)
    tcp = _Tcp(writer)
    listening = asyncio.create_task(tcp.listen(reader))
    try:
        yield tcp
    finally:
        writer.close()
        await listening
