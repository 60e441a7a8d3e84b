"""The written folders against docs/roster.md: its table of columns is the contract."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from producers.simulator.roster_files import write_change, write_roster
from schemas.limits import BOUNDS, defaults
from tests.simulator.cities import small

DOCS = Path(__file__).parents[2] / "docs" / "roster.md"
ALLOWED: Mapping[tuple[str, str], set[str]] = {
    ("units.csv", "kind"): {"office", "kecamatan", "school", "puskesmas", "hospital"},
    ("units.csv", "mode"): {"in_force", "trial", "not_in_force"},
    ("devices.csv", "protocol"): {"adms", "zk", "file"},
    ("people.csv", "category"): {"PNS", "CPNS", "PPPK", "PPPK_PW", "THL", "THLS"},
    ("shifts.csv", "observes_holidays"): {"yes", "no"},
    ("calendar.csv", "kind"): {"public", "cuti_bersama"},
    ("periods.csv", "state"): {"open", "closed"},
}


def documented() -> dict[str, list[str]]:
    """File -> columns, as docs/roster.md has them."""
    rows = re.findall(r"^\| `(\w+\.csv)` \| `([^`]+)`", DOCS.read_text(encoding="utf-8"), re.M)
    columns = {name: text.split(",") for name, text in rows}
    columns["periods.csv"] = ["period", "state"]
    return columns


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a file by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default city with a holiday in its calendar, written once."""
    folder = tmp_path_factory.mktemp("roster")
    write_roster(small(holiday="Hari Uji"), folder)
    return folder


def test_files_have_the_documented_columns(folder: Path) -> None:
    """Every documented file is there with exactly its columns, and nothing else."""
    columns = documented()
    assert {path.name for path in folder.iterdir()} == {*columns, "policy.toml"}
    for name, expected in columns.items():
        header = (folder / name).read_text(encoding="utf-8").splitlines()[0]
        assert [c for c in header.split(",") if c != "void"] == [c for c in expected if c != "void"], name


def test_files_hold_documented_values(folder: Path) -> None:
    """Enumerated columns hold only what is listed, dates are dates, times are HH:MM, no cell is missing."""
    for path in folder.glob("*.csv"):
        for row in read(path):
            assert None not in row
            assert None not in row.values()
            for column, value in row.items():
                allowed = ALLOWED.get((path.name, column))
                assert allowed is None or value in allowed, (path.name, column, value)
                if column in ("valid_from", "date") or (column == "valid_to" and value):
                    date.fromisoformat(value)
                if column in ("starts_at", "ends_at"):
                    assert re.fullmatch(r"[0-2]\d:[0-5]\d", value)
                if column == "timezone":
                    assert value == "Asia/Jakarta"


def test_files_refer_to_each_other(folder: Path) -> None:
    """Units, people, devices and shifts that a row names are listed; a schedule has one owner."""
    units = {r["unit_id"] for r in read(folder / "units.csv")}
    serials = {r["serial"] for r in read(folder / "devices.csv")}
    staff = {r["staff_no"] for r in read(folder / "people.csv")}
    shifts = {r["shift_id"] for r in read(folder / "shifts.csv")} | {""}
    for row in read(folder / "schedules.csv"):
        assert bool(row["unit_id"]) != bool(row["staff_no"])
        assert {row[d] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")} <= shifts
        assert row["unit_id"] in units or row["staff_no"] in staff
    for row in read(folder / "enrolments.csv"):
        assert row["serial"] in serials
        assert row["staff_no"] in staff
    assert {r["unit_id"] for r in read(folder / "devices.csv")} <= units
    assert {r["staff_no"] for r in read(folder / "leave.csv")} <= staff


def test_policy_and_calendar_say_what_the_city_says(folder: Path) -> None:
    """The policy's numbers and the holiday come through; a name with a comma stays one cell."""
    city = small(holiday="Hari Uji")
    policy = tomllib.loads((folder / "policy.toml").read_text(encoding="utf-8"))[city.policy.policy_id]
    assert (policy["grace_s"], policy["cutoff_after_s"], policy["wait_s"]) == (59, 60, 60)
    assert (policy["in_punch"], policy["papers_days"]) == ("first", 3)
    assert {name: policy[name] for name in BOUNDS} == defaults()
    assert read(folder / "calendar.csv") == [{"date": "2026-11-23", "name": "Hari Uji", "kind": "public"}]
    names = {person.name for person in city.people}
    assert any("," in name for name in names)
    assert {row["name"] for row in read(folder / "people.csv")} == names


def test_change_holds_the_later_enrolments_only(tmp_path: Path) -> None:
    """The folder for 08:00 is one file with the rows that the morning's folder does not have."""
    city = small()
    write_roster(city, tmp_path / "roster")
    write_change(city, tmp_path / "change")
    assert [path.name for path in (tmp_path / "change").iterdir()] == ["enrolments.csv"]
    rows = read(tmp_path / "change" / "enrolments.csv")
    assert [row["staff_no"] for row in rows] == [enrolment.staff_no for enrolment in city.later_enrolments]
    held = read(tmp_path / "roster" / "enrolments.csv")
    assert not [row for row in rows if row in held]
