"""
Tombstones of ``person``: what erases a name from ClickHouse.

A tombstone becomes a row without name and number, whose offset is higher than that of every row with one: from then on
views show nobody, also when a replay brings an old row back. Then the earlier rows are deleted from disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from schemas.codec import encode
from streams.sink.clickhouse import ClickHouse
from streams.sink.frames import PlacedRecord, Unroutable


class Tombstone(NamedTuple):
    """Whom to forget, and the offset of the order: what was written later stays."""

    employee_id: UUID
    offset: int


def spell_out(records: Sequence[PlacedRecord]) -> tuple[list[PlacedRecord], list[Tombstone], list[Unroutable]]:
    """The records with each tombstone replaced by an empty person; the tombstones; those that name nobody."""
    plain: list[PlacedRecord] = []
    tombstones: list[Tombstone] = []
    broken: list[Unroutable] = []
    for record in records:
        if record.value is not None:
            plain.append(record)
            continue
        employee_id = _employee(record.key)
        if employee_id is None:
            broken.append(Unroutable(record, "a tombstone whose key is no employee_id"))
            continue
        tombstones.append(Tombstone(employee_id, record.offset))
        value = encode("person", {"employee_id": str(employee_id), "staff_no": "", "name": "", "recorded_at": 0})
        plain.append(record._replace(value=value))
    return plain, tombstones, broken


def _employee(key: bytes | None) -> UUID | None:
    """The employee_id in a key, bare or as a JSON list (``schemas.codec.identity_key``)."""
    try:
        text = (key or b"").decode()
        return UUID(json.loads(text)[0] if text.startswith("[") else text)
    except (ValueError, LookupError, AttributeError, TypeError):
        return None


async def erase(clickhouse: ClickHouse, tombstones: Sequence[Tombstone]) -> None:
    """
    Delete the earlier rows; returns when no file holds them that no query is reading. Harmless when done twice.

    Raises as ``ClickHouse.again``.
    """
    newest: dict[UUID, int] = {}
    for employee_id, offset in tombstones:
        newest[employee_id] = max(offset, newest.get(employee_id, -1))
    everybody = list(newest.items())
    for first in range(0, len(everybody), 1000):
        some = everybody[first : first + 1000]
        ids = ", ".join(f"'{employee_id}'" for employee_id, _ in some)
        offsets = ", ".join(str(offset) for _, offset in some)
        await clickhouse.again(
            f"ALTER TABLE person DELETE WHERE employee_id IN ({ids})"
            f" AND _offset < transform(toString(employee_id), [{ids}], [{offsets}], toInt64(-1))",
            mutations_sync="2",
        )
    # names no partition: a way to say "sweep now", for ClickHouse's own sweep of an idle table takes minutes
    await clickhouse.again("ALTER TABLE person DROP PARTITION ID 'none'")
