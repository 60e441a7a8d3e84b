"""
A town like Mojokerto, made from a seed: its offices, terminals, people and papers.

By default 3,128 people hold an assignment on the day and 135 terminals are in service. Retired people and one retired
terminal come on top of that, as they did on the real town's first day.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from producers.simulator import duty
from producers.simulator.cases import Draft, fill_cases
from producers.simulator.names import make_category, make_name, make_staff_no
from producers.simulator.phones import FEWEST, SHARE, hand_out
from producers.simulator.places import place_units
from producers.simulator.units import CITY_NAME, Plan, choose_units
from producers.simulator.world import (
    Assignment,
    City,
    Device,
    Enrolment,
    Leave,
    Person,
    Policy,
    Schedule,
    Unit,
    clock_s,
    moment,
    rng_for,
)

DAY = date(2026, 11, 23)  # a Monday
PEOPLE, TERMINALS = 3128, 135
CHANGE_AT_S = clock_s("08:00")
MODES = {"kec-01": "trial", "satpolpp": "not_in_force"}
ROLES = {
    "silent_for_good": "sdn-03",
    "silent_back_1": "kominfo",
    "silent_back_2": "pkm-01",
    "silent_back_3": "kel-01",
    "slow_clock": "kel-02",
    "keeps_back_1": "smpn-01",
    "keeps_back_2": "bkpsdm",
    "keeps_back_3": "setda",
}
POLICY = Policy("perwali-12-2026", 59, 60, 60, "first", 3, "Perwali 12/2026 (made up): late from 07:31:00")
LEAVE_SHARES = (  # kind, share of the people
    ("tahunan", 0.014),
    ("sakit", 0.008),
    ("melahirkan", 0.004),
    ("izin", 0.004),
    ("alasan_penting", 0.001),
    ("besar", 0.0006),
    ("tugas_belajar", 0.002),
    ("di_luar_tanggungan", 0.0006),
    ("dinas_luar", 0.014),
)


def make_city(
    seed: int = 1, day: date = DAY, people: int = PEOPLE, terminals: int = TERMINALS, *, holiday: str = ""
) -> City:
    """
    Make the whole city, the same for the same arguments.

    Args:
        seed: of all chance.
        day: local date of the morning.
        people: who hold an assignment on ``day``, at least 160.
        terminals: in service on ``day``, at least 16.
        holiday: name of a public holiday that falls on ``day``; empty for none.

    The weeks of the offices and the assignments begin on ``day`` itself (its first day in force), so that no earlier
    day is judged; only those who worked the night before begin a day earlier.

    Raises:
        ValueError: too small for every part to be played.
    """
    rng = rng_for(seed, "people")
    chosen = choose_units(people, terminals)
    draft = Draft(day)
    for plan, heads, machines in chosen:
        _open_unit(draft, plan, machines)
        for _ in range(heads):
            draft.add_person(plan.unit_id, _person(draft, rng, plan))
    roles = {role: draft.serials[unit_id][0] for role, unit_id in ROLES.items()}
    shift_staff = [p.staff_no for p in draft.members["rsud"]][: len(draft.members["rsud"]) * 3 // 5]
    rows, off_duty = duty.hospital_rows(rng_for(seed, "hospital"), shift_staff, day)
    draft.cases.update({staff_no: "shift" for staff_no in shift_staff})
    draft.cases.update({staff_no: "off_duty" for staff_no in off_duty})
    fill_cases(draft, rng_for(seed, "cases"), lambda unit_id: _person(draft, rng, draft.plans[unit_id]))
    _enrol(draft, seed)
    eve = day - timedelta(days=1)
    first = {p.staff_no: eve if p.staff_no in off_duty else day for group in draft.members.values() for p in group}
    assignments = draft.assignments + [
        Assignment(person.staff_no, unit_id, first[person.staff_no])
        for unit_id, group in draft.members.items()
        for person in group
        if person.staff_no not in draft.moved
    ]
    papers = draft.leave + _leave(draft, seed, people)  # phones go to people who have no part, so after these
    weeks = [Schedule(plan.unit_id, "", duty.WEEKS[plan.kind], day) for plan, _, _ in chosen]
    phones = hand_out(rng_for(seed, "phones"), _carriers(draft), draft.cases, max(FEWEST, people // SHARE), day)
    return City(
        seed=seed,
        name=CITY_NAME,
        day=day,
        units=tuple(draft.units),
        devices=tuple(draft.devices),
        people=tuple(draft.people),
        assignments=tuple(assignments),
        enrolments=tuple(draft.enrolments),
        shifts=duty.SHIFTS,
        schedules=tuple(weeks + rows),
        leave=tuple(papers),
        holidays=((day, holiday, "public"),) if holiday else (),
        policy=POLICY,
        policy_from=draft.founded,
        periods=tuple(dict.fromkeys((f"{eve:%Y-%m}", f"{day:%Y-%m}"))),
        later_enrolments=tuple(draft.later),
        later_at_ms=moment(day, CHANGE_AT_S),
        roles=roles | draft.roles,
        cases=dict(draft.cases),
        places=place_units((unit.unit_id, unit.kind) for unit in draft.units),
        phones=phones,
    )


def _carriers(draft: Draft) -> dict[str, list[Person]]:
    """People of offices in force whose terminals tell the right time and do not fall silent."""
    apart = {unit_id for role, unit_id in ROLES.items() if role == "slow_clock" or role.startswith("silent")}
    apart |= {unit_id for unit_id, mode in MODES.items() if mode == "not_in_force"}
    return {unit_id: group for unit_id, group in draft.members.items() if unit_id not in apart}


def _open_unit(draft: Draft, plan: Plan, machines: int) -> None:
    mode = MODES.get(plan.unit_id, "in_force")
    draft.plans[plan.unit_id] = plan
    draft.units.append(Unit(plan.unit_id, plan.name, plan.parent_id, plan.kind, mode, draft.founded))
    for n in range(1, machines + 1):
        serial = f"WRJX{2201000 + len(draft.devices) + 1}"
        name = f"Mesin {plan.name}" + (f" {n}" if machines > 1 else "")
        draft.devices.append(Device(serial, plan.unit_id, name, draft.founded))
        draft.serials.setdefault(plan.unit_id, []).append(serial)


def _person(draft: Draft, rng: random.Random, plan: Plan) -> Person:
    """A new person for an office, whose number nobody else has."""
    female = rng.random() < (0.68 if plan.kind in ("school", "hospital", "puskesmas") else 0.42)
    category = make_category(rng)
    graduate = category not in ("THL", "THLS") and rng.random() < 0.7
    name = make_name(rng, female, plan.kind, graduate)
    while (staff_no := make_staff_no(rng, category, female, draft.day)) in draft.numbers:
        pass
    draft.numbers.add(staff_no)
    return Person(staff_no, name, category, female)


def _enrol(draft: Draft, seed: int) -> None:
    """Everybody's finger on a terminal of the office, some on a second one under the same or another PIN."""
    rng = rng_for(seed, "enrolments")
    known = {(e.serial, e.staff_no) for e in draft.enrolments}
    for unit_id, group in draft.members.items():
        serials = draft.serials[unit_id]
        for n, person in enumerate(group):
            since = draft.day - timedelta(days=rng.randint(20, 300))
            second, other = rng.random(), rng.randint(1, 999)
            if draft.cases.get(person.staff_no) in ("new_not_enrolled", "enrolled_later", "only_retired_terminal"):
                continue
            pin = draft.pin(person.staff_no)
            home = serials[n % len(serials)]
            if (home, person.staff_no) not in known:
                draft.enrolments.append(Enrolment(home, pin, person.staff_no, since))
            away = serials[(n + 1) % len(serials)]
            if len(serials) > 1 and second < 0.25 and (away, person.staff_no) not in known:
                pin_there = pin if other > 200 else str(20_000 + int(pin))
                draft.enrolments.append(Enrolment(away, pin_there, person.staff_no, since))


def _leave(draft: Draft, seed: int, people: int) -> list[Leave]:
    """Papers of those who are away: a fixed share of every kind, from people with no other part to play."""
    rng = rng_for(seed, "leave")
    free = [p for group in draft.members.values() for p in group if p.staff_no not in draft.cases]
    rng.shuffle(free)
    papers: list[Leave] = []
    for kind, share in LEAVE_SHARES:
        for n in range(max(1, round(people * share))):
            person = next(p for p in free if p.female or kind != "melahirkan")
            free.remove(person)
            begin = draft.day - timedelta(days=rng.randint(0, 60 if kind in ("melahirkan", "besar") else 2))
            end = draft.day + timedelta(days=rng.randint(0, 30 if kind in ("melahirkan", "besar") else 3))
            code = {"dinas_luar": "ST", "sakit": "SKD"}.get(kind, "SI")
            papers.append(Leave(person.staff_no, kind, f"{code} 800/{100 + len(papers)}/{draft.day.year}", begin, end))
            draft.cases[person.staff_no] = "leave_but_came" if n == 0 and kind in ("tahunan", "dinas_luar") else "leave"
    return papers
