"""The reference half of a made-up world: what was entered, and all that goes wrong while entering."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.oracle.dice import Dice
from tests.oracle.oracle import WEEKDAYS, Record
from tests.oracle.records import Told, corrected, day, employee, entered, withdrawn

Chain = list[Told]
"""Reference records that must keep their order among themselves: a record and what corrects it."""

WIB, WITA = "Asia/Jakarta", "Asia/Makassar"
OFFICE_LON = 110.84
"""Of every unit's first circle."""
GHOST = "GHOST-1"
"""A terminal that punches and was never entered."""


def office_lat(unit_id: str) -> float:
    """Of a unit's first circle: units are 45 km apart."""
    return -7.68 + 0.4 * int(unit_id.removeprefix("unit"))


class Size(NamedTuple):
    """How big a world is: numbers of things, each an upper bound."""

    units: int = 2
    devices: int = 3
    people: int = 3
    days: int = 3
    ticks: int = 6
    statuses_per_device: int = 3
    punches_per_day: int = 3
    full: bool = False
    """As many units, terminals, people and days as the bounds allow, and an end on one of the last days."""


class Roster:
    """
    Everything that was entered, as chains, each keeping its order; the chains may be told in any.

    Attributes:
        days: the dates that the world is about; since: the date from which its records hold.
        zone_of: true zone of each unit; clock_of: zone in which each terminal's clock runs.
        fingers: (device, PIN) of each person; works_at: the unit he starts in.
        shift_list, policy_list: what the edges are made from; shift_ids: shifts that schedules may name.
        entered_late: chains told after the first tick; unsettled: after the last.
    """

    def __init__(self, dice: Dice, size: Size, spices: frozenset[str]) -> None:
        self.dice, self.size, self.spices = dice, size, spices
        self.chains: list[Chain] = []
        self.entered_late: list[Chain] = []
        self.unsettled: list[Chain] = []
        self.policy_list: list[Record] = []
        self.shift_list: list[Record] = []
        self.shift_ids: list[str] = []
        self.zone_of: dict[str, str] = {}
        self.clock_of: dict[str, str] = {}
        self.fingers: dict[str, list[tuple[str, str]]] = {}
        self.works_at: dict[str, str] = {}
        starts = ["2026-11-26", "2026-11-23", "2026-11-19"]
        if "month_edge" in spices:
            starts += ["2026-11-29", "2026-11-30"]
        self.first = day(dice.pick(starts))
        self.days = list(range(self.first, self.first + self.upto(size.days)))
        self.since = day("2026-11-01") if dice.chance(10) else self.first

    def enter(self) -> None:
        """Lay everything out."""
        self.periods()
        self.policies()
        self.shifts()
        self.units()
        self.calendar()
        self.devices()
        self.people()

    def with_spice(self, spice: str, percent: int) -> bool:
        """Whether this goes wrong here; never thrown for a spice that is left out."""
        return spice in self.spices and self.dice.chance(percent)

    def upto(self, most: int) -> int:
        """How many: one at least, all of them in a full world."""
        return most if self.size.full else self.dice.between(1, most)

    def add(self, *chain: Told) -> None:
        """Records that keep their order among themselves."""
        self.chains.append(list(chain))

    def middle(self) -> int:
        """A date at which something changes: the second or a later one."""
        return self.first + self.dice.between(1, max(1, len(self.days) - 1))

    def periods(self) -> None:
        """November and December: open, not yet, closed, open again."""
        for name in ("2026-11", "2026-12"):
            is_open, closed = (entered("period", period=name, state=state) for state in ("open", "closed"))
            if self.with_spice("period_reopened", 35):
                self.add(
                    *self.dice.pick(
                        [
                            (is_open, closed, is_open),
                            (closed, is_open),
                            (is_open, closed),
                            (is_open, withdrawn(is_open), is_open),
                            (is_open, withdrawn(is_open)),
                            (),
                        ]
                    )
                )
            else:
                self.add(is_open)

    def policy(self, policy_id: str, valid_from: int, valid_to: int | None = None) -> Told:
        """A policy with numbers from a menu."""
        dice = self.dice
        return entered(
            "policy",
            policy_id=policy_id,
            grace_s=dice.pick([60, 0, 59, 900]),
            cutoff_after_s=dice.pick([1800, 0, 60, 3600]),
            wait_s=dice.pick([60, 0, 300]),
            in_punch=dice.pick(["first", "last"]) if "policy_change" in self.spices else "first",
            papers_s=dice.pick([86400, 3 * 86400, 21600] + ([600] if "short_window" in self.spices else [])),
            presence_gap_s=dice.pick([900, 900, 300, 3600]),
            presence_worst_m=dice.pick([200, 200, 60, 20]),
            travel_kmh=dice.pick([150, 150, 30, 600]),
            travel_m=dice.pick([2000, 2000, 500, 20_000]),
            clocks_s=dice.pick([300, 300, 30]),
            mock_minutes=dice.pick([3, 3, 1, 10]),
            source="Perbup 12/2026",
            valid_from=valid_from,
            valid_to=valid_to,
        )

    def other_numbers(self) -> dict[str, int]:
        """What a policy is corrected to: hours, or what says where somebody was."""
        return self.dice.pick(
            [
                {"grace_s": 0, "cutoff_after_s": 1800},
                {"presence_gap_s": 600, "presence_worst_m": 20},
                {"travel_kmh": 20, "travel_m": 300, "clocks_s": 60, "mock_minutes": 2},
            ]
        )

    def policies(self) -> None:
        """One policy, or two one after the other; corrected; none."""
        if self.with_spice("missing_policy", 10):
            return
        if self.with_spice("policy_change", 50):
            middle = self.middle()
            until = None if self.with_spice("overlap", 50) else middle - 1
            one, other = self.policy("perbup-12", self.since, until), self.policy("perbup-40", middle)
            self.add(one)
            self.add(other)
            self.policy_list = [one[1], other[1]]
        else:
            one = self.policy("perbup-12", self.since)
            final = corrected(one, **self.other_numbers()) if self.with_spice("policy_change", 25) else one
            self.add(*([one] if final is one else [one, final]))
            self.policy_list = [final[1]]

    def shifts(self) -> None:
        """Office hours, and of a morning, a night, and one that opens before midnight perhaps some."""
        dice = self.dice
        hours = [("office", 27000, 57600)]
        if dice.chance(25):
            hours.append(("pagi", 21600, 50400))
        if self.with_spice("night", 40):
            hours.append(("malam", 75600, dice.pick([111600, 25200])))
        if self.with_spice("night", 20):
            hours.append(("dini", 1800, 30600))
        self.shift_ids = [shift_id for shift_id, _, _ in hours]
        for shift_id, starts_s, ends_s in hours:
            made = entered(
                "shift",
                shift_id=shift_id,
                starts_s=starts_s,
                ends_s=ends_s,
                in_opens_before_s=dice.pick([5400, 3600, 7200]),
                in_closes_after_s=dice.pick([14400, 7200] + ([1200] if "short_window" in self.spices else [])),
                out_opens_before_s=dice.pick([3600, 0, 18000]),
                out_closes_after_s=dice.pick([14400, 3600]),
                observes_holidays=shift_id == "office" or dice.chance(30),
                valid_from=self.since,
            )
            kept = made
            if self.with_spice("missing_shift", 10):
                continue
            if self.with_spice("shift_change", 20):
                kept = corrected(made, starts_s=starts_s + 1800)
                self.add(made, kept)
            elif self.with_spice("shift_change", 20):
                middle = self.middle()
                kept = corrected(made, starts_s=starts_s + 1800, valid_from=middle)
                self.add(corrected(made, valid_to=middle - 1))
                self.add(kept)
                self.shift_list.append(made[1])
            else:
                self.add(made)
            self.shift_list.append(kept[1])

    def week(self, usual: str) -> dict[str, str]:
        """Shift of each weekday; weekends off, sometimes another day too."""
        week = dict.fromkeys(WEEKDAYS, usual)
        if self.dice.chance(40):
            week |= {"sat": "", "sun": ""}
        if self.dice.chance(20):
            week[self.dice.pick(WEEKDAYS)] = self.dice.pick(["", *self.shift_ids])
        return week

    def units(self) -> None:
        """Units with zones, modes and schedules."""
        dice = self.dice
        for number in range(self.upto(self.size.units)):
            unit_id = f"unit{number}"
            zone = dice.pick([WIB, WITA]) if "two_zones" in self.spices else WIB
            self.zone_of[unit_id] = zone
            made = entered(
                "unit",
                unit_id=unit_id,
                name=f"Unit {number}",
                parent_id=None,
                kind="office",
                timezone=zone,
                valid_from=self.since,
            )
            if self.with_spice("unit_correction", 20):
                self.add(corrected(made, timezone=WITA if zone == WIB else WIB), made)
            elif self.with_spice("overlap", 10):
                self.add(made)
                self.add(corrected(made, timezone=WITA, valid_from=self.middle()))
            elif not self.with_spice("missing_unit", 10):
                self.add(made)
            self.modes(unit_id)
            self.geofences(unit_id)
            if not self.with_spice("no_schedule", 6):
                self.unit_schedule(unit_id)

    def geofences(self, unit_id: str) -> None:
        """A circle, a second one, one that moves or is withdrawn; none, and then nobody's place is said."""
        dice = self.dice
        made = entered(
            "geofence",
            unit_id=unit_id,
            name="kantor",
            lat=office_lat(unit_id),
            lon=OFFICE_LON,
            radius_m=dice.pick([100, 100, 250]),
            valid_from=self.since,
        )
        if not self.with_spice("geofence_change", 60):
            self.add(made)
            return
        middle = self.middle()
        moved = corrected(made, lat=office_lat(unit_id) + dice.pick([0.01, 0.01, 0.2]))
        self.add(
            *dice.pick(
                [
                    (made, moved),
                    (moved, made),
                    (made, withdrawn(made)),
                    (made, corrected(made, valid_to=middle - 1), corrected(moved, valid_from=middle)),
                    (made, corrected(moved, name="gudang")),
                    (corrected(made, valid_from=middle),),
                    (),
                ]
            )
        )

    def modes(self, unit_id: str) -> None:
        """In force as a rule; trial, not in force, a change in the middle."""
        dice = self.dice
        kinds = ["in_force", "in_force", "in_force", "trial", "trial", "in_force", "not_in_force"]
        made = entered("unit_mode", unit_id=unit_id, mode=dice.pick(kinds), valid_from=self.since)
        if self.with_spice("missing_mode", 10):
            return
        if self.with_spice("mode_change", 30):
            middle = self.middle()
            after = corrected(made, mode=dice.pick(kinds), valid_from=middle)
            if self.with_spice("overlap", 40):
                self.add(made)
            else:
                self.add(made, corrected(made, valid_to=middle - 1))
            self.add(after)
        elif self.with_spice("mode_change", 15):
            self.add(made, corrected(made, mode="in_force"))
        else:
            self.add(made)

    def unit_schedule(self, unit_id: str) -> None:
        """A unit's week, sometimes with another over part of it (the later entry wins)."""
        usual = self.dice.pick(["office", *self.shift_ids])
        made = entered("schedule", unit_id=unit_id, employee_id="", **self.week(usual), valid_from=self.since)
        self.add(made)
        if self.with_spice("shift_change", 20):
            other = corrected(made, **self.week(self.shift_ids[-1]), valid_from=self.middle(), valid_to=self.middle())
            self.add(other, withdrawn(other)) if self.dice.chance(30) else self.add(other)

    def calendar(self) -> None:
        """A holiday, sometimes withdrawn."""
        if self.with_spice("holiday", 30):
            made = entered("calendar", date=self.dice.pick(self.days), name="Libur", kind="public")
            self.add(*self.dice.pick([(made,), (made,), (made, withdrawn(made)), (made, withdrawn(made), made)]))

    def devices(self) -> None:
        """Terminals: retired, entered late, wrong zone, replaced; ``self.clock_of`` is the zone their clocks run in."""
        dice = self.dice
        for number in range(self.upto(self.size.devices)):
            device_id = f"TRM{number}"
            zone = dice.pick([WIB, WITA]) if "two_zones" in self.spices else WIB
            other = WITA if zone == WIB else WIB
            self.clock_of[device_id] = zone
            made = entered(
                "device",
                device_id=device_id,
                unit_id=dice.pick(list(self.zone_of)),
                name=f"Mesin {number}",
                protocol=dice.pick(["adms", "zk", "file"]),
                address=None,
                network=None,
                timezone=zone,
                valid_from=self.since,
            )
            if self.with_spice("device_zone", 20):
                self.add(corrected(made, timezone=other), made)
            elif self.with_spice("device_retired", 20):
                end = self.middle() - 1
                ended = corrected(made, valid_to=end)
                self.add(*([made, ended] if dice.chance(50) else [ended]))
            elif self.with_spice("device_retired", 4):
                self.add(made, withdrawn(made))
            elif self.with_spice("device_replaced", 20):
                middle = self.middle()
                self.add(made, corrected(made, valid_to=middle - 1))
                self.add(corrected(made, timezone=other, valid_from=middle))
            elif self.with_spice("device_moved", 20):
                moved, middle = corrected(made, unit_id=dice.pick(list(self.zone_of))), self.middle()
                ended = corrected(made, valid_to=middle - 1)
                self.add(*dice.pick([(made, moved), (made, ended, corrected(moved, valid_from=middle))]))
            elif self.with_spice("overlap", 15):
                self.add(made)
                self.add(corrected(made, timezone=other, valid_from=self.middle()))
            elif self.with_spice("device_late", 15):
                self.entered_late.append([made])
            else:
                self.add(made)

    def people(self) -> None:
        """Assignments, enrolments, own schedules, leave; ``self.fingers`` are the (device, PIN) of each person."""
        for number in range(self.upto(self.size.people)):
            employee_id = employee(number)
            self.assignments(employee_id)
            self.enrolments(employee_id, str(number + 1))
            self.own_schedules(employee_id)
            self.leaves(employee_id)

    def assignments(self, employee_id: str) -> None:
        """A place on the roster; a move; a retirement; one entered by mistake."""
        dice = self.dice
        units = list(self.zone_of)
        unit_id = self.works_at[employee_id] = dice.pick(units)
        made = entered(
            "assignment",
            employee_id=employee_id,
            unit_id=unit_id,
            category=dice.pick(["PNS", "PPPK", "THL"]),
            valid_from=dice.pick([self.since, self.since, self.first + 1]),
        )
        if self.with_spice("move", 25):
            middle = max(self.middle(), made[1]["valid_from"] + 1)
            moved = corrected(made, unit_id=dice.pick(units), valid_from=middle, category="PPPK")
            if self.with_spice("overlap", 50):
                self.add(made)
                self.add(moved)
            else:
                self.add(made, corrected(made, valid_to=middle - 1), moved)
        elif self.with_spice("move", 10):
            self.add(corrected(made, valid_to=self.middle()))
        elif self.with_spice("withdrawn_assignment", 25):
            self.add(made, withdrawn(made) if dice.chance(50) else corrected(made, valid_to=self.middle()))
        elif not self.with_spice("withdrawn_assignment", 5):
            self.add(made)

    def enrolments(self, employee_id: str, pin: str) -> None:
        """PINs on terminals, with every way in which these are entered wrongly."""
        dice = self.dice
        fingers = self.fingers[employee_id] = []
        if self.with_spice("no_enrolment", 8):
            return
        devices = list(self.clock_of)
        for _ in range(dice.between(1, 2)):
            device_id = dice.pick([*devices, GHOST]) if self.with_spice("stray_punch", 10) else dice.pick(devices)
            if self.with_spice("enrolment_overlap", 25):
                pin = str(dice.between(1, self.size.people))
            fingers.append((device_id, pin))
            made = entered(
                "enrolment",
                device_id=device_id,
                pin=pin,
                employee_id=employee_id,
                valid_from=self.first + 1 if self.with_spice("enrolment_change", 15) else self.since,
            )
            chain = [made]
            if self.with_spice("enrolment_change", 20):
                end = self.first + dice.between(0, len(self.days))
                first, then = made, corrected(made, valid_to=end)
                chain = [first, then] if dice.chance(50) else [then, first]
            elif self.with_spice("enrolment_void", 12):
                chain = [made, withdrawn(made)] + ([made] if dice.chance(50) else [])
            if self.with_spice("enrolment_unsettled", 8):
                self.unsettled.append([chain.pop()])
            if chain:
                self.add(*chain)

    def own_schedules(self, employee_id: str) -> None:
        """A person's own week, or single days over it."""
        dice = self.dice
        ids = [*self.shift_ids, *self.shift_ids, ""]
        while self.with_spice("personal_schedule", 35):
            if dice.chance(50):
                on = dice.pick(self.days)
                dates: dict[str, Any] = {"valid_from": on, "valid_to": on}
                week = dict.fromkeys(WEEKDAYS, dice.pick(ids))
            else:
                dates, week = {"valid_from": dice.pick([self.since, self.middle()])}, self.week(dice.pick(ids))
            made = entered("schedule", unit_id="", employee_id=employee_id, **week, **dates)
            self.add(*dice.pick([(made,), (made,), (made, withdrawn(made)), (made, corrected(made, mon="office"))]))

    def leaves(self, employee_id: str) -> None:
        """Leave of a day or two, field duty with and without a letter, withdrawn ones."""
        dice = self.dice
        if not self.with_spice("leave", 25):
            return
        start = dice.pick(self.days)
        made = entered(
            "leave",
            employee_id=employee_id,
            kind=dice.pick(["sakit", "dinas_luar", "tahunan"]),
            letter_no=dice.pick(["", "ST 800/123"]),
            valid_from=start,
            valid_to=start + dice.between(0, 1),
        )
        self.add(*dice.pick([(made,), (made,), (made, withdrawn(made)), (made, corrected(made, valid_to=start))]))
        if self.with_spice("overlap", 40):
            self.add(corrected(made, kind="izin", letter_no="", valid_to=None))
