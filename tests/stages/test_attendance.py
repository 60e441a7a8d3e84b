"""Every state and reason, through the whole core: one office, one terminal, one person, a Monday."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stages import records as r
from tests.stages.harness import City, Row
from tests.stages.records import Fact

MONDAY = "2026-11-23"
SUNDAY, SATURDAY = "2026-11-22", "2026-11-21"


def office(*others: Fact, without: str = "") -> list[Fact]:
    """The office of ``records.office``; ``others`` come behind it, so they correct it."""
    return [*[f for f in r.office() if f[0] != without], *others]


def row(
    now: str, *facts: Fact, reference: list[Fact] | None = None, date: str = MONDAY, who: str = "ani", seed: int = 0
) -> Row:
    """Ani's row when the horizon is at ``now``, all facts being in."""
    return rows(now, *facts, reference=reference, seed=seed)[who, r.day(date)]


def rows(now: str, *facts: Fact, reference: list[Fact] | None = None, seed: int = 0) -> dict[tuple[str, int], Row]:
    """All rows when the horizon is at ``now``."""
    city = City(2, seed)
    city.reference(*(office() if reference is None else reference), r.tick(now))
    city.device(*facts)
    city.run()
    assert not city.rejects
    return city.result().rows


def state(*args: Any, **more: Any) -> tuple[str, str]:
    """State and reason."""
    found = row(*args, **more)
    return found["state"], found["reason"]


def at(text: str) -> str:
    """A time of that Monday."""
    return f"{MONDAY} {text}"


COMPLETE = r.status(at("08:32"), at("08:31"))
THROUGH_CUTOFF = r.status(at("07:31"), at("07:30"))


@pytest.mark.parametrize(
    ("arrived", "expected", "late_s"),
    [
        ("06:00:00", "present", 0),  # the window opens
        ("07:30:00", "present", 0),
        ("07:30:59", "present", 0),  # the last second of grace
        ("07:31:00", "late", 60),  # past grace the whole delay counts
        ("07:42:07", "late", 727),
        ("08:30:00", "late", 3600),  # the window's last moment
    ],
)
def test_arrival_judged_by_grace_and_window(arrived: str, expected: str, late_s: int) -> None:
    """In-punch within the window: on time through grace, else late by the whole delay."""
    found = row(at("09:00"), r.punch(at(arrived)))
    assert (found["state"], found["late_s"], found["in_at"]) == (expected, late_s, r.at(at(arrived)))
    assert found["in_device_id"] == "A"
    assert found["open_until"] is None


@pytest.mark.parametrize("arrived", ["05:59:59", "08:30:01"])
def test_punch_outside_the_in_window_is_no_arrival(arrived: str) -> None:
    """A second before or after the window: not here, whatever the terminal's in/out code says."""
    assert state(at("09:00"), r.punch(at(arrived), in_out_code=0), COMPLETE) == ("absent", "")


def test_row_waits_for_local_midnight() -> None:
    """A date has no row before it begins in its unit's zone, and one from that moment on."""
    assert ("ani", r.day(MONDAY)) not in rows(f"{SUNDAY} 23:59")
    assert state(at("00:00")) == ("not_due_yet", "")
    early = [*office(without="unit"), r.unit(timezone="Asia/Jayapura")]
    assert state(f"{SUNDAY} 22:00", reference=early) == ("not_due_yet", "")


