"""The oracle against examples worked out by hand: times as on the wall, rows as somebody would dictate them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schemas import codec, registry
from tests.oracle.oracle import (
    IDENTITY,
    Entry,
    Fact,
    Horizon,
    Record,
    Terminal,
    attendance_rows,
    attribution_rows,
    differences,
    horizon_of,
    of_open_months,
    open_months,
    terminals_of,
)
from tests.oracle.records import Told, corrected, entered, punch, status, withdrawn

AYU, BUDI = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
OFFICE_WEEK = {"mon": "pagi", "tue": "pagi", "wed": "pagi", "thu": "pagi", "fri": "pagi", "sat": "", "sun": ""}
NIGHTS = dict.fromkeys(OFFICE_WEEK, "malam")
UNKNOWN = {"silent_since": None, "delivered_through": None}


def wib(text: str) -> int:
    """Milliseconds UTC of a wall clock in Jakarta (UTC+7): ``2026-11-23 07:30`` or with seconds."""
    return _ms(text, 7)


def wita(text: str) -> int:
    """Milliseconds UTC of a wall clock in Makassar (UTC+8)."""
    return _ms(text, 8)


def shown(text: str) -> int:
    """What a terminal that shows this writes as ``device_time``."""
    return _ms(text, 0)


def _ms(text: str, hours_ahead: int) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1) - timedelta(hours=hours_ahead)) // timedelta(
        milliseconds=1
    )


def days(text: str) -> int:
    """Days since 1970."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


MONDAY = days("2026-11-23")
SINCE = {"valid_from": days("2026-11-23")}


def unit(unit_id: str = "dinas", timezone: str = "Asia/Jakarta", **fields: Any) -> Told:
    """A unit, in Jakarta unless said otherwise."""
    about = {"unit_id": unit_id, "name": unit_id, "parent_id": None, "kind": "office", "timezone": timezone}
    return entered("unit", **(about | SINCE | fields))


def mode(value: str, unit_id: str = "dinas", **fields: Any) -> Told:
    """Whether the rules hold for a unit."""
    return entered("unit_mode", **({"unit_id": unit_id, "mode": value} | SINCE | fields))


def device(device_id: str = "D1", timezone: str = "Asia/Jakarta", **fields: Any) -> Told:
    """A terminal of the office."""
    about = {"device_id": device_id, "unit_id": "dinas", "name": device_id, "protocol": "adms", "timezone": timezone}
    about |= {"address": None, "network": None}
    return entered("device", **(about | SINCE | fields))


def assignment(employee_id: str = AYU, unit_id: str = "dinas", **fields: Any) -> Told:
    """A place on the roster."""
    return entered(
        "assignment", **({"employee_id": employee_id, "unit_id": unit_id, "category": "PNS"} | SINCE | fields)
    )


def enrolment(device_id: str = "D1", pin: str = "7", employee_id: str = AYU, **fields: Any) -> Told:
    """A PIN of a person."""
    return entered("enrolment", **({"device_id": device_id, "pin": pin, "employee_id": employee_id} | SINCE | fields))


def schedule(unit_id: str = "dinas", employee_id: str = "", **fields: Any) -> Told:
    """A week; office hours unless said otherwise."""
    return entered("schedule", **({"unit_id": unit_id, "employee_id": employee_id} | OFFICE_WEEK | SINCE | fields))


def shift(shift_id: str = "pagi", starts_s: int = 27000, ends_s: int = 57600, **fields: Any) -> Told:
    """07:30 to 16:00; in 06:00 to 11:30, out 15:00 to 20:00."""
    about = {
        "shift_id": shift_id,
        "starts_s": starts_s,
        "ends_s": ends_s,
        "in_opens_before_s": 5400,
        "in_closes_after_s": 14400,
        "out_opens_before_s": 3600,
        "out_closes_after_s": 14400,
        "observes_holidays": True,
    }
    return entered("shift", **(about | SINCE | fields))


def policy(policy_id: str = "perbup-12", **fields: Any) -> Told:
    """A minute's grace, cutoff half an hour after the start, a minute's wait, papers after three days."""
    about = {
        "policy_id": policy_id,
        "grace_s": 60,
        "cutoff_after_s": 1800,
        "wait_s": 60,
        "in_punch": "first",
        "papers_s": 259200,
        "presence_gap_s": 900,
        "presence_worst_m": 200,
        "travel_kmh": 150,
        "travel_m": 2000,
        "clocks_s": 300,
        "mock_minutes": 3,
        "source": "Perbup 12/2026",
    }
    return entered("policy", **(about | SINCE | fields))


def leave(kind: str, day: str, letter_no: str = "", employee_id: str = AYU) -> Told:
    """One day of leave or field duty."""
    dates = {"valid_from": days(day), "valid_to": days(day)}
    return entered("leave", employee_id=employee_id, kind=kind, letter_no=letter_no, **dates)


def period(month: str, state: str = "open") -> Told:
    """A month, open or closed."""
    return entered("period", period=month, state=state)


def an_office() -> list[Told]:
    """Ayu, PIN 7 on terminal D1, office hours in Jakarta from Monday 23 November 2026."""
    return [
        unit(),
        mode("in_force"),
        device(),
        shift(),
        schedule(),
        policy(),
        assignment(),
        enrolment(),
        period("2026-11"),
    ]


def log(*told: Told, tick: str | None = None, after: tuple[Told, ...] = ()) -> list[Entry]:
    """Records with the offsets 0, 1, 2 …; a tick at this Jakarta time; then what was entered after it."""
    ticks = [entered("tick", at=wib(tick))] if tick else []
    return [(offset, kind, record) for offset, (kind, record) in enumerate([*told, *ticks, *after])]


def at(text: str, pin: str = "7", device_id: str = "D1", **fields: Any) -> Fact:
    """A punch when the terminal shows this, received two seconds later as if in Jakarta."""
    return punch(device_id, pin, shown(text), wib(text) + 2000, **fields)


def delivered(text: str, device_id: str = "D1") -> Fact:
    """The terminal has delivered all up to this Jakarta time, its second included."""
    return status(device_id, wib(text) + 5000, wib(text) + 1000)


def silent(since: str, seen: str, device_id: str = "D1") -> Fact:
    """At ``seen`` the terminal has been silent since ``since``; what it has delivered is unknown."""
    return status(device_id, wib(seen), None, wib(since))


