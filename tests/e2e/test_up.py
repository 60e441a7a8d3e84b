"""
A hadir of one's own, from ``hadir up`` on, as a person uses it: by the command line, as processes, on disk.

One system serves all tests of this file; each leaves it up. What the real terminals' files must come to was worked
out by hand, line by line, for one day each.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import requests

from hadir.cli.system import MEASURED
from tests.e2e.local import EPOCH, Hadir, running
from tests.e2e.roster import JAKARTA, MADE, MADE_LOG, SOLUTION, name, staff_no, write_roster
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

ZONE = "Asia/Jakarta"
# (state, seconds late, in, out) by PIN. On that Monday the shift began at 07:30, PIN 2's at 04:30; a minute of grace.
JAKARTA_DAY = "2022-12-05"
JAKARTA_TRUTH = {
    2: ("late", 5752, "06:05:52", "20:28:05"),
    5: ("present", 0, "07:20:27", "20:48:25"),
    6: ("present", 0, "07:15:21", "21:17:57"),
    7: ("present", 0, "07:22:52", "20:39:16"),
    8: ("late", 2638, "08:13:58", "20:48:38"),
    9: ("late", 1822, "08:00:22", "20:05:56"),
}
# That Tuesday the shift began at 07:50; most go without a punch, three between 16:00 and 18:30.
SOLUTION_DAY = "2026-05-05"
SOLUTION_TRUTH = {
    10021: ("present", 0, "07:50:17", ""),
    10073: ("late", 497, "07:58:17", ""),
    10502: ("late", 276, "07:54:36", ""),
    20071: ("late", 470, "07:57:50", ""),
    22928: ("late", 149, "07:52:29", ""),
    23272: ("late", 103, "07:51:43", ""),
    23469: ("late", 196, "07:53:16", ""),
    23686: ("present", 0, "07:49:40", ""),
    23923: ("late", 99, "07:51:39", ""),
    24084: ("present", 0, "07:50:36", ""),
    24172: ("present", 0, "07:49:43", "17:43:34"),
    24387: ("present", 0, "07:49:56", "17:02:26"),
    24388: ("present", 0, "07:50:01", "17:02:31"),
    24410: ("late", 283, "07:54:43", ""),
}
UNMEASURED = ("present_unmeasured", 0, "", "")
UNEXPLAINED = ("unexplained", 0, "", "")
MADE_TRUTH = {1: ("present", 0, "07:41:10", "16:31:59"), 2: ("late", 660, "08:01:00", ""), 3: UNMEASURED}


class Real(NamedTuple):
    """What the two imports of the two real files said, and what was stored after each."""

    told: list[str]
    punches: list[dict[str, int]]
    days: list[dict[str, tuple[Any, ...]]]


@pytest.fixture(scope="module")
def hadir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadir]:
    """Up, with the roster and the made terminal's file in it."""
    with running(tmp_path_factory.mktemp("up")) as local:
        told = local.run("up")
        assert f"gateway http://127.0.0.1:{local.settings.gateway_port}" in told
        write_roster(local.folder / "roster")
        told = local.run("roster", "import", str(local.folder / "roster"))
        assert "124 records written from policy.toml, shifts.csv, units.csv" in told
        (local.folder / "made.dat").write_text(MADE_LOG)
        take(local, MADE.serial, local.folder / "made.dat")
        local.settle()
        yield local


@pytest.fixture(scope="module")
def real(hadir: Hadir) -> Real:
    """The two real files imported twice; without them the tests that need them do not run, and say so."""
    folder = os.environ.get("HADIR_TERMINAL_LOGS")
    if not folder:
        pytest.skip(
            "HADIR_TERMINAL_LOGS is unset: real terminals' files are NOT tried (.ci/run sets it where they are)"
        )
    found = Real([], [], [])
    for _ in range(2):
        through = ["--complete-through", "2022-12-30"]
        found.told.append(take(hadir, JAKARTA.serial, Path(folder) / "jakarta-2022-12.dat", *through))
        found.told.append(take(hadir, SOLUTION.serial, Path(folder) / "solution-2026-04.dat"))
        hadir.settle()
        found.punches.append(hadir.punches())
        found.days.append(shown(hadir, JAKARTA_DAY) | shown(hadir, SOLUTION_DAY))
    return found


