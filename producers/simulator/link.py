"""One terminal's keep-alive connection to the server: the requests of the Push protocol, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
from yarl import URL

from producers.simulator.wire import DEFAULT_STAMP, Command, Options, parse_commands, parse_options

TIMEOUT_S = 15.0
"""Of the machine's seconds: a server that does not answer for that long is taken for gone."""


class Refused(Exception):
    """The server answered, but did not take it: 503, an unknown serial, an answer that is none. Keep and come again."""


GONE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""No answer at all: the connection is given up, and the next one begins with a handshake."""


@dataclass
class Counts:
    """What went over the line. ``miscounted``: answers ``OK: n`` whose n is not the number of lines sent."""

    handshakes: int = 0
    polls: int = 0
    posts: int = 0
    answers: int = 0
    refused: int = 0
    gone: int = 0
    miscounted: int = 0


class Link:
    """
    Requests of one terminal, at most one at a time, over one connection that is kept alive.

    Raises from every request: ``Refused``, or one of ``GONE``.
    """

    def __init__(self, base_url: str, serial: str) -> None:
        self.serial = serial
        self.options: Options | None = None
        self.counts = Counts()
        self._base = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def handshake(self) -> Options:
        """Say who one is and learn what the server wants."""
        self.counts.handshakes += 1
        text = await self._ask("GET", f"/iclock/cdata?SN={self.serial}&options=all&language=73&pushver=2.4.0")
        options = parse_options(text)
        if options is None:
            self.counts.refused += 1
            raise Refused(f"no options: {text[:60]!r}")
        self.options = options
        return options

    async def post_attlog(self, body: str, lines: int) -> None:
        """Hand over attendance lines; returning means that the server said OK."""
        stamp = DEFAULT_STAMP if self.options is None else self.options.stamp
        await self._post(f"/iclock/cdata?SN={self.serial}&table=ATTLOG&Stamp={stamp}", body, lines)

    async def post_operlog(self, body: str, lines: int) -> None:
        """Hand over lines of the operation log."""
        stamp = DEFAULT_STAMP if self.options is None else self.options.op_stamp
        await self._post(f"/iclock/cdata?SN={self.serial}&table=OPERLOG&OpStamp={stamp}", body, lines)

    async def poll(self, info: str = "") -> list[Command]:
        """Ask for commands; ``info``: firmware and counts, sent once after a handshake."""
        self.counts.polls += 1
        query = f"&INFO={info}" if info else ""
        return parse_commands(await self._ask("GET", f"/iclock/getrequest?SN={self.serial}{query}"))

    async def post_results(self, body: str) -> None:
        """Answer commands, one line each."""
        self.counts.answers += 1
        await self._ask("POST", f"/iclock/devicecmd?SN={self.serial}", body)

    async def close(self) -> None:
        """Let go of the connection; the next request opens another and should be a handshake."""
        session, self._session, self.options = self._session, None, None
        if session is not None:
            await session.close()

    async def _post(self, path: str, body: str, lines: int) -> None:
        self.counts.posts += 1
        text = await self._ask("POST", path, body)
        if not text.startswith("OK"):
            self.counts.refused += 1
            raise Refused(f"not OK: {text[:60]!r}")
        told = text[2:].strip(" :\r\n")
        self.counts.miscounted += told.isdigit() and int(told) != lines

    async def _ask(self, method: str, path: str, body: str | None = None) -> str:
        session = self._session
        if session is None:
            session = self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=1, keepalive_timeout=600),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                headers={"User-Agent": "iClock Proxy/1.09", "Content-Type": "text/plain"},
            )
        data = None if body is None else body.encode("ascii")
        try:
            async with session.request(method, URL(self._base + path, encoded=True), data=data) as response:
                text = await response.text(errors="replace")
        except GONE:
            self.counts.gone += 1
            raise
        if response.status != 200:
            self.counts.refused += 1
            raise Refused(f"{response.status}: {text[:60]!r}")
        return text
