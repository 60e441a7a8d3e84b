"""
What is remembered of reference data: dated records by identity, of which the highest ``reference_offset`` counts.

A withdrawn record (``void``) stays in memory without effect, so that an older copy coming late can't revive it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, TypeVar

import msgspec

from hadir.errors import InvalidFact
from streams.folds.limits import Limits, limits
from streams.folds.zones import sane, zone

FOREVER = 2**31 - 1  # valid_to of a record without an end
LONGEST_S = 2 * 86_400  # hours and windows of a shift: beyond it every punch would concern many dates
LARGEST_M = 50_000  # radius of a geofence: a forester's district
_SHIFT_FIELDS = (
    "starts_s",
    "ends_s",
    "in_opens_before_s",
    "in_closes_after_s",
    "out_opens_before_s",
    "out_closes_after_s",
)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One reference record, as much of it as judgement needs; ``first`` and ``last`` are inclusive local dates."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("first",)

    offset: int
    first: int
    last: int
    void: bool

    def identity(self) -> tuple[Any, ...]:
        """Values of the identifying fields, beyond what the list that holds it says already."""
        return tuple([getattr(self, name) for name in self.IDENTITY])

    def covers(self, day: int) -> bool:
        """Whether it is in force on a local date."""
        return not self.void and self.first <= day <= self.last


class Unit(Entry, frozen=True, gc=False):
    """A unit's zone; held by unit."""

    timezone: str


class UnitMode(Entry, frozen=True, gc=False):
    """Whether rules are in force; held by unit."""

    mode: str


class Geofence(Entry, frozen=True, gc=False):
    """A circle that counts as a unit's place; held by unit. Degrees WGS84, metres."""

    IDENTITY = ("name", "first")
    name: str
    lat: float
    lon: float
    radius_m: int


class Device(Entry, frozen=True, gc=False):
    """Where a terminal and its clock stand; held by device."""

    timezone: str
    unit_id: str


class Assignment(Entry, frozen=True, gc=False):
    """A person's place; held by person."""

    IDENTITY = ("unit_id", "first")
    unit_id: str
    category: str


class Enrolment(Entry, frozen=True, gc=False):
    """A PIN on a terminal and its owner; held by person (judge) or by device and PIN (route)."""

    IDENTITY = ("device_id", "pin", "employee_id", "first")
    device_id: str
    pin: str
    employee_id: str


class Schedule(Entry, frozen=True, gc=False):
    """Shift by weekday, Monday first; held by unit or by person. ``other`` is the identity's other half."""

    IDENTITY = ("other", "first")
    other: str
    shifts: tuple[str, str, str, str, str, str, str]

    def shift_on(self, day: int) -> str:
        """Shift id of a local date, empty when off. 1970-01-01 was a Thursday."""
        return self.shifts[(day + 3) % 7]


class Shift(Entry, frozen=True, gc=False):
    """Hours and windows; held by shift id."""

    starts_s: int
    ends_s: int
    in_opens_before_s: int
    in_closes_after_s: int
    out_opens_before_s: int
    out_closes_after_s: int
    observes_holidays: bool


class Policy(Entry, frozen=True, gc=False):
    """The numbers of the rules; one list for all."""

    IDENTITY = ("policy_id", "first")
    policy_id: str
    grace_s: int
    cutoff_after_s: int
    wait_s: int
    in_punch: str
    papers_s: int
    limits: Limits


class Leave(Entry, frozen=True, gc=False):
    """An excused absence or field duty; held by person."""

    IDENTITY = ("kind", "first")
    kind: str
    letter_no: str


class Holiday(Entry, frozen=True, gc=False):
    """A holiday; held by date."""


class Period(Entry, frozen=True, gc=False):
    """A month; held by its name."""

    open: bool


E = TypeVar("E", bound=Entry)


def put(entries: list[E], entry: E) -> tuple[bool, E | None]:
    """
    Take a record in, in place.

    Returns:
        whether it counts (False: an older or the same copy), and what it replaced.
    """
    identity = entry.identity()
    for i, old in enumerate(entries):
        if old.identity() == identity:
            if old.offset >= entry.offset:
                return False, old
            entries[i] = entry
            return True, old
    entries.append(entry)
    return True, None


def in_force(entries: Iterable[E], day: int) -> E | None:
    """Of the records that cover a date the one with the highest ``reference_offset``; None: there is none."""
    best: E | None = None
    for entry in entries:
        if entry.covers(day) and (best is None or entry.offset > best.offset):
            best = entry
    return best


