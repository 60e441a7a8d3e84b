"""The truth: a hand-made world judged by hand, and laws that hold for any made city."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from producers.simulator.city import POLICY, make_city
from producers.simulator.duty import SHIFTS
from producers.simulator.judge import Expected, View, World
from producers.simulator.morning import make_morning
from producers.simulator.truth import DUE, STATES, allowed, disagreements, make_truth, write_truth
from producers.simulator.world import (
    Assignment,
    Behaviour,
    City,
    Device,
    Enrolment,
    Leave,
    Morning,
    Person,
    Punch,
    Schedule,
    Unit,
    clock_s,
    covers,
    moment,
    wall_ms,
)
from tests.simulator.cities import small

MONDAY = date(2026, 11, 23)
LONG_AGO = date(2026, 1, 1)


def at(text: str) -> int:
    """The moment HH:MM[:SS] of Monday, local."""
    return moment(MONDAY, clock_s(text))


def hand_made(*, in_punch: str = "first") -> World:
    """
    An office (07:30, late from 07:31:00, window 06:00 to 08:30) with five terminals.

    ``ok`` is always connected, ``back`` is silent 07:00-08:40, ``gone`` from 07:00, ``mid`` from 08:00, ``slow`` is
    seven minutes slow. People are named after what they do.
    """
    comings = {  # person: terminals enrolled on; punches
        "early": ("ok", [("ok", "06:59:10"), ("ok", "06:59:14")]),
        "late": ("ok", [("ok", "07:42:30")]),
        "never": ("ok", []),
        "outside": ("ok", [("ok", "05:59:59"), ("ok", "08:30:01")]),
        "edge_open": ("ok", [("ok", "06:00:00")]),
        "edge_grace": ("ok", [("ok", "07:30:59")]),
        "edge_late": ("ok", [("ok", "07:31:00")]),
        "edge_close": ("ok", [("ok", "08:30:00")]),
        "never_mid": ("mid", []),
        "twice": ("ok", [("ok", "07:20:00"), ("ok", "07:50:00")]),
        "came_back": ("back", [("back", "07:10:00")]),
        "never_back": ("back", []),
        "came_gone": ("gone", [("gone", "07:10:00")]),
        "before_gone": ("gone", [("gone", "06:50:00")]),
        "never_both": ("ok gone", []),
        "came_other": ("ok gone", [("ok", "07:05:00")]),
        "slow_late": ("slow", [("slow", "07:34:00")]),
        "old_terminal": ("old", []),
        "nowhere": ("", []),
        "on_leave": ("gone", []),
        "on_duty": ("gone", []),
        "trial_late": ("ok", [("ok", "08:00:00")]),
        "not_yet": ("ok", [("ok", "08:00:00")]),
        "day_off": ("ok", []),
        "night": ("ok", []),
        "retired": ("ok", [("ok", "07:15:00")]),
        "enrolled_at_8": ("", [("ok", "07:15:00")]),
    }
    offsets = {"slow": -420}
    silences: dict[str, tuple[tuple[int, int | None], ...]] = {
        "back": ((at("07:00"), at("08:40")),),
        "gone": ((at("07:00"), None),),
        "mid": ((at("08:00"), None),),
    }
    units = {"trial_late": "trial", "not_yet": "unready"}
    own = {"day_off": ("",) * 7, "night": ("RSUD-MALAM",) * 7}
    punches = [
        Punch(at(when), serial, who, wall_ms(at(when), offsets.get(serial, 0)), 0, 1, who)
        for who, (_, made) in comings.items()
        for serial, when in made
    ]
    city = City(
        seed=0,
        name="hand",
        day=MONDAY,
        units=tuple(
            Unit(u, u, "", "office", mode, LONG_AGO)
            for u, mode in (("office", "in_force"), ("trial", "trial"), ("unready", "not_in_force"))
        ),
        devices=(
            *(Device(s, "office", s, LONG_AGO) for s in ("ok", "back", "gone", "slow", "mid")),
            Device("old", "office", "old", LONG_AGO, date(2026, 11, 22)),
        ),
        people=tuple(Person(who, who, "PNS", False) for who in comings),
        assignments=tuple(
            Assignment(w, units.get(w, "office"), LONG_AGO, date(2026, 10, 31) if w == "retired" else None)
            for w in comings
        ),
        enrolments=tuple(Enrolment(s, w, w, LONG_AGO) for w, (serials, _) in comings.items() for s in serials.split()),
        shifts=SHIFTS,
        schedules=(
            *(Schedule(u, "", ("KANTOR",) * 5 + ("", ""), LONG_AGO) for u in ("office", "trial", "unready")),
            *(Schedule("", who, days, LONG_AGO) for who, days in own.items()),
        ),
        leave=(Leave("on_leave", "sakit", "", MONDAY, MONDAY), Leave("on_duty", "dinas_luar", "ST 1", MONDAY, MONDAY)),
        holidays=(),
        policy=replace(POLICY, in_punch=in_punch),
        policy_from=LONG_AGO,
        periods=("2026-11",),
        later_enrolments=(Enrolment("ok", "enrolled_at_8", "enrolled_at_8", MONDAY),),
        later_at_ms=at("08:00"),
    )
    behaviours = {d.serial: Behaviour(offsets.get(d.serial, 0), silences.get(d.serial, ())) for d in city.devices}
    morning = Morning(at("06:00"), at("09:00"), tuple(sorted(punches, key=lambda p: p.at_ms)), behaviours, {})
    return World(city, morning)


def states(world: World, when: str) -> dict[str, tuple[str, int]]:
    """State and lateness of everybody at a horizon, as a pipeline without delay says."""
    told = {p.staff_no: world.expected(p.staff_no, MONDAY, View(at(when))) for p in world.city.people}
    return {who: (e.state, e.late_s) for who, e in told.items() if e is not None}


FIXED = {
    "on_leave": ("leave", 0),
    "on_duty": ("field_duty", 0),
    "not_yet": ("not_judged", 0),
    "day_off": ("off", 0),
    "night": ("not_due_yet", 0),
}


def test_truth_at_nine_is_what_the_rules_say_by_hand() -> None:
    """Every rule of the judgement once, at 09:00; the retired person has no row."""
    assert states(hand_made(), "09:00") == FIXED | {
        "early": ("present", 0),
        "late": ("late", 750),
        "never": ("absent", 0),
        "outside": ("absent", 0),
        "edge_open": ("present", 0),
        "edge_grace": ("present", 0),
        "edge_late": ("late", 60),
        "edge_close": ("late", 3600),
        "never_mid": ("undetermined", 0),
        "twice": ("present", 0),
        "came_back": ("present", 0),
        "never_back": ("absent", 0),
        "came_gone": ("undetermined", 0),
        "before_gone": ("present", 0),
        "never_both": ("undetermined", 0),
        "came_other": ("present", 0),
        "slow_late": ("present", 0),
        "old_terminal": ("undetermined", 0),
        "nowhere": ("undetermined", 0),
        "trial_late": ("late", 1800),
        "enrolled_at_8": ("present", 0),
    }


def test_truth_on_the_way_is_what_the_rules_say_by_hand() -> None:
    """At 07:30 nobody is due; at 07:31 people are awaited; at 07:35 missing data is not absence; at 08:35 either."""
    world = hand_made()
    before, cutoff, after, closed = (states(world, when) for when in ("07:30", "07:31", "07:35", "08:35"))
    missing = ("late", "never", "came_back", "never_back", "came_gone", "never_both", "nowhere", "enrolled_at_8")
    assert {before[who][0] for who in missing} == {"not_due_yet"}
    assert {cutoff[who][0] for who in missing} == {"awaited"}
    assert {after[who][0] for who in ("late", "never", "outside", "trial_late")} == {"not_here"}
    silent = ("came_back", "never_back", "came_gone", "never_both", "nowhere", "old_terminal", "enrolled_at_8")
    assert {after[who][0] for who in silent} == {"undetermined"}
    assert before["early"] == after["early"] == ("present", 0)
    assert closed["never"] == ("absent", 0)
    assert closed["never_back"] == closed["came_back"] == ("undetermined", 0)


def test_truth_at_the_close_stays_not_here_for_the_wait_where_only_the_cutoff_is_complete() -> None:
    """A terminal that answered for the cutoff and then fell silent: not here until 08:31, then it cannot be said."""
    world = hand_made()
    told = [states(world, when)["never_mid"][0] for when in ("07:35", "08:29", "08:30", "08:31")]
    assert told == ["not_here", "not_here", "not_here", "undetermined"]
    told = [states(world, when)["never_back"][0] for when in ("08:29", "08:30", "08:31", "08:45")]
    assert told == ["undetermined", "undetermined", "undetermined", "absent"]


def test_truth_undetermined_names_the_terminals_and_ends_with_the_papers() -> None:
    """Reason and terminals; three days on: absent is without a word, undetermined is present by default."""
    world = hand_made()
    assert world.expected("never_both", MONDAY, View(at("09:00"))) == Expected(
        "undetermined", 0, "terminal_incomplete", ("gone",), "", "", "KANTOR"
    )
    nowhere = world.expected("nowhere", MONDAY, View(at("09:00")))
    assert nowhere is not None
    assert (nowhere.reason, nowhere.terminals) == ("no_terminal", ())
    later = View(at("07:30") + 3 * 86_400_000)
    ended = [world.expected(who, MONDAY, later) for who in ("never", "came_gone", "late")]
    assert [e.state for e in ended if e] == ["unexplained", "present_unmeasured", "late"]


def test_truth_last_punch_counts_where_the_policy_says_so() -> None:
    """In the window the first punch counts, or the last."""
    assert states(hand_made(), "09:00")["twice"] == ("present", 0)
    assert states(hand_made(in_punch="last"), "09:00")["twice"] == ("late", 1200)


@pytest.mark.parametrize("seed", range(1, 7))
def test_truth_at_the_end_is_certain_for_everybody(seed: int) -> None:
    """However slow or quick the pipeline (up to five minutes), the last state is the same; sums add up by office."""
    city = small(seed)
    truth = make_truth(World(city, make_morning(city)))
    assert all(row["certain"] for row in [*truth["people"].values(), *truth["eve"].values()])
    for sums in [truth["total"], *truth["units"].values()]:
        by_state = {state: sums.get(state, 0) for state in STATES}
        assert sums["roster"] == sum(by_state.values())
        assert sums["due"] == sum(n for state, n in by_state.items() if state in DUE)
    assert truth["total"]["roster"] == 200 == sum(unit["roster"] for unit in truth["units"].values())
    assert set(truth["people"]) | set(truth["no_row"]) == {p.staff_no for p in city.people}
    ours = {"present", "late", "absent", "undetermined", "leave", "field_duty", "not_due_yet", "off", "not_judged"}
    assert set(truth["total"]) - {"roster", "due"} == ours


@pytest.mark.parametrize("seed", range(1, 5))
def test_truth_never_allows_absence_from_missing_data(seed: int) -> None:
    """Whoever came before the cutoff, or hangs on a silent terminal, may never be called not here or absent."""
    city = small(seed)
    morning = make_morning(city)
    world = World(city, morning)
    truth = make_truth(world)
    for person in city.people:
        for when in ("07:31", "07:35", "08:31", "09:00"):
            said = {e.state for e in allowed(world, person.staff_no, city.day, at(when))}
            held = world.roster.enrolments(person.staff_no, city.day, with_later=True)
            cut_off = [e for e in held if morning.behaviours[e.serial].silent_until(at(when) - 900_000) is not None]
            still = [e for e in cut_off if morning.behaviours[e.serial].silent_until(at(when)) is not None]
            final = truth["people"].get(person.staff_no, {"state": "", "late_s": 0})
            # a punch within grace may come after the cutoff's own second only on the slow clock
            # and one was at a terminal where he is entered at 08:00: until then nobody can know
            special = city.cases.get(person.staff_no) in ("slow_hides_lateness", "elsewhere_later")
            came = final["state"] == "present" and not special
            if still or came:
                assert not said & {"not_here", "absent"}, (person.staff_no, when, said)


def test_truth_default_city_has_every_category() -> None:
    """The demo's own city: everything is in it, and absence is rare, as in a real town."""
    city = make_city()
    truth = make_truth(World(city, make_morning(city)))
    total = truth["total"]
    assert total["roster"] == 3128
    assert len(truth["no_row"]) > 40
    assert 40 < total["absent"] < 150
    reasons = Counter(r["reason"] for r in truth["people"].values() if r["state"] == "undetermined")
    assert reasons["no_terminal"] == 3
    assert reasons["terminal_incomplete"] >= 8
    assert {row["state"] for row in truth["eve"].values()} >= {"present", "late"}
    assert all(row["out_time"] for row in truth["eve"].values() if row["state"] == "absent")
    assert len(truth["parked"]) == 4
    devices = [d.serial for d in city.devices if covers(d.valid_from, d.valid_to, city.day)]
    assert set(truth["punches"]) == set(devices)
    assert list(truth["silent"]) == [city.roles["silent_for_good"]]


def test_truth_on_a_holiday_asks_only_for_shift_workers() -> None:
    """On a public holiday offices are off; the hospital's shifts are judged as ever."""
    city = small(holiday="Hari Uji")
    truth = make_truth(World(city, make_morning(city)))
    due = {row["unit_id"] for row in truth["people"].values() if row["state"] in DUE}
    assert due == {"rsud"}
    assert {r["reason"] for r in truth["people"].values() if r["state"] == "off"} == {"holiday", "day_off"}


def test_truth_file_is_what_was_made_and_finds_disagreements(tmp_path: Path) -> None:
    """The JSON file holds the truth; rows that agree give no line, each that differs gives one."""
    city = small()
    truth = write_truth(World(city, make_morning(city)), tmp_path / "truth.json")
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == truth
    rows = {staff_no: (str(row["state"]), int(row["late_s"])) for staff_no, row in truth["people"].items()}
    assert disagreements(truth, rows) == []
    someone, other = list(rows)[:2]
    rows[someone] = ("absent_by_haste", 0)
    del rows[other]
    rows[next(iter(truth["no_row"]))] = ("absent", 0)
    assert len(disagreements(truth, rows)) == 3
