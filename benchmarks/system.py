"""The whole chain under load, on one machine: throughput, latency at the country's rate, the cutoff, stock Faust."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import Load
from benchmarks.region import CUTOFF_AFTER_S, DAY_MS, WIB_MS, Region, write_complete, write_reference, write_tick
from benchmarks.stock_worker import GROUP, OUT
from hadir import clock, queries
from hadir.cli.system import LocalSystem, groups
from hadir.lag import Lag, committed_offsets, end_offsets, lags
from hadir.outbox import Outbox
from hadir.settings import Settings
from hadir.stack.child import State
from hadir.stack.waiting import free_ports
from hadir.topics_admin import ensure_topics
from schemas.topics import code_epoch, topics

PARTITIONS = 4  # one worker to a stage: more would only make more and smaller batches
WORKERS = ("kafka", "clickhouse", "distribute", "route", "judge", "sink")
HELD = ("gateway", "clock", "wall")  # the load writes source logs and ticks itself
SAMPLE = 20  # under full load one person in so many is followed for latency


@dataclass
class Usage:
    """CPU seconds and resident MB of each process."""

    cpu_s: dict[str, float]
    rss_mb: dict[str, float]


@dataclass
class Latency:
    """Milliseconds from Kafka's append to queryable: of how many punches, p50, p99, worst."""

    count: int
    p50: float
    p99: float
    worst: float


class Bench:
    """A running system of its own, and what one asks of it."""

    def __init__(self, system: LocalSystem, settings: Settings, outbox: Outbox, region: Region) -> None:
        self.system = system
        self.settings = settings
        self.outbox = outbox
        self.region = region
        self.turn = 0
        self.ticked: dict[int, int] = {}  # tick -> when it was written

    def usage(self) -> Usage:
        """Of every process, children included."""
        cpu, rss = {}, {}
        for name in WORKERS:
            if self.system.supervisor.state(name) is State.STOPPED:
                continue
            process = psutil.Process(self.system.supervisor.pid(name))
            family = [process, *process.children(recursive=True)]
            cpu[name] = sum(sum(p.cpu_times()[:2]) for p in family)
            rss[name] = sum(p.memory_info().rss for p in family) / 1e6
        return Usage(cpu, rss)

    async def behind(self) -> dict[str, int]:
        """Records not yet committed, by stage."""
        found: list[Lag] = await lags(self.settings.kafka, {g.id: g.reads for g in groups(self.settings)})
        stages = {g.id: g.stage for g in groups(self.settings)}
        sums = dict.fromkeys(stages.values(), 0)
        for lag in found:
            sums[stages[lag.group]] += lag.behind
        return sums

    async def drained(self, limit_s: float = 600.0) -> None:
        """Every stage has committed everything, and stays so while the next one looks."""
        end = asyncio.get_running_loop().time() + limit_s
        quiet = 0
        while quiet < 3:
            quiet = quiet + 1 if not any((await self.behind()).values()) else 0
            assert asyncio.get_running_loop().time() < end, await self.behind()
            await asyncio.sleep(0.2)

    def load(self, rate: float, seconds: float = 0.0, count: int = 0) -> subprocess.Popen[str]:
        """Start the generator; its turns go on where the last one ended."""
        asked = Load(self.settings.kafka, asdict(self.region), rate, seconds, count, self.turn)
        self.turn += count or int(rate * seconds)
        argv = [sys.executable, "-m", "benchmarks.load"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(asked)))
        process.stdin.close()
        process.stdin = None
        return process

    async def loaded(self, process: subprocess.Popen[str]) -> dict[str, float]:
        """What the generator says at its end."""
        out, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0
        told: dict[str, float] = json.loads(out)
        return told

    def latency(self, since_ms: int, until_ms: int, sample: int = SAMPLE) -> Latency:
        """
        Of the punches appended within a span of Kafka's clock: until the sink said that their row is stored.

        Args:
            sample: one person in so many is followed.
        """
        attendance = topics()["attendance"].name(code_epoch())
        query = """
            SELECT count() AS n, quantileExact(0.5)(ms) AS p50, quantileExact(0.99)(ms) AS p99, max(ms) AS worst FROM (
              SELECT toUnixTimestamp64Milli(s.written_at) - toUnixTimestamp64Milli(p.appended) AS ms
              FROM (
                SELECT device_id, device_time, min(_appended_at) AS appended FROM punch
                WHERE toUnixTimestamp64Milli(_appended_at) BETWEEN {since:Int64} AND {until:Int64}
                GROUP BY device_id, device_time
              ) AS p
              INNER JOIN (
                SELECT x.device_id AS device_id, x.device_time AS device_time,
                  any(_partition) AS partition, min(_offset) AS o
                FROM (
                  SELECT _partition, _offset, arrayJoin(punches) AS x FROM attendance_history
                  WHERE cityHash64(employee_id) % {sample:UInt8} = 0
                ) GROUP BY device_id, device_time
              ) AS h ON h.device_id = p.device_id AND h.device_time = p.device_time
              ASOF INNER JOIN (
                SELECT partition, offset, min(written_at) AS written_at FROM sink_offset WHERE topic = {topic:String}
                GROUP BY partition, offset
              ) AS s ON s.partition = h.partition AND s.offset > h.o
            )"""
        with closing(queries.connect(self.settings)) as client:
            bound = {"since": since_ms, "until": until_ms, "sample": sample, "topic": attendance}
            (row,) = client.query(query, parameters=bound).result_rows
        return Latency(*row)

    def ask(self, query: str, **bound: Any) -> Any:
        """One value from ClickHouse."""
        with closing(queries.connect(self.settings)) as client:
            return client.query(query, parameters=bound).result_rows[0]


