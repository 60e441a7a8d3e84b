"""The command line as a person meets it: help that loads nothing, errors of one line, text that is shown as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hadir import queries
from hadir.cli import VERBS, main, show
from hadir.stack.waiting import free_ports

HEAVY = ("aiokafka", "faust", "clickhouse_connect", "aiohttp", "chdb", "rich")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``hadir ARGUMENTS`` as a process, with no variable of the one who runs the tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HADIR_")} | environment
    code = "from hadir.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """The environment of a hadir that is not up."""
    kafka, clickhouse = free_ports(2)
    return {
        "HADIR_DATA": str(tmp_path / "data"),
        "HADIR_KAFKA": f"127.0.0.1:{kafka}",
        "HADIR_CLICKHOUSE": f"http://127.0.0.1:{clickhouse}",
    }


def test_help_loads_neither_kafka_nor_clickhouse() -> None:
    """The list of verbs is there at once: no verb's module is imported for it."""
    code = (
        "import sys\nfrom hadir.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(f"  {name}" in done.stdout for name in VERBS)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_short_help_of_a_verb_begins_what_its_help_says(name: str) -> None:
    """Every verb loads, has a help of its own, and a line in the list that is not cut off."""
    command = main.get_command(main.make_context("hadir", [], resilient_parsing=True), name)
    assert command is not None
    assert command.name == name
    assert command.help
    short = VERBS[name].short
    assert short.endswith(".")
    assert len(short) <= 62, "one line of an 80 column screen"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["day", "2026-11-23"], "ClickHouse does not answer at http://127.0.0.1:{port}: is hadir up?"),
        (["explain", "Siti", "2026-11-23"], "ClickHouse does not answer at http://127.0.0.1:{port}: is hadir up?"),
        (["dead-letters"], "ClickHouse does not answer at http://127.0.0.1:{port}: is hadir up?"),
    ],
)
def test_clickhouse_that_is_not_there_is_told_in_one_line(
    arguments: list[str], told: str, nowhere: dict[str, str]
) -> None:
    """No trace and nothing from a library's log."""
    done = run(*arguments, **nowhere)
    port = nowhere["HADIR_CLICKHOUSE"].rsplit(":", 1)[1]
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {told.format(port=port)}\n")


@pytest.mark.parametrize("verb", ["import", "roster"])
def test_kafka_that_is_not_there_is_told_in_one_line(verb: str, nowhere: dict[str, str], tmp_path: Path) -> None:
    """Both imports; nothing is half done."""
    (tmp_path / "attlog.dat").write_text("1\t2026-11-23 07:00:00\t1\t0\t0\n")
    file = str(tmp_path / "attlog.dat")
    arguments = {"import": ["--device", "A1", "--timezone", "Asia/Jakarta", file], "roster": ["import", str(tmp_path)]}
    done = run(verb, *arguments[verb], **nowhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: Kafka does not answer at {nowhere['HADIR_KAFKA']}: is hadir up?\n"


def test_status_of_what_is_not_up_says_so_part_by_part(nowhere: dict[str, str]) -> None:
    """Each part by itself: one server that is down does not hide the others."""
    done = run("status", **nowhere)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "not up on this machine (no supervisor)",
        f"Kafka does not answer at {nowhere['HADIR_KAFKA']}",
        f"ClickHouse does not answer at {nowhere['HADIR_CLICKHOUSE']}",
    ]


def test_down_of_what_is_not_up_is_no_error(nowhere: dict[str, str]) -> None:
    """A script may always say it."""
    done = run("down", **nowhere)
    assert (done.returncode, done.stdout, done.stderr) == (0, "was not up\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["day", "23-11-2026"], "23-11-2026 is no date: YYYY-MM-DD"),
        (["day", "2026-02-30"], "2026-02-30 is no date: YYYY-MM-DD"),
        (["explain", "Siti", "yesterday"], "yesterday is no date: YYYY-MM-DD"),
        (["explain", "Siti"], "Missing argument 'DATE'"),
        (["dead-letters", "--limit", "0"], "0 is not in the range x>=1"),
        (["demo", "--people", "159"], "159 is not in the range x>=160"),
        (["demo", "--terminals", "15"], "15 is not in the range x>=16"),
        (["demo", "--rate", "0"], "0.0 is not in the range x>=1"),
        (["import", "--device", "A1", "nowhere.dat"], "File 'nowhere.dat' does not exist"),
        (["roster", "import", "nowhere"], "Directory 'nowhere' does not exist"),
        (["rooster"], "No such command 'rooster'"),
    ],
)
def test_what_was_typed_wrong_is_a_usage_error(arguments: list[str], told: str) -> None:
    """Exit code 2, what is wrong, and no trace."""
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 2
    assert told in outcome.output


def test_wrong_setting_is_told_in_one_line() -> None:
    """By its name, not its value."""
    done = run("day", "2026-11-23", HADIR_PARTITIONS="plenty")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: settings: HADIR_PARTITIONS: ")
    assert "plenty" not in done.stderr


class NoClient:
    """Stands for ClickHouse where ``queries`` is replaced."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Rows that ``hadir day`` shows; the test fills them in."""
    rows: list[dict[str, Any]] = []
    monkeypatch.setattr(show, "connected", NoClient)
    monkeypatch.setattr(queries, "day", lambda client, day, unit: rows)
    return rows


