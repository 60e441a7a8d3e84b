"""A simulated ZK terminal's sockets: TCP or UDP on one port, which a restart closes for a while."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import cast

from producers.simulator.zk.terminal import Peer, Terminal
from producers.simulator.zk.wire import HEAD, MAX_REQUEST, START, over_tcp

UDP_LIMIT = 0x3F0
"""Data bytes of a datagram: readers take 1,024 at a time, header and all."""


class _TcpPeer(Peer):
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._writer = writer

    def framed(self, payload: bytes) -> bytes:
        return over_tcp(payload)

    async def write(self, raw: bytes) -> None:
        with suppress(ConnectionError):
            self._writer.write(raw)
            await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


class _UdpPeer(Peer):
    limit = UDP_LIMIT

    def __init__(self, lines: _UdpLines, address: tuple[str, int]) -> None:
        super().__init__()
        self.asked: asyncio.Queue[bytes] = asyncio.Queue()
        self._lines, self._address = lines, address

    def framed(self, payload: bytes) -> bytes:
        return payload

    async def write(self, raw: bytes) -> None:
        self._lines.transport.sendto(raw, self._address)

    def close(self) -> None:
        self._lines.forget(self._address)


class _UdpLines(asyncio.DatagramProtocol):
    """Readers by their address; each is answered by a task of its own, in the order of its requests."""

    transport: asyncio.DatagramTransport

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._peers: dict[tuple[str, int], tuple[_UdpPeer, asyncio.Task[None]]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if address not in self._peers:
            peer = _UdpPeer(self, address)
            self._terminal.peers.add(peer)
            self._peers[address] = peer, asyncio.create_task(self._serve(peer))
        self._peers[address][0].asked.put_nowait(data)

    async def _serve(self, peer: _UdpPeer) -> None:
        while peer in self._terminal.peers:
            await self._terminal.take(peer, await peer.asked.get())

    def forget(self, address: tuple[str, int]) -> None:
        """A reader has said goodbye: whatever it asks next is asked by a stranger."""
        if (known := self._peers.pop(address, None)) is not None:
            self._terminal.peers.discard(known[0])

    def close(self) -> None:
        """Forget all readers and end the socket."""
        for peer, task in self._peers.values():
            self._terminal.peers.discard(peer)
            task.cancel()
        self._peers.clear()
        self.transport.close()


class Server:
    """
    A terminal on a port: ``async with Server(terminal) as server: ... server.port``.

    Args:
        terminal: who answers.
        host: loopback, unless somebody wants it seen.
        port: 0: a free one.
        udp: datagrams instead of TCP.
    """

    def __init__(self, terminal: Terminal, host: str = "127.0.0.1", port: int = 0, *, udp: bool = False) -> None:
        self.terminal = terminal
        self.host = host
        self.port = port
        self.listening = asyncio.Event()
        self._udp = udp
        self._server: asyncio.Server | None = None
        self._lines: _UdpLines | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._restarting: asyncio.Task[None] | None = None
        terminal.restart = self._restart

    async def __aenter__(self) -> Server:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        self._close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        if self._udp:
            _, lines = await loop.create_datagram_endpoint(
                lambda: _UdpLines(self.terminal), local_addr=(self.host, self.port)
            )
            self._lines = lines
            self.port = lines.transport.get_extra_info("sockname")[1]
        else:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        self.listening.set()

    def _close(self) -> None:
        self.listening.clear()
        if self._server is not None:
            self._server.close()
        if self._lines is not None:
            self._lines.close()
        for peer in list(self.terminal.peers):
            peer.close()
        for task in self._tasks:
            task.cancel()

    def _restart(self) -> None:
        if self._restarting is None or self._restarting.done():
            self._restarting = asyncio.create_task(self._restarted())

    async def _restarted(self) -> None:
        self._close()
        self.terminal.peers.clear()
        self.terminal.enabled = True
        await asyncio.sleep(self.terminal.make.restart_s)
        await self._open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = _TcpPeer(writer)
        self.terminal.peers.add(peer)
        try:
            while not writer.is_closing():
                head = await reader.readexactly(HEAD)
                length = int.from_bytes(head[4:], "little")
                if head[:4] != START or length > MAX_REQUEST:
                    break
                await self.terminal.take(peer, await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.terminal.peers.discard(peer)
            self._tasks.discard(task)
            writer.close()
