"""What ``reference`` and ``person`` hold already, as small as a comparison allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from hadir.reading import Reader
from schemas.codec import decode, identity_key, schema_of
from schemas.registry import by_name
from schemas.topics import topics

NOTED = frozenset(("recorded_at", "recorded_by", "reference_offset"))  # at the writing: no part of the content

# Records of one subject that may not overlap in time, by the fields that name the subject.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "policy": (),
    "shift": ("shift_id",),
    "unit": ("unit_id",),
    "geofence": ("unit_id", "name"),
    "device": ("device_id",),
    "assignment": ("employee_id",),
    "schedule": ("unit_id", "employee_id"),
    "enrolment": ("device_id", "pin"),
    "phone": ("install_id",),
    "bearer": ("employee_id",),
}
ALSO = {"phone": "bearer"}
"""Records of one kind that may not overlap by another subject either: where a person is, one phone says at a time."""


class Span(NamedTuple):
    """Time that a record covers (days since 1970, both inclusive), its key, and its line in a file; 0: of the log."""

    first: int
    last: int | None
    key: bytes
    line: int


def content(name: str, record: Mapping[str, Any]) -> int:
    """64 bits over what a record says; the same within one process only."""
    return hash(tuple(record[f["name"]] for f in by_name()[name].source["fields"] if f["name"] not in NOTED))


class Token(NamedTuple):
    """Whose a token is, by its hash, and the line in a file that says so; 0: the log does."""

    sha256: str
    install_id: str
    employee_id: str
    line: int


class Known:
    """
    The newest content of every identity, and who is who.

    About 400 bytes a record and 300 a person: 200,000 people with three records each take some 300 MB.
    """

    def __init__(self) -> None:
        self.contents: dict[str, dict[bytes, int]] = {}
        self.withdrawn: set[bytes] = set()
        self.spans: dict[str, dict[Any, tuple[Span, ...]]] = {name: {} for name in SUBJECTS}
        self.tokens: dict[bytes, Token] = {}
        self.staff: dict[str, str] = {}
        self.people: dict[str, int] = {}

    async def load(self, reader: Reader) -> None:
        """Read both topics to their end. Raises InvalidFact for a broken frame, Misconfigured without the topics."""
        async for batch in reader.batches(topics()["person"].name("")):
            for entry in batch.entries:
                self._fold_person(entry.key, entry.value)
        async for batch in reader.batches(topics()["reference"].name("")):
            for entry in batch.entries:
                if schema_of(entry.value).name != "tick":
                    name, record = decode(entry.value)
                    self.note(name, record, entry.key or b"", 0)

    def _fold_person(self, key: bytes | None, value: bytes | None) -> None:
        employee_id = (key or b"").decode()
        if value is None:
            self.people.pop(employee_id, None)
            for staff_no in [s for s, e in self.staff.items() if e == employee_id]:
                del self.staff[staff_no]
            return
        _, record = decode(value)
        self.staff[record["staff_no"]] = employee_id
        self.people[employee_id] = content("person", record)

    def note(self, name: str, record: dict[str, Any], key: bytes, line: int) -> None:
        """Take a record as the newest of its identity: from the log (line 0) or, for checking, from a file."""
        if line == 0:
            self.contents.setdefault(name, {})[key] = content(name, record)
            if record["void"]:
                self.withdrawn.add(name.encode() + key)
            else:
                self.withdrawn.discard(name.encode() + key)
        if name == "phone":
            self.tokens.pop(key, None)
            if not record["void"]:
                self.tokens[key] = Token(record["token_sha256"], record["install_id"], record["employee_id"], line)
        for kind in (name, ALSO.get(name, name)):
            if kind in SUBJECTS:
                self._span(kind, record, key, line)

    def _span(self, kind: str, record: dict[str, Any], key: bytes, line: int) -> None:
        fields = SUBJECTS[kind]
        subject = record[fields[0]] if len(fields) == 1 else tuple(record[f] for f in fields)
        spans = tuple(s for s in self.spans[kind].get(subject, ()) if s.key != key)
        if not record["void"]:
            spans = (*spans, Span(record["valid_from"], record["valid_to"], key, line))
        if spans:
            self.spans[kind][subject] = spans
        else:
            self.spans[kind].pop(subject, None)

    def has(self, name: str, subject: str) -> bool:
        """Whether a unit, device or shift is there, at any date, and not withdrawn."""
        return subject in self.spans[name]

    def employee_id(self, staff_no: str) -> str:
        """The id of a person, made here when the number is new. Random: it says nothing about the person."""
        found = self.staff.get(staff_no)
        if found is None:
            found = self.staff[staff_no] = str(uuid4())
        return found

    def compare(self, name: str, key: bytes, record: dict[str, Any]) -> str:
        """``new``, ``changed``, ``voided`` or ``unchanged``; withdrawing what never was changes nothing."""
        held = self.contents.get(name, {}).get(key)
        mark = content(name, record)
        if held == mark or (held is None and record["void"]):
            return "unchanged"
        if record["void"]:
            return "unchanged" if name.encode() + key in self.withdrawn else "voided"
        return "new" if held is None else "changed"


def key_of(name: str, record: Mapping[str, Any]) -> bytes:
    """The record's key in ``reference``."""
    return identity_key(name, record)