def local_settings(data: Path) -> Settings:
    """Settings of a fresh system on free ports; they are this process's environment, for its children."""
    kafka, controller, clickhouse, gateway, wall = free_ports(5)
    os.environ |= {
        "HADIR_DATA": str(data),
        "HADIR_KAFKA": f"127.0.0.1:{kafka}",
        "HADIR_KAFKA_CONTROLLER_PORT": str(controller),
        "HADIR_CLICKHOUSE": f"http://127.0.0.1:{clickhouse}",
        "HADIR_GATEWAY_PORT": str(gateway),
        "HADIR_WALL_PORT": str(wall),
        "HADIR_PARTITIONS": str(PARTITIONS),
    }
    return Settings()  # type: ignore[call-arg]


@asynccontextmanager
async def running(data: Path, region: Region) -> AsyncIterator[Bench]:
    """A fresh system with the region's roster taken in and its day open."""
    settings = local_settings(data)
    async with LocalSystem(settings, None, HELD) as system:
        await system.ready()
        outbox = Outbox(settings.kafka)
        await outbox.start()
        bench = Bench(system, settings, outbox, region)
        await write_reference(region, outbox)
        await bench.drained()
        await write_tick(outbox, minute(clock.system_ms()))
        await bench.drained()
        yield bench
        await outbox.stop()


def minute(at: int) -> int:
    """The whole minute before a moment."""
    return at // 60_000 * 60_000


