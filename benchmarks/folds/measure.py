"""
What the pure core costs on one core, without Kafka: ``python -m benchmarks.folds.measure [--people N] [--days D]``.

Prints CPU time per ping and per punch of ``judge`` (fold and drain, rows encoded), per record of ``route``, for a
cutoff, and what a partition's memory holds and takes to restore. Figures, not a test; see RESULTS.md.
"""

from __future__ import annotations

import argparse
import gc
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from schemas import codec
from streams.stages.base import Record, Step
from streams.stages.judge import Judge
from streams.stages.route import RouteDevices, RoutePhones

DAY_MS = 86_400_000
WIB_MS = 7 * 3_600_000
FIRST = 20_758  # 2026-11-01
PER_TERMINAL = 25
BASE = {"void": False, "recorded_at": 0, "recorded_by": "bench"}


def reference(record: str, offset: int, **fields: Any) -> bytes:
    """A reference copy as ``distribute`` writes it."""
    if record not in ("calendar", "period", "tick"):
        fields = {"valid_from": 0, "valid_to": None} | fields
    return codec.encode(record, BASE | fields | {"reference_offset": offset})


def employee(number: int) -> str:
    """An id like the real ones."""
    return str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % (1 << 128)))


def world(people: int) -> list[bytes]:
    """One region, its offices of 25 with a terminal each, everybody on the same shift, November 2026 open."""
    out = [
        reference("period", 0, period="2026-11", state="open"),
        reference(
            "shift", 1, shift_id="S", starts_s=27_000, ends_s=57_600, in_opens_before_s=5400, in_closes_after_s=3600,
            out_opens_before_s=3600, out_closes_after_s=21_600, observes_holidays=True,
        ),
        reference(
            "policy", 2, policy_id="perbup-12-2026", grace_s=59, cutoff_after_s=0, wait_s=60, in_punch="first",
            papers_s=259_200, source="Perbup",
        ),
    ]  # fmt: skip
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "S")
    for n in range(-(-people // PER_TERMINAL)):
        unit_id, device_id = f"unit-{n}", f"CQZ7{n:09d}"
        out += [
            reference("unit", 3, unit_id=unit_id, name=unit_id, parent_id=None, kind="office", timezone="Asia/Jakarta"),
            reference("unit_mode", 4, unit_id=unit_id, mode="in_force"),
            reference("schedule", 5, unit_id=unit_id, employee_id="", **week),
            reference(
                "device", 6, device_id=device_id, unit_id=unit_id, name="", protocol="adms", timezone="Asia/Jakarta"
            ),
        ]
    for n in range(people):
        place = n // PER_TERMINAL
        out += [
            reference("assignment", 7, employee_id=employee(n), unit_id=f"unit-{place}", category="PNS"),
            reference("enrolment", 8, device_id=f"CQZ7{place:09d}", pin=str(n), employee_id=employee(n)),
        ]
    return out


def barrier(at: int, partitions: int) -> list[bytes]:
    """A tick as it arrives from every source."""
    return [
        codec.encode("barrier", {"source": s, "source_partition": p, "at": at, "tick_offset": 10**9})
        for s in ("device_log", "phone_log")
        for p in range(partitions)
    ]


def attributed(n: int, at: int, version: int) -> bytes:
    """A punch of person ``n``."""
    fields = {
        "employee_id": employee(n), "device_id": f"CQZ7{n // PER_TERMINAL:09d}", "pin": str(n),
        "device_time": at + WIB_MS, "minute_only": False, "occurred_at": at, "active": True, "in_out_code": 0,
        "verify_code": 1, "received_at": at + 900, "version": version,
    }  # fmt: skip
    return codec.encode("attributed_punch", fields)


def ping(n: int, at: int) -> bytes:
    """A ping of person ``n``."""
    fields = {
        "employee_id": employee(n), "install_id": employee(n + 1), "fixed_at": at, "lat": -7.4, "lon": 112.4,
        "accuracy_m": 8.0, "speed_mps": None, "mock": False, "battery": 0.5, "received_at": at + 700,
    }  # fmt: skip
    return codec.encode("ping", fields)


class Feed:
    """Numbers records and hands them to a stage in batches."""

    def __init__(self, stage: Any, batch: int = 2000) -> None:
        self.stage = stage
        self.batch = batch
        self.offset = 0
        self.out: list[Step] = []

    def records(self, values: Sequence[bytes]) -> list[Record]:
        """With offsets."""
        out = [Record(self.offset + i, b"key", value) for i, value in enumerate(values)]
        self.offset += len(values)
        return out

    def run(self, records: Sequence[Record]) -> int:
        """Through fold and drain until nothing waits; how many steps came out."""
        steps = 0
        for start in range(0, len(records), self.batch):
            rejects = self.stage.fold(records[start : start + self.batch])
            assert not rejects, rejects[0].reason
            steps += len(self.stage.drain(self.batch))
            while self.stage.backlog:
                steps += len(self.stage.drain(self.batch))
        return steps


def timed(what: str, count: int, run: Callable[[], Any]) -> Any:
    """CPU time of a call, per item."""
    gc.collect()
    before = time.process_time()
    found = run()
    took = time.process_time() - before
    print(f"{what:<58} {count:>9,} in {took:7.2f} s   {took / count * 1e6:8.2f} µs each")
    return found


def resident_mb() -> float:
    """Memory of this process now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def judge(people: int, days: int, partitions: int) -> None:
    """The costs of ``judge``."""
    stage = Judge(0, partitions, "bench000")
    feed = Feed(stage)
    before = resident_mb()
    setting = feed.records(world(people))
    timed("judge: reference records", len(setting), lambda: feed.run(setting))
    start = FIRST * DAY_MS - WIB_MS
    first = feed.records(barrier(start, partitions))
    rows = timed("judge: a date opens, per person", people, lambda: feed.run(first))
    print(f"{'':58} {rows:>9,} rows")
    version = 0
    for day in range(days):
        midnight = start + day * DAY_MS
        hours = [feed.records(barrier(midnight + h * 3_600_000, partitions)) for h in range(1, 7)]
        for hour in hours:
            feed.run(hour)
        came = [n for n in range(people) if n % 10]
        morning = feed.records(
            [attributed(n, midnight + 25_200_000 + n % 1700 * 1000, version + i) for i, n in enumerate(came)]
        )
        version += people
        if day == days - 1:
            rows = timed("judge: morning punches", len(morning), lambda m=morning: feed.run(m))
            print(f"{'':58} {rows:>9,} rows")
        else:
            feed.run(morning)
        cutoff = feed.records(barrier(midnight + 27_000_000, partitions))
        if day == days - 1:
            timed("judge: the cutoff, per person still awaited", people - len(came), lambda c=cutoff: feed.run(c))
        else:
            feed.run(cutoff)
        for h in (8, 9, 15, 16):
            feed.run(feed.records(barrier(midnight + h * 3_600_000 + 1_800_000, partitions)))
        evening = feed.records(
            [attributed(n, midnight + 57_700_000 + n % 900 * 1000, version + n) for n in range(people)]
        )
        version += people
        feed.run(evening)
        if day < days - 1:
            feed.run(feed.records(barrier(midnight + DAY_MS, partitions)))
    state = dict(timed("judge: first checkpoint of everything, per key", people * days * 3, stage.changed))
    print(f"{'':58} {len(state):>9,} keys, {sum(len(k) + len(v or b'') for k, v in state.items()) / 1e6:.0f} MB")
    at = start + (days - 1) * DAY_MS + 60_000_000
    many = min(people, 25_000)
    rounds = 12
    pings = feed.records([ping(n, at + r * 5000) for r in range(rounds) for n in range(many)])
    rows = timed("judge: pings, 12 a minute and person", len(pings), lambda: feed.run(pings))
    print(f"{'':58} {rows:>9,} rows")
    fresh = feed.records([ping(n, at + (r + 1) * 60_000) for r in range(4) for n in range(many)])
    timed("judge: pings, all of them written", len(fresh), lambda: feed.run(fresh))
    del pings, fresh, setting, morning, evening, came
    gc.collect()
    print(
        f"judge: memory {resident_mb() - before - sum(len(k) + len(v or b'') for k, v in state.items()) / 1e6:.0f} MB"
    )
    del feed, stage
    gc.collect()
    before = resident_mb()
    again = Judge(0, partitions, "bench000")

    def restore() -> None:
        for key, value in state.items():
            if value is not None:
                again.restore(key, value)
        again.restored(0)

    timed("judge: restore, per key", len(state), restore)
    gc.collect()
    print(
        f"judge: restored memory {resident_mb() - before:.0f} MB, {(resident_mb() - before) * 1e6 / people:.0f} B a person"
    )


def route(people: int) -> None:
    """The costs of ``route``."""
    stage = RouteDevices(0, 8, "bench000")
    feed = Feed(stage)
    setting = [v for v in world(people) if codec.schema_of(v).name in ("device", "enrolment")]
    feed.run(feed.records(setting))
    punches = []
    for n in range(people):
        at = FIRST * DAY_MS + 25_200_000 + n % 1700 * 1000
        fields = {
            "device_id": f"CQZ7{n // PER_TERMINAL:09d}", "pin": str(n), "device_time": at, "minute_only": False,
            "in_out_code": 0, "verify_code": 1, "work_code": "", "source": "adms", "received_at": at, "digest": n,
        }  # fmt: skip
        punches.append(codec.encode("punch", fields))
    records = feed.records(punches)
    timed("route: punches", len(records), lambda: feed.run(records))
    again = feed.records(punches)
    timed("route: punches delivered again", len(again), lambda: feed.run(again))
    phones = Feed(RoutePhones(0, 8, "bench000"))
    pings = phones.records([ping(n % 25_000, n * 10) for n in range(200_000)])
    timed("route: pings", len(pings), lambda: phones.run(pings))


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=4500, help="of one partition (36,000 over 8)")
    options.add_argument("--days", type=int, default=31 - 1)
    options.add_argument("--partitions", type=int, default=8)
    chosen = options.parse_args()
    route(chosen.people)
    judge(chosen.people, chosen.days, chosen.partitions)


if __name__ == "__main__":
    main()
