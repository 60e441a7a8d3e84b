"""
Every query of every panel, variable and alert rule is run, on a ClickHouse with a morning in it, as Grafana would.

What is walked are the committed files, the ones that Grafana reads; a test holds them to the code that makes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from grafana.boards import BOARDS, COUNTS, TODAY
from grafana.files import HERE, behind
from grafana.flag_sql import evidence_sql
from grafana.query import TYPE, UID
from grafana.rules import RULES, RUNBOOK
from hadir import clock
from hadir.migrate import read_views
from tests.clickhouse.fixtures import Tables
from tests.grafana.macros import expand
from tests.wall.conftest import NAMES, Served, flag_id
from wall.board import totals

NUMBERS = re.compile(r"^(Nullable\()?(U?Int|Float|Decimal)")
TIMES = re.compile(r"^(Nullable\()?DateTime")
VARIABLES = {"unit": "U1"}


class Asked(NamedTuple):
    """A query, where it stands, and what kind of panel draws its answer."""

    place: str
    kind: str
    sql: str


def dashboards() -> dict[str, dict[str, Any]]:
    """As committed, by file name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "dashboards").glob("*.json"))}


def rules() -> list[dict[str, Any]]:
    """As committed."""
    found = yaml.safe_load((HERE / "provisioning" / "alerting" / "hadir.yaml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def asked() -> Iterator[Asked]:
    """Everything that Grafana will ask."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield Asked(f"{name}/{panel['title']}", panel["type"], target["rawSql"])
        for variable in board.get("templating", {}).get("list", []):
            yield Asked(f"{name}/${variable['name']}", "variable", variable["query"])
    for rule in rules():
        yield Asked(f"rule/{rule['uid']}", "rule", rule["data"][0]["model"]["rawSql"])


def answer(tables: Tables, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Types of the columns, and the rows."""
    now = clock.system_ms() // 1000
    text = expand(sql, now - 3 * 3600, now, 15, VARIABLES)
    return [row[1] for row in tables.rows(f"DESCRIBE TABLE ({text})")], tables.rows(text)


def test_files_are_what_the_code_makes() -> None:
    """Run ``python -m grafana`` after a change."""
    assert behind() == []


@pytest.mark.clickhouse
@pytest.mark.parametrize("one", list(asked()), ids=lambda one: one.place)
def test_every_query_runs_and_has_the_shape_its_panel_needs(morning: Tables, one: Asked) -> None:
    """One number for a stat; a time first and numbers behind it for lines; a rule one number and labels."""
    types, rows = answer(morning, one.sql)
    if one.kind == "stat":
        assert len(rows) == 1
        assert [bool(NUMBERS.match(kind)) for kind in types] == [True]
    elif one.kind == "timeseries":
        assert TIMES.match(types[0])
        assert all(NUMBERS.match(kind) for kind in types[1:])
    elif one.kind == "rule":
        assert sum(bool(NUMBERS.match(kind)) for kind in types) == 1
        assert all("String" in kind for kind in types if not NUMBERS.match(kind))
    elif one.kind == "variable":
        assert len(types) == 2
        assert ("U1", "Dinas Satu") in rows
    else:
        assert one.kind == "table"


@pytest.mark.clickhouse
def test_rules_fire_and_stay_quiet(morning: Tables) -> None:
    """An instance for each office and terminal that deserves it, none for the others; the sink is not behind."""
    fired = {rule["uid"]: answer(morning, rule["data"][0]["model"]["rawSql"])[1] for rule in rules()}
    limits = {rule["uid"]: rule["data"][1]["model"]["conditions"][0]["evaluator"]["params"][0] for rule in rules()}
    above = {
        uid: [row for row in rows if next(v for v in row if isinstance(v, float)) > limits[uid]]
        for uid, rows in fired.items()
    }
    assert [row[:2] for row in above["hadir-absent-at-cutoff"]] == [("U2", "Badan Dua")]
    assert [row[2] for row in above["hadir-terminal-silent"]] == ["D2"]
    assert above["hadir-pipeline-behind"] == []
    assert above["hadir-dead-letters"] == []
    morning.run("INSERT INTO dead_letter (failed_at, stage, reason, topic) VALUES (now64(3), 'route', 'broken', 't')")
    morning.run("TRUNCATE TABLE sink_offset")
    morning.run(
        "INSERT INTO sink_offset (topic, partition, offset, written_at)"
        " VALUES ('t', 0, 1, now64(3) - INTERVAL 9 MINUTE)"
    )
    assert answer(morning, RULES[3].sql)[1] == [("route", 1.0)]
    ((_, age),) = answer(morning, RULES[2].sql)[1]
    assert age > RULES[2].above


@pytest.mark.clickhouse
async def test_wall_and_dashboard_say_the_same(served: Served) -> None:
    """The sums of the wall's tiles are the numbers of Grafana's wall, one by one; so are the offices."""
    assert served.source.board is not None
    tiles = served.source.board.tiles
    said = totals(tiles.values())
    board = dashboards()["wall"]
    shown = {
        p["title"]: answer(served.tables, p["targets"][0]["rawSql"])[1][0][0] for p in board["panels"][: len(COUNTS)]
    }
    expected = {title: sum(said[part] for part in count.split(" + ")) for title, count, _, _ in COUNTS}
    assert shown == expected
    _, rows = answer(served.tables, board["panels"][len(COUNTS)]["targets"][0]["rawSql"])
    assert {row[0]: row[2] for row in rows} == {unit: tile["wajib"] for unit, tile in tiles.items()}


@pytest.mark.clickhouse
def test_office_dashboard_shows_everybody_with_a_word(morning: Tables) -> None:
    """Each person once, with what the wall would say in short; never a code."""
    (panel,) = [p for p in dashboards()["office"]["panels"] if p["type"] == "table"]
    _, rows = answer(morning, panel["targets"][0]["rawSql"])
    assert {row[0] for row in rows} == {name for name in NAMES.values() if name.startswith(("Budi", "Ani"))}
    assert [row[1] for row in rows] == ["Terlambat 2 menit (07.31)", "Cuti/sakit/izin"]


@pytest.mark.clickhouse
def test_flags_are_listed_in_words_without_names_and_places(morning: Tables) -> None:
    """What is open, in the unit's time; neither who, nor who else, nor where; as many as are counted."""
    panels = {panel["title"] + "/" + panel["type"]: panel for panel in dashboards()["flags"]["panels"]}
    _, rows = answer(morning, panels["Untuk diperiksa/table"]["targets"][0]["rawSql"])
    assert [row[:4] for row in rows] == [
        ("2026-11-23", "Badan Dua", "Ponsel atau foto juga dipakai pegawai lain", 1),
        ("2026-11-23", "Dinas Satu", "Ponsel menyebut lokasinya tiruan", 1),
        ("2026-11-23", "Dinas Satu", "Ponsel atau foto juga dipakai pegawai lain", 1),
    ]
    assert [row[4] for row in rows[:2]] == [
        "foto yang sama; juga dipakai 2 pegawai lain",
        "lokasi disebut tiruan selama 4 menit; lokasi diterima selama 9 menit; antara 07.11 dan 07.14",
    ]
    assert rows[1][5] == str(flag_id(1))
    shown = [p["targets"][0]["rawSql"] for title, p in panels.items() if title.endswith("/stat")]
    assert [answer(morning, sql)[1] for sql in shown] == [[(3,)], [(0,)], [(1,)]]
    ((travelled,),) = morning.rows(f"SELECT {evidence_sql()} FROM v_flag WHERE rule = 'impossible_travel'")
    assert travelled == (
        "sedikitnya 72,5 km dengan 435 km/jam; dari pukul 07.11 menurut mesin; ke pukul 07.21 menurut ponsel"
    )
    text = str(rows) + travelled
    assert not any(name in text for name in NAMES.values())
    assert not any(str(who) in text for who in NAMES)
    assert "112." not in text


@pytest.mark.clickhouse
def test_flags_over_time_count_each_once(morning: Tables) -> None:
    """By rule, and by whether they were decided: the same sum."""
    for panel in (p for p in dashboards()["flags"]["panels"] if p["type"] == "timeseries"):
        sql = panel["targets"][0]["rawSql"].replace("$__dateFilter(work_date)", "work_date = '2026-11-23'")
        ((_, *counts),) = morning.rows(sql)
        assert sum(counts) == 4, panel["title"]


def test_queries_read_views_only() -> None:
    """A table's duplicates never show, and rights can be given on views."""
    views = {name for name, _ in read_views()}
    for one in asked():
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)", one.sql))
        assert read, one.place
        assert read <= views, one.place


def test_every_panel_says_what_it_is_and_where_it_asks() -> None:
    """Title, description, our data source; no two at one place; ids of dashboards are unique and stay."""
    found = dashboards()
    assert set(found) == {board.__name__ for board in BOARDS}
    assert sorted(board["uid"] for board in found.values()) == [
        "hadir-flags",
        "hadir-office",
        "hadir-pipeline",
        "hadir-terminals",
        "hadir-wall",
    ]
    for board in found.values():
        places = [tuple(panel["gridPos"][k] for k in "xywh") for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert all(x + w <= 24 for x, _, w, _ in places)
        assert not board.get("editable")
        for panel in board["panels"]:
            assert panel["title"]
            assert panel["description"]
            assert panel["datasource"] == {"type": TYPE, "uid": UID}
            assert all(target["datasource"] == {"type": TYPE, "uid": UID} for target in panel["targets"])


def test_source_is_provisioned_under_the_id_that_panels_use() -> None:
    """And its password is a variable."""
    (source,) = yaml.safe_load((HERE / "provisioning" / "datasources" / "hadir.yaml").read_text())["datasources"]
    assert (source["uid"], source["type"]) == (UID, TYPE)
    assert source["secureJsonData"]["password"].startswith("$HADIR_")


def test_every_rule_has_its_place_in_the_runbook() -> None:
    """Whoever is woken by it reads there what to do."""
    text = (Path(HERE).parent / RUNBOOK).read_text()
    for rule in rules():
        assert f"## {rule['uid']}\n" in text
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{rule['uid']}"


def test_today_is_the_datas_own() -> None:
    """No dashboard asks the server's clock which day it is: a replayed day is today too."""
    boards = {name: text for name, text in ((p.stem, p.read_text()) for p in (HERE / "dashboards").glob("*.json"))}
    assert not any("today()" in text or "toDate(now" in text for text in boards.values())
    assert TODAY in boards["wall"]
