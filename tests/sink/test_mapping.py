"""Every record type of every topic ends somewhere, or is excused by name."""

from __future__ import annotations

import itertools

import pytest

from schemas.topics import topics
from streams.sink.mapping import ADDED, EXCUSED, ROUTES, Route, faults, logs, topic_names, versions

CARRIED = [(log, schema) for log, topic in topics().items() for schema in (*topic.carries, *topic.copies)]
LISTED = [(entry.log, entry.schema) for entry in itertools.chain(ROUTES, EXCUSED)]


@pytest.mark.parametrize(("log", "schema"), CARRIED)
def test_routed_or_excused_every_carried_record(log: str, schema: str) -> None:
    """What a topic carries is in exactly one of the two lists."""
    count = LISTED.count((log, schema))
    assert count == 1, f"({log}, {schema}) is listed {count} times: put one line into ROUTES or EXCUSED of the mapping"


def test_nothing_listed_that_no_topic_carries() -> None:
    """A line for a record that cannot come is a line forgotten."""
    assert set(LISTED) <= set(CARRIED)


def test_excuses_say_why_and_tables_have_one_source() -> None:
    """A reason stands beside each excuse; no two record types share a table."""
    assert all(len(excuse.reason) > 10 for excuse in EXCUSED)
    assert len({route.table for route in ROUTES}) == len(ROUTES)


def test_logs_read_are_those_with_something_to_store() -> None:
    """The sink does not read logs whose records are all excused."""
    sources = {"reference", "person", "device_log", "dead_letter", "notice"}
    assert set(logs()) == sources | {"attribution", "attendance", "face_check", "position", "presence", "flag", "alert"}
    assert topic_names("e1")["hadir.attendance.e1"] == "attendance"
    assert topic_names("e1")["hadir.device_log"] == "device_log"


def test_faults_names_missing_table_and_missing_or_computed_column() -> None:
    """The text says what to add."""
    route = (Route("position", "position", "position"),)
    fields = [field["name"] for field in versions("position")[-1].source["fields"]]
    whole = {"position": dict.fromkeys([*fields, *ADDED], "")}
    assert faults(whole, route) == []
    assert faults({}, route) == ["table position is missing: run python -m hadir.migrate"]
    without = {"position": {name: "" for name in whole["position"] if name != "lat"}}
    assert faults(without, route) == ["position has no column lat: add it by a migration"]
    computed = {"position": whole["position"] | {"lat": "MATERIALIZED"}}
    assert faults(computed, route) == ["position.lat is computed and can't take the field of position"]