def take(hadir: Hadir, serial: str, file: Path, *more: str) -> str:
    """``hadir import`` of one file."""
    return hadir.run("import", "--device", serial, "--timezone", ZONE, *more, str(file))


def shown(hadir: Hadir, day: str) -> dict[str, tuple[Any, ...]]:
    """(state, seconds late, in, out) of everybody on a date, by name."""
    rows = hadir.day(day)
    return {who: (row["state"], row["late_s"], row["in_time"], row["out_time"]) for who, row in rows.items()}


def cells(output: str) -> list[list[str]]:
    """The rows of a table as printed, without its head."""
    lines = [line.strip("│").split("│") for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line] for line in lines]


def truth(office: Any, by_pin: dict[int, tuple[Any, ...]], rest: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    """What must be shown of an office: by PIN, and of all who did not punch."""
    return {name(office, pin): by_pin.get(pin, rest) for pin in office.pins}


def test_status_shows_every_process_lag_and_what_is_missing(hadir: Hadir) -> None:
    """All at work, no restarts; a terminal that never spoke is named, those read by file are not; a dead letter."""
    told = hadir.run("status", "--partitions")
    rows = cells(told)
    processes = {row[0]: row[1] for row in rows if len(row) == 6}
    assert processes.pop("prepare") == "done"
    assert processes == dict.fromkeys(["kafka", "clickhouse", *MEASURED], "ready")
    assert {row[4] for row in rows if len(row) == 6} == {""}
    lag = {(row[0], row[1], row[2]) for row in rows if len(row) == 5}
    assert (f"hadir.judge.{EPOCH}", f"hadir.staff_log.{EPOCH}", "1") in lag
    assert re.search(rf"^lag: \d+ records behind in {len(lag)} partitions$", told, re.MULTILINE)
    assert re.search(r"^newest row: \d+ s ago$", told, re.MULTILINE)
    assert re.search(r"^terminals not connected: 1 of 4$", told, re.MULTILINE)
    assert re.search(r"^  NEVER01  Mesin Belakang \(Puskesmas Melati\): never heard of$", told, re.MULTILINE)
    assert "dead letters: 1" in told


def test_every_process_tells_its_metrics_at_a_port_of_its_own(hadir: Hadir) -> None:
    """HADIR_METRICS_PORT is the first of them; what a process counts is on its own page."""
    counts = {
        "gateway": "hadir_gateway_requests_total",
        "clock": "hadir_ticks_total",
        "distribute": 'hadir_folded_records_total{stage="distribute"}',
        "route": 'hadir_folded_records_total{stage="route"}',
        "cross": 'hadir_folded_records_total{stage="cross"}',
        "judge": 'hadir_folded_records_total{stage="judge"}',
        "alert": 'hadir_folded_records_total{stage="alert"}',
        "sink": 'hadir_sink_rows_total{table="attendance_history"}',
        "wall": "hadir_wall_viewers",
        "notify": "hadir_notices_total",
    }
    for port, process in enumerate(MEASURED, hadir.metrics):
        page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        assert counts[process] in page, process


def test_second_up_is_refused_and_changes_nothing(hadir: Hadir) -> None:
    """The one that runs is named."""
    running_now = hadir.supervisor.pid
    assert f"already up (process {running_now})" in hadir.run("up", code=1)
    assert hadir.supervisor.pid == running_now


def test_roster_again_writes_nothing(hadir: Hadir) -> None:
    """Every record is known by what identifies it, and people keep their ids."""
    before = {who: row["employee_id"] for who, row in hadir.day(SOLUTION_DAY).items()}
    told = hadir.run("roster", "import", str(hadir.folder / "roster"))
    assert told.splitlines()[-1].startswith("0 records written")
    assert {who: row["employee_id"] for who, row in hadir.day(SOLUTION_DAY).items()} == before


def test_faulty_roster_names_the_line_and_writes_nothing(hadir: Hadir, tmp_path: Path) -> None:
    """One fault in one line, and the file's good lines are not taken either."""
    head = "unit_id,name,parent_id,kind,timezone,mode,valid_from,valid_to\n"
    good, bad = (
        "good,Baik,,office,Asia/Jakarta,trial,2026-01-01,\n",
        "bad,Buruk,,castle,Asia/Jakarta,trial,2026-01-01,\n",
    )
    (tmp_path / "units.csv").write_text(head + good + bad)
    assert "units.csv:3: kind: castle is none of office" in hadir.run("roster", "import", str(tmp_path), code=1)
    assert "2 records would be written" in hadir.run("roster", "import", "--dry-run", str(_only(tmp_path, head + good)))
    assert hadir.ask(lambda client: client.query("SELECT count() FROM v_unit WHERE unit_id = 'good'").result_rows) == [
        (0,)
    ]


def _only(folder: Path, text: str) -> Path:
    (folder / "units.csv").write_text(text)
    return folder


def test_file_with_a_bad_line_is_taken_and_the_line_kept(hadir: Hadir) -> None:
    """Twice: the same punches, the bad line once in the dead letters, with its number and bytes."""
    before = hadir.punches()[MADE.serial]
    told = take(hadir, MADE.serial, hadir.folder / "made.dat")
    assert "form      5 columns" in told
    assert "punches   4 of 2 people (PINs)" in told
    assert "rejects   1\n  line 5: 1 columns, the file has 5" in told
    hadir.settle()
    assert hadir.punches()[MADE.serial] == before == 4
    (row,) = cells(hadir.run("dead-letters"))
    assert row[1:] == ["import", "MADE01", "line 5: 1 columns, the file has 5", "-", "24", "1"]
    rows = shown(hadir, SOLUTION_DAY)
    assert {who: rows[who] for who in truth(MADE, {}, ())} == truth(MADE, MADE_TRUTH, ())


def test_real_files_are_recognised(real: Real) -> None:
    """Both forms, every line, none refused."""
    for told, form, punches, people, first, last in (
        (real.told[0], "6 columns", 384, 13, "2022-11-30", "2022-12-30"),
        (real.told[1], "5 columns", 560, 18, "2026-04-10", "2026-05-18"),
    ):
        assert f"form      {form}: PIN, time" in told
        assert f"punches   {punches} of {people} people (PINs)" in told
        assert f"days      31, {first} to {last}" in told
        assert "rejects   0" in told


def test_real_files_imported_twice_double_nothing(real: Real) -> None:
    """Not the punches, not anybody's day; the second import says the same as the first."""
    assert real.told[2:] == real.told[:2]
    assert [stored[JAKARTA.serial] for stored in real.punches] == [384, 384]
    assert [stored[SOLUTION.serial] for stored in real.punches] == [560, 560]
    assert real.days[0] == real.days[1]


def test_real_days_are_as_worked_out_by_hand(real: Real) -> None:
    """Who punched is present or late to the second; who did not is judged only where the file was vouched for."""
    expected = (
        truth(JAKARTA, JAKARTA_TRUTH, UNEXPLAINED)
        | truth(SOLUTION, SOLUTION_TRUTH, UNMEASURED)
        | truth(MADE, MADE_TRUTH, UNMEASURED)
    )
    assert real.days[0] == expected


def test_real_days_come_out_in_hadir_day(hadir: Hadir, real: Real) -> None:
    """By name with a unit, by office without; the words are those of the screen."""
    people = {row[1]: row[3:] for row in cells(hadir.run("day", JAKARTA_DAY, "--unit", JAKARTA.unit_id))}
    assert len(people) == len(JAKARTA.pins)
    assert people[name(JAKARTA, 2)] == ["Terlambat 96 menit (06.05)", "06:05:52", "20:28:05"]
    assert people[name(JAKARTA, 6)] == ["Hadir 07.15", "07:15:21", "21:17:57"]
    assert people[name(JAKARTA, 3)] == ["Tanpa keterangan (TK)", "", ""]
    told = hadir.run("day", JAKARTA_DAY)
    head = next(line for line in told.splitlines() if line.startswith("┃"))
    assert [cell.strip() for cell in head.strip("┃").split("┃")] == [
        "unit",
        "wajib",
        "hadir",
        "terlambat",
        "tk",
        "roster",
    ]
    assert cells(told) == [[JAKARTA.name, "13", "3", "3", "7", "13"], ["semua", "13", "3", "3", "7", "13"]]


def test_explain_goes_from_the_state_to_every_punch(hadir: Hadir, real: Real) -> None:
    """By staff number or by name: state, shift, policy with its source, punches with their use, what was shown."""
    told = hadir.run("explain", staff_no(SOLUTION, 22928), SOLUTION_DAY)
    assert told.splitlines()[0] == f"{name(SOLUTION, 22928)} ({staff_no(SOLUTION, 22928)}), {SOLUTION_DAY}"
    assert "Terlambat 3 menit (07.52)  - Dinas Pasar (in_force)" in told
    assert "shift kantor 07:50-16:30, cutoff 07:50" in told
    assert "policy perbup-contoh, grace 60 s: Perbup Contoh 1/2022, made up" in told
    uses = {row[1]: row[3] for row in cells(told) if row[0] == SOLUTION.serial}
    assert uses[f"{SOLUTION_DAY} 07:52:29"] == "in"
    assert uses[f"{SOLUTION_DAY} 07:52:31"] == "none"
    assert uses["2026-05-06 07:57:02"] == "-"
    history = [row[1] for row in cells(told) if len(row) == 3]
    assert history[0] == "Hadir, jam masuk tidak terukur"
    assert history[-1] == "Terlambat"
    assert name(SOLUTION, 22928) in hadir.run("explain", name(SOLUTION, 22928).lower(), SOLUTION_DAY)


def test_vouching_for_a_file_makes_missing_punches_count(hadir: Hadir, real: Real) -> None:
    """Missing data is never absence: only --complete-through turns "tidak terukur" into "tanpa keterangan"."""
    file = Path(os.environ["HADIR_TERMINAL_LOGS"]) / "solution-2026-04.dat"
    take(hadir, SOLUTION.serial, file, "--complete-through", "2026-05-17")
    hadir.settle()
    rows = shown(hadir, SOLUTION_DAY)
    assert {who: rows[who] for who in truth(SOLUTION, {}, ())} == truth(SOLUTION, SOLUTION_TRUTH, UNEXPLAINED)


def test_down_ends_everything_and_up_goes_on(hadir: Hadir) -> None:
    """No process is left, asking says so; up again, every row and punch is there, none twice, and new ones arrive."""
    days, punches = shown(hadir, SOLUTION_DAY), hadir.punches()
    assert hadir.run("down") == "down\n"
    assert hadir.left() == []
    assert "not up on this machine" in hadir.run("status", code=1)
    assert "is hadir up?" in hadir.run("day", SOLUTION_DAY, code=1)
    assert hadir.run("down") == "was not up\n"
    hadir.run("up")
    assert shown(hadir, SOLUTION_DAY) == days
    assert hadir.punches() == punches
    arrives(hadir, "2026-05-06", pin=1)
    assert shown(hadir, SOLUTION_DAY) == days


def test_up_goes_on_after_kill_9_of_everything(hadir: Hadir) -> None:
    """Supervisor, guard, servers and workers at once, as a power switch would: up again, as if nothing had been."""
    days, punches = shown(hadir, SOLUTION_DAY), hadir.punches()
    supervisor = hadir.supervisor
    processes = [supervisor, *supervisor.children(recursive=True)]
    assert len(processes) >= 2 + len(MEASURED) + 2
    for process in processes:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=20)
    assert hadir.left() == []
    hadir.run("up")
    assert shown(hadir, SOLUTION_DAY) == days
    assert hadir.punches() == punches
    arrives(hadir, "2026-05-07", pin=2)
    assert shown(hadir, SOLUTION_DAY) == days


def arrives(hadir: Hadir, day: str, pin: int) -> None:
    """A punch imported now is judged: the whole road works."""
    file = hadir.folder / f"{day}.dat"
    file.write_text(f"{pin}\t{day} 07:45:00\t1\t0\t0\n")
    assert shown(hadir, day)[name(MADE, pin)] == UNMEASURED
    take(hadir, MADE.serial, file)
    expected = ("present", 0, "07:45:00", "")
    wait_until(
        lambda: shown(hadir, day)[name(MADE, pin)] == expected, timeout_s=60, what=f"the punch of {day} is judged"
    )
