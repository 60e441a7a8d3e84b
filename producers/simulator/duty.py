"""Working hours of the made city: shifts, the weeks of its offices, the hospital's roster of single nights and days."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from producers.simulator.world import Schedule, Shift, clock_s

OFFICE, OFFICE_FRIDAY = "KANTOR", "KANTOR-JUMAT"
SCHOOL, SCHOOL_FRIDAY, SCHOOL_SATURDAY = "SEKOLAH", "SEKOLAH-JUMAT", "SEKOLAH-SABTU"
CLINIC = "PUSKESMAS"
MORNING, AFTERNOON, NIGHT = "RSUD-PAGI", "RSUD-SORE", "RSUD-MALAM"
OFF = ""

_MIN = 60
_HOURS = (
    # shift, start, end, leaves early to be counted out from (minutes), until (minutes), public holidays are free
    (OFFICE, "07:30", "16:00", 60, 180, True),
    (OFFICE_FRIDAY, "07:30", "16:30", 60, 180, True),
    (SCHOOL, "07:00", "14:00", 60, 180, True),
    (SCHOOL_FRIDAY, "07:00", "11:00", 30, 180, True),
    (SCHOOL_SATURDAY, "07:00", "12:00", 60, 180, True),
    (CLINIC, "07:30", "14:00", 60, 180, True),
    (MORNING, "07:00", "14:00", 30, 120, False),
    (AFTERNOON, "14:00", "21:00", 30, 120, False),
    (NIGHT, "21:00", "07:00", 60, 120, False),
)
SHIFTS: tuple[Shift, ...] = tuple(
    Shift(shift_id, clock_s(start), clock_s(end), 90 * _MIN, 60 * _MIN, before * _MIN, after * _MIN, free)
    for shift_id, start, end, before, after, free in _HOURS
)
WEEKS: Mapping[str, tuple[str, ...]] = {
    "office": (OFFICE,) * 4 + (OFFICE_FRIDAY, OFF, OFF),
    "kecamatan": (OFFICE,) * 4 + (OFFICE_FRIDAY, OFF, OFF),
    "hospital": (OFFICE,) * 4 + (OFFICE_FRIDAY, OFF, OFF),
    "school": (SCHOOL,) * 4 + (SCHOOL_FRIDAY, SCHOOL_SATURDAY, OFF),
    "puskesmas": (CLINIC,) * 6 + (OFF,),
}


def hospital_rows(rng: random.Random, staff_nos: Iterable[str], day: date) -> tuple[list[Schedule], frozenset[str]]:
    """
    One row per person and day for ``day`` and the day after, and for the night before where somebody worked it.

    Returns:
        The rows, and who worked the night that ends on the morning of ``day``. Those are off on ``day``, or due again
        in the evening.
    """
    rows: list[Schedule] = []
    came_off_duty: set[str] = set()
    for n, staff_no in enumerate(staff_nos):
        turn = n % 10
        if turn < 2:  # worked the night
            came_off_duty.add(staff_no)
            today = NIGHT if n % 40 in (1, 11) else OFF
            rows.append(one_day(staff_no, day - timedelta(days=1), NIGHT))
        else:
            turns = (MORNING, MORNING, MORNING, AFTERNOON, AFTERNOON, NIGHT, OFF, rng.choice((MORNING, AFTERNOON)))
            today = turns[turn - 2]
        tomorrow = OFF if today == NIGHT else rng.choice((MORNING, AFTERNOON, NIGHT, OFF))
        rows.append(one_day(staff_no, day, today))
        rows.append(one_day(staff_no, day + timedelta(days=1), tomorrow))
    return rows, frozenset(came_off_duty)


def one_day(staff_no: str, day: date, shift_id: str) -> Schedule:
    """A person's row for a single date."""
    days = tuple(shift_id if weekday == day.weekday() else OFF for weekday in range(7))
    return Schedule("", staff_no, days, day, day)
