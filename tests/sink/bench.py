"""
What the sink costs: ``python -m tests.sink.bench [--records N] [--rate R]`` against the ClickHouse of the settings.

Eight partitions of five topics, flushed every 200 ms of made time, one flush after the other: CPU seconds per million
records of this process, rows a second, and how long a ``write`` takes. Needs a migrated database of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

import uvloop

from hadir.clock import system_ms
from hadir.settings import settings
from streams.sink.frames import Batch
from streams.sink.writer import DeadLetter, Sink
from tests.sink import made

PARTITIONS = 8
SHARES = {"device_log": 0.14, "attribution": 0.14, "attendance": 0.14, "position": 0.57, "reference": 0.01}


def contents(log: str, number: int) -> bytes:
    """One record of a log, each another person's or punch."""
    who, at = made.person_id(number % 200_000), made.MORNING + number * 7 % 3_600_000
    if log == "device_log":
        return made.value("punch", {"pin": str(number), "device_time": at, "device_id": f"D{number % 2000}"})
    if log == "attribution":
        return made.value("attribution", {"pin": str(number), "device_time": at, "employee_id": who, "version": number})
    if log == "attendance":
        unit = f"U{number % 500}"
        return made.value("attendance", {"employee_id": who, "unit_id": unit, "version": number, "missing": []})
    if log == "position":
        return made.value("position", {"employee_id": who, "minute_at": at - at % 60_000, "fixed_at": at})
    return made.value("leave", {"employee_id": who})


def flushes(records: int, rate: int) -> list[list[Batch]]:
    """All flushes, made beforehand."""
    per_flush = rate // 5
    made_so_far = 0
    offsets: dict[tuple[str, int], int] = {}
    result = []
    while made_so_far < records:
        batches = []
        for log, share in SHARES.items():
            topic = f"hadir.{log}" if log in ("device_log", "reference") else f"hadir.{log}.{made.EPOCH}"
            width = 1 if log == "reference" else PARTITIONS
            for partition in range(width):
                count = max(1, round(per_flush * share / width))
                first = offsets.get((topic, partition), 0)
                values = [contents(log, made_so_far + i) for i in range(count)]
                now = system_ms()
                records_ = [made.Record(topic, partition, first + i, now, b"k", v) for i, v in enumerate(values)]
                batches.append(Batch(topic, partition, records_))
                offsets[topic, partition] = first + count
                made_so_far += count
        result.append(batches)
    return result


async def measure(records: int, rate: int) -> None:
    """Write everything and print what it took."""

    async def dead(letter: DeadLetter) -> None:
        raise AssertionError(letter)

    sink = Sink(settings(), made.EPOCH, dead)
    await sink.start()
    work = flushes(records, rate)
    total = sum(len(batch.records) for flush in work for batch in flush)
    took = []
    cpu, start = time.process_time(), time.perf_counter()
    for flush in work:
        before = time.perf_counter()
        await sink.write(flush)
        took.append(time.perf_counter() - before)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    await sink.stop()
    print(
        f"{rate}/s, {len(work)} flushes of {total // len(work)}: {cpu / total * 1e6:.2f} CPU s/M here,"
        f" {total / wall:,.0f} records/s, write p50 {statistics.median(took) * 1000:.0f} ms,"
        f" p99 {sorted(took)[int(len(took) * 0.99)] * 1000:.0f} ms"
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=25_000)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(options.records, options.rate))


if __name__ == "__main__":
    main()
