"""
Avro bytes <-> plain records, in Confluent's wire format: byte 0, schema id (4 bytes, big endian), Avro body.

A record is a ``dict``; moments are ints (milliseconds, UTC), dates are ints (days since 1970), see ``schemas.records``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import fastavro

from hadir.errors import InvalidFact
from schemas.registry import Schema, by_id, by_name

HEADER = 5
_SYNC = b"hadir-sync-mark!"  # 16 bytes; any constant serves, a container here never outlives its request


@cache
def header(name: str) -> bytes:
    """The five bytes in front of every record of this type as it is written today."""
    schema = by_name()[name]
    if not schema.id:
        raise LookupError(f"{name} is a draft or not locked: run python -m schemas.lock")
    return b"\0" + schema.id.to_bytes(4, "big")


def encode(name: str, record: Mapping[str, Any]) -> bytes:
    """
    Bytes of one record.

    Raises:
        InvalidFact: a field is missing or of another type.
    """
    out = io.BytesIO()
    out.write(header(name))
    try:
        fastavro.schemaless_writer(out, by_name()[name].plain, record, strict=True)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise InvalidFact(f"{name}: {error}") from error
    return out.getvalue()


_IDS: dict[bytes, Schema] = {}


def schema_of(value: bytes | None) -> Schema:
    """
    The schema that a record names in its first five bytes.

    Raises:
        InvalidFact: no such header, or an id that the lock does not know.
    """
    if not _IDS:
        _IDS.update({b"\0" + i.to_bytes(4, "big"): s for i, s in by_id().items()})
    if value is None:
        raise InvalidFact("empty record")
    schema = _IDS.get(value[:HEADER])
    if schema is None:
        raise InvalidFact(f"unknown frame {value[:HEADER].hex()}")
    return schema


def decode(value: bytes | None) -> tuple[str, dict[str, Any]]:
    """
    Name and content of one record.

    Raises:
        InvalidFact: unknown frame, truncated or surplus bytes, or bytes that are no record of that schema.
    """
    schema = schema_of(value)
    assert value is not None
    body = io.BytesIO(value)
    body.seek(HEADER)
    today = by_name()[schema.name]
    try:
        if today.id == schema.id:
            record = fastavro.schemaless_reader(body, schema.plain, None)
        else:
            record = fastavro.schemaless_reader(body, schema.plain, today.plain)
    except Exception as error:  # fastavro raises whatever the bytes make it stumble over
        raise InvalidFact(f"{schema.name}: {type(error).__name__}") from error
    if body.tell() != len(value):
        raise InvalidFact(f"{schema.name}: {len(value) - body.tell()} surplus bytes")
    return schema.name, record


_LAST = [bytes((n,)) if n < 0x80 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << 14)]
_MORE = [bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(1 << 14)]
"""Fourteen bits of an Avro long: as its end, and with more to come."""


def long_bytes(number: int) -> bytes:
    """One Avro long: zigzag, then 7 bits a byte, low first."""
    rest = (number << 1) ^ (number >> 63)
    if rest < 1 << 14:
        return _LAST[rest]
    out = _MORE[rest & 0x3FFF]
    rest >>= 14
    while rest >= 1 << 14:
        out += _MORE[rest & 0x3FFF]
        rest >>= 14
    return out + _LAST[rest]


def string_bytes(value: str) -> bytes:
    """
    An Avro string.

    >>> string_bytes("é")
    b'\\x04\\xc3\\xa9'
    """
    data = value.encode()
    return long_bytes(len(data)) + data


def with_reference_offset(value: bytes, offset: int) -> bytes:
    """
    A copy of a reference record that carries its offset: the last field (-1, one byte) is replaced.

    Raises:
        InvalidFact: the record does not end with -1.
    """
    # an offset as 64 ends with the same byte (80 01), and so does -1 after a text that ends beyond ASCII: then look
    if value[-1:] != b"\x01" or (value[-2:-1] >= b"\x80" and decode(value)[1].get("reference_offset") != -1):
        raise InvalidFact("reference_offset is not -1 in the record as written")
    return value[:-1] + long_bytes(offset)


def identity_key(name: str, record: Mapping[str, Any]) -> bytes:
    """Key of a record: its identifying fields as a JSON list, e.g. ``["DEV1","17"]``."""
    fields = by_name()[name].identity
    return json.dumps([record[f] for f in fields], separators=(",", ":"), ensure_ascii=False).encode()


def container(schema: Schema, bodies: Sequence[bytes], extra: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """
    An Avro Object Container File of records that stay encoded.

    Args:
        bodies: Avro bodies (without the five-byte header), each with the bytes of ``extra`` appended.
        extra: Avro field definitions appended to the schema, e.g. ``{"name": "_offset", "type": "long"}``.
    """
    return container_head(schema, extra) + block(bodies)


def block(bodies: Sequence[bytes]) -> bytes:
    """One block of a container: count, size, bodies, mark."""
    data = b"".join(bodies)
    return long_bytes(len(bodies)) + long_bytes(len(data)) + data + _SYNC


def container_head(schema: Schema, extra: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """First bytes of a container: magic, the schema with logical types, no compression, mark."""
    source = schema.source | {"fields": [*schema.source["fields"], *extra]}
    text = json.dumps(source, ensure_ascii=False).encode()
    entries = {b"avro.schema": text, b"avro.codec": b"null"}
    out = [b"Obj\x01", long_bytes(len(entries))]
    for key, entry in entries.items():
        out += [long_bytes(len(key)), key, long_bytes(len(entry)), entry]
    return b"".join([*out, b"\0", _SYNC])
