"""
Given rows, a question, the expected answer: one file a case in ``views/<view>/``.

A case is a comment with the truth it checks, INSERTs, a line ``-- ask``, one SELECT, a line ``-- expect``, and the
answer as tab-separated values.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hadir.migrate import Migration, read_views
from schemas.registry import HERE
from tests.clickhouse.fixtures import Tables

FOLDER = Path(__file__).parent / "views"
CASES = sorted(FOLDER.glob("*/*.sql"))


@pytest.mark.clickhouse
@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_view_answers_as_expected(tables: Tables, case: Path) -> None:
    """See the case's first line."""
    given, rest = case.read_text().split("-- ask\n")
    ask, expect = rest.split("-- expect\n")
    for statement in Migration(0, case.name, given).statements():
        tables.run(statement)
    try:
        assert tables.client.raw_query(ask, fmt="TSV").decode() == expect
    finally:
        tables.run("ALTER TABLE epoch DELETE WHERE since > '2098-01-01' SETTINGS mutations_sync = 2")


@pytest.mark.parametrize("view", [name for name, _ in read_views()])
def test_every_view_has_a_case(view: str) -> None:
    """A view without a case is a view nobody checked."""
    assert list((FOLDER / view).glob("*.sql")), f"write tests/clickhouse/views/{view}/<truth>.sql"


def test_every_state_is_counted_in_exactly_one_column() -> None:
    """The states that the schema of `attendance` names are those that v_office_day counts."""
    schema = json.loads((HERE / "derived/attendance.avsc").read_text())
    (doc,) = [field["doc"] for field in schema["fields"] if field["name"] == "state"]
    text = dict(read_views())["v_office_day"]
    for state in doc.replace("`", "").rstrip(".").split(", "):
        assert text.count(f"'{state}'") == 1 + (state == "undetermined"), state
