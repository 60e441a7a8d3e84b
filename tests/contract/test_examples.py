"""Golden examples: what was once written is read for ever, and an accidental change of the encoding is seen."""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import fastavro
import pytest

from hadir.errors import InvalidFact
from schemas import codec
from schemas.registry import Schema, by_id, by_name
from tests.contract.examples import FOLDER, Example, examples

EXAMPLES = examples()
USED = sorted(name for name, schema in by_name().items() if schema.id)
every = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.name}/{e.case}")
ADD = "add schemas/examples/{}/*.json (two or three), then python -m tests.contract.examples"


def test_every_used_schema_has_examples_and_nothing_else_has() -> None:
    """Two or three each; a draft has none, it may still change."""
    counts = {name: sum(e.name == name for e in EXAMPLES) for name in USED}
    assert [ADD.format(name) for name, count in counts.items() if not 2 <= count <= 3] == []
    assert {path.name for path in FOLDER.iterdir()} == set(USED)


@every
def test_example_is_encoded_as_ever(example: Example) -> None:
    """To the byte: another encoding would be another key, another digest, another record."""
    assert example.about.endswith(".")
    today = by_name()[example.name].id
    assert today in example.bytes, "run python -m tests.contract.examples"
    assert codec.encode(example.name, example.record) == example.bytes[today]


@every
def test_bytes_of_every_version_are_read(example: Example) -> None:
    """Today's as they were; older ones with today's defaults for fields that they do not have."""
    for number, value in example.bytes.items():
        written = {field["name"] for field in by_id()[number].source["fields"]}
        defaults = {f["name"]: f["default"] for f in by_name()[example.name].source["fields"] if "default" in f}
        expected = {field: known if field in written else defaults[field] for field, known in example.record.items()}
        assert codec.decode(value) == (example.name, expected)


@every
def test_surplus_and_missing_bytes_are_refused(example: Example) -> None:
    """A byte too many and every truncation end as InvalidFact, as does a record without its last field."""
    value = codec.encode(example.name, example.record)
    for end in range(len(value)):
        with pytest.raises(InvalidFact):
            codec.decode(value[:end])
    with pytest.raises(InvalidFact, match="1 surplus bytes"):
        codec.decode(value + b"\0")
    short = dict(list(example.record.items())[:-1])
    with pytest.raises(InvalidFact):
        codec.encode(example.name, short)
    with pytest.raises(InvalidFact):
        codec.encode(example.name, example.record | {"no_such_field": 1})


def test_every_null_and_every_choice_has_an_example() -> None:
    """
    What may be null is null in one example and filled in another; every symbol of an enum and both truths stand.

    ``void`` is the same field in all of reference: one withdrawn record is enough.
    """
    seen: dict[str, set[Any]] = defaultdict(set)
    wanted: dict[str, set[Any]] = {}

    def look(path: str, fields: list[dict[str, Any]], record: dict[str, Any]) -> None:
        assert [field["name"] for field in fields] == list(record), f"{path}: fields in the schema's order"
        for field in fields:
            name, kind, value = f"{path}.{field['name']}", field["type"], record[field["name"]]
            if isinstance(kind, list):
                wanted[name] = {True, False}
                seen[name].add(value is None)
            elif kind == "boolean":
                name = "void" if field["name"] == "void" else name
                wanted[name] = {True, False}
                seen[name].add(value)
            elif isinstance(kind, dict) and kind["type"] == "enum":
                wanted[name] = set(kind["symbols"])
                seen[name].add(value)
            elif isinstance(kind, dict) and kind["type"] == "array":
                wanted[name] = {0, 1}
                seen[name].add(min(len(value), 1))
                if isinstance(kind["items"], dict):
                    for item in value:
                        look(name, kind["items"]["fields"], item)

    for example in EXAMPLES:
        look(example.name, by_name()[example.name].source["fields"], example.record)
    assert {name: wanted[name] - seen[name] for name in wanted if wanted[name] - seen[name]} == {}


def test_nobody_in_the_examples_is_real() -> None:
    """Names say that they are made; numbers are of people born in 1901 or have no such region."""
    for example in EXAMPLES:
        if example.name == "person":
            assert "Contoh" in example.record["name"]
            assert example.record["staff_no"].startswith(("190101", "350000"))


def as_read(schema: dict[str, Any], value: Any) -> Any:
    """A value of ours as a reader with logical types gives it: aware datetimes and dates."""
    if isinstance(schema, list):
        return None if value is None else as_read(next(kind for kind in schema if kind != "null"), value)
    if isinstance(schema, dict):
        if schema.get("logicalType") == "timestamp-millis":
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
        if schema.get("logicalType") == "date":
            return date(1970, 1, 1) + timedelta(days=value)
        if schema["type"] == "record":
            return {field["name"]: as_read(field["type"], value[field["name"]]) for field in schema["fields"]}
        if schema["type"] == "array":
            return [as_read(schema["items"], item) for item in value]
    return value


@pytest.mark.parametrize("name", USED)
def test_container_holds_records_as_they_lie_in_the_log(name: str) -> None:
    """Bodies put together undecoded, with fields added, are an Avro file that any reader takes, types and all."""
    schema: Schema = by_name()[name]
    chosen = [example for example in EXAMPLES if example.name == name]
    offsets = [0, 2**40, -1][: len(chosen)]
    bodies = [
        e.bytes[schema.id][codec.HEADER :] + codec.long_bytes(offset) for e, offset in zip(chosen, offsets, strict=True)
    ]
    extra = [{"name": "_offset", "type": "long"}]
    whole = codec.container(schema, bodies, extra)
    assert whole == codec.container_head(schema, extra) + codec.block(bodies)
    found = list(fastavro.reader(io.BytesIO(whole)))
    expected = [as_read(schema.source, e.record) | {"_offset": o} for e, o in zip(chosen, offsets, strict=True)]
    assert found == expected
    twice = codec.container_head(schema, extra) + codec.block(bodies[:1]) + codec.block(bodies[1:])
    assert list(fastavro.reader(io.BytesIO(twice))) == expected
