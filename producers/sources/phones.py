"""Whose token is this? The phones in force, a fold over ``reference``; and how often each may come."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, NamedTuple

from producers.sources.region import local_day
from schemas.codec import decode, schema_of

MINUTE_MS = 60_000


class Phone(NamedTuple):
    """Who speaks: an installation of the app, and the person whose it is."""

    install_id: str
    employee_id: str


class Phones:
    """
    A fold over ``reference``: ``phone`` records by the hash of their token; all else is passed over.

    Args:
        zone: in which a record's dates are meant; a phone has no place of its own.

    Tokens are never kept, only looked up. Some 900 bytes a phone.
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._records: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._by_hash: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}

    def fold(self, value: bytes | None) -> None:
        """Take one record in, in order of offset. Raises InvalidFact for a broken frame."""
        schema = schema_of(value)
        if schema.name != "phone":
            return
        record = decode(value)[1]
        key = tuple([record[field] for field in schema.identity])
        before = self._records.pop(key, None)
        if before is not None:
            held = self._by_hash[before["token_sha256"]]
            del held[key]
            if not held:
                del self._by_hash[before["token_sha256"]]
        if not record["void"]:
            self._records[key] = record
            self._by_hash.setdefault(record["token_sha256"], {})[key] = record

    def __len__(self) -> int:
        """Records in force, whatever their dates."""
        return len(self._records)

    def records(self) -> list[dict[str, Any]]:
        """Records in force, whatever their dates."""
        return list(self._records.values())

    def holder(self, token: str, at: int) -> Phone | None:
        """
        Who shows this token at a moment (milliseconds UTC); None: nobody, or not on that date.

        Of several records that cover the date the one that began last holds.
        """
        digest = hashlib.sha256(token.encode()).hexdigest()
        today = local_day(self._zone, at)
        found = [
            record
            for record in self._by_hash.get(digest, {}).values()
            if hmac.compare_digest(record["token_sha256"], digest)
            and record["valid_from"] <= today
            and (record["valid_to"] is None or today <= record["valid_to"])
        ]
        if not found:
            return None
        record = max(found, key=lambda one: int(one["valid_from"]))
        return Phone(record["install_id"], record["employee_id"])


class Bucket:
    """
    How often one sender may come: ``per_minute`` times a minute in the long run, and as many at once.

    >>> bucket = Bucket(2, 0)
    >>> [bucket.take(at) for at in (0, 0, 0, 30_000)]
    [0, 0, 30000, 0]
    """

    __slots__ = ("_at", "_left", "_per_minute")

    def __init__(self, per_minute: int, at: int) -> None:
        self._per_minute = per_minute
        self._left = float(per_minute)
        self._at = at

    def take(self, at: int) -> int:
        """Take one turn at a moment (milliseconds); 0, or how long to wait for the next (milliseconds)."""
        passed = max(0, at - self._at)  # a clock that was set back gives nothing and takes nothing
        self._at = at
        self._left = min(self._per_minute, self._left + passed * self._per_minute / MINUTE_MS)
        if self._left >= 1:
            self._left -= 1
            return 0
        return max(1, round((1 - self._left) * MINUTE_MS / self._per_minute))