def day_of(facts: list[Fact], reference: list[Entry], day: str = "2026-11-23", employee_id: str = AYU) -> Record | None:
    """Ayu's row of a day when everything has been folded; None when there is none."""
    return attendance_rows(facts, reference, horizon_of(reference)).get((employee_id, days(day)))


def said(row: Record | None, *columns: str) -> tuple[Any, ...]:
    """State, reason, and these columns of a row that must exist."""
    assert row is not None
    return (row["state"], row["reason"], *(row[column] for column in columns))


class TestCame:
    def test_row_is_complete_as_dictated(self) -> None:
        """Every column of a plain day: in at 07:30:00 sharp, out at 16:02."""
        facts = [at("2026-11-23 07:30:00"), at("2026-11-23 12:00:00"), at("2026-11-23 16:02:10")]
        row = day_of(facts, log(*an_office(), tick="2026-11-23 17:00"))
        uses = [("07:30:00", "in"), ("12:00:00", "none"), ("16:02:10", "out")]
        assert row == {
            "employee_id": AYU,
            "work_date": MONDAY,
            "unit_id": "dinas",
            "unit_mode": "in_force",
            "category": "PNS",
            "state": "present",
            "reason": "",
            "letter_no": "",
            "shift_id": "pagi",
            "shift_start_at": wib("2026-11-23 07:30"),
            "shift_end_at": wib("2026-11-23 16:00"),
            "cutoff_at": wib("2026-11-23 08:00"),
            "in_at": wib("2026-11-23 07:30"),
            "in_device_id": "D1",
            "out_at": wib("2026-11-23 16:02:10"),
            "late_s": 0,
            "open_until": None,
            "policy_id": "perbup-12",
            "policy_offset": 5,
            "punches": [
                {
                    "device_id": "D1",
                    "device_time": shown(f"2026-11-23 {time}"),
                    "occurred_at": wib(f"2026-11-23 {time}"),
                    "used_as": use,
                }
                for time, use in uses
            ],
            "missing": [],
        }

    @pytest.mark.parametrize(
        ("time", "grace_s", "state", "late_s"),
        [
            ("07:29:59", 60, "present", 0),
            ("07:30:00", 0, "present", 0),
            ("07:30:01", 0, "late", 1),
            ("07:30:59", 60, "present", 0),
            ("07:31:00", 60, "present", 0),  # the end of the grace belongs to it
            ("07:31:00", 59, "late", 60),  # "late from 07:31:00" (ANRI 18/2016) is a grace of 59 s
            ("07:31:01", 60, "late", 61),  # past the grace the whole delay counts
            ("07:42:00", 60, "late", 720),
            ("06:00:00", 60, "present", 0),  # the window opens
            ("11:30:00", 60, "late", 14400),  # and closes
        ],
    )
    def test_lateness(self, time: str, grace_s: int, state: str, late_s: int) -> None:
        """Present up to and including the grace, late with the whole delay after it."""
        office = [policy(grace_s=grace_s) if kind == "policy" else (kind, r) for kind, r in an_office()]
        row = day_of([at(f"2026-11-23 {time}")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "late_s", "in_at") == (state, "", late_s, wib(f"2026-11-23 {time}"))

    @pytest.mark.parametrize("time", ["05:59:59", "11:30:01", "13:00:00"])
    def test_punch_outside_the_in_window_is_no_arrival(self, time: str) -> None:
        """Too early or too late is not an in-punch; where the terminal is complete he is absent."""
        row = day_of(
            [at(f"2026-11-23 {time}"), delivered("2026-11-23 12:00")], log(*an_office(), tick="2026-11-23 12:00")
        )
        assert said(row, "in_at", "late_s") == ("absent", "", None, 0)

    def test_first_or_last_punch_of_the_window(self) -> None:
        """ANRI counts the first punch for in, Bali the last."""
        facts = [at("2026-11-23 07:20:00"), at("2026-11-23 07:40:00")]
        office = an_office()
        assert said(day_of(facts, log(*office, tick="2026-11-23 09:00")), "late_s") == ("present", "", 0)
        bali = [policy(in_punch="last") if kind == "policy" else (kind, r) for kind, r in office]
        row = day_of(facts, log(*bali, tick="2026-11-23 09:00"))
        assert said(row, "late_s") == ("late", "", 600)
        assert row is not None
        assert [p["used_as"] for p in row["punches"]] == ["none", "in"]

    def test_policy_changes_in_the_middle(self) -> None:
        """Monday by the old policy (first), Tuesday by the new one (last)."""
        office = [t for t in an_office() if t[0] != "policy"]
        policies = [
            policy("perbup-12", valid_to=days("2026-11-23")),
            policy("perbup-40", in_punch="last", valid_from=days("2026-11-24")),
        ]
        facts = [at(f"2026-11-{d} {t}") for d in (23, 24) for t in ("07:20:00", "07:40:00")]
        reference = log(*office, *policies, tick="2026-11-24 12:00")
        assert said(day_of(facts, reference), "late_s", "policy_id", "policy_offset") == (
            "present",
            "",
            0,
            "perbup-12",
            8,
        )
        tuesday = day_of(facts, reference, "2026-11-24")
        assert said(tuesday, "late_s", "policy_id", "policy_offset") == ("late", "", 600, "perbup-40", 9)

    def test_out_is_the_last_punch_of_its_window(self) -> None:
        """15:00 and 20:00 belong to the window; 14:59:59 and 20:00:01 don't, and the last of it counts."""
        times = ["07:00:00", "14:59:59", "15:00:00", "20:00:00", "20:00:01"]
        row = day_of([at(f"2026-11-23 {t}") for t in times], log(*an_office(), tick="2026-11-23 21:00"))
        assert said(row, "out_at") == ("present", "", wib("2026-11-23 20:00"))
        assert row is not None
        assert [p["used_as"] for p in row["punches"]] == ["in", "none", "none", "out"]  # 20:00:01 is looked at no more

    def test_out_window_opens_inclusive(self) -> None:
        """Who leaves at 15:00 sharp, when the window opens, has left."""
        facts = [at("2026-11-23 07:00:00"), at("2026-11-23 15:00:00")]
        assert said(day_of(facts, log(*an_office(), tick="2026-11-23 21:00")), "out_at")[2] == wib("2026-11-23 15:00")

    def test_out_must_be_later_than_in(self) -> None:
        """Where the windows overlap one punch isn't both, nor is another at the same second."""
        office = an_office()
        short = [shift(ends_s=32400) if kind == "shift" else (kind, r) for kind, r in office]  # 07:30-09:00
        facts = [at("2026-11-23 08:10:00"), at("2026-11-23 08:10:00", device_id="D2", pin="9")]
        reference = log(*short, device("D2"), enrolment("D2", "9"), tick="2026-11-23 10:00")
        row = day_of(facts, reference)
        assert said(row, "in_device_id", "out_at") == ("late", "", "D1", None)
        assert row is not None
        assert [(p["device_id"], p["used_as"]) for p in row["punches"]] == [("D1", "in"), ("D2", "none")]

    def test_out_without_in_is_kept_as_evidence(self) -> None:
        """R12: who only punched out is absent by the rule, but the row shows when he left."""
        facts = [at("2026-11-23 16:05:00"), delivered("2026-11-23 17:00")]
        row = day_of(facts, log(*an_office(), tick="2026-11-23 17:00"))
        assert said(row, "in_at", "out_at") == ("absent", "", None, wib("2026-11-23 16:05"))

    def test_in_out_codes_are_not_used(self) -> None:
        """A morning punch marked "pulang" is still an arrival (Mataram)."""
        row = day_of([at("2026-11-23 07:10:00", in_out_code=1)], log(*an_office(), tick="2026-11-23 09:00"))
        assert said(row) == ("present", "")

    def test_punch_counts_before_the_horizon_reaches_it(self) -> None:
        """A name appears when its finger does, however far behind the ticks are."""
        row = day_of([at("2026-11-23 07:10:00")], log(*an_office(), tick="2026-11-23 00:00"))
        assert said(row) == ("present", "")


class TestWaiting:
    def test_before_the_cutoff_nothing_is_said(self) -> None:
        """07:59 is before the cutoff of 08:00."""
        row = day_of([delivered("2026-11-23 07:59")], log(*an_office(), tick="2026-11-23 07:59"))
        assert said(row, "cutoff_at", "open_until") == ("not_due_yet", "", *[wib("2026-11-23 08:00")] * 2)

    def test_cutoff_with_a_complete_terminal(self) -> None:
        """At the cutoff, all delivered through it: not here, until the window has closed and the wait is over."""
        row = day_of([delivered("2026-11-23 08:00")], log(*an_office(), tick="2026-11-23 08:00"))
        assert said(row, "open_until") == ("not_here", "", wib("2026-11-23 11:31"))

    def test_cutoff_with_an_incomplete_terminal(self) -> None:
        """Delivered through a moment before the cutoff: awaited for a minute, then it can't be said."""
        facts = [status("D1", wib("2026-11-23 08:00"), wib("2026-11-23 08:00") - 1)]
        row = day_of(facts, log(*an_office(), tick="2026-11-23 08:00"))
        assert said(row, "open_until", "missing") == ("awaited", "", wib("2026-11-23 08:01"), [])
        row = day_of(facts, log(*an_office(), tick="2026-11-23 08:01"))
        missing = {"device_id": "D1", "silent_since": None, "delivered_through": wib("2026-11-23 08:00") - 1}
        papers = wib("2026-11-26 07:30")
        assert said(row, "open_until", "missing") == ("undetermined", "terminal_incomplete", papers, [missing])

    def test_silent_terminal_is_named(self) -> None:
        """Silent since 06:41: belum dapat dipastikan, with the terminal and since when."""
        facts = [delivered("2026-11-23 06:40"), silent("2026-11-23 06:41", seen="2026-11-23 06:46")]
        row = day_of(facts, log(*an_office(), tick="2026-11-23 09:00"))
        missing = {
            "device_id": "D1",
            "silent_since": wib("2026-11-23 06:41"),
            "delivered_through": wib("2026-11-23 06:40") + 1000,
        }
        assert said(row, "missing") == ("undetermined", "terminal_incomplete", [missing])

    def test_silent_since_ends_with_a_newer_status(self) -> None:
        """Back online but not asked yet: incomplete, no longer silent; what it delivered earlier isn't forgotten."""
        facts = [
            silent("2026-11-23 06:41", seen="2026-11-23 06:46"),
            delivered("2026-11-23 06:40"),
            status("D1", wib("2026-11-23 08:30"), None),
        ]
        row = day_of(facts, log(*an_office(), tick="2026-11-23 09:00"))
        missing = {"device_id": "D1", "silent_since": None, "delivered_through": wib("2026-11-23 06:40") + 1000}
        assert said(row, "missing") == ("undetermined", "terminal_incomplete", [missing])

    def test_every_terminal_must_be_complete(self) -> None:
        """Enrolled on two: the one that never spoke keeps him from being called absent, and is the one named."""
        reference = log(*an_office(), device("D2"), enrolment("D2"), tick="2026-11-23 12:00")
        row = day_of([delivered("2026-11-23 12:00")], reference)
        assert said(row, "missing") == ("undetermined", "terminal_incomplete", [{"device_id": "D2"} | UNKNOWN])
        row = day_of([delivered("2026-11-23 12:00"), delivered("2026-11-23 12:00", "D2")], reference)
        assert said(row, "missing") == ("absent", "", [])

    def test_after_the_window_those_without_the_whole_window_are_named(self) -> None:
        """At 11:30 the question is the window: D2, complete through the cutoff only, is named beside D1."""
        reference = log(*an_office(), device("D2"), enrolment("D2"), tick="2026-11-23 11:30")
        facts = [delivered("2026-11-23 07:59"), delivered("2026-11-23 09:00", "D2")]
        row = day_of(facts, reference)
        assert said(row) == ("undetermined", "terminal_incomplete")
        assert row is not None
        assert [terminal["device_id"] for terminal in row["missing"]] == ["D1", "D2"]
        reference = log(*an_office(), device("D2"), enrolment("D2"), tick="2026-11-23 11:29")
        row = day_of(facts, reference)
        assert row is not None
        assert [terminal["device_id"] for terminal in row["missing"]] == ["D1"]

    def test_arrival_of_late_data_withdraws_absence(self) -> None:
        """An absent person whose punch turns up was never absent."""
        reference = log(*an_office(), tick="2026-11-23 12:00")
        facts = [delivered("2026-11-23 12:00")]
        assert said(day_of(facts, reference)) == ("absent", "")
        assert said(day_of([*facts, at("2026-11-23 07:19:00")], reference)) == ("present", "")


class TestWindowCloses:
    @pytest.mark.parametrize(
        ("through", "tick", "state"),
        [
            ("11:30", "11:29", "not_here"),  # the window is still open
            ("11:30", "11:30", "absent"),
            ("08:00", "11:30", "not_here"),  # complete through the cutoff only: a minute more
            ("08:00", "11:31", "undetermined"),
            ("07:59", "11:30", "undetermined"),
            ("11:29", "11:31", "undetermined"),
        ],
    )
    def test_not_here_becomes_absent_or_undetermined(self, through: str, tick: str, state: str) -> None:
        """At 11:30 who is complete is absent; the others are waited for a minute."""
        row = day_of([delivered(f"2026-11-23 {through}")], log(*an_office(), tick=f"2026-11-23 {tick}"))
        assert row is not None
        assert row["state"] == state
        ends = {"absent": "2026-11-26 07:30", "undetermined": "2026-11-26 07:30", "not_here": "2026-11-23 11:30"}
        expected = wib("2026-11-23 11:31") if (state, tick) == ("not_here", "11:30") else wib(ends[state])
        assert row["open_until"] == expected

    @pytest.mark.parametrize(
        ("facts", "tick", "expected"),
        [
            ([delivered("2026-11-23 12:00")], "2026-11-26 07:29", ("absent", "")),
            ([delivered("2026-11-23 12:00")], "2026-11-26 07:30", ("unexplained", "")),
            ([], "2026-11-26 07:29", ("undetermined", "terminal_incomplete")),
            ([], "2026-11-26 07:30", ("present_unmeasured", "terminal_incomplete")),
        ],
    )
    def test_deadline_for_papers(self, facts: list[Fact], tick: str, expected: tuple[str, str]) -> None:
        """Three days after the start: absent becomes unexplained (TK), undetermined is settled in his favour."""
        row = day_of(facts, log(*an_office(), tick=tick))
        assert row is not None
        assert said(row) == expected
        assert (row["open_until"] is None) == tick.endswith("07:30")
        assert (row["missing"] == []) == bool(facts)

    def test_data_after_the_deadline_still_speak(self) -> None:
        """A settled undetermined day is judged again when its terminal delivers: for him or, as it stands, against."""
        reference = log(*an_office(), tick="2026-11-27 08:00")
        assert said(day_of([], reference)) == ("present_unmeasured", "terminal_incomplete")
        whole = [delivered("2026-11-27 07:00")]
        assert said(day_of([*whole, at("2026-11-23 07:22:00")], reference)) == ("present", "")
        assert said(day_of(whole, reference)) == ("unexplained", "")

    def test_window_that_closes_before_the_cutoff(self) -> None:
        """In-window until 07:50, cutoff 08:00: nothing before the cutoff, then straight to absent."""
        office = [shift(in_closes_after_s=1200) if kind == "shift" else (kind, r) for kind, r in an_office()]
        facts = [delivered("2026-11-23 07:50")]
        assert said(day_of(facts, log(*office, tick="2026-11-23 07:59"))) == ("not_due_yet", "")
        assert said(day_of(facts, log(*office, tick="2026-11-23 08:00"))) == ("absent", "")


class TestTerminals:
    def test_no_terminal(self) -> None:
        """Enrolled nowhere: never complete, so never absent; at the deadline in his favour."""
        office = [t for t in an_office() if t[0] != "enrolment"]
        assert said(day_of([], log(*office, tick="2026-11-23 08:00"))) == ("awaited", "")
        row = day_of([], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "missing") == ("undetermined", "no_terminal", [])
        assert said(day_of([], log(*office, tick="2026-11-26 07:30"))) == ("present_unmeasured", "no_terminal")

    def test_retired_terminal_excuses_nobody(self) -> None:
        """D2 ended on Sunday; it keeps silent and Ayu is judged by D1 alone."""
        gone = device("D2", valid_from=days("2026-11-01"), valid_to=days("2026-11-22"))
        reference = log(*an_office(), gone, enrolment("D2"), tick="2026-11-23 12:00")
        facts = [delivered("2026-11-23 12:00"), silent("2026-11-22 18:00", "2026-11-23 08:00", "D2")]
        assert said(day_of(facts, reference)) == ("absent", "")

    def test_only_a_retired_terminal_is_none(self) -> None:
        """Who is enrolled on a retired terminal only has no terminal."""
        office = [device(valid_to=days("2026-11-22")) if kind == "device" else (kind, r) for kind, r in an_office()]
        row = day_of([delivered("2026-11-23 12:00")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "missing") == ("undetermined", "no_terminal", [])

    def test_void_or_ended_enrolment_is_none(self) -> None:
        """A withdrawn enrolment, or one that ended yesterday, asks no terminal."""
        for last in (withdrawn(enrolment()), corrected(enrolment(), valid_to=days("2026-11-22"))):
            row = day_of([delivered("2026-11-23 12:00")], log(*an_office(), last, tick="2026-11-23 12:00"))
            assert said(row) == ("undetermined", "no_terminal")

    def test_unsettled_enrolment(self) -> None:
        """Entered after the last tick: its punches may still be parked, so nobody is absent; a tick later he may be."""
        office = an_office()
        facts = [delivered("2026-11-23 12:00"), delivered("2026-11-23 12:00", "D2")]
        reference = log(*office, device("D2"), tick="2026-11-23 12:00", after=(enrolment("D2"),))
        missing = [{"device_id": "D2", "silent_since": None, "delivered_through": wib("2026-11-23 12:00") + 1000}]
        assert said(day_of(facts, reference), "missing") == ("undetermined", "unsettled_enrolment", missing)
        reference += [(len(reference), *entered("tick", at=wib("2026-11-23 12:01")))]
        assert said(day_of(facts, reference), "missing") == ("absent", "", [])

    def test_unsettled_enrolment_of_another_date_is_no_matter(self) -> None:
        """An enrolment that begins tomorrow holds nothing back today."""
        tomorrow = enrolment("D2", valid_from=days("2026-11-24"))
        reference = log(*an_office(), device("D2"), tick="2026-11-23 12:00", after=(tomorrow,))
        assert said(day_of([delivered("2026-11-23 12:00")], reference)) == ("absent", "")

    def test_unsettled_does_not_hide_a_punch(self) -> None:
        """Only absence waits; who is there is present."""
        office = [t for t in an_office() if t[0] != "enrolment"]
        reference = log(*office, tick="2026-11-23 12:00", after=(enrolment(),))
        assert said(day_of([at("2026-11-23 07:10:00")], reference)) == ("present", "")

    def test_delivered_may_be_given(self) -> None:
        """What terminals have delivered can be said outright instead of read from the facts."""
        reference = log(*an_office(), tick="2026-11-23 12:00")
        given = {"D1": Terminal("online", None, wib("2026-11-23 11:30") + 1000)}
        rows = attendance_rows([], reference, horizon_of(reference), given)
        assert rows[(AYU, MONDAY)]["state"] == "absent"

    def test_terminals_are_merged(self) -> None:
        """Highest delivered_through, newest of the rest, whatever the order."""
        facts = [
            status("D1", 300, None, 250),
            status("D1", 200, 190),
            status("D1", 100, 195),
            status("D2", 5, None),
        ]
        merged = {"D1": Terminal("silent", 250, 195), "D2": Terminal("online", None, None)}
        assert terminals_of(facts) == terminals_of(facts[::-1]) == merged

    def test_statuses_of_one_moment(self) -> None:
        """R21: observed at one moment, silence is believed, and of two silences the later one."""
        facts = [status("D1", 100, None, 50), status("D1", 100, 90), status("D1", 100, None, 60)]
        assert terminals_of(facts) == terminals_of(facts[::-1]) == {"D1": Terminal("silent", 60, 90)}


class TestNotWorking:
    def test_not_in_force(self) -> None:
        """A unit where the rules don't hold yet isn't judged."""
        office = [mode("not_in_force") if kind == "unit_mode" else (kind, r) for kind, r in an_office()]
        row = day_of([at("2026-11-23 09:00:00")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "unit_mode", "shift_id", "punches") == ("not_judged", "not_in_force", "not_in_force", "", [])

    def test_unknown_mode_is_not_in_force(self) -> None:
        """R4: nobody is judged before somebody said that the rules hold."""
        office = [t for t in an_office() if t[0] != "unit_mode"]
        row = day_of([], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "unit_mode") == ("not_judged", "not_in_force", "not_in_force")

    def test_trial_is_judged(self) -> None:
        """A trial is shown like the real thing; only the mode says so."""
        office = [mode("trial") if kind == "unit_mode" else (kind, r) for kind, r in an_office()]
        row = day_of([at("2026-11-23 07:40:00")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "unit_mode", "late_s") == ("late", "", "trial", 600)

    def test_no_schedule(self) -> None:
        """Nobody said when he works: not judged."""
        office = [t for t in an_office() if t[0] != "schedule"]
        row = day_of([at("2026-11-23 07:00:00")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "shift_id", "in_at") == ("not_judged", "no_schedule", "", None)

    @pytest.mark.parametrize("kind", ["shift", "policy", "unit"])
    def test_what_is_needed_is_missing(self, kind: str) -> None:
        """R5: without the shift's hours, a policy or a zone there is nothing to judge by."""
        office = [t for t in an_office() if t[0] != kind]
        assert said(day_of([], log(*office, tick="2026-11-23 12:00"))) == ("not_judged", "no_schedule")

    def test_day_off(self) -> None:
        """Saturday 28 November; a punch on it changes nothing."""
        row = day_of([at("2026-11-28 07:40:00")], log(*an_office(), tick="2026-11-28 12:00"), "2026-11-28")
        assert said(row, "shift_id", "shift_start_at", "punches") == ("off", "day_off", "", None, [])

    def test_holiday(self) -> None:
        """A holiday frees those whose shift observes it, and nobody once it is withdrawn."""
        holiday = entered("calendar", date=MONDAY, name="Libur", kind="public")
        row = day_of([], log(*an_office(), holiday, tick="2026-11-23 12:00"))
        assert said(row, "shift_id") == ("off", "holiday", "")
        working = [shift(observes_holidays=False) if kind == "shift" else (kind, r) for kind, r in an_office()]
        facts = [delivered("2026-11-23 12:00")]
        assert said(day_of(facts, log(*working, holiday, tick="2026-11-23 12:00"))) == ("absent", "")
        reference = log(*an_office(), holiday, withdrawn(holiday), tick="2026-11-23 12:00")
        assert said(day_of(facts, reference)) == ("absent", "")

    def test_leave(self) -> None:
        """Ill with a letter: leave, with its kind; withdrawn, he is judged like anybody."""
        ill = leave("sakit", "2026-11-23", "SKD 12/2026")
        facts = [delivered("2026-11-23 12:00")]
        row = day_of(facts, log(*an_office(), ill, tick="2026-11-23 12:00"))
        assert said(row, "letter_no", "shift_id") == ("leave", "sakit", "SKD 12/2026", "pagi")
        row = day_of(facts, log(*an_office(), ill, withdrawn(ill), tick="2026-11-23 12:00"))
        assert said(row) == ("absent", "")

    def test_leave_of_another_is_no_matter(self) -> None:
        """Budi's leave doesn't excuse Ayu."""
        reference = log(*an_office(), leave("sakit", "2026-11-23", employee_id=BUDI), tick="2026-11-23 12:00")
        assert said(day_of([delivered("2026-11-23 12:00")], reference)) == ("absent", "")

    def test_field_duty(self) -> None:
        """Dinas luar is field duty, with or without its letter yet."""
        for letter in ("", "ST 800/123"):
            duty = leave("dinas_luar", "2026-11-23", letter)
            row = day_of([], log(*an_office(), duty, tick="2026-11-23 12:00"))
            assert said(row, "letter_no") == ("field_duty", "dinas_luar", letter)

    def test_leave_entered_after_the_deadline(self) -> None:
        """Papers that come late still turn TK into leave while the month is open."""
        reference = log(*an_office(), tick="2026-11-27 08:00", after=(leave("izin", "2026-11-23"),))
        assert said(day_of([delivered("2026-11-27 07:00")], reference)) == ("leave", "izin")

    def test_day_off_stays_off_during_leave(self) -> None:
        """R6: rule 2 comes before rule 3."""
        reference = log(*an_office(), leave("sakit", "2026-11-28"), tick="2026-11-28 12:00")
        assert said(day_of([], reference, "2026-11-28")) == ("off", "day_off")

    def test_own_schedule_beats_the_units(self) -> None:
        """A single day of a person's own, off or another shift, whatever the unit's was entered later."""
        own_off = schedule("", AYU, valid_to=MONDAY, mon="")
        office = [t for t in an_office() if t[0] != "schedule"]
        row = day_of([], log(*office, own_off, schedule(), tick="2026-11-23 12:00"))
        assert said(row) == ("off", "day_off")
        row = day_of([], log(*office, own_off, schedule(), withdrawn(own_off), tick="2026-11-23 07:00"))
        assert said(row, "shift_id") == ("not_due_yet", "", "pagi")

    def test_later_schedule_wins(self) -> None:
        """Of two weeks of a unit that cover a date the one entered last counts."""
        first = schedule(valid_from=MONDAY)
        second = schedule(valid_from=days("2026-11-16"), mon="")
        office = [t for t in an_office() if t[0] != "schedule"]
        assert said(day_of([], log(*office, first, second, tick="2026-11-23 12:00"))) == ("off", "day_off")
        assert said(day_of([], log(*office, second, first, tick="2026-11-23 07:00"))) == ("not_due_yet", "")


class TestNight:
    def office(self, ends_s: int = 25200) -> list[Told]:
        """Night shifts 21:00 to 07:00; in 19:30 to 01:00, out 06:00 to 11:00."""
        rest = [t for t in an_office() if t[0] not in ("schedule", "shift")]
        return [*rest, shift("malam", 75600, ends_s), schedule(**NIGHTS)]

    @pytest.mark.parametrize("ends_s", [25200, 111600])
    def test_night_belongs_to_the_date_it_starts_on(self, ends_s: int) -> None:
        """In at 20:50 on Monday, out at 07:05 on Tuesday: Monday's, whichever way the end is written."""
        facts = [at("2026-11-23 20:50:00"), at("2026-11-24 07:05:00")]
        reference = log(*self.office(ends_s), tick="2026-11-24 12:00")
        row = day_of(facts, reference)
        assert said(row, "in_at", "out_at") == ("present", "", wib("2026-11-23 20:50"), wib("2026-11-24 07:05"))
        assert said(row, "shift_start_at", "shift_end_at")[2:] == (wib("2026-11-23 21:00"), wib("2026-11-24 07:00"))
        tuesday = day_of(facts, reference, "2026-11-24")
        assert said(tuesday, "open_until", "punches") == ("not_due_yet", "", wib("2026-11-24 21:30"), [])

    def test_shift_around_the_clock(self) -> None:
        """A shift that ends when it starts ends a day later."""
        row = day_of([], log(*self.office(75600), tick="2026-11-23 12:00"))
        assert said(row, "shift_end_at")[2] == wib("2026-11-24 21:00")

    def test_arrival_after_midnight(self) -> None:
        """00:30 on Tuesday is three and a half hours late for Monday."""
        row = day_of([at("2026-11-24 00:30:00")], log(*self.office(), tick="2026-11-24 01:00"))
        assert said(row, "late_s", "in_at") == ("late", "", 12600, wib("2026-11-24 00:30"))

    def test_window_of_a_night_closes_after_midnight(self) -> None:
        """Not here until 01:00 on Tuesday, absent then, unexplained on Thursday at 21:00."""
        facts = [delivered("2026-11-24 01:00")]
        for tick, state in [
            ("2026-11-23 21:29", "not_due_yet"),
            ("2026-11-23 21:30", "not_here"),
            ("2026-11-24 00:59", "not_here"),
            ("2026-11-24 01:00", "absent"),
            ("2026-11-26 20:59", "absent"),
            ("2026-11-26 21:00", "unexplained"),
        ]:
            assert said(day_of(facts, log(*self.office(), tick=tick))) == (state, ""), tick

    def test_last_night_of_an_open_month(self) -> None:
        """30 November, out on 1 December: judged with November open and December not yet (R9)."""
        facts = [at("2026-11-30 20:50:00"), at("2026-12-01 07:05:00")]
        reference = log(*self.office(), tick="2026-12-01 12:00")
        row = day_of(facts, reference, "2026-11-30")
        assert said(row, "out_at") == ("present", "", wib("2026-12-01 07:05"))
        assert day_of(facts, reference, "2026-12-01") is None

    def test_one_punch_may_serve_two_dates(self) -> None:
        """R9: 07:05 on Tuesday ends Monday's night and begins Tuesday's office day."""
        own = schedule("", AYU, valid_to=MONDAY, mon="malam")
        reference = log(*self.office(), shift(), schedule(), own, tick="2026-11-24 12:00")
        facts = [at("2026-11-23 20:50:00"), at("2026-11-24 07:05:00")]
        assert said(day_of(facts, reference), "out_at") == ("present", "", wib("2026-11-24 07:05"))
        assert said(day_of(facts, reference, "2026-11-24"), "in_at") == ("present", "", wib("2026-11-24 07:05"))

    def test_window_that_opens_on_the_day_before(self) -> None:
        """A shift at 00:30 takes a punch of 23:50 the evening before, once its own day has begun."""
        rest = [t for t in an_office() if t[0] not in ("schedule", "shift")]
        office = [*rest, shift("dini", 1800, 30600), schedule(**dict.fromkeys(OFFICE_WEEK, "dini"))]
        facts = [at("2026-11-23 23:50:00")]
        assert day_of(facts, log(*office, tick="2026-11-23 23:59"), "2026-11-24") is None
        row = day_of(facts, log(*office, tick="2026-11-24 00:00"), "2026-11-24")
        assert said(row, "in_at") == ("present", "", wib("2026-11-23 23:50"))


class TestRoster:
    def test_no_assignment_no_row(self) -> None:
        """Not on the roster: not yet, no longer, or withdrawn."""
        later = [
            assignment(valid_from=days("2026-11-24")) if kind == "assignment" else (kind, r) for kind, r in an_office()
        ]
        assert day_of([], log(*later, tick="2026-11-24 12:00")) is None
        assert day_of([], log(*later, tick="2026-11-24 12:00"), "2026-11-24") is not None
        gone = log(*an_office(), corrected(assignment(), valid_to=MONDAY), tick="2026-11-24 12:00")
        assert day_of([], gone) is not None
        assert day_of([], gone, "2026-11-24") is None
        assert day_of([], log(*an_office(), withdrawn(assignment()), tick="2026-11-24 12:00")) is None

    def test_moved_person(self) -> None:
        """On Tuesday Ayu moves to a school in Makassar's zone: its mode, its zone, its hours from then on."""
        move = [
            unit("sd3", "Asia/Makassar"),
            mode("trial", "sd3"),
            schedule("sd3"),
            corrected(assignment(), valid_to=MONDAY),
            assignment(unit_id="sd3", category="PPPK", valid_from=days("2026-11-24")),
            device("D8", "Asia/Makassar"),
            enrolment("D8", "70"),
        ]
        facts = [at("2026-11-23 07:29:00"), at("2026-11-24 07:32:00", "70", "D8")]
        reference = log(*an_office(), *move, tick="2026-11-24 12:00")
        monday = day_of(facts, reference)
        assert said(monday, "unit_id", "unit_mode", "category") == ("present", "", "dinas", "in_force", "PNS")
        tuesday = day_of(facts, reference, "2026-11-24")
        assert said(tuesday, "unit_id", "unit_mode", "category") == ("late", "", "sd3", "trial", "PPPK")
        assert said(tuesday, "late_s", "in_at", "shift_start_at")[2:] == (
            120,
            wita("2026-11-24 07:32"),
            wita("2026-11-24 07:30"),
        )

    def test_unit_and_terminal_in_different_zones(self) -> None:
        """A terminal that shows 08:29 in Makassar saw somebody at 07:29 in Jakarta."""
        office = [device(timezone="Asia/Makassar") if kind == "device" else (kind, r) for kind, r in an_office()]
        row = day_of([at("2026-11-23 08:29:00")], log(*office, tick="2026-11-23 12:00"))
        assert said(row, "in_at") == ("present", "", wib("2026-11-23 07:29"))

    def test_later_assignment_wins(self) -> None:
        """R1: two assignments cover the date; the one entered last counts."""
        other = [unit("sd3"), mode("in_force", "sd3"), assignment(unit_id="sd3")]
        row = day_of([], log(*an_office(), *other, tick="2026-11-23 07:00"))
        assert said(row, "unit_id") == ("not_judged", "no_schedule", "sd3")

    def test_correction_and_void(self) -> None:
        """A start time set wrongly made people late (Soppeng); the correction unmakes it. Void takes all away (R2)."""
        wrong = shift(starts_s=19800)
        office = [t for t in an_office() if t[0] != "shift"]
        facts = [at("2026-11-23 07:29:00")]
        assert said(day_of(facts, log(*office, wrong, tick="2026-11-23 12:00")))[0] == "late"
        assert said(day_of(facts, log(*office, wrong, shift(), tick="2026-11-23 12:00")))[0] == "present"
        row = day_of(facts, log(*office, wrong, shift(), withdrawn(shift()), tick="2026-11-23 12:00"))
        assert said(row) == ("not_judged", "no_schedule")


class TestMonths:
    def test_day_opens_at_local_midnight(self) -> None:
        """23:59 on Monday in Jakarta: no Tuesday yet; at 00:00 it opens, an hour earlier in Makassar."""
        office = an_office()
        assert day_of([], log(*office, tick="2026-11-23 23:59"), "2026-11-24") is None
        assert said(day_of([], log(*office, tick="2026-11-24 00:00"), "2026-11-24")) == ("not_due_yet", "")
        east = [unit(timezone="Asia/Makassar") if kind == "unit" else (kind, r) for kind, r in office]
        assert said(day_of([], log(*east, tick="2026-11-23 23:00"), "2026-11-24")) == ("not_due_yet", "")
        assert day_of([], log(*east, tick="2026-11-23 22:59"), "2026-11-24") is None

    def test_nothing_before_the_first_tick(self) -> None:
        """Without a tick no day has begun, whoever punches."""
        assert attendance_rows([at("2026-11-23 07:00:00")], log(*an_office()), None) == {}

    @pytest.mark.parametrize(
        ("periods", "judged"),
        [
            ([], False),
            ([period("2026-11")], True),
            ([period("2026-11", "closed")], False),
            ([period("2026-11"), period("2026-11", "closed")], False),
            ([period("2026-11"), period("2026-11", "closed"), period("2026-11")], True),
            ([period("2026-11"), withdrawn(period("2026-11"))], False),
            ([period("2026-12")], False),
        ],
    )
    def test_only_open_months_are_judged(self, periods: list[Told], judged: bool) -> None:
        """Closed, never opened or withdrawn: no row; reopened: as if never closed."""
        office = [t for t in an_office() if t[0] != "period"]
        reference = log(*office, *periods, tick="2026-11-23 12:00")
        assert (day_of([at("2026-11-23 07:00:00")], reference) is not None) == judged

    def test_rows_cover_every_day_of_the_month_so_far(self) -> None:
        """From the first day on the roster to the day of the horizon, month's end included."""
        reference = log(*an_office(), period("2026-12"), tick="2026-12-02 00:00")
        rows = attendance_rows([], reference, horizon_of(reference))
        assert sorted(day for _, day in rows) == list(range(days("2026-11-23"), days("2026-12-02") + 1))

    def test_rows_of_closed_months_are_set_aside(self) -> None:
        """What a closed month shows depends on when it closed: it is kept out of comparisons."""
        reference = log(period("2026-11", "closed"), period("2026-12"))
        rows: dict[tuple[str, int], Record] = {(AYU, days("2026-11-30")): {}, (AYU, days("2026-12-01")): {}}
        assert open_months(reference) == {"2026-12"}
        assert list(of_open_months(rows, reference)) == [(AYU, days("2026-12-01"))]

    def test_horizon_is_the_highest_tick(self) -> None:
        """R22: the highest moment, and of equal moments the higher offset."""
        ticks: list[Entry] = [(n, *entered("tick", at=at_ms)) for n, at_ms in enumerate([60, 180, 180, 120])]
        assert horizon_of(ticks) == Horizon(180, 2)
        assert horizon_of([]) is None


class TestAttribution:
    def rows(self, facts: list[Fact], *told: Told) -> list[Record]:
        """Rows of attribution in order of the terminals' time."""
        found = attribution_rows(facts, log(*told))
        return [found[key] for key in sorted(found, key=lambda key: (key[2], key))]

    def test_row_is_complete_as_dictated(self) -> None:
        """Every column of an attributed punch."""
        [row] = self.rows([at("2026-11-23 07:30:00", in_out_code=255, minute_only=True)], device(), enrolment())
        assert row == {
            "device_id": "D1",
            "pin": "7",
            "device_time": shown("2026-11-23 07:30"),
            "minute_only": True,
            "employee_id": AYU,
            "reason": "",
            "occurred_at": wib("2026-11-23 07:30"),
            "in_out_code": 255,
            "verify_code": 1,
            "received_at": wib("2026-11-23 07:30:02"),
            "enrolment_offset": 1,
        }

    def test_parked(self) -> None:
        """Unknown PIN: when is known, whose isn't. Unknown terminal: neither, PIN or not."""
        facts = [
            at("2026-11-23 07:01:00", "99"),
            at("2026-11-23 07:02:00", "7", "D9"),
            at("2026-11-23 07:03:00", "9", "D9"),
        ]
        rows = self.rows(facts, device(), enrolment(), enrolment("D9"))
        assert [(r["reason"], r["occurred_at"], r["employee_id"], r["enrolment_offset"]) for r in rows] == [
            ("unknown_pin", wib("2026-11-23 07:01"), "", -1),
            ("unknown_device", None, "", -1),
            ("unknown_device", None, "", -1),
        ]

    def test_retired_terminal_parks(self) -> None:
        """A punch on a terminal after its end is parked, before it is not."""
        gone = device(valid_to=MONDAY)
        rows = self.rows([at("2026-11-23 23:59:59"), at("2026-11-24 00:00:00")], gone, enrolment())
        assert [r["reason"] for r in rows] == ["", "unknown_device"]

    def test_one_pin_two_people(self) -> None:
        """The enrolment entered last takes the punches of the dates it covers, and withdrawn gives them back."""
        facts = [at("2026-11-23 07:00:00"), at("2026-11-24 07:00:00"), at("2026-11-25 07:00:00")]
        budis = enrolment(employee_id=BUDI, valid_from=days("2026-11-24"), valid_to=days("2026-11-24"))
        rows = self.rows(facts, device(), enrolment(), budis)
        assert [(r["employee_id"], r["enrolment_offset"]) for r in rows] == [(AYU, 1), (BUDI, 2), (AYU, 1)]
        rows = self.rows(facts, device(), enrolment(), budis, withdrawn(budis))
        assert [r["employee_id"] for r in rows] == [AYU, AYU, AYU]
        rows = self.rows(facts, device(), enrolment(), budis, enrolment())
        assert [(r["employee_id"], r["enrolment_offset"]) for r in rows] == [(AYU, 3)] * 3

    def test_date_is_the_terminals_own(self) -> None:
        """00:10 on the terminal's wall is Tuesday, though it is still Monday in UTC."""
        rows = self.rows([at("2026-11-24 00:10:00")], device(), enrolment(valid_from=days("2026-11-24")))
        assert rows[0]["employee_id"] == AYU

    def test_zone_correction_moves_a_punch(self) -> None:
        """One wall clock, an hour earlier in the east."""
        facts = [at("2026-11-23 07:30:00")]
        rows = self.rows(facts, device(), enrolment(), device(timezone="Asia/Makassar"))
        assert rows[0]["occurred_at"] == wita("2026-11-23 07:30") == wib("2026-11-23 06:30")

    def test_redeliveries(self) -> None:
        """Received first represents; of equal times the smaller digest, negative ones below."""
        kind, first = at("2026-11-23 07:30:00", digest=5)
        again = (kind, first | {"digest": -5, "in_out_code": 1})
        later = (kind, first | {"received_at": first["received_at"] + 1, "digest": -9, "in_out_code": 2})
        facts: list[Fact] = [(kind, first), again, later, (kind, first)]
        for order in (facts, facts[::-1]):
            [row] = self.rows(order, device(), enrolment())
            assert (row["in_out_code"], row["received_at"]) == (1, first["received_at"])

    def test_minute_only_is_a_punch_of_its_own(self) -> None:
        """R10: 07:30 to the minute and 07:30:20 are two identities."""
        facts = [at("2026-11-23 07:30:00", minute_only=True), at("2026-11-23 07:30:20")]
        assert len(self.rows(facts, device(), enrolment())) == 2

    def test_months_do_not_matter(self) -> None:
        """A punch of the year 2000 has an owner when an enrolment reaches back so far."""
        past = days("2000-01-01")
        [row] = self.rows([at("2000-01-01 00:00:05")], device(valid_from=past), enrolment(valid_from=past))
        assert row["employee_id"] == AYU

    def test_lost_punch_is_lost_by_the_loser(self) -> None:
        """R16: Budi's later enrolment on Ayu's PIN takes her punch; her terminal is complete, so she is absent."""
        budi = [assignment(BUDI), enrolment(employee_id=BUDI)]
        facts = [at("2026-11-23 07:10:00"), delivered("2026-11-23 12:00")]
        reference = log(*an_office(), *budi, tick="2026-11-23 12:00")
        assert said(day_of(facts, reference)) == ("absent", "")
        assert said(day_of(facts, reference, employee_id=BUDI)) == ("present", "")


class TestTheOracleItself:
    def test_identities_are_the_schemas(self) -> None:
        """The oracle's table of identities says what the schemas say."""
        assert {name: registry.by_name()[name].identity for name in IDENTITY} == IDENTITY

    def test_rows_have_the_schemas_columns(self) -> None:
        """A row with the three columns that aren't judged is a record of its schema, in the schema's order."""
        facts = [at("2026-11-23 07:10:00")]
        reference = log(*an_office(), tick="2026-11-23 12:00")
        row = day_of(facts, reference)
        assert row is not None
        whole = row | {"epoch": "e", "partition": 0, "version": 0}
        assert codec.decode(codec.encode("attendance", whole)) == ("attendance", whole)
        [owned] = attribution_rows(facts, reference).values()
        whole = owned | {"epoch": "e", "version": 0}
        assert codec.decode(codec.encode("attribution", whole)) == ("attribution", whole)

    def test_differences_are_named(self) -> None:
        """A column that differs, a row too many, a row too few; who computed it doesn't matter."""
        one: Record = {"state": "present", "late_s": 0}
        assert differences({"k": one}, {"k": one | {"version": 9, "epoch": "x", "partition": 3}}) == []
        assert differences({"k": one}, {"k": one | {"late_s": 3}}) == ["k: late_s is 3, expected 0"]
        assert differences({"k": one}, {}) == ["k: no row, expected present"]
        assert differences({}, {"k": one}) == ["k: row present, expected none"]
