"""The HTTP side: requests in, answers out, on one event loop; statements run in threads."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import socket
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, TypeVar

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from hadir.crashpoint import reach
from hadir.stack.clickhouse import metrics, native
from hadir.stack.clickhouse.call import Call, externals, read_call
from hadir.stack.clickhouse.codecs import choose
from hadir.stack.clickhouse.engine import Engine
from hadir.stack.clickhouse.errors import AUTHENTICATION_FAILED, TOO_LARGE, TOO_MANY_QUERIES, ClickHouseError, ours
from hadir.stack.clickhouse.run import Run, summary
from hadir.stack.clickhouse.sessions import Sessions

T = TypeVar("T")
log = logging.getLogger("hadir.stack.clickhouse")

CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNames": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNamesAndTypes": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "Native": "application/octet-stream",
    "XML": "application/xml; charset=UTF-8",
}
BINARY = ("RowBinary", "Parquet", "Arrow", "ORC", "Avro", "Npy", "MsgPack", "Protobuf", "BSON", "CapnProto", "RawBLOB")


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one process takes on at a time.

    Attributes:
        reads, writes: statements running at once; inserts have places of their own, so a slow report never holds back
            the sink.
        waiting: requests that may wait for a place; more are told so (code 202).
        body_bytes: largest body, as sent; also the most that it may unpack to, times ten.
        spool_bytes: of a body kept in memory; the rest waits in a temporary file until all of it is here, so that
            an upload that breaks off inserts nothing.
    """

    reads: int = 8
    writes: int = 4
    waiting: int = 200
    body_bytes: int = 1 << 30
    spool_bytes: int = 8 << 20


def content_type(format_: str) -> str:
    """What ClickHouse names the format over HTTP."""
    if format_ in CONTENT_TYPES:
        return CONTENT_TYPES[format_]
    return "application/octet-stream" if format_.startswith(BINARY) else "text/plain; charset=UTF-8"


