"""Users, grants and row policies of production, tried on ClickHouse's own engine: who sees what, and who does not."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import re
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from hadir import queries
from hadir.access import FILTERED, OPEN, condition, leader_file
from hadir.cli import main, readers
from hadir.migrate import bring_up, read_views
from hadir.settings import Settings
from streams.sink.clickhouse import ClickHouse
from streams.sink.erasure import Tombstone, erase
from tests.clickhouse.fixtures import Tables
from tests.production.access import ACCESS, clickhouse_as, grants, own_views, roles, users
from tests.wall.conftest import ANI, BUDI, CITRA, DAY, DEWI, fill_morning

VIEWS = {name for name, _ in read_views()}
ON = re.compile(r"GRANT SELECT(?:\(([a-z_, ]+)\))? ON hadir\.(v_[a-z_]+)")
NAMING = {"name", "staff_no", "recorded_by", "decided_by", "evidence", "in_device", "key", "value", "lat", "lon"}
"""Columns that name a person, or lead to one; ``name`` of a unit is none."""
READERS = ("wall", "grafana", "analyst", "kadinkes")
ROLES = {"analyst": "analyst", "kadinkes": "leader"}
"""Readers whose grants stand with a role."""
OWN = ["U1", "U11"]


def views_of(texts: list[str]) -> set[str]:
    """Views that these grants name; fails on a grant of anything else."""
    matches = [ON.fullmatch(text) for text in texts]
    assert all(matches), texts
    return {match[2] for match in matches if match}


def granted() -> dict[str, set[str]]:
    """Readers and roles, and the views of each."""
    found = {name: users()[name] for name in ("wall", "notify", "grafana")} | roles()
    return {name: views_of(grants(element)) for name, element in found.items()}


def test_every_grant_of_a_reader_is_of_a_view_that_exists() -> None:
    """No table, no whole database, no view that was renamed."""
    for name, views in granted().items():
        assert views <= VIEWS, name
    assert grants(users()["analyst"]) == ["GRANT analyst"]


def test_grafana_may_read_what_its_dashboards_and_rules_ask_and_nothing_else() -> None:
    """A view more would be a view for every member of Grafana's organisation."""
    folder = ACCESS.parents[1] / "grafana"
    files = [*(folder / "dashboards").glob("*.json"), folder / "provisioning" / "alerting" / "hadir.yaml"]
    asked = {view for path in files for view in re.findall(r"\bv_[a-z_]+\b", path.read_text())}
    assert granted()["grafana"] == asked & VIEWS
    assert asked <= VIEWS


@pytest.mark.parametrize("process", ["wall", "notify"])
def test_a_process_may_read_what_its_questions_name_and_nothing_else(process: str) -> None:
    """The questions are functions of hadir.queries; which of them the wall, or notify, asks stands in its code."""
    folder = ACCESS.parents[1] / process
    called = {name for path in folder.glob("*.py") for name in re.findall(r"\bqueries\.([a-z_]+)", path.read_text())}
    texts = [inspect.getsource(getattr(queries, name)) for name in called]
    asked = {view for text in texts for view in re.findall(r"\b(?:FROM|JOIN) (v_[a-z_]+)", text)}
    assert granted()[process] == asked


def test_every_view_of_a_leader_has_a_policy_or_an_excuse() -> None:
    """A view with people or terminals in it is filtered; the others are rules and names of offices."""
    assert granted()["leader"] == set(FILTERED) | set(OPEN)


@pytest.mark.parametrize("name", ["admin", "notify", "wall", "leader", "x", "Kadinkes", "a b", "kadinkes>", "../x", ""])
def test_a_leader_takes_no_name_of_hadirs_own_and_none_that_is_no_tag(name: str) -> None:
    """A file that replaced the user ``admin`` would be a way in."""
    with pytest.raises(ValueError, match="name"):
        leader_file(name, "p" * 20, ["U1"])


