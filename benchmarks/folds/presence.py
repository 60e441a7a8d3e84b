"""
What phones cost ``judge`` and ``route``: ``python -m benchmarks.folds.presence [--people N] [--every-s S]``.

Prints CPU time per ping in ``judge`` with presence and without (positions alone), and in ``route`` to know whose phone
it is, in turns in one process; per person and quarter of an hour that is looked at, flags included; and the bytes of a
person's day, lively and packed. Figures, not a test; see decisions 0009 and 0010.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.folds.measure import FIRST, WIB_MS, Feed, barrier, employee, reference, world
from schemas import codec
from streams.folds import places
from streams.rules.position import Positions
from streams.stages.base import Record
from streams.stages.judge import Judge
from streams.stages.linking import Linking

DAY_MS = 86_400_000
PARTITIONS = 1
START_S, END_S = 27_000, 57_600
BATCH = 2000


def pings(people: int, seconds: int, every_s: int, dice: random.Random) -> list[bytes]:
    """What everybody's phone says in so many seconds from the shift's start on: at a desk, jittering by some 5 m."""
    out = []
    start = FIRST * DAY_MS - WIB_MS + START_S * 1000
    for second in range(0, seconds, every_s):
        for n in range(people):
            at = start + second * 1000 + n % every_s * 1000
            fields = {
                "employee_id": employee(n), "install_id": employee(n + 1), "fixed_at": at,
                "lat": -7.4 + dice.gauss(0, 5e-5), "lon": 112.4 + dice.gauss(0, 5e-5),
                "accuracy_m": 4.0 + dice.random() * 12, "speed_mps": None, "mock": False, "battery": 0.5,
                "received_at": at + 700, "boot_id": employee(n), "elapsed_ms": 1_000_000 + second * 1000, "imei": None,
            }  # fmt: skip
            out.append(codec.encode("ping", fields))
    return out


def cpu(run: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    gc.collect()
    before = time.process_time()
    run()
    return time.process_time() - before


def alone(positions: Positions, records: Sequence[Record]) -> None:
    """What a ping cost before: the loop of ``Judge.fold`` over positions that nobody looks on at."""
    ping, out = codec.header("ping"), []
    for record in records:
        value = record.value
        if value is not None and value[:5] == ping:
            row = positions.take(value)
            if row is not None:
                out.append(row)


def linked(linking: Linking, records: Sequence[Record]) -> None:
    """What a ping costs ``route`` beyond passing it on."""
    for record in records:
        assert record.value is not None
        linking.ping(record.value)


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=1000)
    options.add_argument("--every-s", type=int, default=60, help="between two pings of a phone")
    options.add_argument("--minutes", type=int, default=60, help="measured, of a shift of 510")
    chosen = options.parse_args()
    dice = random.Random(1)  # noqa: S311 - jitter
    stage = Judge(0, PARTITIONS, "bench000")
    feed = Feed(stage, BATCH)
    feed.run(feed.records(world(chosen.people)))
    units = -(-chosen.people // 25)
    circles = [
        reference("geofence", 9, unit_id=f"unit-{n}", name="kantor", lat=-7.4, lon=112.4, radius_m=100)
        for n in range(units)
    ]
    feed.run(feed.records(circles))
    start = FIRST * DAY_MS - WIB_MS + START_S * 1000
    feed.run(feed.records(barrier(start, PARTITIONS)))
    positions, linking = Positions("bench000"), Linking(PARTITIONS)
    bare, full, links, looks, count = [], [], [], [], 0
    for slot in range(0, chosen.minutes, 5):
        shifted = feed.records([moved(v, slot * 60_000) for v in pings(chosen.people, 300, chosen.every_s, dice)])
        bare.append(cpu(lambda r=shifted: alone(positions, r)) / len(shifted))  # type: ignore[misc]
        full.append(cpu(lambda r=shifted: stage.fold(r)) / len(shifted))  # type: ignore[misc]
        links.append(cpu(lambda r=shifted: linked(linking, r)) / len(shifted))  # type: ignore[misc]
        stage.drain(10**9)
        count += len(shifted)
        tick = feed.records(barrier(start + (slot + 5) * 60_000, PARTITIONS))
        rows = 0

        def look(records: Sequence[Record] = tick) -> None:
            nonlocal rows
            stage.fold(records)
            while stage.backlog:
                rows += sum(len(s) > 0 and s[0] == "presence" for s in stage.drain(500))

        seconds = cpu(look)
        if rows:
            looks.append(seconds / rows)
    print(f"pings of {chosen.people:,} people, one each {chosen.every_s} s: {count:,}")
    print(f"a ping, position alone          {median(bare) * 1e6:8.2f} µs")
    print(f"a ping, with presence           {median(full) * 1e6:8.2f} µs")
    print(f"a ping, whose phone it is       {median(links) * 1e6:8.2f} µs")
    print(f"a person and quarter of an hour {median(looks) * 1e6:8.1f} µs, rows encoded")
    sizes(chosen.every_s, dice)


def moved(value: bytes, by: int) -> bytes:
    """A ping so much later."""
    name, record = codec.decode(value)
    return codec.encode(name, record | {"fixed_at": record["fixed_at"] + by, "received_at": record["received_at"] + by})


def sizes(every_s: int, dice: random.Random) -> None:
    """Bytes of a day's fixes of one person, a shift long."""
    days: places.Days = {}
    for value in pings(1, END_S - START_S, every_s, dice):
        _, ping = codec.decode(value)
        fix = places.fix(ping["fixed_at"], ping["lat"], ping["lon"], ping["accuracy_m"], False, 437)
        assert fix is not None
        places.put(days, *fix)
    for held in days.values():
        count = len(held) // places.SIZE
        packed = len(places.pack(held))
        lively = sys.getsizeof(held)
        print(f"a shift's {count} fixes: lively {lively} B ({lively / count:.1f} each),", end=" ")
        print(f"packed {packed} B ({packed / count:.1f} each)")


if __name__ == "__main__":
    main()