def region_before_cutoff(people: int, warm_s: int) -> Region:
    """A region whose cutoff is at a whole minute, in so many seconds or up to a minute more."""
    local = minute(clock.system_ms() + warm_s * 1000) + 60_000 - CUTOFF_AFTER_S * 1000 + WIB_MS
    return Region(people, PARTITIONS, local // DAY_MS, local % DAY_MS // 1000, 3600)


def region_now(people: int) -> Region:
    """A region whose shift starts in an hour from now, so that every punch lies in the in-window."""
    local = clock.system_ms() + WIB_MS
    return Region(people, PARTITIONS, local // DAY_MS, local % DAY_MS // 1000 + 3600, 3600)


def probe_ms() -> float:
    """CPU time of a fixed piece of work: a shared machine is not equally fast at all times, and then no figure is."""
    began = time.thread_time()
    for _ in range(200_000):
        pass
    return (time.thread_time() - began) * 1000


async def ticking(bench: Bench) -> None:
    """A tick at each whole minute of the machine's clock, until cancelled; leaves in ``bench.ticked`` when it wrote."""
    last = minute(clock.system_ms())
    while True:
        await asyncio.sleep(0.05)
        if (now := minute(clock.system_ms())) > last:
            last = now
            bench.ticked[now] = clock.system_ms()
            await write_tick(bench.outbox, now)


async def drain(bench: Bench, events: int) -> dict[str, Any]:
    """Source logs are filled while route rests; then everything runs as fast as it can."""
    await bench.system.supervisor.stop_child("route")
    filled = await bench.loaded(bench.load(0, count=events))
    before = bench.usage()
    loop = asyncio.get_running_loop()
    await bench.system.supervisor.start_child("route")
    began = loop.time()
    sources = {topics()[log].name(""): PARTITIONS for log in ("device_log", "phone_log")}
    total = sum((await end_offsets(bench.settings.kafka, sources)).values())
    marks: list[tuple[float, int]] = []
    while True:
        behind = await bench.behind()
        done = total - max(behind["route"], behind["judge"])
        marks.append((loop.time() - began, done))
        if not any(behind.values()):
            break
        await asyncio.sleep(0.25)
    after = bench.usage()
    first = next(at for at, done in marks if done > total - 0.95 * events)
    last = marks[-1][0]
    cpu = {n: after.cpu_s[n] - before.cpu_s.get(n, 0.0) for n in WORKERS if n != "route"}
    cpu["route"] = after.cpu_s["route"]
    return {
        "events": events,
        "seconds": last,
        "events_per_s": 0.95 * events / (last - first),
        "cpu_s_per_million": {n: c / events * 1e6 for n, c in cpu.items()},
        "rss_mb": after.rss_mb,
        "generator": filled,
    }


async def steady(bench: Bench, rate: float, seconds: float, warm_s: float) -> dict[str, Any]:
    """A steady rate; figures from after the warm-up to the end."""
    ticks = asyncio.create_task(ticking(bench))
    process = bench.load(rate, warm_s + seconds)
    await asyncio.sleep(warm_s)
    before, since = bench.usage(), clock.system_ms()
    memory, probes = [], []
    end = asyncio.get_running_loop().time() + seconds
    while (left := end - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(30.0, left))
        memory.append(bench.usage().rss_mb)
        probes.append(probe_ms())
    after, until = bench.usage(), clock.system_ms()
    told = await bench.loaded(process)
    ticks.cancel()
    await bench.drained()
    span = (until - since) / 1000
    by_minute = [asdict(bench.latency(at, min(until, at + 59_999))) for at in range(since, until, 60_000)]
    return {
        "rate": rate,
        "sent_per_s": told["sent"] / told["seconds"],
        "seconds": span,
        "punch_ms": asdict(bench.latency(since, until)),
        "cores": {n: (after.cpu_s[n] - before.cpu_s[n]) / span for n in WORKERS},
        "generator_cores": told["cpu_s"] / told["seconds"],
        "rss_mb_first": before.rss_mb,
        "rss_mb_last": after.rss_mb,
        "rss_mb_over_time": memory,
        "probe_ms_over_time": probes,
        "punch_ms_by_minute": by_minute,
    }


async def cutoff(bench: Bench, rate: float) -> dict[str, Any]:
    """
    A morning in its own time: some come, all terminals are complete, and the cutoff's minute begins.

    Measured from its tick to the last row of those who have not come, while punches and pings go on.
    """
    region = bench.region
    at = region.midnight_ms + region.start_s * 1000 + CUTOFF_AFTER_S * 1000
    await write_complete(region, bench.outbox, at + 1000)
    await bench.drained()
    ticks = asyncio.create_task(ticking(bench))
    warm_s = (at - clock.system_ms()) / 1000
    assert warm_s > 60, "the roster took too long: the cutoff has come"
    told = await bench.loaded(bench.load(rate, warm_s + 12.0))
    ticks.cancel()
    await bench.drained()
    ticked = bench.ticked[at]
    quiet = asdict(bench.latency(ticked - 4000, ticked - 500, 1))
    behind = asdict(bench.latency(ticked, ticked + 3000, 1))
    judged, last = bench.ask(
        "SELECT count(), toUnixTimestamp64Milli(max(written_at)) FROM attendance_history WHERE state = 'not_here'"
    )
    stored = bench.ask(
        """
        SELECT toUnixTimestamp64Milli(max(stored)) FROM (
          SELECT partition, min(written_at) AS stored FROM sink_offset INNER JOIN (
            SELECT _partition AS partition, max(_offset) AS o FROM attendance_history WHERE state = 'not_here'
            GROUP BY _partition
          ) AS h USING partition WHERE topic = {topic:String} AND offset > o GROUP BY partition
        )""",
        topic=topics()["attendance"].name(code_epoch()),
    )[0]
    return {
        "people": region.people,
        "not_here": judged,
        "tick_to_last_row_ms": stored - ticked,
        "tick_to_last_insert_begun_ms": last - ticked,
        "punch_ms_before": quiet,
        "punch_ms_behind_it": behind,
        "rate": told["sent"] / told["seconds"],
    }


async def stock(bench: Bench, seconds: float) -> dict[str, Any]:
    """One judge over the same ``staff_log``: on our runtime, then the same rules on Faust's stock transport."""
    staff = topics()["staff_log"].name(code_epoch())
    total = sum((await end_offsets(bench.settings.kafka, {staff: PARTITIONS})).values())
    await ensure_topics(bench.settings.kafka, OUT, PARTITIONS)
    for name in ("route", "distribute", "judge", "sink"):
        await bench.system.supervisor.stop_child(name)
    ours = await _alone(bench, "benchmarks.batch_worker", f"hadir.judge.{OUT}", seconds, total)
    theirs = await _alone(bench, "benchmarks.stock_worker", GROUP, seconds, total)
    for name in ("route", "distribute", "judge", "sink"):
        await bench.system.supervisor.start_child(name)
    return {"records": total, "batch": ours, "stock": theirs, "ratio": ours["events_per_s"] / theirs["events_per_s"]}


async def _alone(bench: Bench, module: str, group: str, seconds: float, total: int) -> dict[str, float]:
    """Start a worker process, wait until it commits, measure for some seconds or until it is through."""
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", module)
    process = psutil.Process(worker.pid)

    async def done() -> int:
        return sum((await committed_offsets(bench.settings.kafka, group)).values())

    loop = asyncio.get_running_loop()
    try:
        while not (first := await done()):
            assert worker.returncode is None, f"{module} ended"
            await asyncio.sleep(0.2)
        began, cpu = loop.time(), sum(process.cpu_times()[:2])
        while (last := await done()) < total and loop.time() < began + seconds:
            await asyncio.sleep(0.5)
        took, used = loop.time() - began, sum(process.cpu_times()[:2]) - cpu
        return {
            "events": last - first,
            "seconds": took,
            "events_per_s": (last - first) / took,
            "cpu_s_per_million": used / (last - first) * 1e6,
            "rss_mb": process.memory_info().rss / 1e6,
        }
    finally:
        worker.kill()
        await worker.wait()


def stamp() -> str:
    """Today, for the result file's name."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