def test_a_leader_without_units_is_refused() -> None:
    """An empty list must not become a policy that shows everything."""
    with pytest.raises(ValueError, match="unit"):
        leader_file("kadinkes", "p" * 20, [])


@pytest.mark.clickhouse
@pytest.mark.parametrize("view", FILTERED)
def test_the_policy_as_a_where_shows_own_units_and_no_others(view: str, morning: Tables) -> None:
    """Each filtered view, with the very condition that the leader's file carries."""
    morning.run(
        "INSERT INTO attribution_history (device_id, pin, device_time, epoch, version, reason, received_at) VALUES"
        " ('D1', '7', '2026-11-23 07:00:00', 'e1', 1, 'no_enrolment', now64(3)),"
        " ('D3', '8', '2026-11-23 07:00:00', 'e1', 2, 'no_enrolment', now64(3))"
    )
    everything = morning.rows(f"SELECT * FROM {view} ORDER BY ALL")
    own = morning.rows(f"SELECT * FROM {view} WHERE {condition(OWN)} ORDER BY ALL")
    units = set(morning.rows(f"SELECT DISTINCT unit_id FROM {view} WHERE {condition(OWN)}"))
    assert own
    assert units <= {("U1",), ("U11",)}
    rest = morning.rows(f"SELECT * FROM {view} WHERE unit_id NOT IN ('U1', 'U11') ORDER BY ALL")
    assert rest, "a view without others' rows would prove nothing"
    assert len(own) + len(rest) == len(everything)


@pytest.mark.clickhouse
@pytest.mark.parametrize("unit", ["x') OR 1 --", "a\\", "it's", "\\') OR (1", 'Dinas "Satu" <&>'])
def test_a_unit_with_odd_letters_stays_one_unit(unit: str, tables: Tables, tmp_path: Path) -> None:
    """Ids come from roster files: none of them can open the policy, in SQL or in XML."""
    path = tmp_path / "leader-x.xml"
    path.write_text(leader_file("kadinkes", "p" * 20, [unit]))
    texts = {found.text for found in users(path)["kadinkes"].iter("filter")}
    assert texts == {condition([unit])}
    (text,) = texts
    listed = "['x', 'U2', {unit:String}]"
    rows = tables.client.query(
        f"SELECT unit_id FROM (SELECT arrayJoin({listed}) AS unit_id) WHERE {text}", parameters={"unit": unit}
    ).result_rows
    assert rows == [(unit,)]


