"""``hadir devices`` on a real ClickHouse: each state in words, a zone's own times, who should speak and does not."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result

from hadir.cli import devices as verb
from hadir.cli import main, show
from tests.clickhouse.fixtures import Tables

pytestmark = pytest.mark.clickhouse

UNITS = """
    INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES
    ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1), ('U2', 'Dinas Dua', 'Asia/Jayapura', '2026-01-01', 2)"""
DEVICES = """
    INSERT INTO device (device_id, unit_id, name, protocol, timezone, valid_from, valid_to, _offset) VALUES
    ('ON', 'U1', 'Pintu', 'adms', 'Asia/Jakarta', '2026-01-01', NULL, 1),
    ('QUIET', 'U2', 'Belakang', 'adms', 'Asia/Jayapura', '2026-01-01', NULL, 2),
    ('NEVER', 'U1', 'Baru', 'adms', 'Asia/Jakarta', '2026-01-01', NULL, 3),
    ('FILE', 'U1', 'Lama', 'file', 'Asia/Jakarta', '2026-01-01', NULL, 4),
    ('GONE', 'U1', 'Rusak', 'adms', 'Asia/Jakarta', '2026-01-01', '2026-06-30', 5)"""
STATUSES = """
    INSERT INTO device_status (
        device_id, observed_at, state, silent_since, delivered_through, drift_ms, source, _offset
    ) VALUES
    ('ON', '2026-11-23 00:31:00', 'online', NULL, '2026-11-23 00:30:00', -3000, 'adms', 1),
    ('QUIET', '2026-11-23 00:31:00', 'silent', '2026-11-23 00:25:00', NULL, NULL, 'adms', 2),
    ('STRANGE', '2026-11-23 00:31:00', 'online', NULL, NULL, NULL, 'adms', 3)"""


@pytest.fixture
def told(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """Terminals of every kind, as the command line finds them."""
    for statement in (UNITS, DEVICES, STATUSES):
        tables.run(statement)
    for module in (show, verb):
        monkeypatch.setattr(module, "settings", lambda: tables.settings)
    return tables


def run(*arguments: str) -> Result:
    """``hadir devices ARGUMENTS``."""
    return CliRunner().invoke(main, ["devices", *arguments])


def line(result: Result, serial: str) -> str:
    """The row of a terminal."""
    (found,) = [row for row in result.output.splitlines() if re.search(rf"\b{serial}\b", row)]
    return found


def test_each_terminal_has_a_row_with_its_state_in_words(told: Tables) -> None:
    """Connected, silent by the zone's own clock, never heard of, by file, retired, unknown."""
    result = run()
    assert result.exit_code == 0, result.output
    assert "online" in line(result, "ON")
    assert "-3 s" in line(result, "ON")
    assert "2026-11-23 07:30" in line(result, "ON")
    assert "silent since 2026-11-23 09:25" in line(result, "QUIET")
    assert "never heard of" in line(result, "NEVER")
    assert "files" in line(result, "FILE")
    assert "retired" in line(result, "GONE")
    assert "unknown serial" in line(result, "STRANGE")
    assert "6 terminals, 2 of them should speak and do not" in result.output


def test_silent_ones_alone_end_with_one(told: Tables) -> None:
    """For a script: 1 when somebody should speak and does not, 0 when all at the unit do or need not."""
    result = run("--silent")
    assert result.exit_code == 1
    assert "QUIET" in result.output
    assert not re.search(r"\bON\b|FILE|GONE|STRANGE", result.output)
    assert run("--silent", "--unit", "U1").exit_code == 1
    assert run("--silent", "--unit", "U9").exit_code == 0