@pytest.mark.parametrize(
    ("now", "through", "expected", "open_until"),
    [
        ("07:29", None, "not_due_yet", "07:30"),
        ("07:30", None, "awaited", "07:31"),
        ("07:31", None, "undetermined", "2026-11-26 07:30"),
        ("07:30", "07:30", "not_here", "08:31"),  # at 08:30 the terminal is asked once more, and waited for
        ("08:30", "07:30", "not_here", "08:31"),
        ("08:29", "08:30", "not_here", "08:30"),  # it has answered already
        ("08:31", "07:30", "undetermined", "2026-11-26 07:30"),
        ("08:30", "08:30", "absent", "2026-11-26 07:30"),
        ("08:30", None, "undetermined", "2026-11-26 07:30"),
        ("2026-11-26 07:29", "08:30", "absent", "2026-11-26 07:30"),
        ("2026-11-26 07:30", "08:30", "unexplained", None),
        ("2026-11-26 07:30", "08:29", "present_unmeasured", None),
        ("2026-11-26 07:30", None, "present_unmeasured", None),
    ],
)  # fmt: skip
def test_absence_said_by_horizon_and_delivery(
    now: str, through: str | None, expected: str, open_until: str | None
) -> None:
    """Nobody came: what is said depends on the horizon and on what the terminal has delivered, and ends as stated."""
    now = now if " " in now else at(now)
    facts = [] if through is None else [r.status(at("08:31"), r.at(at(through)) + 1000)]
    found = row(now, *facts)
    assert found["state"] == expected
    if open_until is not None:
        open_until = open_until if " " in open_until else at(open_until)
    assert found["open_until"] == (None if open_until is None else r.at(open_until))
    named = expected in ("undetermined", "present_unmeasured")
    assert found["reason"] == ("terminal_incomplete" if named else "")
    assert [m["device_id"] for m in found["missing"]] == (["A"] if named else [])


def test_open_until_keeps_its_word() -> None:
    """With nothing new a row stays as it is until ``open_until`` and is another from then on."""
    for facts in ([], [THROUGH_CUTOFF], [COMPLETE]):
        now = r.at(at("00:00"))
        for _ in range(9):
            found = row(now, *facts)
            if found["open_until"] is None:
                break
            assert row(found["open_until"] - 60_000, *facts)["state"] == found["state"]
            assert row(found["open_until"], *facts)["state"] != found["state"]
            now = found["open_until"]
        assert found["state"] in ("unexplained", "present_unmeasured")


def test_silent_terminal_is_named_with_its_silence() -> None:
    """Undetermined says which terminal, since when silent, through when delivered."""
    silent = r.status(at("07:20"), at("06:30"), silent_since=at("06:41"))
    found = row(at("07:31"), silent)
    assert found["state"] == "undetermined"
    assert found["missing"] == [
        {"device_id": "A", "silent_since": r.at(at("06:41")), "delivered_through": r.at(at("06:30"))}
    ]


def test_every_terminal_must_be_complete() -> None:
    """Two terminals, one complete: undetermined, and only the other is named."""
    two = office(r.device("B"), r.enrolment(device_id="B", pin="9"))
    found = row(at("08:40"), COMPLETE, reference=two)
    assert (found["state"], [m["device_id"] for m in found["missing"]]) == ("undetermined", ["B"])
    other = r.status(at("08:32"), r.at(at("08:30")) + 1000, "B")
    assert state(at("08:40"), COMPLETE, other, reference=two) == ("absent", "")


def test_retired_terminal_excuses_nobody() -> None:
    """A terminal whose ``valid_to`` is past is not asked; his other one is complete, so he is absent."""
    two = office(r.device("B", last=SUNDAY), r.enrolment(device_id="B", pin="9"))
    assert state(at("08:40"), COMPLETE, reference=two) == ("absent", "")


@pytest.mark.parametrize(
    "reference",
    [
        office(without="enrolment"),
        office(without="device"),
        office(r.enrolment(void=True)),
        office(r.enrolment(last=SUNDAY)),
        office(r.device(last=SUNDAY)),
    ],
)
def test_nobody_without_a_terminal_is_called_absent(reference: list[Fact]) -> None:
    """No enrolment, or none at a terminal in use: undetermined with its reason, in the end the policy's default."""
    assert state(at("08:40"), COMPLETE, reference=reference) == ("undetermined", "no_terminal")
    assert state("2026-11-26 07:30", COMPLETE, reference=reference) == ("present_unmeasured", "no_terminal")


