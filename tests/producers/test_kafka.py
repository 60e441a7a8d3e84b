"""Gateway, clock and imports on a real broker, as processes: what was promised is there, whatever ends them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

import schemas.topics
from hadir.clock import now_ms
from hadir.errors import Misconfigured
from hadir.outbox import Outbox
from hadir.reading import KafkaReader
from hadir.settings import Settings
from hadir.stack.waiting import free_ports
from hadir.topics_admin import ensure_topics
from producers.roster.load import run_import as import_roster
from producers.sources.file_import import run_import as import_file
from producers.sources.import_order import Order
from producers.writing import Writer, acknowledged
from schemas.codec import decode
from tests.producers.conftest import SN, at, device, policy, shift
from tests.producers.test_phone_door import INSTALL, TOKEN, phone
from tests.roster.test_import import FILES, write
from tests.waiting import until

pytestmark = pytest.mark.kafka
PARTITIONS = 4
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class World:
    """Topics of one test's own, an outbox onto them, and processes on them."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        self.bootstrap, self.prefix, self.folder = bootstrap, prefix, folder
        self.outbox = Outbox(bootstrap)
        self.writer = Writer(self.outbox, PARTITIONS)
        self.reader = KafkaReader(bootstrap)
        self.config = Settings(kafka=bootstrap, partitions=PARTITIONS)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, **env: str) -> subprocess.Popen[bytes]:
        """A process of ours, its topics named like this test's."""
        code = f"import schemas.topics; schemas.topics.PREFIX = {self.prefix!r}\nfrom {module} import main; main()"
        settings = {"HADIR_KAFKA": self.bootstrap, "HADIR_PARTITIONS": str(PARTITIONS), **env}
        log = (self.folder / f"{len(self.processes)}.log").open("ab")
        started = subprocess.Popen([sys.executable, "-c", code], env=os.environ | settings, stdout=log, stderr=log)
        self.processes.append(started)
        return started

    async def records(self, log: str, name: str) -> list[dict[str, object]]:
        """All records of a type in a log, partition by partition."""
        found = []
        async for batch in self.reader.batches(schemas.topics.topics()[log].name("")):
            found += [decode(e.value) for e in batch.entries]
        return [record for kind, record in found if kind == name]


