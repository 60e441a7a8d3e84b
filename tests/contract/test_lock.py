"""The lock of ids: what may change, what may not, and which number a version gets. On made-up schemas."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import lock, registry

Source = dict[str, Any]


def field(name: str, kind: Any = "string", **more: Any) -> Source:
    """One field."""
    return {"name": name, "type": kind, "doc": "Made up.", **more}


def source(*fields: Source, name: str = "stamp", status: str = "used", identity: tuple[str, ...] = ("who",)) -> Source:
    """One schema."""
    return {
        "type": "record",
        "name": name,
        "namespace": "id.hadir.facts",
        "doc": "Made up.",
        "hadir.status": status,
        "hadir.identity": list(identity),
        "fields": list(fields) or [field("who"), field("at", "long")],
    }


def entry(number: int, schema: Source) -> Source:
    """A version in the lock."""
    return {
        "id": number,
        "name": schema["name"],
        "folder": "facts",
        "fingerprint": registry.fingerprint(schema),
        "schema": schema,
    }


def planned(
    monkeypatch: pytest.MonkeyPatch, entries: list[Source], *files: Source
) -> tuple[list[tuple[int, str]], list[str]]:
    """What the lock would become of these files: (id, name) of each entry, and the faults."""
    monkeypatch.setattr(registry, "written", lambda: {f["name"]: ("facts", f) for f in files})
    result, faults = lock.plan(entries)
    assert result[: len(entries)] == entries, "no entry of the lock may move"
    return [(e["id"], e["name"]) for e in result], faults


BEFORE = source()


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        (source(field("who")), "stamp.at was removed and has no default"),
        (source(field("who"), field("at", "long"), field("why")), "stamp.why was added without a default"),
        (source(field("who"), field("at", "int")), "stamp.at changed its type"),
        (source(field("who"), field("at", ["null", "long"], default=None)), "stamp.at changed its type"),
        (
            source(field("who"), field("at", {"type": "long", "logicalType": "timestamp-millis"})),
            "stamp.at changed its type",
        ),
        (source(identity=("who", "at")), "stamp changed its identity"),
        (source(identity=()), "stamp changed its identity"),
        (source(status="draft"), "stamp is a draft again, though records of it exist"),
    ],
)
def test_change_that_breaks_a_reader_is_refused(monkeypatch: pytest.MonkeyPatch, after: Source, fault: str) -> None:
    """Either way: new code on old records, or old code on new ones."""
    _, faults = planned(monkeypatch, [entry(4, BEFORE)], after)
    assert faults == [fault]


def test_change_inside_a_nested_record_is_a_change_of_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """A symbol more, or a nested field more: those who do not know it can't read it."""
    kinds: list[tuple[Any, Any]] = [
        ({"type": "enum", "name": "e", "symbols": ["a"]}, {"type": "enum", "name": "e", "symbols": ["a", "b"]}),
        (
            {"type": "array", "items": {"type": "record", "name": "r", "fields": [field("x")]}},
            {"type": "array", "items": {"type": "record", "name": "r", "fields": [field("x"), field("y", default="")]}},
        ),
    ]
    for before, after in kinds:
        old, new = source(field("who"), field("which", before)), source(field("who"), field("which", after))
        assert planned(monkeypatch, [entry(1, old)], new)[1] == ["stamp.which changed its type"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, source(field("who"), field("at", "long"), field("why", default=""))),
        (source(field("who"), field("why", default="")), source(field("who"))),
        (BEFORE, source(field("at", "long"), field("who"))),
    ],
    ids=["a field with a default comes", "a field with a default goes", "another order"],
)
def test_compatible_change_gets_another_id(monkeypatch: pytest.MonkeyPatch, before: Source, after: Source) -> None:
    """The old version stays, with its id: records of it lie in logs."""
    assert planned(monkeypatch, [entry(4, before)], after) == ([(4, "stamp"), (5, "stamp")], [])


def test_all_older_versions_count_not_only_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that was taken away and comes back with another type meets records of the first version."""
    first = source(field("who"), field("why", "string", default=""))
    second = source(field("who"))
    third = source(field("who"), field("why", "int", default=0))
    assert planned(monkeypatch, [entry(1, first), entry(2, second)], third)[1] == ["stamp.why changed its type"]


def test_docs_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other words keep the id; the lock keeps the new words."""
    spoken = source(field("who") | {"doc": "Who it was."}, field("at", "long")) | {"doc": "A stamp."}
    monkeypatch.setattr(registry, "written", lambda: {"stamp": ("facts", spoken)})
    result, faults = lock.plan([entry(4, BEFORE)])
    assert ([e["id"] for e in result], faults) == ([4], [])
    assert result[0]["schema"] == spoken


def test_draft_has_no_id_until_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free to change before; from then on locked, with the next free number."""
    other = source(name="other")
    draft = source(field("anything", "int"), status="draft", identity=())
    assert planned(monkeypatch, [entry(7, other)], other, draft) == ([(7, "other")], [])
    assert planned(monkeypatch, [entry(7, other)], other, BEFORE) == ([(7, "other"), (8, "stamp")], [])


def test_id_is_never_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps stay gaps, new ids follow the highest, and a schema that goes back to an old form gets a new one."""
    longer = source(field("who"), field("at", "long"), field("why", default=""))
    old = [entry(3, BEFORE), entry(9, longer)]
    new = source(name="other")
    assert planned(monkeypatch, old, BEFORE, new) == ([(3, "stamp"), (9, "stamp"), (10, "stamp"), (11, "other")], [])


def test_locked_schema_must_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of it lie in logs; whose file is gone could not be read."""
    assert planned(monkeypatch, [entry(4, BEFORE)])[1] == ["stamp is locked but its file is gone"]


def test_committed_lock_is_sound_and_up_to_date() -> None:
    """No fault, nothing to add, ids of their own, and every fingerprint is that of the schema beside it."""
    entries = registry.locked()
    assert lock.plan(registry.locked()) == (entries, [])
    ids = [e["id"] for e in entries]
    assert ids == sorted(set(ids))
    assert min(ids) >= 1
    assert [e["name"] for e in entries if e["fingerprint"] != registry.fingerprint(e["schema"])] == []