def test_unsettled_enrolment_is_undetermined() -> None:
    """An enrolment entered after the last tick: its terminal counts as not delivered, complete as it is."""
    city = City(1)
    city.reference(*office(), r.device("B"), r.tick(at("08:40")), r.enrolment(device_id="B", pin="9"))
    city.device(COMPLETE, r.status(at("08:32"), at("08:31"), "B"))
    city.run()
    found = city.result().rows["ani", r.day(MONDAY)]
    assert (found["state"], found["reason"]) == ("undetermined", "unsettled_enrolment")
    assert [m["device_id"] for m in found["missing"]] == ["B"]
    city.reference(r.tick(at("08:41")))
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["state"] == "absent"


def test_absence_is_withdrawn_when_the_punch_comes() -> None:
    """Absent on complete data, then the punch comes late: late or present, as if it had come in time."""
    city = City(2)
    city.reference(*office(), r.tick(at("08:40")))
    city.device(COMPLETE)
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["state"] == "absent"
    city.device(r.punch(at("07:19"), received_at=at("11:40")))
    city.run()
    result = city.result()
    assert result.rows == rows(at("08:40"), r.punch(at("07:19"), received_at=at("11:40")), COMPLETE)
    assert [x["state"] for x in result.history if x["work_date"] == r.day(MONDAY)] == ["absent", "present"]


def test_punch_taken_away_leaves_nothing() -> None:
    """The PIN was somebody else's: his punch goes to the other, and the first is absent again."""
    budi = [r.assignment("budi"), r.enrolment("budi", "B", "7"), r.device("B")]
    city = City(2)
    city.reference(*office(*budi), r.tick(at("08:40")))
    city.device(r.punch(at("07:19")), COMPLETE, r.status(at("08:32"), at("08:31"), "B"))
    city.run()
    before = city.result().rows
    assert [before[who, r.day(MONDAY)]["state"] for who in ("ani", "budi")] == ["present", "absent"]
    city.reference(r.enrolment(void=True), r.enrolment("ani", "B", "3"), r.enrolment("budi"), r.tick(at("08:41")))
    city.run()
    after = city.result()
    assert [after.rows[who, r.day(MONDAY)]["state"] for who in ("ani", "budi")] == ["absent", "present"]
    assert after.attributions["A", "1", r.wall(at("07:19"))]["employee_id"] == "budi"


def test_saturday_and_holiday_are_off() -> None:
    """A weekday without a shift is off; a holiday too where the shift observes it, and only there."""
    assert state(at("09:00"), date=SATURDAY) == ("off", "day_off")
    assert state(at("09:00"), reference=office(r.holiday(MONDAY))) == ("off", "holiday")
    assert state(at("09:00"), reference=office(r.holiday(MONDAY), r.holiday(MONDAY, void=True)))[0] == "undetermined"
    hospital = office(r.holiday(MONDAY), r.shift(observes_holidays=False))
    assert state(at("09:00"), COMPLETE, reference=hospital) == ("absent", "")


def test_shift_that_turns_out_to_observe_holidays_is_judged_anew() -> None:
    """The holiday was entered, the shift said that it works through; corrected: off, and corrected back: due."""
    city = City(2)
    city.reference(*office(r.holiday(MONDAY), r.shift(observes_holidays=False)), r.tick(at("09:00")))
    city.device(COMPLETE)
    for observes, expected in ((False, "absent"), (True, "off"), (False, "absent")):
        city.reference(r.shift(observes_holidays=observes))
        city.run()
        assert city.result().rows["ani", r.day(MONDAY)]["state"] == expected


