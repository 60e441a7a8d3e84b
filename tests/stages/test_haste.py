"""Nobody is called absent by haste: whatever stands still, whatever is entered late."""

from __future__ import annotations

import os
import random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.topics import partition_of
from tests.stages import records as r
from tests.stages.harness import City, Row
from tests.stages.records import Fact

TIMES = int(os.environ.get("HADIR_LAWS", "1"))
MONDAY = "2026-11-23"
GONE = ("not_here", "absent", "unexplained")
STAGES = ("distribute", "route", "judge")


class Morning(NamedTuple):
    """Phases: which stages stand still, what is appended to ``reference`` and ``device_log`` before they run."""

    phases: list[tuple[set[str], list[Fact], list[Fact]]]
    seed: int
    crash: float


@st.composite
def mornings(draw: st.DrawFn) -> Morning:
    """Two people who both came, terminals that tell the truth, records entered at any time."""
    reference: list[Fact] = [
        r.period(), r.unit(), r.unit_mode(), r.shift(), r.schedule(), r.policy(),
        r.assignment("ani", first=MONDAY), r.assignment("budi", first=MONDAY),
    ]  # fmt: skip
    ticks = [
        r.tick(f"{MONDAY} {t}")
        for t in ["06:00", "07:29", "07:30", "07:31", "07:35", "08:30", "08:31", "08:40", "12:00"]
    ]
    ticks += [r.tick(f"2026-11-{d} 12:00") for d in (24, 26, 27)]
    entered = [
        r.device("A"), r.device("B"), r.enrolment("ani", "A", "1"), r.enrolment("budi", "B", "1"),
        r.enrolment("budi", "A", "2"),
    ]  # fmt: skip
    for record in entered:
        ticks.insert(draw(st.integers(0, len(ticks) - 1)), record)
    reference += ticks
    facts: dict[str, list[Fact]] = {"A": [], "B": []}
    for device_id in facts:
        facts[device_id].append(
            r.punch(f"{MONDAY} 0{draw(st.integers(6, 7))}:1{draw(st.integers(0, 9))}:00", device_id, "1")
        )
        facts[device_id].append(r.status(f"{MONDAY} 08:35", f"{MONDAY} 08:31", device_id))
    facts["A"].append(r.status(f"{MONDAY} 08:40", f"{MONDAY} 08:35", "A"))
    count = draw(st.integers(1, 4))
    phases: list[tuple[set[str], list[Fact], list[Fact]]] = []
    cuts = sorted(draw(st.lists(st.integers(0, len(reference)), min_size=count - 1, max_size=count - 1)))
    arrives = {device_id: draw(st.integers(0, count - 1)) for device_id in facts}
    for n, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(reference)], strict=True)):
        here = [fact for device_id in facts if arrives[device_id] == n for fact in facts[device_id]]
        phases.append((draw(st.sets(st.sampled_from(STAGES), max_size=2)), reference[start:end], here))
    return Morning(phases, draw(st.integers(0, 2**32)), draw(st.sampled_from((0.0, 0.05))))


def known_from(city: City, employee_id: str, *records: Fact) -> int:
    """Offset in the person's log from which on all these records are in it."""
    log = city.logs["staff_log", partition_of(employee_id.encode(), city.partitions)]
    keys = [(name, codec.identity_key(name, record)) for name, record in records]
    found: dict[Any, int] = {}
    for record in log:
        name, content = codec.decode(record.value)
        if name in ("enrolment", "device"):
            found.setdefault((name, codec.identity_key(name, content)), record.offset)
    return max(found[key] for key in keys)


@settings(max_examples=120 * TIMES, deadline=None)
@given(mornings())
def test_nobody_who_came_is_called_absent_once_his_terminal_is_known(m: Morning) -> None:
    """
    From the moment on at which a person's log knows his terminal and that he is enrolled there, no row says that he
    is not here: neither while a stage stands still, nor before ``route`` has moved his parked punch.
    """
    city = City(2, m.seed, crash=m.crash)
    for frozen, reference, facts in m.phases:
        city.reference(*reference)
        city.device(*facts)
        city.run(frozen)
    city.run()
    result = city.result()
    for employee_id, terminal in (("ani", "A"), ("budi", "B")):
        known = known_from(city, employee_id, r.enrolment(employee_id, terminal, "1"), r.device(terminal))
        hasty = [
            row
            for row in result.history
            if row["employee_id"] == employee_id and row["version"] >= known and row["state"] in GONE
            if row["work_date"] == r.day(MONDAY)
        ]
        assert hasty == []
        assert result.rows[employee_id, r.day(MONDAY)]["state"] == "present"


