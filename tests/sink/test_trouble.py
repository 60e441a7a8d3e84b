"""ClickHouse away, slow, confused or killed: nothing is lost, nothing doubled, nobody is told "stored" too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from hadir.errors import Misconfigured
from hadir.migrate import bring_up
from hadir.stack.local import local_clickhouse
from streams.sink import writer
from streams.sink.clickhouse import Failed, Refused, verdict
from streams.sink.frames import Batch
from streams.sink.writer import DeadLetter, Sink
from tests.clickhouse.fixtures import Tables, drop, fresh_settings
from tests.sink import made
from tests.sink.conftest import Bench
from tests.waiting import until

TOPIC = f"hadir.position.{made.EPOCH}"
Fault = Callable[[bytes], str]
"""
Body of an insert -> `pass`, `500` (without a word), `4711` (that code of ClickHouse's), `lost` (done, but the answer
never comes), `drop`.
"""


class Proxy:
    """Stands between sink and ClickHouse and does to inserts what ``fault`` says."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.fault: Fault = lambda body: "pass"
        self.seen = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        """Listen; returns the address."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_post("/", self._serve)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, keepalive_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close everything."""
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        todo = "pass"
        if request.query["query"].startswith("INSERT"):
            self.seen += 1
            todo = self.fault(body)
        if todo == "500":
            return web.Response(status=500, text="Internal Server Error")
        if todo.isdecimal():
            return web.Response(status=500, text=f"Code: {todo}.", headers={"X-ClickHouse-Exception-Code": todo})
        if todo != "drop":
            assert self._session is not None
            headers = {k: v for k, v in request.headers.items() if k.startswith("X-ClickHouse")}
            async with self._session.post(self.upstream, params=request.query, data=body, headers=headers) as answer:
                text = await answer.read()
                kept = {k: v for k, v in answer.headers.items() if k.startswith("X-ClickHouse")}
            if todo == "pass":
                return web.Response(status=answer.status, body=text, headers=kept)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


class Troubled(Bench):
    """A sink that reaches ClickHouse through a ``Proxy``."""

    def __init__(self, tables: Tables, proxy: Proxy, address: str) -> None:
        super().__init__(tables)
        self.proxy = proxy
        self.sink = Sink(tables.settings.model_copy(update={"clickhouse": address}), made.EPOCH, self._keep)


@pytest.fixture
async def troubled(tables: Tables) -> AsyncIterator[Troubled]:
    """See ``Troubled``."""
    proxy = Proxy(tables.settings.clickhouse)
    bench = Troubled(tables, proxy, await proxy.start())
    await bench.sink.start()
    yield bench
    await bench.sink.stop()
    await proxy.stop()


def people(count: int, first: int = 0) -> Batch:
    """Positions of that many people, in order of offset."""
    values = [made.value("position", {"employee_id": made.person_id(first + n)}) for n in range(count)]
    return made.batch(TOPIC, 0, [*values], first=first)


@pytest.mark.clickhouse
async def test_nothing_is_stored_or_lost_while_clickhouse_answers_500(troubled: Troubled) -> None:
    """`write` does not return, no offset moves, nothing is set aside; afterwards all of it is there."""
    troubled.proxy.fault = lambda body: "500"
    waiting = asyncio.create_task(troubled.write(people(500)))
    behind = asyncio.create_task(troubled.write(people(500, first=500)))

    async def tried() -> bool:
        return troubled.proxy.seen >= 6

    await until(tried, timeout_s=20, what="the sink tries again")
    assert not waiting.done()
    assert not behind.done()
    assert troubled.tables.one("SELECT count() FROM sink_offset") == 0
    troubled.proxy.fault = lambda body: "pass"
    assert (await waiting).rows == {"position": 500}
    assert (await behind).rows == {"position": 500}
    assert troubled.letters == []
    assert troubled.tables.one("SELECT uniqExact(employee_id) FROM position") == 1000
    assert await troubled.sink.start_offsets() == {(TOPIC, 0): 1000}


@pytest.mark.clickhouse
async def test_insert_whose_answer_was_lost_is_harmless_twice(troubled: Troubled) -> None:
    """Done, but not answered: it is done again, and the rows are there once."""
    answers = iter(["lost", "pass", "lost", "pass"])
    troubled.proxy.fault = lambda body: next(answers, "pass")
    await troubled.write(people(50))
    assert troubled.tables.one("SELECT count() FROM position FINAL") == 50
    assert troubled.tables.one("SELECT max(offset) FROM sink_offset") == 50


