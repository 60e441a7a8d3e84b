"""Phones' tokens as records: whose a phone becomes, a new token for it, its end; and why that can't be."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from hadir.errors import InvalidFact
from hadir.reading import Reader
from producers.sources.phones import Phones
from schemas.codec import decode
from schemas.topics import topics

_EPOCH = date(1970, 1, 1)


class Person(NamedTuple):
    """Who somebody is, by ``person``."""

    employee_id: str
    staff_no: str
    name: str


class Book:
    """People and phones as ``person`` and ``reference`` have them. Dates are days since 1970, in the region's zone."""

    def __init__(self, zone: str) -> None:
        self.people: dict[str, Person] = {}
        self._phones = Phones(zone)

    async def load(self, reader: Reader) -> None:
        """Read both topics to their end; a broken record is passed over, as at the door. Raises what a reader does."""
        async for batch in reader.batches(topics()["person"].name("")):
            for entry in batch.entries:
                employee_id = (entry.key or b"").decode()
                self.people.pop(employee_id, None)
                with contextlib.suppress(InvalidFact):
                    if entry.value is not None:
                        record = decode(entry.value)[1]
                        self.people[employee_id] = Person(employee_id, record["staff_no"], record["name"])
        async for batch in reader.batches(topics()["reference"].name("")):
            for entry in batch.entries:
                with contextlib.suppress(InvalidFact):
                    self._phones.fold(entry.value)

    def phones(self, since: int | None = None) -> list[dict[str, Any]]:
        """``phone`` records that are not withdrawn, by installation; with ``since`` those that hold then or later."""
        found = [r for r in self._phones.records() if since is None or r["valid_to"] is None or since <= r["valid_to"]]
        return sorted(found, key=lambda record: (record["install_id"], record["valid_from"]))

    def person(self, given: str) -> Person:
        """Whose number or id this is. Raises ValueError: nobody's."""
        for person in self.people.values():
            if given in (person.staff_no, person.employee_id):
                return person
        raise ValueError("nobody has this staff number or id: hadir roster import enters people")


def make_token() -> str:
    """32 random bytes as a phone shows them: 43 characters."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """
    What is kept of a token.

    >>> hash_of("a")[:8]
    'ca978112'
    """
    return hashlib.sha256(token.encode()).hexdigest()


def issued(book: Book, person: Person, install_id: str, token: str, today: int, valid_to: int | None) -> dict[str, Any]:
    """
    The ``phone`` record that makes an installation somebody's from today on.

    Raises:
        ValueError: he has a phone in that time, or the installation is somebody's: where a person is, one phone says at
            a time.
    """
    if valid_to is not None and valid_to < today:
        raise ValueError("it would end before it begins")
    for record in book.phones(today):
        if valid_to is not None and record["valid_from"] > valid_to:
            continue
        about = f"{record['install_id']}, from {day(record['valid_from'])}"
        if record["employee_id"] == person.employee_id:
            raise ValueError(f"this person has a phone already ({about}): revoke it first, or rotate its token")
        if record["install_id"] == install_id:
            raise ValueError(f"this installation is somebody else's ({about}): revoke it first")
    return {
        "employee_id": person.employee_id,
        "install_id": install_id,
        "token_sha256": hash_of(token),
        "valid_from": today,
        "valid_to": valid_to,
        "void": False,
    }


def rotated(book: Book, install_id: str, token: str, today: int) -> dict[str, Any]:
    """
    The record of an installation with a new token; the old one ends with it.

    Of several spans the one that holds today, else the next. Raises ValueError: none holds today or later.
    """
    return _held(book, install_id, today)[0] | {"token_sha256": hash_of(token)}


def revoked(book: Book, install_id: str, today: int) -> list[dict[str, Any]]:
    """
    The records that end an installation at once: with yesterday, or as if never entered if it began today or later.

    Raises ValueError: none holds today or later.
    """
    return [
        record | ({"void": True} if record["valid_from"] >= today else {"valid_to": today - 1})
        for record in _held(book, install_id, today)
    ]


def _held(book: Book, install_id: str, today: int) -> list[dict[str, Any]]:
    found = [record for record in book.phones(today) if record["install_id"] == install_id]
    if not found:
        raise ValueError("no such installation holds today or later: hadir phone list")
    return found


def noted(record: Mapping[str, Any], *, by: str, at: int) -> dict[str, Any]:
    """A record with who enters it and when (milliseconds UTC)."""
    return {**record, "recorded_at": at, "recorded_by": by, "reference_offset": -1}


def day(days: int | None) -> str:
    """
    A date as people write it; empty: open.

    >>> day(20780), day(None)
    ('2026-11-23', '')
    """
    return "" if days is None else (_EPOCH + timedelta(days=days)).isoformat()
