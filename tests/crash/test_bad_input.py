"""
Bad days of a whole running hadir: what the terminal is told, what the operator sees, and that nothing is lost.

Bodies, serials and dates that are wrong are the gateway's own tests. Here the machine around it fails, in one system
that all tests of this file share; each leaves it whole.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import requests
from aiokafka import AIOKafkaProducer

from hadir import queries
from hadir.cli.system import STAGES
from hadir.stack.child import Child
from hadir.stack.local import local_clickhouse
from hadir.stack.waiting import free_ports
from producers.roster.load import run_import
from producers.simulator.city import DAY, make_city
from producers.simulator.roster_files import write_roster
from schemas import codec
from schemas.topics import partition_of, topics
from tests.crash import limited, tables
from tests.crash.proxy import Proxy
from tests.crash.system import Stack, make_settings
from tests.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]
IN_A_MINUTE = 60.0


@dataclass
class Office:
    """A running hadir, one terminal of it, and what that terminal has been told OK for."""

    stack: Stack
    proxy: Proxy
    bounds: Path
    serial: str
    pins: list[str]
    session: aiohttp.ClientSession
    accepted: set[tuple[str, int]] = field(default_factory=set)
    second: int = 0

    def bound(self, name: str) -> Path:
        """The file that bounds the size of a child's files."""
        return self.bounds / name

    async def post(self) -> int:
        """Three punches nobody has made yet: the status; those with an OK are remembered."""
        self.second += 1
        punches = [(pin, self.second) for pin in self.pins[:3]]
        body = "".join(f"{pin}\t{DAY} 07:{s // 60:02}:{s % 60:02}\t0\t1\t0\t0\n" for pin, s in punches)
        settings = self.stack.settings
        url = f"http://{settings.gateway_host}:{settings.gateway_port}/iclock/cdata"
        query = {"SN": self.serial, "table": "ATTLOG", "Stamp": "9999"}
        async with self.session.post(url, params=query, data=body) as answer:
            text = await answer.text()
            if answer.status == 200:
                assert text.startswith("OK: 3"), text
                self.accepted.update(punches)
            return answer.status

    async def insist(self) -> None:
        """Come again until there is an OK, as terminals do."""

        async def taken() -> bool:
            try:
                return await self.post() == 200
            except aiohttp.ClientError:
                return False

        await until(taken, timeout_s=IN_A_MINUTE, what="the gateway accepts", every_s=0.3)

    def stored(self) -> list[tuple[str, int]]:
        """(PIN, second) of what ClickHouse holds of this terminal, each as often as it is there, owners known."""
        with closing(queries.connect(self.stack.settings)) as client:
            rows = [row for row in queries._rows(client, "SELECT * FROM v_punch") if row["device_id"] == self.serial]
        assert all(row["employee_id"] for row in rows if row["attributed"])
        return [(row["pin"], row["device_time"].minute * 60 + row["device_time"].second) for row in rows]

    async def complete(self) -> None:
        """Everything accepted is stored exactly once; what was refused may be there too, but never twice."""

        async def all_there() -> bool:
            try:
                found = await asyncio.to_thread(self.stored)
            except Exception:  # whatever a server that is just coming back says
                return False
            assert len(found) == len(set(found)), "a punch is stored twice"
            return self.accepted <= set(found)

        await until(all_there, timeout_s=IN_A_MINUTE, what="all that was accepted is stored", every_s=0.3)
        await self.stack.settled(IN_A_MINUTE)

    def letters(self) -> list[tuple[str, str, bytes | None]]:
        """Stage, topic and original bytes of every dead letter that the operator is shown."""
        with closing(queries.connect(self.stack.settings)) as client:
            rows = client.query("SELECT stage, topic, hex(value) FROM v_dead_letter").result_rows
        return [(stage, topic, None if value is None else bytes.fromhex(value)) for stage, topic, value in rows]

    def log(self, name: str) -> str:
        """What a child has said."""
        return (self.stack.settings.data / "logs" / f"{name}.log").read_text(errors="replace")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One system for all tests of the file; the sink reaches ClickHouse through a proxy that can fail."""
    folder = tmp_path_factory.mktemp("bad")
    settings = make_settings(folder / "hadir", gateway_ack_s=1.5)
    (port,) = free_ports(1)
    async with AsyncExitStack() as held:
        proxy = await held.enter_async_context(Proxy(port, settings.clickhouse))
        stack = await held.enter_async_context(Stack(settings, change=_change(folder, port)))
        session = await held.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)))
        await stack.ready()
        city = make_city(1, DAY, 160, 16)
        write_roster(city, folder / "roster")
        await run_import(folder / "roster", settings, dry_run=False)
        serial = city.enrolments[0].serial
        pins = [e.pin for e in city.enrolments if e.serial == serial and e.valid_to is None]
        made = Office(stack, proxy, folder, serial, pins, session)
        await made.insist()
        await made.complete()
        yield made


def _change(folder: Path, proxy_port: int) -> Callable[[Child], Child]:
    def change(child: Child) -> Child:
        if child.name == "sink":
            return replace(child, env=child.env | {"HADIR_CLICKHOUSE": f"http://127.0.0.1:{proxy_port}"})
        if child.name == "kafka":
            return replace(child, argv=[sys.executable, limited.__file__, str(folder / child.name), *child.argv])
        return child

    return change


async def test_a_broken_record_is_set_aside_whole_and_the_rest_goes_on(office: Office) -> None:
    """Garbage, an unknown schema, a torn and an empty record in device_log: dead letters with their bytes, no pause."""
    settings = office.stack.settings
    torn = codec.header("punch") + b"\x14WRJX"
    broken: list[bytes | None] = [b"garbage", b"\0\0\0\xff\xffrest", torn, None]
    topic = topics()["device_log"].name("")
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka)
    await producer.start()
    try:
        for value in broken:
            partition = partition_of(office.serial.encode(), settings.partitions)
            await producer.send_and_wait(topic, value, key=office.serial.encode(), partition=partition)
    finally:
        await producer.stop()
    assert await office.post() == 200
    await office.complete()
    letters = await asyncio.to_thread(office.letters)
    for stage in ("route", "sink"):
        kept = [value for who, where, value in letters if (who, where) == (stage, topic)]
        assert sorted(kept, key=repr) == sorted(broken, key=repr), stage
    assert all(office.stack.supervisor.restarts(name) == 0 for name in (*STAGES, "sink"))


async def test_a_clickhouse_that_answers_500_delays_and_loses_nothing(office: Office) -> None:
    """The gateway goes on accepting; the sink tries again and again; then every row is there once."""
    office.proxy.broken = True
    try:
        for _ in range(5):
            assert await office.post() == 200
        await until(lambda: office.proxy.refused > 6, timeout_s=30, what="the sink has tried several times")
        assert not office.accepted <= set(await asyncio.to_thread(office.stored))
    finally:
        office.proxy.broken = False
    await office.complete()
    assert "HTTP 500" in office.log("sink"), "the operator sees why rows are late"
    assert office.stack.supervisor.restarts("sink") == 0


def test_a_disk_full_for_clickhouse_is_told_to_who_inserts(tmp_path: Path) -> None:
    """What got its 200 can be read when there is room again: else the sink would commit what is lost."""
    with local_clickhouse(tmp_path) as server:
        ask = functools.partial(requests.post, server.address, timeout=10)
        ask(params={"query": "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a"}).raise_for_status()
        bound = tmp_path / "bound"
        limited.fill(bound, server.pid)
        answer = ask(params={"query": "INSERT INTO t FORMAT TabSeparated"}, data=b"1\n")
        limited.empty(bound, server.pid)
        found = ask(params={"query": "SELECT a FROM t"})
    assert answer.status_code == 500 or (found.status_code, found.text) == (200, "1\n")


async def test_while_the_broker_is_down_terminals_are_told_to_come_again(office: Office) -> None:
    """503 within the gateway's patience, never OK; when Kafka is back the same gateway accepts and all is complete."""
    supervisor = office.stack.supervisor
    gateway = supervisor.pid("gateway")
    await supervisor.stop_child("kafka")
    assert await office.post() == 503
    assert await office.post() == 503
    await supervisor.start_child("kafka")
    await office.insist()
    await office.complete()
    assert supervisor.pid("gateway") == gateway