def _base(record: Mapping[str, Any]) -> tuple[int, int, int, bool]:
    last = record["valid_to"]
    return record["reference_offset"], record["valid_from"], FOREVER if last is None else last, record["void"]


def unit(record: Mapping[str, Any]) -> Unit:
    """Raises InvalidFact for a zone that does not exist."""
    zone(record["timezone"])
    return Unit(*_base(record), record["timezone"])


def unit_mode(record: Mapping[str, Any]) -> UnitMode:
    """Whether rules are in force for a unit."""
    return UnitMode(*_base(record), record["mode"])


def geofence(record: Mapping[str, Any]) -> Geofence:
    """A unit's circle; raises InvalidFact when it lies nowhere on earth or is no circle of an office."""
    lat, lon, radius_m = record["lat"], record["lon"], record["radius_m"]
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 < radius_m <= LARGEST_M):  # NaN is between nothing
        raise InvalidFact(f"geofence: no place on earth, or its radius is not between 1 and {LARGEST_M} m")
    return Geofence(*_base(record), record["name"], lat, lon, radius_m)


def device(record: Mapping[str, Any]) -> Device:
    """Raises InvalidFact for a zone that does not exist."""
    zone(record["timezone"])
    return Device(*_base(record), record["timezone"], record["unit_id"])


def assignment(record: Mapping[str, Any]) -> Assignment:
    """A person's place."""
    return Assignment(*_base(record), record["unit_id"], record["category"])


def enrolment(record: Mapping[str, Any]) -> Enrolment:
    """A PIN's owner."""
    return Enrolment(*_base(record), record["device_id"], record["pin"], record["employee_id"])


def schedule(record: Mapping[str, Any]) -> Schedule:
    """A week of shifts, of a person when ``employee_id`` is not empty, else of a unit."""
    week = tuple([record[day] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")])
    assert len(week) == 7
    return Schedule(*_base(record), record["unit_id"] if record["employee_id"] else "", week)


def shift(record: Mapping[str, Any]) -> Shift:
    """Hours and windows; raises InvalidFact for a shift or a window longer than two days, or below zero."""
    for name in _SHIFT_FIELDS:
        if not 0 <= record[name] <= LONGEST_S:
            raise InvalidFact(f"shift: {name} is not between 0 and {LONGEST_S}")
    return Shift(
        *_base(record),
        record["starts_s"],
        record["ends_s"],
        record["in_opens_before_s"],
        record["in_closes_after_s"],
        record["out_opens_before_s"],
        record["out_closes_after_s"],
        record["observes_holidays"],
    )


def policy(record: Mapping[str, Any]) -> Policy:
    """The numbers of the rules; raises InvalidFact for a limit that is out of bounds."""
    return Policy(
        *_base(record),
        record["policy_id"],
        record["grace_s"],
        record["cutoff_after_s"],
        record["wait_s"],
        record["in_punch"],
        record["papers_s"],
        limits(record),
    )


def leave(record: Mapping[str, Any]) -> Leave:
    """An excused absence or field duty."""
    return Leave(*_base(record), record["kind"], record["letter_no"])


def holiday(record: Mapping[str, Any]) -> Holiday:
    """A holiday, in force on its one date."""
    return Holiday(record["reference_offset"], record["date"], record["date"], record["void"])


def period(record: Mapping[str, Any]) -> Period:
    """A month; raises InvalidFact when its name is no month."""
    first, last = month_dates(record["period"])
    return Period(record["reference_offset"], first, last, record["void"], record["state"] == "open")


def tick(record: Mapping[str, Any]) -> int:
    """The moment; raises InvalidFact when no clock of this century says it."""
    if not sane(record["at"]):
        raise InvalidFact("tick is not between 2000 and 2100")
    return int(record["at"])


def month_dates(name: str) -> tuple[int, int]:
    """
    First and last date of a month ``YYYY-MM``.

    Raises:
        InvalidFact: not a month.

    >>> month_dates("1970-02")
    (31, 58)
    """
    if not (len(name) == 7 and name[4] == "-" and name.isascii() and (name[:4] + name[5:]).isdecimal()):
        raise InvalidFact("period is not YYYY-MM")
    year, month = int(name[:4]), int(name[5:])
    if not (1970 <= year < 9999 and 1 <= month <= 12):
        raise InvalidFact("period is not YYYY-MM")
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return _first(year, month), _first(*following) - 1


def _first(year: int, month: int) -> int:
    return date(year, month, 1).toordinal() - date(1970, 1, 1).toordinal()