@pytest.mark.clickhouse
async def test_idle_connection_that_was_closed_is_replaced(troubled: Troubled) -> None:
    """The other side closes idle connections after 0.2 s; the next write finds another without anybody noticing."""
    await troubled.write(people(5))
    loop = asyncio.get_running_loop()
    idle_until = loop.time() + 0.5

    async def idle() -> bool:
        return loop.time() >= idle_until

    await until(idle, timeout_s=5, what="the connection is closed by the other side")
    assert (await troubled.write(people(5, first=5))).rows == {"position": 5}
    assert troubled.tables.one("SELECT count() FROM position FINAL") == 10


@pytest.mark.clickhouse
async def test_broken_record_that_kills_connections_is_found(troubled: Troubled) -> None:
    """A block that fails again and again without an answer is decoded once: what does not decode is set aside."""
    poison = made.value("position")[:-3] + b"poison"
    troubled.proxy.fault = lambda body: "drop" if b"poison" in body else "pass"
    batch = people(40)
    records = [*batch.records]
    records[17] = made.record(TOPIC, 0, 17, poison)
    written = await troubled.write(Batch(TOPIC, 0, records))
    assert written == ({"position": 39}, 1)
    assert [(letter.offset, letter.value) for letter in troubled.letters] == [(17, poison)]


@pytest.mark.clickhouse
async def test_clickhouse_killed_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 of ClickHouse in the middle of a write: it goes on when ClickHouse is back, and every row is there."""
    monkeypatch.setattr(writer, "ROUND_BYTES", 20_000)
    letters: list[DeadLetter] = []

    async def dead(letter: DeadLetter) -> None:
        letters.append(letter)

    with local_clickhouse(tmp_path) as server:
        configured = fresh_settings(server.address)
        bring_up(configured)
        sink = Sink(configured, made.EPOCH, dead)
        await sink.start()
        await sink.write([people(100)])
        writing = asyncio.create_task(sink.write([people(6_000, first=100)]))
        tables = Tables(configured)

        async def begun() -> bool:
            return await asyncio.to_thread(tables.one, "SELECT count() FROM position") > 500

        await until(begun, timeout_s=30, what="some rounds of the write are done")
        await asyncio.to_thread(server.kill)
        assert not writing.done()
        await asyncio.to_thread(server.start)
        await writing
        assert await sink.start_offsets() == {(TOPIC, 0): 6_100}
        assert tables.one("SELECT count() FROM position FINAL") == 6_100
        assert letters == []
        await sink.stop()
        tables.client.close()
        drop(configured)


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (500, 0, "Internal Server Error", Failed),
        (502, 0, "<html>", Failed),
        (500, 241, "Code: 241. DB::Exception: Memory limit", Failed),
        (500, 252, "Code: 252. Too many parts", Failed),
        (500, 1001, "Code: 1001. std::exception. type: std::filesystem::filesystem_error", Failed),
        (500, 1001, "Code: 1001. std::exception. type: avro::Exception, e.what() = EOF reached", Refused),
        (400, 376, "Code: 376. Cannot parse uuid", Refused),
        (500, 395, "Code: 395. frame", Refused),
        (400, 999_999, "Code: 999999. never heard of", Refused),
        (404, 60, "Code: 60. Unknown table", Misconfigured),
        (500, 497, "Code: 497. Not enough privileges", Misconfigured),
        (403, 0, "Forbidden", Misconfigured),
    ],
)
def test_verdict_tells_moment_data_and_setup_apart(status: int, code: int, text: str, kind: type[Exception]) -> None:
    """Each kind of answer has one consequence: try again, take the block apart, or end the process."""
    assert type(verdict(status, code, text)) is kind


@pytest.mark.clickhouse
async def test_error_that_nobody_knows_is_blamed_on_the_data_in_the_end(
    troubled: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code in no list, answered ten times to the same record, does not hold up the log for ever."""
    monkeypatch.setattr("streams.sink.clickhouse.LONGEST_PAUSE_S", 0.01)

    troubled.proxy.fault = lambda body: "4711" if made.person_id(3).encode() in body else "pass"
    assert await troubled.write(people(6)) == ({"position": 5}, 1)
    assert [letter.offset for letter in troubled.letters] == [3]
