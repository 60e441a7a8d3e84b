"""A synthetic region for load: people, terminals and one shift, written straight to the source logs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from hadir.outbox import Outbox
from schemas import codec
from schemas.codec import identity_key, long_bytes
from schemas.limits import defaults
from schemas.topics import partition_of, topics

WIB_MS = 7 * 3_600_000
DAY_MS = 86_400_000
PER_TERMINAL = 25
PER_UNIT = 250
CUTOFF_AFTER_S = 60
GOLDEN = 0x9E3779B97F4A7C15F39CC0605CEDC834  # spreads ids over the hash


def employee(number: int) -> str:
    """An id like the real ones, the same for the same number."""
    return str(UUID(int=number * GOLDEN % (1 << 128)))


@dataclass(frozen=True)
class Region:
    """
    ``people`` on the roster, 25 to a terminal, 250 to a unit, on a shift starting ``start_s`` after local midnight.

    ``day``: the work date, days since 1970. ``partitions``: of the logs.
    """

    people: int
    partitions: int
    day: int
    start_s: int
    in_closes_after_s: int

    @property
    def terminals(self) -> int:
        """How many terminals."""
        return -(-self.people // PER_TERMINAL)

    @property
    def midnight_ms(self) -> int:
        """Local midnight of the work date, UTC."""
        return self.day * DAY_MS - WIB_MS

    def terminal(self, number: int) -> str:
        """Serial of the terminal at which a person punches."""
        return f"BENCH{number // PER_TERMINAL:06d}"

    def reference(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every reference record, in an order that makes sense."""
        base = {"void": False, "recorded_at": self.midnight_ms, "recorded_by": "bench", "reference_offset": -1}
        dated = base | {"valid_from": self.day, "valid_to": None}
        yield (
            "policy",
            dated
            | {
                "policy_id": "bench",
                "grace_s": 59,
                "cutoff_after_s": CUTOFF_AFTER_S,
                "wait_s": 60,
                "in_punch": "first",
                "papers_s": 3 * 86_400,
                **defaults(),
                "source": "benchmark",
            },
        )
        yield (
            "shift",
            dated
            | {
                "shift_id": "day",
                "starts_s": self.start_s,
                "ends_s": self.start_s + 8 * 3600,
                "in_opens_before_s": 7200,
                "in_closes_after_s": self.in_closes_after_s,
                "out_opens_before_s": 3600,
                "out_closes_after_s": 3600,
                "observes_holidays": True,
            },
        )
        for n in range(-(-self.people // PER_UNIT)):
            unit = {"unit_id": f"u{n}"}
            yield "unit", dated | unit | {"name": f"Unit {n}", "parent_id": None, "kind": "office"} | _ZONE
            yield "unit_mode", dated | unit | {"mode": "in_force"}
            week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "day")
            yield "schedule", dated | unit | {"employee_id": ""} | week
        for n in range(self.terminals):
            place = {"device_id": f"BENCH{n:06d}", "unit_id": f"u{n * PER_TERMINAL // PER_UNIT}"}
            yield (
                "device",
                dated | place | {"name": f"Mesin {n}", "protocol": "adms", "address": None, "network": None} | _ZONE,
            )
        for n in range(self.people):
            who = {"employee_id": employee(n)}
            yield "assignment", dated | who | {"unit_id": f"u{n // PER_UNIT}", "category": "PNS"}
            yield "enrolment", dated | who | {"device_id": self.terminal(n), "pin": str(n)}
        month = f"{date(1970, 1, 1) + timedelta(days=self.day):%Y-%m}"
        yield "period", base | {"period": month, "state": "open"}

    @cached_property
    def _pings(self) -> list[tuple[int, bytes, bytes, bytes, bytes]]:
        found = []
        boot, elapsed = _PING["boot_id"].encode(), _PING["elapsed_ms"]
        tail = b"\2" + long_bytes(len(boot)) + boot + b"\2" + long_bytes(elapsed) + b"\0"  # the IMEI is null
        for n in range(self.people):
            key = employee(n).encode()
            install = employee(n + self.people).encode()
            head = codec.header("ping") + long_bytes(len(key)) + key + long_bytes(len(install)) + install
            rest = codec.encode("ping", _PING | {"employee_id": employee(n), "install_id": employee(n + self.people)})
            assert rest.endswith(long_bytes(0) + tail)
            middle = rest[len(head) + len(long_bytes(0)) : -len(long_bytes(0) + tail)]
            found.append((partition_of(key, self.partitions), key, head, middle, tail))
        return found

    def ping(self, number: int, at: int) -> tuple[int, bytes, bytes]:
        """(partition, key, value) of a person's position at a moment: bytes put together, not encoded anew."""
        partition, key, head, middle, tail = self._pings[number]
        moment = long_bytes(at)
        return partition, key, head + moment + middle + moment + tail

    @cached_property
    def _punches(self) -> list[tuple[int, bytes, bytes, bytes]]:
        found = []
        for n in range(self.people):
            key = self.terminal(n).encode()
            pin = str(n).encode()
            head = codec.header("punch") + long_bytes(len(key)) + key + long_bytes(len(pin)) + pin
            rest = codec.encode("punch", _PUNCH | {"device_id": self.terminal(n), "pin": str(n)})
            middle = rest[len(head) + len(long_bytes(0)) : -2 * len(long_bytes(0))]
            found.append((partition_of(key, self.partitions), key, head, middle))
        return found

    def punch(self, number: int, at: int) -> tuple[int, bytes, bytes]:
        """(partition, key, value) of a person's punch at a moment."""
        partition, key, head, middle = self._punches[number]
        return partition, key, head + long_bytes(at + WIB_MS) + middle + long_bytes(at) + long_bytes(number)


_ZONE = {"timezone": "Asia/Jakarta"}
_PING: dict[str, Any] = {
    "fixed_at": 0,
    "lat": -7.47,
    "lon": 112.43,
    "accuracy_m": 12.0,
    "speed_mps": 0.5,
    "mock": False,
    "battery": 0.7,
    "received_at": 0,
    "boot_id": employee(0),
    "elapsed_ms": 12_345_678,
    "imei": None,
}
_PUNCH: dict[str, Any] = {
    "device_time": 0,
    "minute_only": False,
    "in_out_code": 0,
    "verify_code": 1,
    "work_code": "",
    "source": "adms",
    "received_at": 0,
    "digest": 0,
}


async def write_reference(region: Region, outbox: Outbox) -> int:
    """Write the region's reference records; returns how many, all acknowledged."""
    name = topics()["reference"].name("")
    count = 0
    for record, content in region.reference():
        outbox.send(name, 0, identity_key(record, content), codec.encode(record, content))
        count += 1
        if not count % 2000:
            await outbox.room(8 << 20)
    await outbox.settle()
    return count


async def write_tick(outbox: Outbox, at: int) -> None:
    """One tick of the clock, acknowledged."""
    record = {"at": at, "void": False, "recorded_at": at, "recorded_by": "bench", "reference_offset": -1}
    outbox.send(topics()["reference"].name(""), 0, identity_key("tick", record), codec.encode("tick", record))
    await outbox.settle()


async def write_complete(region: Region, outbox: Outbox, through: int) -> None:
    """Every terminal has delivered through a moment."""
    name = topics()["device_log"].name("")
    for n in range(region.terminals):
        key = f"BENCH{n:06d}".encode()
        status = {
            "device_id": key.decode(),
            "observed_at": through,
            "state": "online",
            "silent_since": None,
            "delivered_through": through,
            "drift_ms": None,
            "source": "adms",
        }
        outbox.send(name, partition_of(key, region.partitions), key, codec.encode("device_status", status))
        if not n % 2000:
            await asyncio.sleep(0)
    await outbox.settle()
