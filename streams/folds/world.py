"""Reference data that concern everybody, as one partition of ``judge`` remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from streams.folds import references as ref
from streams.folds.zones import DAY_MS, wall_of

NOWHERE = "UTC"  # zone of a day whose unit is not on record: it has to begin somewhen


class Change(NamedTuple):
    """
    What a reference record that counts has touched.

    Attributes:
        first, last: dates that the old or the new record covers, inclusive.
        kind: name of the record.
        subject: unit, shift, device or month concerned; empty: everybody.
    """

    first: int
    last: int
    kind: str
    subject: str


E = TypeVar("E", bound=ref.Entry)


class World:
    """
    Units, their geofences and modes, unit schedules, shifts, policies, holidays, devices and periods.

    ``generation`` rises with every record that counts: whatever was derived before is stale then.
    """

    __slots__ = (
        "devices",
        "generation",
        "geofences",
        "holidays",
        "modes",
        "periods",
        "policies",
        "reach_after",
        "reach_before",
        "schedules",
        "shifts",
        "units",
        "zones",
    )

    def __init__(self) -> None:
        self.generation = 0
        self.units: dict[str, list[ref.Unit]] = {}
        self.geofences: dict[str, list[ref.Geofence]] = {}
        self.modes: dict[str, list[ref.UnitMode]] = {}
        self.schedules: dict[str, list[ref.Schedule]] = {}
        self.shifts: dict[str, list[ref.Shift]] = {}
        self.policies: dict[str, list[ref.Policy]] = {}
        self.holidays: dict[str, list[ref.Holiday]] = {}
        self.devices: dict[str, list[ref.Device]] = {}
        self.periods: dict[str, list[ref.Period]] = {}
        self.zones: tuple[str, ...] = (NOWHERE,)  # one that a unit has left stays: dates had begun by it
        self.reach_before = 0  # days that a punch may lie before the work date of a shift on record
        self.reach_after = 0  # and after it

    def put(self, kind: str, record: Mapping[str, Any]) -> Change | None:
        """
        Take a record in; None: an older or the same copy.

        Raises:
            InvalidFact: unknown zone, or a month that is none; nothing was changed.
        """
        if kind == "unit":
            return self._put(self.units, kind, record["unit_id"], ref.unit(record))
        if kind == "geofence":
            return self._put(self.geofences, kind, record["unit_id"], ref.geofence(record))
        if kind == "unit_mode":
            return self._put(self.modes, kind, record["unit_id"], ref.unit_mode(record))
        if kind == "schedule":
            return self._put(self.schedules, kind, record["unit_id"], ref.schedule(record))
        if kind == "shift":
            return self._put(self.shifts, kind, record["shift_id"], ref.shift(record))
        if kind == "policy":
            return self._put(self.policies, kind, "", ref.policy(record))
        if kind == "calendar":
            return self._put(self.holidays, kind, "", ref.holiday(record), f"{record['date']}")
        if kind == "device":
            return self._put(self.devices, kind, record["device_id"], ref.device(record))
        assert kind == "period"
        return self._put(self.periods, kind, record["period"], ref.period(record))

    def _put(self, table: dict[str, list[E]], kind: str, subject: str, entry: E, key: str = "") -> Change | None:
        counts, old = ref.put(table.setdefault(key or subject, []), entry)
        if not counts:
            return None
        self.generation += 1
        if kind == "unit":
            assert isinstance(entry, ref.Unit)
            self.zones = tuple(sorted({*self.zones, entry.timezone}))
        elif kind == "shift":
            self._measure()
        covered = [e for e in (old, entry) if e is not None and not e.void]
        if not covered:
            return None
        return Change(min(e.first for e in covered), max(e.last for e in covered), kind, subject)

    def _measure(self) -> None:
        before = after = 0
        for entries in self.shifts.values():
            for s in entries:
                end = s.ends_s if s.ends_s > s.starts_s else s.ends_s + 86_400
                opens = min(s.starts_s - s.in_opens_before_s, end - s.out_opens_before_s)
                closes = max(s.starts_s + s.in_closes_after_s, end + s.out_closes_after_s)
                before = max(before, -(opens // 86_400))
                after = max(after, closes // 86_400)
        self.reach_before, self.reach_after = before, after

    def zone_of(self, unit_id: str, day: int) -> str:
        """Where a unit lies on a date; ``NOWHERE`` while that is not on record."""
        unit = ref.in_force(self.units.get(unit_id, ()), day)
        return NOWHERE if unit is None else unit.timezone

    def circles(self, unit_id: str, day: int) -> tuple[ref.Geofence, ...]:
        """A unit's circles on a date, by name: of each name the one in force."""
        held = self.geofences.get(unit_id, ())
        found = [ref.in_force([c for c in held if c.name == name], day) for name in sorted({c.name for c in held})]
        return tuple([circle for circle in found if circle is not None])

    def work_dates(self, at: int) -> range:
        """Every date to whose shift a punch of that moment might belong, whatever the unit."""
        walls = [wall_of(at, name) // DAY_MS for name in self.zones]
        return range(min(walls) - self.reach_after, max(walls) + self.reach_before + 1)

    def closes(self, record: Mapping[str, Any]) -> bool:
        """Whether a ``period`` record, once taken in, ends the judgement of a month that is open now."""
        new = ref.period(record)
        held = self.periods.get(record["period"], [])
        return any(p.open and not p.void and p.offset < new.offset for p in held) and (new.void or not new.open)

    def open_dates(self, first: int, last: int) -> list[int]:
        """Dates of open months between two dates, inclusive, in order."""
        found: list[int] = []
        for months in self.periods.values():
            for p in months:
                if p.open and not p.void:
                    found += range(max(first, p.first), min(last, p.last) + 1)
        found.sort()
        return found