@pytest.fixture
async def world(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Fresh topics on the shared broker."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(schemas.topics, "PREFIX", prefix)
    await ensure_topics(kafka, "e", PARTITIONS)
    made = World(kafka, prefix, tmp_path)
    await made.outbox.start()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
    await made.outbox.stop()


async def test_reader_reads_spans_and_follows(world: World):
    """From the start, a span, bounds, from a moment on, and live."""
    writer, topic = world.writer, schemas.topics.topics()["reference"].name("")
    await acknowledged({writer.reference("device", device(f"D{n}")) for n in range(100)}, 10)
    assert await world.reader.bounds(topic) == {0: (0, 100)}
    span = [b async for b in world.reader.span(topic, 0, 10, 20)]
    assert [e.offset for b in span for e in b.entries] == list(range(10, 20))
    everything = [b async for b in world.reader.batches(topic)]
    assert [e.offset for b in everything for e in b.entries] == list(range(100))
    assert [b.caught_up for b in everything if b.caught_up] == [True]
    later = [b async for b in world.reader.batches(topic, since_ms=now_ms() + 60_000)]
    assert [e for b in later for e in b.entries] == []

    seen: list[int] = []
    caught_up = asyncio.Event()

    async def follow() -> None:
        async for batch in world.reader.batches(topic, follow=True):
            seen.extend(e.offset for e in batch.entries)
            if batch.caught_up:
                caught_up.set()

    following = asyncio.create_task(follow())
    await asyncio.wait_for(caught_up.wait(), 10)
    assert seen == list(range(100))
    await acknowledged([writer.reference("device", device("LIVE"))], 10)

    async def live() -> bool:
        return seen[-1] == 100

    await until(live, timeout_s=10, what="the live record")
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_reader_is_patient_or_not(world: World):
    """A command is told at once that there is no topic or no broker; a process of the system waits for the topic."""
    (free,) = free_ports(1)
    with pytest.raises(Misconfigured, match="no topic"):
        await world.reader.bounds("hadir.later")
    with pytest.raises(KafkaError):
        await KafkaReader(f"127.0.0.1:{free}").bounds("hadir.reference")
    name = f"{world.prefix}.later"
    waiting = asyncio.create_task(KafkaReader(world.bootstrap, patient=True).bounds(name))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    admin = AIOKafkaAdminClient(bootstrap_servers=world.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()
    assert await asyncio.wait_for(waiting, 20) == {0: (0, 0)}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_promises_survive_the_end_of_the_gateway(world: World, how: signal.Signals):
    """Terminals and a phone post as fast as they can until it ends: what was promised is there; SIGTERM is clean."""
    for name, record in (("device", device()), ("phone", phone()), ("shift", shift()), ("policy", policy())):
        await acknowledged([world.writer.reference(name, record)], 10)
    (port,) = free_ports(1)
    gateway = world.start(
        "producers.sources.gateway", HADIR_GATEWAY_PORT=str(port), HADIR_GATEWAY_PHONE_POSTS="1000000"
    )
    promised: set[int] = set()
    taken: set[int] = set()

    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:

        async def ready() -> bool:
            try:
                async with http.get("/healthz") as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        await until(ready, timeout_s=20, what="the gateway is ready")

        async def terminal(number: int) -> None:
            n = number
            while True:
                minute, second = divmod(n, 60)
                line = f"{n}\t2026-01-05 {7 + minute // 60:02d}:{minute % 60:02d}:{second:02d}\t0\t1\n"
                try:
                    async with http.post(f"/iclock/cdata?SN={SN}&table=ATTLOG", data=line) as answer:
                        if answer.status != 200 or await answer.text() != "OK: 1":
                            return
                except aiohttp.ClientError:
                    return
                promised.add(n)
                n += 20

        async def app() -> None:
            first = now_ms()
            while True:
                moments = range(first, first + 5)
                items = [{"type": "ping", "fixed_at": moment, "lat": 0, "lon": 0} for moment in moments]
                sent = {"install_id": INSTALL, "sent_at": first, "items": items}
                try:
                    async with http.post("/v1/phone", json=sent, headers=BEARER) as answer:
                        if answer.status != 200 or (await answer.json())["taken"] != 5:
                            return
                except aiohttp.ClientError:
                    return
                taken.update(moments)
                first += 5

        terminals = [*[asyncio.create_task(terminal(n)) for n in range(20)], asyncio.create_task(app())]

        async def enough() -> bool:
            return len(promised) >= 200 and len(taken) >= 50

        await until(enough, timeout_s=20, what="250 promises")
        gateway.send_signal(how)
        await asyncio.gather(*terminals)
    code = await asyncio.to_thread(gateway.wait, 20)
    assert code == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    there = {int(str(p["pin"])) for p in await world.records("device_log", "punch")}
    assert promised <= there
    assert taken <= {int(str(p["fixed_at"])) for p in await world.records("phone_log", "ping")}


async def test_clock_goes_on_where_it_was_killed(world: World):
    """Killed and started again on a clock that runs 600 times as fast: no minute missing, none twice, one month."""
    start = at("06:00:00")
    env = {
        "HADIR_CLOCK_RATE": "600",
        "HADIR_CLOCK_START": str(start),
        "HADIR_CLOCK_ANCHOR": str(now_ms()),
    }

    async def ticks(count: int) -> None:
        async def there() -> bool:
            return len(await world.records("reference", "tick")) >= count

        await until(there, timeout_s=30, what=f"{count} ticks")

    first = world.start("producers.sources.clock_ticks", **env)
    await ticks(10)
    first.kill()
    first.wait()
    second = world.start("producers.sources.clock_ticks", **env)
    await ticks(len(await world.records("reference", "tick")) + 10)
    second.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(second.wait, 20) == 0
    moments = [int(str(t["at"])) for t in await world.records("reference", "tick")]
    # killed between sending and hearing of it, the clock may write its last minutes again
    assert sorted(set(moments)) == list(range(moments[0], moments[-1] + 1, 60_000))
    assert {str(p["period"]) for p in await world.records("reference", "period")} == {"2026-11"}


async def test_roster_and_file_imports_are_repeatable(world: World, tmp_path: Path):
    """Both commands twice on a real log: the second time only the punches' own identities come again."""
    folder = tmp_path / "roster"
    folder.mkdir()
    write(folder, FILES)
    first = await import_roster(folder, world.config, dry_run=False)
    assert first.written == 26
    assert (await import_roster(folder, world.config, dry_run=False)).written == 0
    assert (await import_roster(folder, world.config, dry_run=True)).written == 0

    export = tmp_path / "attlog.dat"
    export.write_bytes(b"17\t2026-03-02 07:20:00\t1\t0\t0\nbad\n18\t2026-03-02 07:21:00\t1\t0\t0\n")
    for _ in range(2):
        report = await import_file(export, world.config, Order("CK1", "Asia/Jakarta", "2026-03-31"))
        assert (report.punches, [r.number for r in report.rejects]) == (2, [2])
    punches = await world.records("device_log", "punch")
    assert len({(p["device_id"], p["pin"], p["device_time"]) for p in punches}) == 2
    assert len(await world.records("dead_letter", "dead_letter")) == 1
    statuses = await world.records("device_log", "device_status")
    assert {s["delivered_through"] for s in statuses} == {at("00:00:00", "2026-04-01")}
