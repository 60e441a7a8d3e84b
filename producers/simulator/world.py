"""
What a made city consists of: plain values, and the few sums of time they need.

Days are ``datetime.date`` (local). Moments (``*_ms``) are ``int`` milliseconds since 1970 UTC. A terminal's wall clock
(``device_time_ms``) is local time encoded as if it were UTC. The whole city lies in Asia/Jakarta: UTC+7, no DST.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from producers.simulator.places import Place

ZONE = "Asia/Jakarta"
UTC_OFFSET_S = 7 * 3600
LOCAL = timezone(timedelta(seconds=UTC_OFFSET_S))
EPOCH = date(1970, 1, 1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment(day: date, local_s: int) -> int:
    """
    The moment ``local_s`` seconds after local midnight of ``day``; milliseconds since 1970 UTC.

    >>> moment(date(1970, 1, 1), 7 * 3600)
    0
    """
    return ((day - EPOCH).days * 86_400 + local_s - UTC_OFFSET_S) * 1000


def clock_s(text: str) -> int:
    """Seconds after midnight of ``HH:MM`` or ``HH:MM:SS``."""
    hours, minutes, seconds = (int(part) for part in (text + ":00").split(":")[:3])
    return hours * 3600 + minutes * 60 + seconds


def local_text(at_ms: int) -> str:
    """``YYYY-MM-DDTHH:MM:SS+07:00`` of a moment."""
    return datetime.fromtimestamp(at_ms / 1000, LOCAL).isoformat(timespec="seconds")


def wall_ms(at_ms: int, clock_offset_s: int = 0) -> int:
    """What a terminal's clock shows at a moment, encoded as if it were UTC; ``clock_offset_s`` < 0 is a slow clock."""
    return at_ms + (UTC_OFFSET_S + clock_offset_s) * 1000


def rng_for(seed: int, what: str) -> random.Random:
    """One independent stream of chance per purpose, so that a change in one part leaves the others as they were."""
    return random.Random(f"{seed}:{what}")  # noqa: S311


@dataclass(frozen=True, slots=True)
class Unit:
    """An office; ``kind`` and ``mode`` as in docs/roster.md."""

    unit_id: str
    name: str
    parent_id: str
    kind: str
    mode: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal on a wall; ``valid_to`` None is open."""

    serial: str
    unit_id: str
    name: str
    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Whether it is in service on a local date."""
        return covers(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone on the payroll. Names and numbers are made up; ``female`` only shapes them."""

    staff_no: str
    name: str
    category: str
    female: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who belongs where, from and to which local date (inclusive)."""

    staff_no: str
    unit_id: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person's finger on a terminal under a PIN."""

    serial: str
    pin: str
    staff_no: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Working hours: ``starts_s``/``ends_s`` seconds after local midnight, windows in seconds."""

    shift_id: str
    starts_s: int
    ends_s: int
    in_opens_before_s: int
    in_closes_after_s: int
    out_opens_before_s: int
    out_closes_after_s: int
    observes_holidays: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """A unit's or a person's week, Monday first; an empty string is a day off."""

    unit_id: str
    staff_no: str
    days: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Excused days, both ends inclusive."""

    staff_no: str
    kind: str
    letter_no: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers in force, as the roster's ``policy.toml`` has them: seconds, days, metres, km/h and minutes."""

    policy_id: str
    grace_s: int
    cutoff_after_s: int
    wait_s: int
    in_punch: str
    papers_days: int
    source: str
    presence_gap_s: int = 900
    presence_worst_m: int = 200
    travel_kmh: int = 150
    travel_m: int = 2000
    clocks_s: int = 300
    mock_minutes: int = 3


@dataclass(frozen=True, slots=True)
class Phone:
    """An installation of the app, registered to a person; the ``token`` is what the app was given, never entered."""

    staff_no: str
    install_id: str
    token: str
    valid_from: date


@dataclass(frozen=True)
class City:
    """
    Everything that is entered before the day begins, and what is entered during it.

    ``roles`` names the terminals that misbehave (role -> serial), ``cases`` the people put there on purpose
    (staff_no -> case). ``later_enrolments`` are entered at ``later_at_ms``. ``devices`` holds retired terminals too.
    ``places``: where each office stands, by unit.
    """

    seed: int
    name: str
    day: date
    units: tuple[Unit, ...]
    devices: tuple[Device, ...]
    people: tuple[Person, ...]
    assignments: tuple[Assignment, ...]
    enrolments: tuple[Enrolment, ...]
    shifts: tuple[Shift, ...]
    schedules: tuple[Schedule, ...]
    leave: tuple[Leave, ...]
    holidays: tuple[tuple[date, str, str], ...]
    policy: Policy
    policy_from: date
    periods: tuple[str, ...]
    later_enrolments: tuple[Enrolment, ...] = ()
    later_at_ms: int = 0
    roles: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    phones: tuple[Phone, ...] = ()


@dataclass(frozen=True, slots=True)
class Punch:
    """
    A finger on a terminal.

    ``at_ms`` is the true moment, ``device_time_ms`` what the terminal wrote down. ``staff_no`` is who it really was,
    empty for someone of whom nobody knows.
    """

    at_ms: int
    serial: str
    pin: str
    device_time_ms: int
    status: int
    verify: int
    staff_no: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of the terminal's operation log: ``code`` as the firmware has it; ``pin`` where a person is concerned."""

    at_ms: int
    code: int
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """
    How a terminal behaves that day.

    ``silences``: half-open intervals of moments without any connection, an end of None = to the end of the day.
    ``hold_back_s``: it delivers only at multiples of this many seconds. ``resend_at_ms``: when it sends its last batch
    again.
    """

    clock_offset_s: int = 0
    silences: tuple[tuple[int, int | None], ...] = ()
    hold_back_s: int = 0
    resend_at_ms: tuple[int, ...] = ()
    operations: tuple[Operation, ...] = ()

    def silent_until(self, at_ms: int) -> int | None:
        """End of the silence that covers a moment, -1 for one without end; None when it is connected."""
        for begin, end in self.silences:
            if begin <= at_ms and (end is None or at_ms < end):
                return -1 if end is None else end
        return None

    def release_ms(self, at_ms: int) -> int:
        """When it lets go of a record of that moment, if connected."""
        step = self.hold_back_s * 1000
        return at_ms if not step else (at_ms // step + 1) * step


@dataclass(frozen=True)
class Morning:
    """
    What happens between ``start_ms`` and ``end_ms``: punches in order of (moment, serial, PIN), terminals' ways.

    ``notes``: staff_no -> what really happened, in words. Punches before ``start_ms`` are in the terminals' memories.
    """

    start_ms: int
    end_ms: int
    punches: tuple[Punch, ...]
    behaviours: Mapping[str, Behaviour]
    notes: Mapping[str, str]


def covers(valid_from: date, valid_to: date | None, day: date) -> bool:
    """Whether a dated record is in force on a local date; both ends inclusive, None = open."""
    return valid_from <= day and (valid_to is None or day <= valid_to)
