"""
The gateway's door: simulated terminals hand over as fast as they are told OK, and nothing else runs.

As a process of its own, ``python -m benchmarks.door`` is the terminals: arguments as JSON on standard input; prints
what it sent and how long each OK took.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.load import cpu_s
from benchmarks.region import PER_TERMINAL, Region, write_reference
from benchmarks.system import local_settings
from hadir.cli.system import LocalSystem
from hadir.lag import end_offsets
from hadir.outbox import Outbox
from hadir.settings import Settings
from producers.simulator.link import GONE, Link, Refused
from producers.simulator.wire import attlog_lines
from producers.simulator.world import Punch
from schemas.topics import topics

HELD = ("clock", "distribute", "route", "judge", "sink", "wall")
WORKERS = ("gateway", "kafka")
CITY = 135


@dataclass(frozen=True)
class Delivery:
    """``terminals`` terminals at once, each posting ``lines`` punches after the other for ``seconds``."""

    url: str
    terminals: int
    lines: int
    seconds: float
    first_ms: int


async def _terminal(delivery: Delivery, number: int, took: list[float], end: float) -> int:
    """One terminal until ``end``; each of its POSTs brings punches of later seconds. Returns how many it got rid of."""
    link = Link(delivery.url, f"BENCH{number:06d}")
    loop = asyncio.get_running_loop()
    while link.options is None:
        try:
            await link.handshake()
        except (Refused, *GONE):
            await asyncio.sleep(0.1)  # the gateway has not read of this terminal yet
    sent, at = 0, delivery.first_ms
    try:
        while (began := loop.time()) < end:
            moments = range(at, at + delivery.lines * 1000, 1000)
            at = moments.stop
            pins = (str(number * PER_TERMINAL + n % PER_TERMINAL) for n in range(delivery.lines))
            punches = [Punch(ms, link.serial, pin, ms, 0, 1, "") for ms, pin in zip(moments, pins, strict=True)]
            body = attlog_lines(punches)
            began = loop.time()
            await link.post_attlog(body, len(punches))
            took.append(loop.time() - began)
            sent += len(punches)
        return sent
    finally:
        await link.close()


async def deliver(delivery: Delivery) -> dict[str, Any]:
    """All terminals; punches and requests a second, milliseconds from POST to OK."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    began, cpu = loop.time(), cpu_s()
    end = began + delivery.seconds
    sent = sum(await asyncio.gather(*(_terminal(delivery, n, took, end) for n in range(delivery.terminals))))
    spent = loop.time() - began
    took.sort()
    return {
        "punches": sent,
        "punches_per_s": sent / spent,
        "requests_per_s": len(took) / spent,
        "ok_ms": {"p50": _ms(took, 0.5), "p99": _ms(took, 0.99), "worst": took[-1] * 1000},
        "seconds": spent,
        "generator_cores": (cpu_s() - cpu) / spent,
    }


def _ms(ordered: list[float], part: float) -> float:
    return ordered[int(part * len(ordered))] * 1000


async def measure(data: Path, region: Region, seconds: float) -> dict[str, Any]:
    """
    One punch to a POST, as terminals that are connected do, and 100, as after a silence: from as many terminals as a
    city has, and from as many as the gateway bears.
    """
    settings = local_settings(data)
    async with LocalSystem(settings, None, HELD) as system:
        await system.ready()
        outbox = Outbox(settings.kafka)
        await outbox.start()
        await write_reference(region, outbox)
        await outbox.stop()
        found = {}
        for terminals, lines in ((CITY, 1), (CITY, 100), (region.terminals, 1)):
            first_ms = (region.midnight_ms + 7 * 3_600_000) // 1000 * 1000
            url = f"http://127.0.0.1:{settings.gateway_port}"
            delivery = Delivery(url, terminals, lines, seconds, first_ms)
            found[f"{terminals} terminals, {lines} to a POST"] = await _measured(system, delivery, settings)
        return found


async def _measured(system: LocalSystem, delivery: Delivery, settings: Settings) -> dict[str, Any]:
    await _deliver(Delivery(delivery.url, delivery.terminals, delivery.lines, 3.0, delivery.first_ms))  # warm
    processes = {name: psutil.Process(system.supervisor.pid(name)) for name in WORKERS}
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    on_kafka = await _stored(settings)
    told = await _deliver(delivery)
    cores = {name: (sum(p.cpu_times()[:2]) - before[name]) / told["seconds"] for name, p in processes.items()}
    stored = await _stored(settings) - on_kafka
    assert stored >= told["punches"], f"{told['punches']} punches were OK, {stored} records are on Kafka"
    return told | {"cores": cores, "rss_mb": {n: p.memory_info().rss / 1e6 for n, p in processes.items()}}


async def _stored(settings: Settings) -> int:
    return sum((await end_offsets(settings.kafka, {topics()["device_log"].name(""): settings.partitions})).values())


async def _deliver(delivery: Delivery) -> dict[str, Any]:
    argv = [sys.executable, "-m", "benchmarks.door"]
    terminals = await asyncio.create_subprocess_exec(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await terminals.communicate(json.dumps(asdict(delivery)).encode())
    assert terminals.returncode == 0
    told: dict[str, Any] = json.loads(out)
    return told


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asyncio.run(deliver(Delivery(**json.load(sys.stdin))))))
