"""
What the pure core costs on one core, without Kafka: ``python -m benchmarks.folds.measure [--people N] [--days D]``.

Prints CPU time per ping and per punch of ``judge`` (fold and drain, rows encoded), per record of ``route``, for a
cutoff, and what a partition's memory holds and takes to restore. Figures, not a test; see RESULTS.md.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from schemas import codec
from schemas.limits import defaults
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
            papers_s=259_200, source="Perbup", **defaults(),
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
                "device",
                6,
                device_id=device_id,
                unit_id=unit_id,
                name="",
                protocol="adms",
                timezone="Asia/Jakarta",
                address=None,
                network=None,
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
        "boot_id": employee(n), "elapsed_ms": 1_000_000, "imei": None,
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


class City:
    """A partition's people through a month: who comes, who does not, and the ticks."""

    def __init__(self, people: int, partitions: int) -> None:
        self.people = people
        self.partitions = partitions
        self.stage = Judge(0, partitions, "bench000")
        self.feed = Feed(self.stage)
        self.start = FIRST * DAY_MS - WIB_MS
        self.version = 0

    def tick(self, day: int, seconds: int) -> Sequence[Record]:
        """The barriers of a moment of a day."""
        return self.feed.records(barrier(self.start + day * DAY_MS + seconds * 1000, self.partitions))

    def punches(self, day: int, seconds: int, spread: int, who: range) -> Sequence[Record]:
        """One punch each."""
        at = self.start + day * DAY_MS + seconds * 1000
        values = [attributed(n, at + n % spread * 1000, self.version + i) for i, n in enumerate(who)]
        self.version += len(values)
        return self.feed.records(values)

    def pings(self, day: int, seconds: int, every_s: int, rounds: int) -> Sequence[Record]:
        """So many of each person, in turns."""
        at = self.start + day * DAY_MS + seconds * 1000
        return self.feed.records([ping(n, at + r * every_s * 1000) for r in range(rounds) for n in range(self.people)])

    def day(self, day: int) -> None:
        """A whole day, not timed: a tenth does not come in the morning."""
        for hour in range(7):
            self.feed.run(self.tick(day, hour * 3600))
        self.feed.run(self.punches(day, 25_200, 1700, range(self.people * 9 // 10)))
        for seconds in (27_000, 27_060, 30_600, 30_660, 50_000):
            self.feed.run(self.tick(day, seconds))
        self.feed.run(self.punches(day, 57_700, 900, range(self.people)))


def judge(people: int, days: int, partitions: int) -> Path:
    """The costs of ``judge``; returns the file with the state of the whole month."""
    city = City(people, partitions)
    run = city.feed.run
    setting = city.feed.records(world(people))
    timed("judge: reference records", len(setting), partial(run, setting))
    timed("judge: a date opens, per person", people, partial(run, city.tick(0, 0)))
    for day in range(days - 1):
        city.day(day)
    last = days - 1
    for hour in range(7):
        run(city.tick(last, hour * 3600))
    came = range(people // 2)
    morning = city.punches(last, 25_200, 1700, came)
    timed("judge: punches, rows encoded", len(came), partial(run, morning))
    timed("judge: the cutoff, per person awaited", people - len(came), partial(run, city.tick(last, 27_000)))
    timed("judge: the wait ends, per person undetermined", people - len(came), partial(run, city.tick(last, 27_060)))
    run(city.punches(last, 57_700, 900, range(people)))
    many = people * 12
    timed("judge: pings, 12 a minute and person", many, partial(run, city.pings(last, 60_000, 5, 12)))
    timed("judge: pings, all of them written", people * 4, partial(run, city.pings(last, 61_000, 60, 4)))
    policy = city.feed.records(world(1)[2:3])
    corrected = [record._replace(value=value_with_offset(record.value, 10**6)) for record in policy]
    timed("judge: policy corrected, per person and date", people * days, partial(run, corrected))
    return put_away(city, days)


def put_away(city: City, days: int) -> Path:
    """All of a city's state, in a file for ``restore``."""
    what = "judge: checkpoint of everything, per person and date"
    state = timed(what, city.people * days, lambda: list(city.stage.changed()))
    path = Path(tempfile.mkstemp(suffix=".state")[1])
    with path.open("wb") as file:
        for key, value in state:
            if value is not None:
                file.write(len(key).to_bytes(4, "big") + len(value).to_bytes(4, "big") + key + value)
    return path


def value_with_offset(value: bytes | None, offset: int) -> bytes:
    """A reference copy with another offset."""
    name, record = codec.decode(value)
    return codec.encode(name, record | {"reference_offset": offset})


def restore(path: Path, partitions: int) -> None:
    """Time and memory of a restore, in a process of its own."""
    before = resident_mb()
    stage = Judge(0, partitions, "bench000")
    count = size = 0
    seconds = 0.0
    with path.open("rb") as file:
        while head := file.read(8):
            key = file.read(int.from_bytes(head[:4], "big"))
            value = file.read(int.from_bytes(head[4:], "big"))
            started = time.process_time()
            stage.restore(key, value)
            seconds += time.process_time() - started
            count += 1
            size += len(key) + len(value)
    started = time.process_time()
    stage.restored(0)
    seconds += time.process_time() - started
    gc.collect()
    held = resident_mb() - before
    people = len(stage.memory.people)
    print(f"{'judge: restore, per key':<58} {count:>9,} in {seconds:7.2f} s   {seconds / count * 1e6:8.2f} µs each")
    print(f"{'judge: state':<58} {size / 1e6:9.0f} MB")
    print(f"{'judge: memory':<58} {held:9.0f} MB        {held * 1e6 / people:10.0f} B a person ({people:,})")


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
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--partitions", type=int, default=8)
    options.add_argument("--restore", type=Path, help="only restore this file")
    chosen = options.parse_args()
    if chosen.restore:
        restore(chosen.restore, chosen.partitions)
        return
    route(chosen.people)
    restored_elsewhere(judge(chosen.people, chosen.days, chosen.partitions), chosen.partitions)


def restored_elsewhere(path: Path, partitions: int) -> None:
    """``restore`` in a process of its own; the file is gone afterwards."""
    try:
        arguments = ["--restore", str(path), "--partitions", str(partitions)]
        subprocess.run([sys.executable, "-m", "benchmarks.folds.measure", *arguments], check=True)
    finally:
        path.unlink()


if __name__ == "__main__":
    main()
