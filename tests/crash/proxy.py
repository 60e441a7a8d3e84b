"""A ClickHouse that answers 500 when told to: a proxy before the real one."""

from __future__ import annotations

from types import TracebackType

import aiohttp
from aiohttp import web

PASSED_ON = ("X-ClickHouse-User", "X-ClickHouse-Key")
GIVEN_BACK = ("X-ClickHouse-Exception-Code", "Content-Type")


class Proxy:
    """``async with Proxy(port, address)``: while ``broken`` every request gets a 500; ``refused`` counts them."""

    def __init__(self, port: int, address: str) -> None:
        self.broken = False
        self.refused = 0
        self._port = port
        self._address = address
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Proxy:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.Response:
        assert self._session is not None
        body = await request.read()
        if self.broken:
            self.refused += 1
            return web.Response(status=500, text="Internal Server Error\n")
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = f"{self._address}{request.path}"
        async with self._session.request(
            request.method, url, params=request.query, data=body, headers=headers
        ) as answer:
            given = {name: answer.headers[name] for name in GIVEN_BACK if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=given)