@pytest.mark.parametrize(("kind", "expected"), [("sakit", "leave"), ("tahunan", "leave"), ("dinas_luar", "field_duty")])
def test_leave_goes_before_any_punch(kind: str, expected: str) -> None:
    """Leave and field duty with kind and letter; not beyond their last date, and not when withdrawn."""
    papers = office(r.leave(kind=kind, letter_no="ST 800/123", first=MONDAY, last=MONDAY))
    found = row(at("09:00"), r.punch(at("07:20")), reference=papers)
    assert (found["state"], found["reason"], found["letter_no"]) == (expected, kind, "ST 800/123")
    assert found["in_at"] is None
    assert found["punches"] == []
    assert state("2026-11-24 07:00", reference=papers, date="2026-11-24") == ("not_due_yet", "")
    assert (
        state(at("09:00"), r.punch(at("07:20")), reference=[*papers, r.leave(kind=kind, first=MONDAY, void=True)])[0]
        == "present"
    )


def test_day_off_goes_before_leave() -> None:
    """A Sunday within a leave is a day off, not a day of leave."""
    assert state(at("09:00"), reference=office(r.leave()), date=SUNDAY) == ("off", "day_off")


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (office(without="unit"), "no_unit"),
        (office(without="unit_mode"), "not_in_force"),
        (office(r.unit_mode(mode="not_in_force")), "not_in_force"),
        (office(without="schedule"), "no_schedule"),
        (office(without="shift"), "no_shift"),
        (office(without="policy"), "no_policy"),
    ],
)
def test_what_was_never_said_is_held_against_nobody(reference: list[Fact], reason: str) -> None:
    """Where the region has not laid down what is due, nothing is judged, and the row says what is missing."""
    assert state(at("12:00"), COMPLETE, reference=reference) == ("not_judged", reason)


def test_trial_is_judged_and_marked() -> None:
    """A unit on trial is judged like any other; the row says so."""
    found = row(at("09:00"), r.punch(at("07:40")), reference=office(r.unit_mode(mode="trial")))
    assert (found["state"], found["unit_mode"], found["late_s"]) == ("late", "trial", 600)


def test_no_row_outside_the_assignment() -> None:
    """Retired on Saturday: no row on Monday; and one that stood there is withdrawn when the end is entered late."""
    assert ("ani", r.day(MONDAY)) not in rows(at("09:00"), reference=office(r.assignment(last=SATURDAY)))
    city = City(2)
    city.reference(*office(), r.tick(at("09:00")))
    city.run()
    assert ("ani", r.day(MONDAY)) in city.result().rows
    city.reference(r.assignment(last=SATURDAY))
    city.run()
    result = city.result()
    assert ("ani", r.day(MONDAY)) not in result.rows
    assert ("ani", r.day(SATURDAY)) in result.rows
    assert [x["state"] for x in result.history if x["work_date"] == r.day(MONDAY)][-1] == "withdrawn"


def test_row_begun_in_a_zone_that_is_no_longer_in_use_is_withdrawn() -> None:
    """It was past midnight in Jayapura when it turned out that the unit is in Jakarta, where it is not: no row yet."""
    city = City(2)
    city.reference(*office(without="unit"), r.unit(timezone="Asia/Jayapura"), r.tick(f"{SUNDAY} 22:30"))
    city.run()
    assert ("ani", r.day(MONDAY)) in city.result().rows
    for worker in city.workers:
        city._checkpoint(worker)
        city._crash(worker)
    city.reference(r.unit())
    city.run()
    assert ("ani", r.day(MONDAY)) not in city.result().rows
    city.reference(r.tick(at("00:00")))
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["state"] == "not_due_yet"


def test_terminal_asked_within_the_last_second_is_not_complete() -> None:
    """Complete through the cutoff means its whole second: asked at 07:30:00.999, it may still hold a punch."""
    almost = r.status(at("07:31"), r.at(at("07:30")) + 999)
    assert state(at("07:31"), almost) == ("undetermined", "terminal_incomplete")
    assert state(at("07:31"), r.status(at("07:31"), r.at(at("07:30")) + 1000)) == ("not_here", "")


