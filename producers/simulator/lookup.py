"""Questions one asks of a city's papers: whose, where, which shift, which leave, which terminals on a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from producers.simulator.world import (
    Assignment,
    City,
    Enrolment,
    Leave,
    Schedule,
    Shift,
    Unit,
    covers,
    moment,
)


class Roster:
    """Indexes over a city. Built once, read only; every answer is O(records of that person)."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.units: dict[str, Unit] = {unit.unit_id: unit for unit in city.units}
        self.devices = {device.serial: device for device in city.devices}
        self._assignments: dict[str, list[Assignment]] = defaultdict(list)
        self._leave: dict[str, list[Leave]] = defaultdict(list)
        self._schedules: dict[tuple[str, str], list[Schedule]] = defaultdict(list)
        self._shifts: dict[str, Shift] = {shift.shift_id: shift for shift in city.shifts}
        self._holidays = {day for day, _, _ in city.holidays}
        self.by_person: dict[str, list[Enrolment]] = defaultdict(list)
        self.at_terminal: dict[str, list[Enrolment]] = defaultdict(list)
        for assignment in city.assignments:
            self._assignments[assignment.staff_no].append(assignment)
        for paper in city.leave:
            self._leave[paper.staff_no].append(paper)
        for row in city.schedules:
            self._schedules[row.unit_id, row.staff_no].append(row)
        for enrolment in city.enrolments:
            self.by_person[enrolment.staff_no].append(enrolment)
            self.at_terminal[enrolment.serial].append(enrolment)
        self.later: dict[str, list[Enrolment]] = defaultdict(list)
        for enrolment in city.later_enrolments:
            self.later[enrolment.staff_no].append(enrolment)

    def assignment(self, staff_no: str, day: date) -> Assignment | None:
        """Where a person belongs on a local date; None: nowhere."""
        held = self._assignments.get(staff_no, ())
        return next((a for a in held if covers(a.valid_from, a.valid_to, day)), None)

    def shift(self, staff_no: str, unit_id: str, day: date) -> tuple[Shift | None, str]:
        """The shift that starts on a date: the person's own row before the office's; else None and why."""
        row = self._row("", staff_no, day) or self._row(unit_id, "", day)
        if row is None:
            return None, "no_schedule"
        shift = self._shifts.get(row.days[day.weekday()])
        if shift is None:
            return None, "day_off"
        return (None, "holiday") if shift.observes_holidays and day in self._holidays else (shift, "")

    def leave(self, staff_no: str, day: date) -> Leave | None:
        """The paper that excuses a person on a date."""
        return next((p for p in self._leave.get(staff_no, ()) if p.valid_from <= day <= p.valid_to), None)

    def enrolments(self, staff_no: str, day: date, *, with_later: bool) -> list[Enrolment]:
        """A person's enrolments in force on a date, on terminals in service then."""
        held: Iterable[Enrolment] = self.by_person.get(staff_no, [])
        if with_later:
            held = [*held, *self.later.get(staff_no, [])]
        return [e for e in held if covers(e.valid_from, e.valid_to, day) and self.devices[e.serial].covers(day)]

    def start_ms(self, shift: Shift, day: date) -> int:
        """The moment a shift starts."""
        return moment(day, shift.starts_s)

    def end_ms(self, shift: Shift, day: date) -> int:
        """The moment a shift ends: the next day when its end is not after its start."""
        return moment(day, shift.ends_s + (86_400 if shift.ends_s <= shift.starts_s else 0))

    def _row(self, unit_id: str, staff_no: str, day: date) -> Schedule | None:
        rows = self._schedules.get((unit_id, staff_no), ())
        return next((row for row in rows if covers(row.valid_from, row.valid_to, day)), None)