def test_names_with_brackets_are_shown_as_they_are(answers: list[dict[str, Any]]) -> None:
    """What stands in brackets is no colour, and a pipe cuts nothing off."""
    number = "197503152000031002"
    answers.append(
        {
            "unit_name": "SDN 3 [lama] Kecamatan Prajurit Kulon",
            "name": "Siti [/b] Contoh, S.Pd., M.Pd. [bold]",
            "staff_no": number,
            "state": "undetermined",
            "reason": "terminal_incomplete",
            "in_time": "",
            "out_time": "",
            "missing": [{"name": "Pintu [2]", "silent_since": "2026-11-23 06:41", "delivered_through": ""}],
        }
    )
    outcome = CliRunner().invoke(main, ["day", "2026-11-23", "--people"])
    assert outcome.exit_code == 0, outcome.output
    for text in ("SDN 3 [lama]", "Siti [/b] Contoh", "[bold]", number, "mesin Pintu [2] tidak terhubung sejak"):
        assert text in outcome.output


def test_unit_that_nobody_knows_is_named(answers: list[dict[str, Any]]) -> None:
    """Nothing to show: the date and the unit are said, because one of them was mistyped."""
    outcome = CliRunner().invoke(main, ["day", "2026-11-23", "--unit", "dinas-x"])
    assert outcome.output.startswith("Nothing is known of 2026-11-23 in dinas-x: ")


@pytest.mark.parametrize("found", [0, 2])
def test_explain_wants_exactly_one_person(found: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several the numbers are listed, to be asked for by number; nobody is guessed."""
    people = [
        {"staff_no": f"19010101202001200{n}", "name": f"Siti Contoh {n}", "employee_id": "x"} for n in range(found)
    ]
    monkeypatch.setattr(show, "connected", NoClient)
    monkeypatch.setattr(queries, "find_people", lambda client, text: people)
    outcome = CliRunner().invoke(main, ["explain", "Siti", "2026-11-23"])
    assert outcome.exit_code == 1
    assert outcome.output.splitlines()[-1] == f"Error: {found} people match Siti"
    assert all(person["staff_no"] in outcome.output for person in people)


def test_explain_says_when_punches_were_received(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the date: a file imported months later is no punch of that morning."""
    person = {"staff_no": "190101012020012001", "name": "Siti Contoh", "employee_id": "x"}
    at = datetime(2026, 5, 5, 7, 41, 10, tzinfo=UTC)
    punch = {"device_id": "A1", "device_time": at, "received_at": datetime(2026, 11, 23, 8, 40, tzinfo=UTC)}
    day = {
        "state": "present",
        "in_time": "07:41:10",
        "unit_name": "U",
        "unit_mode": "in_force",
        "shift_id": "",
        "open_until": "",
        "missing": [],
        "punches": [{"device_id": "A1", "device_time": at, "used_as": "in"}],
    }
    monkeypatch.setattr(show, "connected", NoClient)
    monkeypatch.setattr(queries, "find_people", lambda client, text: [person])
    why = queries.Explanation(day, None, [], [punch], [], None)
    monkeypatch.setattr(queries, "explain", lambda client, who, date: why)
    outcome = CliRunner().invoke(main, ["explain", "Siti", "2026-05-05"])
    assert outcome.exit_code == 0, outcome.output
    (line,) = [line for line in outcome.output.splitlines() if "A1" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "A1",
        "2026-05-05 07:41:10",
        "2026-11-23 08:40:00",
        "in",
    ]


def test_explain_shows_where_the_phone_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows and sums in the unit's time; a gap is called not known, never absent."""
    person = {"staff_no": "190101012020012001", "name": "Siti Contoh", "employee_id": "x"}
    day = {
        "state": "off", "unit_name": "U", "unit_mode": "in_force", "shift_id": "", "open_until": "", "missing": [],
        "punches": [], "reason": "day_off",
    }  # fmt: skip
    at = [datetime(2026, 11, 23, hour, 30, tzinfo=UTC) for hour in (0, 2, 3)]
    stay = {
        "timezone": "Asia/Makassar", "complete": False, "until_at": at[2], "pings": 25, "inside_m": 120.0,
        "outside_m": 0.0, "unknown_m": 60.0,
        "windows": [
            {"from_at": at[0], "to_at": at[1], "place": "inside"},
            {"from_at": at[1], "to_at": at[2], "place": "unknown"},
        ],
    }  # fmt: skip
    monkeypatch.setattr(show, "connected", NoClient)
    monkeypatch.setattr(queries, "find_people", lambda client, text: [person])
    monkeypatch.setattr(queries, "explain", lambda *asked: queries.Explanation(day, None, [], [], [], stay))
    outcome = CliRunner().invoke(main, ["explain", "Siti", "2026-11-23"])
    assert outcome.exit_code == 0, outcome.output
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in outcome.output.splitlines()]
    assert ["08:30:00", "10:30:00", "Di tempat kerja"] in cells
    assert ["10:30:00", "11:30:00", "Tidak diketahui"] in cells
    sums = "Di tempat kerja 120 min, Di luar 0 min, Tidak diketahui 60 min, so far until 11:30; 25 minutes with a ping"
    assert sums in outcome.output