def test_moved_person_belongs_to_the_new_unit_from_its_date() -> None:
    """A move on Monday: Sunday's row names the old unit, Monday's the new one with its hours."""
    moved = office(
        r.unit("V"), r.unit_mode("V"), r.shift("E", "08:00"), r.schedule("V", shifts="E E E E E E E"),
        r.assignment(last=SUNDAY), r.assignment(unit_id="V", first=MONDAY, category="PPPK"),
    )  # fmt: skip
    found = rows(at("09:00"), r.punch(at("07:40")), reference=moved)
    assert found["ani", r.day(SUNDAY)]["unit_id"] == "U"
    monday = found["ani", r.day(MONDAY)]
    assert (monday["unit_id"], monday["category"], monday["state"]) == ("V", "PPPK", "present")


def test_own_schedule_goes_before_the_units() -> None:
    """A person's own schedule counts, even an older one; without it the unit's."""
    own = [r.schedule(employee_id="ani", shifts="- - - - - - -"), *office()]
    assert state(at("09:00"), reference=own) == ("off", "day_off")


def test_night_shift_belongs_to_the_date_of_its_start() -> None:
    """21:00 to 05:00: in on Sunday evening, out on Monday morning, one row, Sunday's."""
    night = office(
        r.shift("N", "21:00", "05:00", observes_holidays=False), r.schedule(employee_id="ani", shifts="N N N N N N N"),
    )  # fmt: skip
    found = rows(at("09:00"), r.punch(f"{SUNDAY} 20:50"), r.punch(at("05:03")), reference=night)
    sunday = found["ani", r.day(SUNDAY)]
    assert (sunday["state"], sunday["in_at"], sunday["out_at"]) == (
        "present",
        r.at(f"{SUNDAY} 20:50"),
        r.at(at("05:03")),
    )
    assert [p["used_as"] for p in sunday["punches"]] == ["in", "out"]
    assert found["ani", r.day(MONDAY)]["state"] == "not_due_yet"
    assert found["ani", r.day(MONDAY)]["punches"] == []


def test_in_window_before_midnight_counts_for_the_next_date() -> None:
    """A shift that starts at 00:30 is entered from 23:00 of the day before."""
    early = office(r.shift("E", "00:30", "08:00"), r.schedule(employee_id="ani", shifts="E E E E E E E"))
    found = row(at("09:00"), r.punch(f"{SUNDAY} 23:10"), reference=early)
    assert (found["state"], found["in_at"]) == ("present", r.at(f"{SUNDAY} 23:10"))


def test_punch_before_midnight_that_comes_late_counts_for_the_next_date() -> None:
    """The same, delivered when the date has long begun: the row is judged again."""
    city = City(2)
    early = office(r.shift("E", "00:30", "08:00"), r.schedule(employee_id="ani", shifts="E E E E E E E"))
    city.reference(*early, r.tick(at("09:00")))
    city.run()
    city.device(r.punch(f"{SUNDAY} 23:10"))
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["state"] == "present"


@pytest.mark.parametrize(("which", "arrived", "expected"), [("first", "07:20", "present"), ("last", "07:50", "late")])
def test_policy_says_which_punch_of_the_window_counts(which: str, arrived: str, expected: str) -> None:
    """ANRI counts the first punch, Bali the last."""
    rule = office(r.policy(in_punch=which))
    found = row(at("09:00"), r.punch(at("07:20")), r.punch(at("07:50")), reference=rule)
    assert (found["state"], found["in_at"]) == (expected, r.at(at(arrived)))


def test_out_punch_is_the_last_of_its_window() -> None:
    """Every punch between the windows' ends is listed with its use; the last of the out-window is the way out."""
    times = ["07:20", "07:21", "12:00", "15:30", "16:02", "22:00:01"]
    found = row(at("23:00"), *[r.punch(at(t)) for t in times])
    assert [(p["occurred_at"], p["used_as"]) for p in found["punches"]] == [
        (r.at(at("07:20")), "in"), (r.at(at("07:21")), "none"), (r.at(at("12:00")), "none"),
        (r.at(at("15:30")), "none"), (r.at(at("16:02")), "out"),
    ]  # fmt: skip
    assert found["out_at"] == r.at(at("16:02"))


