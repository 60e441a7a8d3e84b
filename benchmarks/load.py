"""
The load as a process of its own: ``python -m benchmarks.load``; arguments as JSON on standard input.

Six pings to a punch, everybody in turn. Prints, as JSON: records sent, seconds, CPU seconds of its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from dataclasses import dataclass

import uvloop

from benchmarks.region import Region
from hadir import clock
from hadir.outbox import Outbox
from schemas.topics import topics

PINGS_TO_A_PUNCH = 6
SLOT_S = 0.01  # records are handed over a hundred times a second


@dataclass(frozen=True)
class Load:
    """``rate`` events a second for ``seconds`` (0: as fast as Kafka takes them, ``count`` in all); ``first``: turn."""

    bootstrap: str
    region: dict[str, int]
    rate: float
    seconds: float
    count: int
    first: int


async def run(load: Load) -> dict[str, float]:
    """Write the load; returns what was sent and what it cost."""
    region = Region(**load.region)
    outbox = Outbox(load.bootstrap, client_id="load", max_unacknowledged_bytes=64 << 20)
    await outbox.start()
    phone, device = topics()["phone_log"].name(""), topics()["device_log"].name("")
    ping, punch, people = region.ping, region.punch, region.people
    ping(0, 0), punch(0, 0)  # the tables of bytes are made before time is taken
    loop = asyncio.get_running_loop()
    total = load.count or int(load.rate * load.seconds)
    began, cpu = loop.time(), cpu_s()
    sent = 0
    while sent < total:
        due = total if not load.rate else min(total, int((loop.time() - began) * load.rate))
        now = clock.system_ms()
        for n in range(sent, min(due, sent + 5000)):
            turn = load.first + n
            if turn % (PINGS_TO_A_PUNCH + 1):
                partition, key, value = ping(turn * 7919 % people, now)
                outbox.send(phone, partition, key, value)
            else:
                partition, key, value = punch(turn // (PINGS_TO_A_PUNCH + 1) * 7919 % people, now)
                outbox.send(device, partition, key, value)
            sent += 1
        if load.rate:
            await asyncio.sleep(SLOT_S)
        await outbox.room(16 << 20)
    await outbox.settle()
    took = loop.time() - began
    await outbox.stop()
    return {"sent": sent, "seconds": took, "cpu_s": cpu_s() - cpu}


def cpu_s() -> float:
    """CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asyncio.run(run(Load(**json.load(sys.stdin))))))
