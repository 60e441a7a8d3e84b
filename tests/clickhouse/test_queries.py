"""What the command line asks is answered from the views, in an order a person can read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from hadir import queries
from tests.clickhouse.fixtures import Tables

pytestmark = pytest.mark.clickhouse

DAY = date(2026, 11, 23)
BUDI, ANI = UUID(int=0xA), UUID(int=0xB)


@pytest.fixture
def morning(tables: Tables) -> Tables:
    """Budi was awaited, then late at U1; Ani is off at U2; a parked punch, a silent terminal, two dead letters."""
    for statement in (
        "INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES"
        " ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1), ('U2', 'Badan Dua', 'Asia/Jakarta', '2026-01-01', 2)",
        f"INSERT INTO person (employee_id, staff_no, name) VALUES ('{BUDI}', '199', 'Budi Éka'), ('{ANI}', '198', 'Ani')",
        "INSERT INTO device (device_id, unit_id, name, timezone, valid_from, _offset) VALUES"
        " ('D1', 'U1', 'Pintu', 'Asia/Jakarta', '2026-01-01', 3), ('D2', 'U2', 'Diam', 'Asia/Jakarta', '2026-01-01', 4)",
        "INSERT INTO policy (policy_id, grace_s, source, valid_from, _offset) VALUES ('p', 60, 'Perbup 1', '2026-01-01', 5)",
        "INSERT INTO enrolment (device_id, pin, employee_id, valid_from, _offset) VALUES"
        f" ('D1', '7', '{BUDI}', '2026-01-01', 6), ('D1', '9', '{ANI}', '2026-01-01', 7)",
        "INSERT INTO attendance_history"
        " (employee_id, work_date, unit_id, epoch, version, state, policy_id, policy_offset, written_at) VALUES"
        f" ('{BUDI}', '{DAY}', 'U1', 'e1', 1, 'awaited', 'p', 5, '2026-11-23 00:30:00'),"
        f" ('{ANI}', '{DAY}', 'U2', 'e1', 2, 'off', '', -1, '2026-11-23 00:00:00')",
        "INSERT INTO attendance_history"
        " (employee_id, work_date, unit_id, epoch, version, state, late_s, policy_id, policy_offset, written_at) VALUES"
        f" ('{BUDI}', '{DAY}', 'U1', 'e1', 3, 'late', 90, 'p', 5, '2026-11-23 00:32:00')",
        "INSERT INTO punch (device_id, pin, device_time, received_at, digest) VALUES"
        " ('D1', '7', '2026-11-23 07:31:30', '2026-11-23 00:31:31', 1),"
        " ('D1', '8', '2026-11-23 07:40:00', '2026-11-23 00:40:00', 1),"
        " ('D1', '7', '2026-11-25 07:31:30', '2026-11-25 00:31:31', 1)",
        "INSERT INTO attribution_history"
        " (device_id, pin, device_time, employee_id, reason, occurred_at, enrolment_offset, epoch, version) VALUES"
        f" ('D1', '7', '2026-11-23 07:31:30', '{BUDI}', '', '2026-11-23 00:31:30', 6, 'e1', 1),"
        " ('D1', '8', '2026-11-23 07:40:00', '', 'unknown_pin', '2026-11-23 00:40:00', -1, 'e1', 2),"
        f" ('D1', '7', '2026-11-25 07:31:30', '{BUDI}', '', '2026-11-25 00:31:30', 6, 'e1', 3)",
        "INSERT INTO device_status (device_id, observed_at, state, silent_since) VALUES"
        " ('D1', '2026-11-23 00:40:00', 'online', NULL), ('D2', '2026-11-23 00:40:00', 'silent', '2026-11-23 00:10:00')",
        "INSERT INTO dead_letter (failed_at, stage, reason, topic, partition, offset, value, _offset) VALUES"
        " ('2026-11-23 00:00:00', 'route', 'broken', 'hadir.device_log', 3, 77, unhex('00FF80'), 0),"
        " ('2026-11-23 00:01:00', 'gateway', 'no line', '', -1, -1, 'x', 1)",
    ):
        tables.run(statement)
    return tables


def test_day_lists_everybody_or_one_unit(morning: Tables) -> None:
    """By unit name, then name; nothing of other dates."""
    everybody = queries.day(morning.client, DAY)
    assert [(row["unit_name"], row["name"], row["state"]) for row in everybody] == [
        ("Badan Dua", "Ani", "off"),
        ("Dinas Satu", "Budi Éka", "late"),
    ]
    assert [row["late_m"] for row in queries.day(morning.client, DAY, "U1")] == [2]
    assert queries.day(morning.client, date(2026, 11, 24)) == []


def test_offices_counts_by_office(morning: Tables) -> None:
    """One row an office."""
    rows = queries.offices(morning.client, DAY)
    assert [(row["unit_name"], row["roster"], row["wajib"]) for row in rows] == [
        ("Badan Dua", 1, 0),
        ("Dinas Satu", 1, 1),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("199", [BUDI]),
        ("udi é", [BUDI]),
        ("UDI É", [BUDI]),
        (str(ANI).upper(), [ANI]),
        ("n", [ANI]),
        ("", []),
        ("z", []),
    ],
)
def test_people_are_found_by_number_name_or_id(morning: Tables, text: str, found: list[UUID]) -> None:
    """A staff number must be whole, a name may be a part in any case."""
    assert [row["employee_id"] for row in queries.find_people(morning.client, text)] == found


def test_explain_goes_from_the_row_to_its_reasons(morning: Tables) -> None:
    """Row, policy by offset, the punches around that date with their enrolments, everything shown before."""
    why = queries.explain(morning.client, BUDI, DAY)
    assert why.day is not None
    assert why.policy is not None
    assert (why.day["state"], why.policy["source"]) == ("late", "Perbup 1")
    assert [punch["device_time"] for punch in why.punches] == [datetime(2026, 11, 23, 7, 31, 30, tzinfo=UTC)]
    assert [enrolment["pin"] for enrolment in why.enrolments] == ["7"]
    assert [(row["state"], row["shown_until"]) for row in why.history] == [
        ("awaited", datetime(2026, 11, 23, 0, 32, tzinfo=UTC)),
        ("late", None),
    ]
    assert queries.explain(morning.client, str(BUDI), date(2026, 1, 1)) == (None, None, [], [], [], None, [])


def test_shown_at_says_what_the_monitor_said(morning: Tables) -> None:
    """Between two versions the earlier one was shown."""
    at = datetime(2026, 11, 23, 0, 31, tzinfo=UTC)
    assert [(row["employee_id"], row["state"]) for row in queries.shown_at(morning.client, DAY, at)] == [
        (BUDI, "awaited"),
        (ANI, "off"),
    ]
    assert [row["state"] for row in queries.shown_at(morning.client, DAY, at.replace(minute=33), "U1")] == ["late"]


def test_status_lists_are_complete(morning: Tables) -> None:
    """Silent terminals, parked PINs, dead letters with their bytes, newest first."""
    assert [row["device_id"] for row in queries.devices(morning.client)] == ["D2", "D1"]
    assert [row["device_id"] for row in queries.devices(morning.client, silent=True)] == ["D2"]
    assert [(row["pin"], row["punches"]) for row in queries.parked(morning.client)] == [("8", 1)]
    letters = queries.dead_letters(morning.client)
    assert [(letter["stage"], letter["value"]) for letter in letters] == [("gateway", b"x"), ("route", b"\x00\xff\x80")]
    assert [letter["stage"] for letter in queries.dead_letters(morning.client, limit=1)] == ["gateway"]
    assert queries.dead_letter_count(morning.client) == 2


def test_freshness_is_the_age_of_the_last_flush(tables: Tables) -> None:
    """Nothing written: no age; otherwise seconds since, by the server's clock."""
    assert queries.newest_age_s(tables.client) is None
    tables.run("INSERT INTO sink_offset (topic, partition, offset) VALUES ('t', 0, 9)")
    tables.run("INSERT INTO sink_offset (topic, partition, offset, written_at) VALUES ('t', 1, 4, now64(3) - 30)")
    age = queries.newest_age_s(tables.client)
    assert age is not None
    assert 0 <= age < 29
    ages = [(row["partition"], row["next_offset"], row["age_s"] > 29) for row in queries.freshness(tables.client)]
    assert ages == [(0, 9, False), (1, 4, True)]
