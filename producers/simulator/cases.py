"""The people put into the city on purpose: on the real town's first day they were shown absent and were not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from producers.simulator.units import Plan
from producers.simulator.world import Assignment, Device, Enrolment, Leave, Person, Unit

EDGES = ("edge_opens", "edge_too_early", "edge_grace", "edge_late", "edge_closes", "edge_too_late")
SILENT = ("silent_came", "silent_absent", "silent_late")


@dataclass
class Draft:
    """A city in the making. ``members`` are the people of the day by office; ``people`` holds the retired as well."""

    day: date
    units: list[Unit] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    serials: dict[str, list[str]] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    members: dict[str, list[Person]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    assignments: list[Assignment] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    later: list[Enrolment] = field(default_factory=list)
    leave: list[Leave] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    @property
    def founded(self) -> date:
        """From when offices, terminals and policy are in force: well before the day."""
        return date(self.day.year - 1, 1, 1)

    def add_person(self, unit_id: str, person: Person) -> None:
        """Put a person of the day into an office."""
        self.people.append(person)
        self.members.setdefault(unit_id, []).append(person)

    def pin(self, staff_no: str) -> str:
        """A person's PIN all over the city: a running number."""
        return self.pins.setdefault(staff_no, str(len(self.pins) + 1))

    def take(self, unit_id: str, case: str) -> str:
        """Give the next person of an office a part to play; their staff number. ValueError: nobody is left."""
        staff_no = next((p.staff_no for p in self.members[unit_id] if p.staff_no not in self.cases), "")
        if not staff_no:
            raise ValueError(f"{unit_id} is too small for the part {case}")
        self.cases[staff_no] = case
        return staff_no

    def enrol(self, serial: str, staff_no: str, until: date | None = None) -> None:
        """Enrol a person on a further terminal since 100 days."""
        since = self.day - timedelta(days=100)
        self.enrolments.append(Enrolment(serial, self.pin(staff_no), staff_no, since, until))


def fill_cases(draft: Draft, rng: random.Random, hire: Callable[[str], Person]) -> None:
    """
    Hand out every part.

    Args:
        draft: offices and people filled in; receives cases, extra enrolments, moves, retired people and terminal.
        rng: chance.
        hire: makes a new person for an office, who is not among the people of the day.
    """
    for person in [p for group in draft.members.values() for p in group]:
        draft.pin(person.staff_no)
    for case in ("early_bird", "silent_came", "silent_absent"):
        draft.take("sdn-03", case)
    for case in ("two_schools", "two_schools_late"):
        draft.enrol(draft.serials["sdn-02"][0], draft.take("sdn-03", case))
    for unit_id in ("kominfo", "pkm-01", "kel-01"):
        for case in SILENT:
            draft.take(unit_id, case)
    for case in ("slow_absent", "slow_hides_lateness", "slow_late"):
        draft.take("kel-02", case)
    for case in EDGES:
        draft.take("dishub", case)
    for case in ("supervisor_absent", "supervisor_came"):
        staff_no = draft.take("dikbud", case)
        for school in ("sdn-01", "sdn-03"):
            draft.enrol(draft.serials[school][0], staff_no)
    draft.take("setda", "new_not_enrolled")
    draft.take("bkpsdm", "new_not_enrolled")
    staff_no = draft.take("dishub", "enrolled_later")
    draft.later.append(Enrolment(draft.serials["dishub"][0], draft.pin(staff_no), staff_no, draft.day))
    staff_no = draft.take("dishub", "elsewhere_later")
    draft.later.append(Enrolment(draft.serials["dinkes"][0], draft.pin(staff_no), staff_no, draft.day))
    draft.roles["enrolled_later"] = draft.serials["dishub"][0]
    _retired_terminal(draft)
    _papers_that_do_not_cover_the_day(draft)
    _moves(draft, rng)
    _retirements(draft, rng, hire)


def _retired_terminal(draft: Draft) -> None:
    """An old terminal of the education office: it excuses nobody, and whoever is only on it has no terminal at all."""
    serial = "WRJX1904001"
    ended = draft.day - timedelta(days=20)
    draft.devices.append(Device(serial, "dikbud", "Mesin lama Dinas Pendidikan", draft.founded, ended))
    draft.roles["retired"] = serial
    for case in ("retired_terminal_absent", "only_retired_terminal"):
        draft.enrol(serial, draft.take("dikbud", case))
    for person in draft.members["dikbud"][:5]:
        if not any(e.serial == serial and e.staff_no == person.staff_no for e in draft.enrolments):
            draft.enrol(serial, person.staff_no)


def _papers_that_do_not_cover_the_day(draft: Draft) -> None:
    eve, tomorrow = draft.day - timedelta(days=1), draft.day + timedelta(days=1)
    for n, (begin, end) in enumerate(((eve - timedelta(days=2), eve), (tomorrow, tomorrow + timedelta(days=2)))):
        draft.leave.append(Leave(draft.take("dinkes", "leave_other_day"), "tahunan", f"SI 800/{90 + n}", begin, end))


def _moves(draft: Draft, rng: random.Random) -> None:
    """People who changed office this month; two in three are still enrolled where they were."""
    missing = ("sdn-03", "kominfo", "pkm-01", "kel-01")
    moves = [
        ("sdn-03", "dikbud", "moved_absent"),
        ("sdn-03", "dikbud", "moved"),
        ("dinkes", "setda", "moved_to_old_place"),
    ]
    places = [u for u in draft.members if u not in ("rsud", "kel-02", "satpolpp") and len(draft.members[u]) > 8]
    for _ in range(max(1, len(draft.people) // 130)):
        new, old = rng.sample(places, 2)
        if old not in missing and new not in missing:
            moves.append((old, new, "moved"))
    for n, (old, new, case) in enumerate(moves):
        staff_no = draft.take(new, case)
        since = draft.day - timedelta(days=rng.randint(0, 12))
        draft.moved.add(staff_no)
        draft.assignments.append(Assignment(staff_no, old, since - timedelta(days=5), since - timedelta(days=1)))
        draft.assignments.append(Assignment(staff_no, new, since))
        ended = since - timedelta(days=1) if n > 2 and n % 3 == 0 else None
        draft.enrol(draft.serials[old][0], staff_no, ended)


def _retirements(draft: Draft, rng: random.Random, hire: Callable[[str], Person]) -> None:
    """People whose assignment ended with an earlier month, still enrolled; one PIN has gone to somebody new."""
    first_of_month = draft.day.replace(day=1)
    places = sorted(set(draft.members) - {"kel-02", "satpolpp"})
    for n in range(max(4, len(draft.people) // 60)):
        unit_id = "dinkes" if n == 0 else rng.choice(places)
        person = hire(unit_id)
        draft.people.append(person)
        ended = (first_of_month - timedelta(days=rng.randint(0, 2) * 31)).replace(day=1) - timedelta(days=1)
        draft.assignments.append(Assignment(person.staff_no, unit_id, draft.founded, ended))
        draft.cases[person.staff_no] = "retired_comes" if n % 3 == 1 else "retired"
        serial = draft.serials[unit_id][0]
        if n == 0:
            until = draft.day - timedelta(days=11)
            heir = draft.take("dinkes", "pin_reused")
            pin = draft.pin(person.staff_no)
            draft.enrolments.append(Enrolment(serial, pin, person.staff_no, draft.founded, until))
            draft.enrolments.append(Enrolment(serial, pin, heir, until + timedelta(days=1)))
        else:
            draft.enrol(serial, person.staff_no)
