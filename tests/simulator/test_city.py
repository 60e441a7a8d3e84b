"""The made city: counts, the same for the same seed, papers that do not contradict each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import producers.simulator
from producers.simulator import duty
from producers.simulator.city import DAY, make_city
from producers.simulator.lookup import Roster
from producers.simulator.world import covers, moment
from tests.simulator.cities import small

SEEDS = range(1, 9)


def on(day: date, records: Iterable[object]) -> list[object]:
    """Those of dated records that are in force on a date."""
    return [r for r in records if covers(r.valid_from, r.valid_to, day)]  # type: ignore[attr-defined]


def assert_apart(records: Iterable[tuple[Hashable, date, date | None]], what: str) -> None:
    """No two records of one key are in force on the same date."""
    by_key: dict[Hashable, list[tuple[date, date]]] = defaultdict(list)
    for key, begin, end in records:
        by_key[key].append((begin, end or date.max))
    for key, spans in by_key.items():
        spans.sort()
        for (_, end), (begin, _) in pairwise(spans):
            assert end < begin, f"{what} {key} twice on {begin}"


def test_city_default_has_the_towns_numbers() -> None:
    """Exactly 3,128 people hold an assignment on the day, 135 terminals are in service, one more is retired."""
    city = make_city()
    assert len({a.staff_no for a in on(city.day, city.assignments)}) == len(on(city.day, city.assignments)) == 3128  # type: ignore[attr-defined]
    assert len(on(city.day, city.devices)) == 135
    assert len(city.devices) == 136
    assert city.day.weekday() == 0
    kinds = {unit.kind for unit in city.units}
    assert kinds == {"office", "kecamatan", "school", "puskesmas", "hospital"}
    assert sorted(unit.mode for unit in city.units if unit.mode != "in_force") == ["not_in_force", "trial"]


def test_city_is_the_same_for_the_same_seed() -> None:
    """The same arguments give the same city; another seed another one."""
    assert small(3) == small(3)
    assert small(3) != small(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_city_of_any_seed_has_papers_that_agree(seed: int) -> None:
    """References exist, numbers are unique and of the right form, no two records of one key overlap."""
    city = small(seed)
    units, devices = {u.unit_id for u in city.units}, {d.serial for d in city.devices}
    people = {p.staff_no: p for p in city.people}
    assert len(people) == len(city.people)
    for person in city.people:
        assert person.staff_no.isdigit()
        assert len(person.staff_no) == (16 if person.category.startswith("THL") else 18)
    assert {u.parent_id for u in city.units} <= units | {""}
    assert {a.staff_no for a in city.assignments} == set(people)
    assert {e.staff_no for e in city.enrolments} <= set(people)
    assert {e.serial for e in city.enrolments} <= devices
    assert_apart(((a.staff_no, a.valid_from, a.valid_to) for a in city.assignments), "assignment")
    every = city.enrolments + city.later_enrolments
    assert_apart((((e.serial, e.pin), e.valid_from, e.valid_to) for e in every), "enrolment")
    assert_apart((((e.serial, e.staff_no), e.valid_from, e.valid_to) for e in every), "enrolment of a person")
    assert_apart((((s.unit_id, s.staff_no), s.valid_from, s.valid_to) for s in city.schedules), "schedule")
    assert_apart(((paper.staff_no, paper.valid_from, paper.valid_to) for paper in city.leave), "leave")


def test_city_holds_everyone_who_was_shown_absent_on_the_first_day() -> None:
    """Moved and still enrolled, retired and still enrolled, every kind of leave, a reused PIN, several terminals."""
    city = make_city()
    roster, day = Roster(city), city.day
    moved = [s for s, case in city.cases.items() if case.startswith("moved")]
    still = [s for s in moved if len({e.serial for e in roster.enrolments(s, day, with_later=False)}) > 1]
    assert len(moved) > 20
    assert len(still) > len(moved) / 2
    retired = [s for s, case in city.cases.items() if case.startswith("retired") and roster.assignment(s, day) is None]
    assert len(retired) > 40
    assert sum(bool(roster.enrolments(s, day, with_later=False)) for s in retired) >= len(retired) - 1
    kinds = {p.kind for p in city.leave}
    assert {"tahunan", "sakit", "melahirkan", "izin", "besar", "tugas_belajar", "dinas_luar"} <= kinds
    assert all(p.letter_no for p in city.leave if p.kind == "dinas_luar")
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for enrolment in city.enrolments:
        owners[enrolment.serial, enrolment.pin].add(enrolment.staff_no)
    assert [len(s) for s in owners.values() if len(s) > 1] == [2]
    assert len(city.later_enrolments) == 2
    assert moment(day, 8 * 3600) == city.later_at_ms


def test_city_hospital_nights_cross_midnight() -> None:
    """A night begins at 21:00 and ends the next day at 07:00; who worked it is off or due in the evening."""
    city = make_city()
    roster = Roster(city)
    night = next(s for s in city.shifts if s.shift_id == duty.NIGHT)
    assert roster.end_ms(night, DAY) - roster.start_ms(night, DAY) == 10 * 3600 * 1000
    off_duty = [s for s, case in city.cases.items() if case == "off_duty"]
    eve = DAY - timedelta(days=1)
    assert {roster.shift(s, "rsud", eve)[0] for s in off_duty} == {night}
    assert {roster.shift(s, "rsud", DAY)[0] for s in off_duty} == {night, None}


def test_city_friday_and_holiday_have_hours_of_their_own() -> None:
    """Friday ends at 16:30; on a public holiday offices and schools are free, the hospital's shifts are not."""
    friday = small(day=date(2026, 11, 27))
    holiday = small(holiday="Hari Uji")
    shift, _ = Roster(friday).shift("", "setda", friday.day)
    assert shift is not None
    assert shift.ends_s == 16 * 3600 + 1800
    roster = Roster(holiday)
    assert roster.shift("", "sdn-01", holiday.day) == (None, "holiday")
    on_duty = [s for s, case in holiday.cases.items() if case == "shift" and roster.shift(s, "rsud", holiday.day)[0]]
    assert on_duty


def test_city_too_small_is_refused() -> None:
    """Fewer terminals than parts to play: said, not made wrong."""
    with pytest.raises(ValueError, match="at least"):
        make_city(people=200, terminals=10)


def test_simulator_imports_nothing_of_the_pipeline() -> None:
    """It knows the world: no import of streams, schemas, other producers, and of hadir only the clock."""
    folder = Path(producers.simulator.__file__ or "").parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top not in ("streams", "schemas"), (path.name, name)
                assert top != "hadir" or name.startswith("hadir.clock"), (path.name, name)
                assert top != "producers" or name.startswith("producers.simulator"), (path.name, name)
