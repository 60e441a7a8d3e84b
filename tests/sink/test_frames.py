"""Records are moved, not changed: what stands in a container is what was in the log, and where it was."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode
from schemas.registry import without_logical_types
from streams.sink.frames import EXTRA, MARK, Group, Lookup, Tails, lookups
from streams.sink.mapping import ADDED, ROUTES, topic_names, versions
from tests.sink import made

COLUMNS = {
    route.table: dict.fromkeys(
        [*ADDED, *(field["name"] for schema in versions(route.schema) for field in schema.source["fields"])], ""
    )
    for route in ROUTES
}
LOOKUPS = lookups(made.EPOCH, COLUMNS)
TOPICS = {log: topic for topic, log in topic_names(made.EPOCH).items()}


def sort(records: list[made.Record], lookup: Lookup) -> tuple[list[Group], list[tuple[int, str]]]:
    """Groups, and offset and reason of what no group takes; all records of one partition."""
    groups: dict[bytes, Group] = {}
    refused = Tails(records[0].partition).extend(lookup, records, groups)
    return list(groups.values()), [(item.record.offset, item.reason) for item in refused]


def read(group: Group) -> list[dict[str, Any]]:
    """The rows of a container as an Avro reader sees them."""
    return [dict(row) for row in fastavro.reader(io.BytesIO(group.container()))]  # type: ignore[arg-type]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.schema)
def test_container_holds_record_and_place_for_every_route(route: Any) -> None:
    """An ordinary Avro reader finds the record's fields, partition, offset, append time and mark."""
    value = made.value(route.schema)
    topic = TOPICS[route.log]
    (group,), refused = sort([made.record(topic, 3, 70, value), made.record(topic, 3, 71, value)], LOOKUPS[topic])
    assert refused == []
    assert group.target.table == route.table
    first, second = read(group)
    assert (first["_partition"], first["_offset"], second["_offset"]) == (3, 70, 71)
    assert int(first["_appended_at"].timestamp() * 1000) == made.APPENDED + 70
    assert first["_frame"] == second["_frame"] == MARK
    assert set(first) == set(decode(value)[1]) | set(ADDED)


@given(
    st.lists(
        st.tuples(st.integers(0, 200) | st.integers(0, 2**62), st.integers(-1, 2**44)),
        min_size=1,
        max_size=30,
        unique_by=lambda pair: pair[0],
    ),
    st.integers(0, 1023),
)
def test_places_are_exact_for_any_offset_and_time(places: list[tuple[int, int]], partition: int) -> None:
    """Whatever is kept from one record to the next, each carries its own offset and time."""
    topic, value = TOPICS["position"], made.value("position")
    records = [made.Record(topic, partition, offset, at, b"k", value) for offset, at in places]
    (group,), _ = sort(records, LOOKUPS[topic])
    source = group.target.schema.source
    plain = without_logical_types({**source, "fields": [*source["fields"], *EXTRA]})
    rows: list[Any] = [fastavro.schemaless_reader(io.BytesIO(body), plain, None) for body in group.bodies]
    assert [(row["_offset"], row["_appended_at"]) for row in rows] == places
    assert {(row["_partition"], row["_frame"]) for row in rows} == {(partition, MARK)}


def test_copy_is_passed_over_though_another_topic_stores_its_type() -> None:
    """A `device` in device_log is a copy; the same record in reference is stored."""
    value = made.value("device")
    assert sort([made.record(TOPICS["device_log"], 0, 0, value)], LOOKUPS[TOPICS["device_log"]]) == ([], [])
    (group,), _ = sort([made.record(TOPICS["reference"], 0, 0, value)], LOOKUPS[TOPICS["reference"]])
    assert group.target.table == "device"


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00", b"\x01\x00\x00\x00\x01x", b"\x00\x7f\xff\xff\xffx"])
def test_unroutable_without_a_known_frame(value: bytes | None) -> None:
    """What the first five bytes do not name is handed back, and does not hold up its neighbours."""
    topic = TOPICS["position"]
    sound = made.value("position")
    records = [made.record(topic, 0, 0, sound), made.record(topic, 0, 1, value), made.record(topic, 0, 2, sound)]
    (group,), refused = sort(records, LOOKUPS[topic])
    assert [offset for offset, _ in refused] == [1]
    assert [record.offset for record in group.records] == [0, 2]


def test_unroutable_of_another_log() -> None:
    """A ping has no business in `position`."""
    topic = TOPICS["position"]
    groups, refused = sort([made.record(topic, 0, 9, made.value("ping"))], LOOKUPS[topic])
    assert groups == []
    assert refused[0][0] == 9