class Places:
    """Room for so many statements at once, and so many that wait."""

    def __init__(self, count: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._waiting, self._most = 0, waiting

    async def take(self) -> None:
        """Wait for a place; raises ClickHouseError 202 when too many wait already."""
        if self._waiting >= self._most:
            raise ours(TOO_MANY_QUERIES, "Too many simultaneous queries", "TOO_MANY_SIMULTANEOUS_QUERIES")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    def give(self) -> None:
        """Free a place."""
        self._free.release()


@dataclass(slots=True)
class _Held:
    """What a request holds: its run, a place (once taken), the thread's work, and the task that gives all back."""

    run: Run
    places: Places
    placed: bool = False
    work: asyncio.Future[bytes] | None = None
    ending: asyncio.Task[None] | None = None


class Endpoint:
    """
    ClickHouse's HTTP interface over an open ``Engine``.

    Args:
        engine: opened by the caller, closed by the caller after ``close``.
        user, password: the one account; with an empty password any is accepted, as of ClickHouse's ``no_password``.
        hosts: names under which this endpoint may be addressed (``Host``); empty: any. Keeps a web page in a browser on
            this machine from reaching it under a name of its own (DNS rebinding).
    """

    def __init__(
        self,
        engine: Engine,
        user: str = "default",
        password: str = "",
        limits: Limits | None = None,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        self.engine = engine
        self._user, self._password, self._hosts = user, password, hosts
        self._limits = limits or Limits()
        self._name = socket.gethostname()[:100]
        self._sessions = Sessions()
        self._reads = Places(self._limits.reads, self._limits.waiting)
        self._writes = Places(self._limits.writes, self._limits.waiting)
        threads = self._limits.reads + self._limits.writes + 4  # four to kill, to finish and to read statements
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="clickhouse")
        self._endings: set[asyncio.Task[None]] = set()
        self._running: dict[int, Run] = {}

    def application(self) -> web.Application:
        """The routes. Bodies must come undecoded: run it with ``auto_decompress=False``."""
        app = web.Application(client_max_size=self._limits.body_bytes)
        app.router.add_get("/ping", self._ping)
        app.router.add_get("/replicas_status", self._ping)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/", self._serve)
        app.router.add_post("/", self._serve)
        app.router.add_get("/query", self._serve)
        app.router.add_post("/query", self._serve)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        return app

    async def close(self, deadline_s: float = 10.0) -> None:
        """Wait for what is running, kill what is left after the deadline, end all sessions."""
        end = asyncio.get_running_loop().time() + deadline_s
        while self._running and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        for run in list(self._running.values()):
            await self._thread(partial(self.engine.kill, run.call.tag))
        while self._running:
            await asyncio.sleep(0.02)
        if self._endings:
            await asyncio.gather(*self._endings, return_exceptions=True)
        await self._thread(self._sessions.close)
        self._threads.shutdown()

    async def _ping(self, request: web.Request) -> web.Response:
        return web.Response(text="Ok.\n", headers={"X-ClickHouse-Server-Display-Name": self._name})

    async def _metrics(self, request: web.Request) -> web.Response:
        body, kind = metrics.render()
        return web.Response(body=body, headers={"Content-Type": kind})

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.Response(status=404, text=f"There is no handle {request.path}\n")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        run: Run | None = None
        headers = {"X-ClickHouse-Server-Display-Name": self._name}
        try:
            self._check_origin(request)
            call = read_call(request.method, request.query.items(), request.headers)
            self._authorize(call)
            headers["X-ClickHouse-Query-Id"] = call.query_id
            if request.method in ("GET", "HEAD") and not call.query:
                return web.Response(text="Ok.\n", headers=headers)
            run = await self._receive(request, call)
            return await self._answer(request, run, headers)
        except ClickHouseError as error:
            metrics.ERRORS.labels(str(error.code)).inc()
            log.warning("query %s: code %d", headers.get("X-ClickHouse-Query-Id", "-"), error.code)
            headers |= {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": "text/plain; charset=UTF-8"}
            if run is not None:
                headers["X-ClickHouse-Summary"] = json.dumps(summary(run.progress, run.started))
            return web.Response(status=error.status, body=f"{error}\n".encode(), headers=headers)
        finally:
            if run is not None and id(run) not in self._running:
                run.body.close()

    def _check_origin(self, request: web.Request) -> None:
        host = (request.host or "").rsplit(":", 1)[0].strip("[]").lower()
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        if foreign or (self._hosts and host not in self._hosts):
            raise ours(AUTHENTICATION_FAILED, "Requests of other web pages are refused", "AUTHENTICATION_FAILED")

    def _authorize(self, call: Call) -> None:
        right = hmac.compare_digest(call.user.encode(), self._user.encode())
        if self._password:
            right &= hmac.compare_digest(call.password.encode(), self._password.encode())
        if not right:
            text = "Authentication failed: password is incorrect, or there is no user with such name"
            raise ours(AUTHENTICATION_FAILED, f"{call.user[:100]}: {text}", "AUTHENTICATION_FAILED")

    async def _receive(self, request: web.Request, call: Call) -> Run:
        """Take the whole body in before anything runs."""
        limit = self._limits.body_bytes
        body: IO[bytes] = tempfile.SpooledTemporaryFile(self._limits.spool_bytes)  # noqa: SIM115  (closed by Run)
        run = Run(self.engine, call, body, request.headers.get("Content-Encoding", ""), limit * 10)
        try:
            await self._fill(request, run, limit)
        except BaseException:
            body.close()
            raise
        return run

    async def _fill(self, request: web.Request, run: Run, limit: int) -> None:
        call, body, size = run.call, run.body, 0
        if request.content_type == "multipart/form-data":
            fields, files = [], {}
            reader = await request.multipart()
            while (part := await reader.next()) is not None:
                if not isinstance(part, BodyPartReader):
                    continue
                data = bytes(await part.read())
                size += len(data)
                _check_size(size, limit)
                if part.filename is not None:
                    files[part.name or ""] = data
                else:
                    fields.append((part.name or "", data.decode()))
            whole = read_call(request.method, [*request.query.items(), *fields], request.headers)
            tables, settings = externals(files, whole.settings)
            run.call = replace(whole, settings=settings, query_id=call.query_id)
            run.tables, run.body_encoding = tables, ""
        else:
            _check_size(request.content_length or 0, limit)
            async for piece in request.content.iter_chunked(1 << 18):
                size += len(piece)
                _check_size(size, limit)
                body.write(piece)
            body.seek(0)
        metrics.RECEIVED.inc(size)

    async def _answer(self, request: web.Request, run: Run, headers: dict[str, str]) -> web.StreamResponse:
        statement = await self._thread(run.read)
        call = run.call
        if native.is_greeting(statement.sql, call.protocol, run.format):
            return web.Response(body=native.greeting(self._name, self.engine.version, self.engine.timezone))
        places = self._reads if statement.kind == "read" else self._writes
        if call.session:
            run.session = self._sessions.acquire(call.session, call.session_timeout_s, call.session_check)
        self._running[id(run)] = run
        held = _Held(run, places)
        try:
            await places.take()
            held.placed = True
            default = "1" if self.engine.compress_by_default else "0"
            if call.settings.get("enable_http_compression", default) in ("1", "true"):
                run.encoding = choose(request.headers.get("Accept-Encoding", ""))
            if statement.kind == "insert" and (held_s := reach("insert.begins")):
                await asyncio.sleep(held_s)
            held.work = self._submit(run.begin)
            head = await asyncio.shield(held.work)
            if statement.kind == "insert":
                reach("insert.done")  # in the table, and nobody has been told
            self._describe(run, headers)
            if run.finished:
                return web.Response(body=head, headers=headers)
            return await self._stream(request, held, head, headers)
        finally:
            await self._finish(held)

    async def _stream(
        self, request: web.Request, held: _Held, head: bytes, headers: dict[str, str]
    ) -> web.StreamResponse:
        """Send what does not fit one piece; an error in between is marked, and the answer left without its end."""
        tag = secrets.token_hex(8)
        response = web.StreamResponse(headers={**headers, "X-ClickHouse-Exception-Tag": tag})
        await response.prepare(request)
        try:
            while following := await self._more(held):
                await response.write(head)
                head = following
        except ClickHouseError as error:
            metrics.ERRORS.labels(str(error.code)).inc()
            await response.write(head + held.run.broken_off(error, tag))
            if request.transport is not None:
                request.transport.close()  # no final chunk: the client must not take it for whole
            return response
        # The last piece waits until all is given back: a client that sees the end of its document (gzip's trailer,
        # Arrow's marker) goes on at once in the same session, and must not find it busy.
        await self._finish(held)
        await response.write(head)
        await response.write_eof()
        return response

    async def _more(self, held: _Held) -> bytes:
        held.work = self._submit(held.run.more)
        return await asyncio.shield(held.work)

    async def _finish(self, held: _Held) -> None:
        """Give back what a request held, once; waits for it unless the request was cancelled while a thread works."""
        if held.ending is None:
            metrics.QUERIES.labels(held.run.statement.kind if held.run.statement else "empty").inc()
            held.ending = asyncio.create_task(self._end(held))
            self._endings.add(held.ending)
            held.ending.add_done_callback(self._endings.discard)
        if held.work is None or held.work.done():
            await asyncio.shield(held.ending)

    async def _end(self, held: _Held) -> None:
        """Give everything back, after the thread is done with it; a read that nobody waits for is killed."""
        run, work = held.run, held.work
        kind = run.statement.kind if run.statement else "empty"
        try:
            if work is not None and not work.done():
                if kind == "read":
                    await self._thread(partial(self.engine.kill, run.call.tag))
                await asyncio.wait([work])
            if work is not None and not work.cancelled():
                work.exception()
            await self._thread(run.finish)
        finally:
            metrics.SECONDS.labels(kind).observe(asyncio.get_running_loop().time() - run.started)
            metrics.WRITTEN.inc(run.progress.written_rows)
            if run.session is not None:
                self._sessions.release(run.session, run.call.session_close)
            if held.placed:
                held.places.give()
            self._running.pop(id(run), None)

    def _describe(self, run: Run, headers: dict[str, str]) -> None:
        headers["Content-Type"] = content_type(run.format)
        headers["X-ClickHouse-Format"] = run.format
        headers["X-ClickHouse-Timezone"] = run.call.settings.get("session_timezone") or self.engine.timezone
        headers["X-ClickHouse-Summary"] = json.dumps(summary(run.progress, run.started))
        if run.encoding:
            headers["Content-Encoding"] = run.encoding
            headers["Vary"] = "Accept-Encoding"

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _thread(self, work: Callable[[], T]) -> T:
        return await self._submit(work)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ours(TOO_LARGE, f"Request body is larger than {limit} bytes", "TOO_MANY_BYTES")
