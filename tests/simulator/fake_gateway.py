"""A small ADMS server that keeps what it is told: the other end of the terminal's tests."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

Line = tuple[str, str, str]  # serial, PIN, wall clock


class FakeGateway:
    """
    Answers as the real one does; every change of what it holds can be awaited.

    ``says``: status and text of the next answers to POSTs, which are not kept. ``refuse``: how many of the next POSTs
    get a 503; ``swallow``: how many are kept although the answer is a 503 (an OK lost on the way). ``commands``:
    serial -> commands for its next polls, one poll each.
    """

    def __init__(self, *, stamp: str = "9999", asks: Callable[[str, int], list[str]] | None = None) -> None:
        self.stamp = stamp
        self.asks = asks
        self.says: list[tuple[int, str]] = []
        self.refuse = 0
        self.swallow = 0
        self.known: set[str] | None = None
        self.seen: Counter[Line] = Counter()
        self.oplog: list[str] = []
        self.results: list[tuple[str, str]] = []
        self.requests: list[tuple[str, str, float]] = []
        self.infos: list[str] = []
        self.commands: dict[str, list[list[str]]] = defaultdict(list)
        self.peers: dict[str, set[object]] = defaultdict(set)
        self.now: Callable[[], float] = lambda: 0.0
        self._changed = asyncio.Condition()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what was received makes a condition true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(true), 20)

    def kinds(self, serial: str) -> list[str]:
        """The kinds of requests of one terminal, in order."""
        return [kind for who, kind, _ in self.requests if who == serial]

    @asynccontextmanager
    async def serve(self, port: int | None = None) -> AsyncIterator[str]:
        """Listen on that port, or a free one; yields the address."""
        app = web.Application()
        app.router.add_get("/iclock/cdata", self._handshake)
        app.router.add_post("/iclock/cdata", self._cdata)
        app.router.add_get("/iclock/getrequest", self._getrequest)
        app.router.add_post("/iclock/devicecmd", self._devicecmd)
        server = TestServer(app, port=port)
        await server.start_server()
        try:
            yield str(server.make_url("")).rstrip("/")
        finally:
            await server.close()

    async def _heard(self, request: web.Request, kind: str) -> str:
        serial = request.query["SN"]
        self.requests.append((serial, kind, self.now()))
        if request.transport is not None:
            self.peers[serial].add(request.transport.get_extra_info("peername"))
        return serial

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _handshake(self, request: web.Request) -> web.Response:
        serial = await self._heard(request, "handshake")
        await self._tell()
        if self.known is not None and serial not in self.known:
            return web.Response(status=403, text="unknown")
        options = f"GET OPTION FROM: {serial}\nATTLOGStamp={self.stamp}\nOPERLOGStamp=9999\nErrorDelay=30\nDelay=10\n"
        return web.Response(text=options + "TransInterval=1\nRealtime=1\nTimeZone=7\nEncrypt=None\n")

    async def _cdata(self, request: web.Request) -> web.Response:
        serial = await self._heard(request, request.query["table"])
        body = await request.text()
        lines = body.splitlines()
        if self.says:
            status, text = self.says.pop(0)
            await self._tell()
            return web.Response(status=status, text=text)
        refused = self.refuse > 0
        self.refuse -= refused
        swallowed = not refused and self.swallow > 0
        self.swallow -= swallowed
        if not refused:
            if request.query["table"] == "ATTLOG":
                self.seen.update((serial, *line.split("\t")[:2]) for line in lines)  # type: ignore[misc]
            else:
                self.oplog += lines
        await self._tell()
        if refused or swallowed:
            return web.Response(status=503, text="come again")
        return web.Response(text=f"OK: {len(lines)}")

    async def _getrequest(self, request: web.Request) -> web.Response:
        serial = await self._heard(request, "poll")
        if "INFO" in request.query:
            self.infos.append(request.query["INFO"])
        queue = self.commands[serial]
        told = queue.pop(0) if queue else []
        if self.asks is not None:
            told = told + self.asks(serial, self.kinds(serial).count("poll"))
        await self._tell()
        return web.Response(text="\n".join(told) + "\n" if told else "OK")

    async def _devicecmd(self, request: web.Request) -> web.Response:
        serial = await self._heard(request, "devicecmd")
        self.results += [(serial, line) for line in (await request.text()).splitlines()]
        await self._tell()
        return web.Response(text="OK")