@pytest.mark.clickhouse
def test_reader_command_writes_the_units_below_and_shows_the_password_once(
    morning: Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it prints is the file; the password goes to the screen alone, and is the one whose hash the file has."""
    monkeypatch.setattr(readers, "settings", lambda: morning.settings)
    done = CliRunner().invoke(main, ["reader", "kadinkes", "--unit", "U1"])
    assert done.exit_code == 0, done.output
    told = re.fullmatch(r"kadinkes, 2 units, password \(shown once\): (\S{32})\n", done.stderr)
    assert told is not None
    path = tmp_path / "leader-kadinkes.xml"
    path.write_text(done.stdout)
    leader = users(path)["kadinkes"]
    assert leader.findtext("password_sha256_hex") == hashlib.sha256(told[1].encode()).hexdigest()
    assert {(element.tag, element.findtext("filter")) for element in leader.find("databases/hadir") or ()} == {
        (view, "unit_id IN ('U1', 'U11')") for view in FILTERED
    }
    assert grants(leader) == ["GRANT leader"]
    assert leader.findtext("profile") == "reader"
    strange = CliRunner().invoke(main, ["reader", "kadinkes", "--unit", "U1", "--unit", "U9"])
    assert strange.exit_code == 1
    assert "U9" in strange.stderr
    assert strange.stdout == ""


class Answers(NamedTuple):
    """What a user was told: by question the rows, or the code with which ClickHouse refused."""

    rows: dict[str, list[tuple[Any, ...]]]
    refused: dict[str, int]


def ask(client: Client, questions: list[str]) -> Answers:
    """Each question on its own."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    refused: dict[str, int] = {}
    for question in questions:
        try:
            rows[question] = [tuple(row) for row in client.query(question).result_rows]
        except DatabaseError as error:
            found = re.search(r"[Cc]ode:? (\d+)", str(error))
            refused[question] = int(found[1]) if found else -1
    return Answers(rows, refused)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the user ``hadir`` of production has filled: migrations, views, a morning, an erasure."""
    data = tmp_path_factory.mktemp("production")
    with clickhouse_as(data, "hadir") as (settings, client):
        plan = bring_up(settings)
        assert set(plan.views) == VIEWS
        tables = Tables(settings)
        fill_morning(tables)
        erased = UUID(int=0xE)
        tables.run(f"INSERT INTO person (employee_id, staff_no, name, _offset) VALUES ('{erased}', '199', 'Eka', 1)")
        asyncio.run(_erase(settings, erased))
        assert tables.rows("SELECT count() FROM person WHERE name = 'Eka'") == [(0,)]
        assert bring_up(settings).migrations == [], "a second start changes nothing"
        own_views(client)
        made = "SELECT name, create_table_query FROM system.tables WHERE database = 'hadir' AND engine = 'View'"
        assert {view for view, text in tables.rows(made) if " DEFINER = hadir SQL SECURITY DEFINER " in text} == VIEWS
        for statement in ("DROP DATABASE hadir", "CREATE DATABASE other", "CREATE USER x", "SYSTEM SHUTDOWN"):
            assert ask(client, [statement]).refused[statement] == 497, statement
        tables.client.close()
    (data / "leader-kadinkes.xml").write_text(leader_file("kadinkes", "p" * 20, OWN))
    return data


async def _erase(settings: Settings, employee: UUID) -> None:
    sink = ClickHouse(settings)
    await sink.open()
    try:
        await erase(sink, [Tombstone(employee, 9)])
    finally:
        await sink.close()


@pytest.mark.clickhouse
@pytest.mark.parametrize("name", READERS)
def test_a_reader_reads_his_views_and_nothing_beside_them(name: str, production: Path) -> None:
    """Each granted view answers; every other view, every table, logs, writing and another's rights are refused."""
    mine = granted().get(name, granted()["leader"])
    leader = production / "leader-kadinkes.xml"
    with clickhouse_as(production, name, leader if name == "kadinkes" else None) as (_, client):
        given = grants({**users(), **roles()}[ROLES.get(name, name)])
        columns = {match[2]: match[1] or "*" for text in given if (match := ON.fullmatch(text))}
        answers = ask(client, [f"SELECT {columns[view]} FROM hadir.{view}" for view in sorted(mine)])
        assert answers.refused == {}
        tables = ("person", "attendance", "attendance_history", "punch", "enrolment", "dead_letter", "epoch", "device")
        others = [f"SELECT * FROM hadir.{other}" for other in (*sorted(VIEWS - mine), *tables)]
        wrong = [
            "INSERT INTO hadir.epoch (epoch, reason) VALUES ('x', 'y')",
            "ALTER TABLE hadir.person DELETE WHERE 1",
            "DROP VIEW hadir.v_person_day",
            "CREATE VIEW hadir.v_x AS SELECT 1",
            "SELECT * FROM merge('hadir', '^(person|punch)$')",
            "SELECT * FROM url('http://127.0.0.1:1/', LineAsString, 'x String')",
            "SELECT * FROM file('/etc/passwd', LineAsString, 'x String')",
            "SELECT * FROM system.query_log",
            "SET readonly = 0",
            "SET max_memory_usage = 100000000000",
        ]
        refused = ask(client, [*others, *wrong])
        assert refused.rows == {}
        assert {refused.refused[other] for other in others} == {497}
        visible = ask(client, ["SELECT name FROM system.tables WHERE database = 'hadir'"])
        assert {row[0] for rows in visible.rows.values() for row in rows} <= mine


@pytest.mark.clickhouse
def test_an_analyst_is_shown_no_column_that_names_a_person(production: Path) -> None:
    """By the columns that ClickHouse shows, and by the words in everything that can be read."""
    with clickhouse_as(production, "analyst") as (_, client):
        shown = client.query("SELECT table, name FROM system.columns WHERE database = 'hadir'").result_rows
        assert {(table, name) for table, name in shown if name in NAMING} == {("v_unit", "name")}
        readable: dict[str, list[str]] = {}
        for table, name in shown:
            readable.setdefault(table, []).append(name)
        assert readable.keys() == granted()["analyst"]
        words = ""
        for table, names in readable.items():
            words += str(
                client.query(f"SELECT {', '.join(f'`{name}`' for name in names)} FROM hadir.{table}").result_rows
            )
        assert str(BUDI) in words, "there is something to read"
        for name in ("Budi", "Ani", "Citra", "Dewi"):
            assert name not in words
        assert "mock_location" in words, "that there are signs may be counted"
        flags = {(table, name) for table, name in shown if table in ("v_flag", "v_decision")}
        assert flags & {("v_flag", "reason"), ("v_decision", "reason")} == set(), "free text may hold a name"


@pytest.mark.clickhouse
def test_grafana_is_shown_signs_without_the_person(production: Path) -> None:
    """Evidence by office and date; not whose it is, nor who decided what in which words."""
    with clickhouse_as(production, "grafana") as (_, client):
        shown = client.query(
            "SELECT name FROM system.columns WHERE database = 'hadir' AND table = 'v_flag'"
        ).result_rows
        assert {"evidence", "flag_id"} < {name for (name,) in shown}
        assert {"employee_id", "reason", "decided_by"} & {name for (name,) in shown} == set()
        asked = ask(client, ["SELECT employee_id FROM hadir.v_flag", "SELECT reason FROM hadir.v_flag"])
        assert set(asked.refused.values()) == {497}


@pytest.mark.clickhouse
def test_a_leader_sees_his_own_units_whatever_he_asks(production: Path) -> None:
    """Names of his people, of nobody else; counts of his offices; not by a join, a count, a subquery or a setting."""
    with clickhouse_as(production, "kadinkes", production / "leader-kadinkes.xml") as (_, client):
        people = client.query("SELECT employee_id, name FROM hadir.v_person_day ORDER BY employee_id").result_rows
        assert [who for who, _ in people] == [BUDI, ANI, CITRA]
        assert "Dewi <b>" not in str(people)
        for view in FILTERED:
            units = client.query(f"SELECT DISTINCT unit_id FROM hadir.{view}").result_rows
            assert {unit for (unit,) in units} <= set(OWN), view
        tricks = [
            "SELECT count() FROM hadir.v_person_day WHERE unit_id = 'U2'",
            f"SELECT count() FROM hadir.v_attendance WHERE employee_id = '{DEWI}'",
            "SELECT count() FROM hadir.v_unit AS u INNER JOIN hadir.v_person_day AS p ON p.unit_id = u.unit_id"
            " WHERE u.unit_id = 'U2'",
            "SELECT countIf(unit_id = 'U2') FROM (SELECT * FROM hadir.v_person_day)",
            "SELECT count() FROM hadir.v_office_day WHERE unit_id = 'U2' SETTINGS enable_analyzer = 0",
            "SELECT count() FROM merge('hadir', '^v_person_day$') WHERE unit_id = 'U2'",
            "SELECT count() FROM merge('hadir', '^v_(device|parked|office_day|attendance)$') WHERE unit_id = 'U2'",
            "SELECT count() FROM hadir.v_person_day WHERE unit_id = 'U2' SETTINGS optimize_move_to_prewhere = 0",
        ]
        answers = ask(client, tricks)
        assert len(answers.rows) >= 4
        assert {trick: rows for trick, rows in answers.rows.items() if rows != [(0,)]} == {}
        (row,) = client.query(f"SELECT sum(roster) FROM hadir.v_office_day WHERE work_date = '{DAY}'").result_rows
        assert row == (3,)
