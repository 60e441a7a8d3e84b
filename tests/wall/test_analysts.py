"""The examples of ``docs/analysts.md`` run, read views only, and each finds something in a morning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hadir.migrate import read_views
from tests.clickhouse.fixtures import Tables
from tests.wall.conftest import ANI, CITRA, DEWI, flag_id, person_row

TEXT = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text()
EXAMPLES = dict(re.findall(r"## (.+?)\n\n```sql\n(.+?)```", TEXT, re.DOTALL))


def test_every_example_has_a_heading() -> None:
    """None is passed over by the test below."""
    assert len(EXAMPLES) == TEXT.count("```sql")


@pytest.mark.clickhouse
@pytest.mark.parametrize("title", list(EXAMPLES))
def test_example_runs_and_finds_something(morning: Tables, title: str) -> None:
    """Dewi was missing and then came; a parked punch, a used one; Ani's phone, a photo of two people."""
    for statement in (
        "INSERT INTO attendance_history (employee_id, work_date, unit_id, unit_mode, epoch, version, state, policy_id,"
        f" policy_offset, written_at) VALUES ('{DEWI}', '2026-11-23', 'U2', 'in_force', 'e1', 1, 'not_here', 'p', 5,"
        " '2026-11-23 00:31:00')",
        person_row(DEWI, "U2", "late", 9, in_at="2026-11-23 00:31:30"),
        "INSERT INTO attribution_history (device_id, pin, device_time, employee_id, reason, occurred_at,"
        " enrolment_offset, epoch, version)"
        " VALUES ('D1', '8', '2026-11-23 07:40:00', '', 'unknown_pin', '2026-11-23 00:40:00', -1, 'e1', 2)",
        person_row(
            ANI, "U1", "present", 9, more="punches=[('D1', '2026-11-23 07:20:00', '2026-11-23 00:20:00', 'in')]"
        ),
        "INSERT INTO position (employee_id, minute_at, fixed_at, lat, lon, epoch)"
        f" VALUES ('{ANI}', '2026-11-23 00:20:00', '2026-11-23 00:20:30', -7.47, 112.43, 'e1')",
        *[
            "INSERT INTO face_check (employee_id, install_id, taken_at, photo_sha256, received_at)"
            f" VALUES ('{who}', 'i-{who}', '2026-11-23 00:21:00', repeat('ab', 32), '2026-11-23 00:22:00')"
            for who in (ANI, DEWI)
        ],
        "INSERT INTO presence (employee_id, work_date, unit_id, shift_start_at, shift_end_at, until_at, inside_s,"
        f" outside_s, hours, epoch, version) VALUES ('{ANI}', '2026-11-23', 'U1', '2026-11-23 00:30:00',"
        " '2026-11-23 09:00:00', '2026-11-23 09:00:00', 30000, 600, [('2026-11-23 03:00:00', 3000, 600, 0)], 'e1', 3)",
        *[
            "INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, reason, recorded_at,"
            " recorded_by, _offset)"
            f" VALUES (generateUUIDv4(), '{DEWI}', '2026-11-23', 'flag:{flag_id(4)}', '{verdict}',"
            f" 'r', '2026-11-24 0{offset - 90}:00:00', 'bkd', {offset})"
            for offset, verdict in ((91, "confirmed"), (92, "reversed"))
        ],
        "INSERT INTO leave (employee_id, kind, valid_from, recorded_at, recorded_by, _offset)"
        f" VALUES ('{CITRA}', 'dinas_luar', '2026-11-02', '2026-11-20 02:00:00', 'bkd', 99)",
        "INSERT INTO alert (unit_id, work_date, cutoff_at, revision, kind, counts, epoch)"
        " VALUES ('U2', '2026-11-23', '2026-11-23 00:31:00', 0, 'raise', {'not_here': 1}, 'e1')",
    ):
        morning.run(statement)
    assert morning.rows(EXAMPLES[title])


def test_examples_read_views_only() -> None:
    """As analysts may."""
    views = {name for name, _ in read_views()}
    for title, sql in EXAMPLES.items():
        read = set(re.findall(r"\b(?:FROM|(?<!ARRAY )JOIN)\s+([a-z_]+)", sql))
        assert read, title
        assert read <= views, title
