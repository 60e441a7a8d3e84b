"""The warped clock that a demo and the tests live by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hadir import clock

START, ANCHOR = 1_800_000_000_000, 5_000_000


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The machine's clock: one number that a test moves."""
    now = [ANCHOR]
    monkeypatch.setattr(clock, "system_ms", lambda: now[0])
    return now


def test_it_stands_before_its_anchor_runs_and_stands_at_its_end(at: list[int]) -> None:
    """Never before its start, never after its end, ``rate`` times as fast between."""
    now = clock.make_clock(60.0, START, ANCHOR, START + 120_000)
    shown = []
    for at[0] in (ANCHOR - 1_000, ANCHOR, ANCHOR + 500, ANCHOR + 2_000, ANCHOR + 9_000):
        shown.append(now() - START)
    assert shown == [0, 0, 30_000, 120_000, 120_000]


def test_it_waits_for_a_file_that_holds_its_anchor(at: list[int], tmp_path: Path) -> None:
    """Still until the file is there, and in step with all that read the same file."""
    anchor = tmp_path / "anchor"
    now, other = clock.make_clock(60.0, START, anchor), clock.make_clock(60.0, START, anchor)
    at[0] += 77_000
    assert now() == START
    clock.write_anchor(anchor, at[0] + 1_000)
    assert now() == START
    at[0] += 1_500
    assert now() == other() == START + 30_000


def test_today_is_the_date_where_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past midnight in Jakarta: in Jayapura the same date, in London still the day before."""
    moment = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now_ms", lambda: int(moment.timestamp() * 1000))
    dates = [clock.today(ZoneInfo(zone)) for zone in ("Asia/Jakarta", "Asia/Jayapura", "Europe/London")]
    assert dates == [date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 22)]


def test_variables_make_it(at: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute path is a file, a number the moment itself."""
    monkeypatch.setenv("HADIR_CLOCK_RATE", "2")
    monkeypatch.setenv("HADIR_CLOCK_START", str(START))
    for anchor, shown in ((str(ANCHOR - 1_000), START + 2_000), (str(tmp_path / "none"), START)):
        monkeypatch.setenv("HADIR_CLOCK_ANCHOR", anchor)
        clock.reread_environment()
        assert clock.now_ms() == shown
    monkeypatch.undo()
    clock.reread_environment()
    assert clock.system_ms() <= clock.now_ms() <= clock.system_ms()