@pytest.mark.parametrize("frozen", ["route", "distribute"])
@pytest.mark.parametrize("crash", [0.0, 0.05])
def test_nobody_absent_while_a_stage_stands_still_over_the_cutoff(frozen: str, crash: float) -> None:
    """The clock ticks on, the terminals are complete, the stage does nothing: everybody stays ``not_due_yet``."""
    for seed in range(10):
        city = City(2, seed, crash=crash)
        city.reference(*r.office(), *r.ticks(f"{MONDAY} 07:00", f"{MONDAY} 07:05"))
        city.run()
        city.device(r.punch(f"{MONDAY} 07:20"), r.status(f"{MONDAY} 08:32", f"{MONDAY} 08:31"))
        city.reference(*r.ticks(f"{MONDAY} 07:06", f"{MONDAY} 08:35"))
        city.run(frozen=[frozen])
        assert today(city)["state"] in ("not_due_yet", "present")
        city.run()
        assert today(city)["state"] == "present"
        said = {row["state"] for row in city.result().history if row["work_date"] == r.day(MONDAY)}
        assert said <= {"not_due_yet", "present"}


def today(city: City) -> Row:
    """Ani's row of that Monday."""
    return city.result().rows["ani", r.day(MONDAY)]


def test_unsettled_enrolment_keeps_from_absent_until_route_has_moved_the_punch() -> None:
    """Absent at a complete terminal, then another enrolment is entered: undetermined until a tick later, then there."""
    city = City(1, random.Random(1).randrange(99))
    city.reference(*r.office(), r.device("B"), *r.ticks(f"{MONDAY} 07:00", f"{MONDAY} 08:40"))
    city.device(
        r.punch(f"{MONDAY} 07:20", "B", "9"), *[r.status(f"{MONDAY} 08:32", f"{MONDAY} 08:31", d) for d in "AB"]
    )
    city.run()
    assert today(city)["state"] == "absent"
    city.reference(r.enrolment("ani", "B", "9"))
    city.run(frozen=["route"])
    row = today(city)
    assert (row["state"], row["reason"]) == ("undetermined", "unsettled_enrolment")
    assert [m["device_id"] for m in row["missing"]] == ["B"]
    city.run()
    assert today(city)["state"] == "present"


def test_unsettled_device_counts_as_not_delivered() -> None:
    """A terminal entered late, its punches still parked: its people are not absent before those have moved."""
    office = [f for f in r.office() if f[0] != "device"]
    city = City(1)
    city.reference(*office, r.device("B"), r.enrolment("ani", "B", "9"), *r.ticks(f"{MONDAY} 07:00", f"{MONDAY} 08:40"))
    city.device(r.punch(f"{MONDAY} 07:20"), *[r.status(f"{MONDAY} 08:32", f"{MONDAY} 08:31", d) for d in "AB"])
    city.run()
    assert today(city)["state"] == "absent"  # B is complete, A is no terminal of ours yet
    city.reference(r.device("A"))
    city.run(frozen=["route"])
    assert today(city)["state"] == "undetermined"
    city.run()
    assert today(city)["state"] == "present"


def test_what_was_recorded_before_a_tick_counts_when_it_is_judged() -> None:
    """Leave is in ``reference`` before the cutoff's tick: however copies race, nobody on leave is shown as absent."""
    for seed in range(20):
        city = City(2, seed, crash=0.03)
        city.reference(*r.office(), r.tick(f"{MONDAY} 07:00"))
        city.device(r.status(f"{MONDAY} 08:32", f"{MONDAY} 08:31"))
        city.run()
        city.reference(r.leave(first=MONDAY), *r.ticks(f"{MONDAY} 08:30", f"{MONDAY} 08:31"))
        city.run()
        said = [row["state"] for row in city.result().history if row["work_date"] == r.day(MONDAY)]
        assert set(said) == {"not_due_yet", "leave"}
