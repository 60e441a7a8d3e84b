"""Every schema says what it holds: valid Avro, a doc everywhere, units and zones where a number needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import fastavro
import pytest

from hadir.words import STATES
from schemas import registry

SCHEMAS = {name: source for name, (_, source) in registry.written().items()}
FOLDER_OF = {name: folder for name, (folder, _) in registry.written().items()}
every = pytest.mark.parametrize("name", sorted(SCHEMAS))
UNITS = (
    ("_s", r"\bseconds?\b"),
    ("_ms", r"\bmilliseconds\b"),
    ("_m", r"\bmetres\b"),
    ("_mps", r"\bmetres per second\b"),
)


def records(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every record in a schema, nested ones too, with the way to it."""
    if isinstance(node, list):
        for part in node:
            yield from records(part, path)
    elif isinstance(node, dict):
        if node["type"] == "record":
            yield path, node
            for field in node["fields"]:
                yield from records(field["type"], f"{path}.{field['name']}")
        for inside in ("items", "values"):
            yield from records(node.get(inside), path)


def fields(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema, nested ones too, by its full name."""
    for path, record in records(SCHEMAS[name], name):
        for field in record["fields"]:
            yield f"{path}.{field['name']}", field


def logical_type(field: dict[str, Any]) -> str | None:
    """Of the field, or of what it holds when it is not null."""
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return next((kind["logicalType"] for kind in kinds if isinstance(kind, dict) and "logicalType" in kind), None)


@every
def test_schema_is_valid_avro_of_its_folder(name: str) -> None:
    """fastavro takes it as it is written; its namespace says where it lies, its status whether code uses it."""
    fastavro.parse_schema(json.loads(json.dumps(SCHEMAS[name])), named_schemas={})
    assert SCHEMAS[name]["namespace"] == f"id.hadir.{FOLDER_OF[name]}"
    assert SCHEMAS[name]["hadir.status"] in ("draft", "used")


@every
def test_record_and_every_field_have_a_doc(name: str) -> None:
    """A sentence, with its full stop, also in nested records."""
    nodes = [*records(SCHEMAS[name], name), *fields(name)]
    assert {path for path, node in nodes if not str(node.get("doc", "")).strip().endswith(".")} == set()


@every
def test_moments_and_dates_say_their_zone(name: str) -> None:
    """A moment is UTC or says that its zone is unknown; a date is local."""
    wanted = {"timestamp-millis": r"\bUTC\b|zone unknown", "date": r"\b[Ll]ocal\b"}
    silent = {
        path: field["doc"]
        for path, field in fields(name)
        if (kind := logical_type(field)) is not None and not re.search(wanted[kind], field["doc"])
    }
    assert silent == {}


@every
def test_numbers_say_their_unit(name: str) -> None:
    """A name that ends in a unit's suffix has the unit in its doc."""
    silent = {
        path: field["doc"]
        for path, field in fields(name)
        for suffix, unit in UNITS
        if path.endswith(suffix) and not re.search(unit, field["doc"], re.IGNORECASE)
    }
    assert silent == {}


@every
def test_moments_end_in_at_and_dates_do_not(name: str) -> None:
    """``*_at`` is a moment, and every moment says so by its name but for these few."""
    others = {"at", "device_time", "silent_since", "delivered_through", "open_until"}
    for path, field in fields(name):
        last = path.rsplit(".", 1)[1]
        assert (logical_type(field) == "timestamp-millis") == (last.endswith("_at") or last in others), path


@every
def test_what_may_be_null_defaults_to_null(name: str) -> None:
    """Null stands first and is the default, so that a reader of older records has a value."""
    for path, field in fields(name):
        if isinstance(field["type"], list):
            assert field["type"][0] == "null", path
            assert "default" in field, path
            assert field["default"] is None, path


@every
def test_identity_names_fields_that_are_never_null(name: str) -> None:
    """What identifies a record is in it, always."""
    top = {field["name"]: field for field in SCHEMAS[name]["fields"]}
    for part in SCHEMAS[name].get("hadir.identity") or ():
        assert part in top
        assert not isinstance(top[part]["type"], list)


@pytest.mark.parametrize("name", sorted(name for name in SCHEMAS if FOLDER_OF[name] == "reference"))
def test_reference_offset_is_last_and_minus_one(name: str) -> None:
    """``distribute`` replaces the last byte of a reference record; ``person`` is no part of ``reference``."""
    last = SCHEMAS[name]["fields"][-1]
    if name == "person":
        assert "reference_offset" not in {field["name"] for field in SCHEMAS[name]["fields"]}
    else:
        assert (last["name"], last["type"], last.get("default")) == ("reference_offset", "long", -1)


def test_states_of_attendance_are_those_with_a_word() -> None:
    """The doc of ``state`` lists every state, and the screen has a word for each."""
    (doc,) = (field["doc"] for path, field in fields("attendance") if path == "attendance.state")
    assert set(re.findall(r"`(\w+)`", doc)) == set(STATES)