async def test_a_disk_full_for_kafka_refuses_and_loses_nothing(office: Office) -> None:
    """Kafka can't append: 503 for as long as it lasts, over its restarts; with room again it goes on where it was."""
    supervisor = office.stack.supervisor
    restarts = supervisor.restarts("kafka")
    limited.fill(office.bound("kafka"), supervisor.pid("kafka"))
    try:
        assert await office.post() == 503
        await until(
            lambda: supervisor.restarts("kafka") > restarts, timeout_s=90, what="Kafka ends and is started again"
        )
        assert await office.post() == 503
    finally:
        try:
            running = supervisor.pid("kafka")
        except ProcessLookupError:  # between two tries
            running = None
        limited.empty(office.bound("kafka"), running)
    await office.insist()
    await office.complete()
    assert "too large" in office.log("kafka"), "the operator sees why"


async def test_nothing_of_all_this_left_a_trace_in_the_tables(office: Office) -> None:
    """After all of it: no version with two contents, every punch once, nobody behind."""
    await office.stack.settled(IN_A_MINUTE)
    with closing(queries.connect(office.stack.settings)) as client:
        punches = tables.facts(client, "punch")
        owned = tables.attribution(client, office.stack.settings.epoch)
    assert len(punches) == len(tables.by_punch(punches)) == len(tables.by_punch(owned))
    assert office.accepted <= {(p["pin"], p["device_time"] // 1000 % 3600) for p in punches}
