"""
Records put undecoded into Avro containers: one block for each table and schema version.

Behind each record's own bytes come four fields: a mark of eight bytes, partition, offset and Kafka's append time. The
table refuses a row whose mark is wrong (``written_at``). As marks stand nowhere but behind each record, a block whose
rows all have the mark was read exactly record by record: a broken record can be refused, but it can never bend the rows
of its neighbours. What is left to the sink is the five bytes in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from schemas.codec import HEADER, block, container_head, long_bytes
from schemas.registry import Schema
from streams.sink.mapping import EXCUSED, ROUTES, topic_names, versions

MARK = b"hadir.ok"
EXTRA: tuple[dict[str, Any], ...] = (
    {"name": "_frame", "type": {"type": "fixed", "name": "frame_mark", "size": len(MARK)}},
    {"name": "_partition", "type": "int"},
    {"name": "_offset", "type": "long"},
    {"name": "_appended_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
)


class PlacedRecord(NamedTuple):
    """A record that knows where it lies; ``timestamp`` is Kafka's append time, ms since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Batch(NamedTuple):
    """Records of one partition, in order of offset."""

    topic: str
    partition: int
    records: Sequence[PlacedRecord]


@dataclass(frozen=True, slots=True)
class Target:
    """Where records of one schema version go: statement, and the first bytes of each container."""

    table: str
    schema: Schema
    statement: str
    head: bytes


@dataclass(slots=True)
class Group:
    """Rows for one insert: bodies with their four fields, and the records they came from."""

    target: Target
    bodies: list[bytes] = field(default_factory=list)
    records: list[PlacedRecord] = field(default_factory=list)
    size: int = 0

    def part(self, first: int, end: int) -> Group:
        """The rows from ``first`` up to ``end``."""
        return Group(self.target, self.bodies[first:end], self.records[first:end])

    def container(self) -> bytes:
        """The rows as one Avro container."""
        return self.target.head + block(self.bodies)


class Unroutable(NamedTuple):
    """A record that no table takes, found by its first five bytes."""

    record: PlacedRecord
    reason: str


Lookup = dict[bytes, Target | None]
"""First five bytes of a record -> where it goes; None: excused."""


def lookups(epoch: str, columns: dict[str, dict[str, str]]) -> dict[str, Lookup]:
    """
    For each topic that the sink reads, what its records' first five bytes mean.

    Args:
        columns: see ``mapping.faults``; ALIAS columns are computed from others and left out of the insert.
    """
    found: dict[str, Lookup] = {}
    names = {log: topic for topic, log in topic_names(epoch).items()}
    for route in ROUTES:
        for schema in versions(route.schema):
            found.setdefault(names[route.log], {})[_header(schema)] = _target(route.table, schema, columns[route.table])
    for excuse in EXCUSED:
        if excuse.log in names:
            for schema in versions(excuse.schema):
                found[names[excuse.log]][_header(schema)] = None
    return found


def _header(schema: Schema) -> bytes:
    return b"\0" + schema.id.to_bytes(4, "big")


def _target(table: str, schema: Schema, columns: dict[str, str]) -> Target:
    fields = [f["name"] for f in (*schema.source["fields"], *EXTRA)]
    names = ", ".join(f"`{name}`" for name in fields if columns[name] != "ALIAS")
    head = container_head(replace(schema, source=_without_docs(schema.source)), EXTRA)
    return Target(table, schema, f"INSERT INTO {table} ({names}) FORMAT Avro", head)


def _without_docs(node: Any) -> Any:
    """A schema without its docs: half the bytes to send and to parse with every insert."""
    if isinstance(node, dict):
        return {key: _without_docs(item) for key, item in node.items() if key != "doc"}
    if isinstance(node, list):
        return [_without_docs(item) for item in node]
    return node


class Tails:
    """
    Bytes of the four fields behind each record of one partition.

    Offsets of neighbours differ in their last bits only: mark, partition and those bits are encoded beforehand, the
    rest and the append time (Kafka's batches share one) when they change.
    """

    def __init__(self, partition: int) -> None:
        head = MARK + long_bytes(partition)
        self._last = [head + bytes((low << 1,)) for low in range(64)]
        self._more = [head + bytes((low << 1 | 0x80,)) for low in range(64)]

    def extend(self, group_of: Lookup, records: Iterable[PlacedRecord], groups: dict[bytes, Group]) -> list[Unroutable]:
        """Put records of one topic into its groups, by their first five bytes; returns those that no group takes."""
        refused: list[Unroutable] = []
        high, stamp, end = -1, -1, b""
        lows = self._last
        for record in records:
            value = record.value
            if value is None:
                refused.append(Unroutable(record, "a tombstone where there are none"))
                continue
            header = value[:HEADER]
            group = groups.get(header)
            if group is None:
                if header not in group_of:
                    refused.append(Unroutable(record, f"no record of this log: {header.hex()}"))
                    continue
                target = group_of[header]
                if target is None:
                    continue
                group = groups[header] = Group(target)
            offset = record.offset
            if offset >> 6 != high or record.timestamp != stamp:
                high, stamp = offset >> 6, record.timestamp
                lows = self._more if high else self._last
                end = (_unsigned(high) if high else b"") + long_bytes(stamp)
            body = value[HEADER:] + lows[offset & 63] + end
            group.bodies.append(body)
            group.records.append(record)
            group.size += len(body)
        return refused


def _unsigned(number: int) -> bytes:
    """The rest of an Avro long whose first byte is written already: 7 bits a byte, low first."""
    out = bytearray()
    while number > 0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