def test_out_punch_without_arrival_is_kept() -> None:
    """Seen only on the way out: still absent by the rule of the in-window, but the row shows the punch."""
    found = row(at("17:00"), r.punch(at("16:02")), COMPLETE)
    assert (found["state"], found["out_at"]) == ("absent", r.at(at("16:02")))


def test_single_punch_in_overlapping_windows_is_in_not_out() -> None:
    """Windows that overlap: one punch is the arrival and not at once the departure."""
    short = office(r.shift(starts="07:30", ends="08:00", in_after="01:00", out_before="00:30"))
    found = row(at("09:00"), r.punch(at("07:40")), reference=short)
    assert (found["in_at"], found["out_at"]) == (r.at(at("07:40")), None)


def test_policy_in_force_is_named() -> None:
    """The row names the policy in force and its offset; a corrected policy judges anew."""
    city = City(2)
    city.reference(*office(), r.tick(at("09:00")))
    city.device(r.punch(at("07:30:30")))
    city.run()
    found = city.result().rows["ani", r.day(MONDAY)]
    assert (found["state"], found["policy_id"], found["policy_offset"]) == ("present", "P", 5)
    city.reference(r.policy(grace_s=0))
    city.run()
    found = city.result().rows["ani", r.day(MONDAY)]
    assert (found["state"], found["late_s"], found["policy_offset"]) == ("late", 30, 10)


def test_closed_month_rests_until_it_opens() -> None:
    """A punch for a closed month changes nothing; when the month opens it counts, and is as if never closed."""
    city = City(2)
    city.reference(*office(), r.tick(at("08:40")))
    city.device(COMPLETE)
    city.run()
    city.reference(r.period(state="closed"))
    city.run()
    city.device(r.punch(at("07:19"), received_at=at("11:40")))
    city.reference(r.tick("2026-11-27 12:00"), r.leave(first="2026-11-24"))
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["state"] == "absent"
    assert ("ani", r.day("2026-11-24")) not in city.result().rows
    city.reference(r.period())
    city.run()
    found = city.result().rows
    assert found["ani", r.day(MONDAY)]["state"] == "present"
    assert found["ani", r.day("2026-11-24")]["state"] == "leave"


def test_no_month_open_no_row() -> None:
    """Without a ``period`` record nothing is judged, nor in a month that was withdrawn."""
    assert rows(at("09:00"), r.punch(at("07:20")), reference=office(without="period")) == {}
    assert rows(at("09:00"), r.punch(at("07:20")), reference=office(r.period(void=True))) == {}


def test_terminal_in_another_zone_is_read_in_its_own() -> None:
    """07:20 WIB shown as 08:20 by a terminal set to WITA, and known to be: present; corrected later, judged again."""
    wita = office(r.device(timezone="Asia/Makassar"))
    found = row(at("09:00"), r.punch(at("08:20")), reference=wita)
    assert (found["state"], found["in_at"]) == ("present", r.at(at("07:20")))
    city = City(2)
    city.reference(*office(), r.tick(at("09:00")))
    city.device(r.punch(at("08:20")))
    city.run()
    assert city.result().rows["ani", r.day(MONDAY)]["late_s"] == 3000
    city.reference(r.device(timezone="Asia/Makassar"))
    city.run()
    found = city.result().rows["ani", r.day(MONDAY)]
    assert (found["state"], found["in_at"], len(found["punches"])) == ("present", r.at(at("07:20")), 1)


def test_cutoff_and_wait_after_the_window_still_end() -> None:
    """A wait that outlasts the window ends with it."""
    slow = office(r.policy(wait_s=7200))
    assert row(at("07:30"), reference=slow)["open_until"] == r.at(at("08:30"))
    assert state(at("08:29"), reference=slow) == ("awaited", "")
    assert state(at("08:30"), reference=slow)[0] == "undetermined"
