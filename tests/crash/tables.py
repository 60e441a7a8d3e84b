"""What ClickHouse shows, in the oracle's own words: ids as text, moments as milliseconds, dates as days since 1970."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.registry import by_name
from tests.oracle.oracle import PersonDay, PunchId, Record

Identity = tuple[Any, ...]


def _parts(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Fields of the records of which a field is a list; empty: it is none."""
    kind = field["type"]
    if isinstance(kind, dict) and kind["type"] == "array" and isinstance(kind["items"], dict):
        return list(kind["items"]["fields"])
    return []


def _logical(field: dict[str, Any]) -> str:
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return next((k.get("logicalType", "") for k in kinds if isinstance(k, dict)), "")


def _plain(field: dict[str, Any], name: str) -> str:
    """How a column is selected so that it comes back as the record has it."""
    if _logical(field) == "timestamp-millis":
        return f"toUnixTimestamp64Milli({name})"
    if _logical(field) == "date":
        return f"toInt32({name})"
    if field["name"] in ("employee_id", "flag_id"):
        return f"toString({name})"
    if parts := _parts(field):
        return f"arrayMap(x -> tuple({', '.join(_plain(part, 'x.' + part['name']) for part in parts)}), {name})"
    return name


def _read(client: Client, schema: str, source: str, where: str = "1") -> list[Record]:
    fields = by_name()[schema].source["fields"]
    columns = ", ".join(f"{_plain(field, field['name'])} AS {field['name']}_" for field in fields)
    query = f"SELECT {columns} FROM {source} WHERE {where}"
    inner = {field["name"]: [part["name"] for part in parts] for field in fields if (parts := _parts(field))}
    rows = []
    for found in client.query(query).named_results():
        row = {name[:-1]: value for name, value in found.items()}
        for name, parts in inner.items():
            row[name] = [dict(zip(parts, item, strict=True)) for item in row[name]]
        rows.append(row)
    return rows


def attendance(client: Client) -> list[Record]:
    """Rows of ``v_attendance`` (FINAL, the epoch in force), with the columns of the record."""
    return _read(client, "attendance", "(SELECT * FROM v_attendance)")


def attribution(client: Client, epoch: str) -> list[Record]:
    """Rows of ``attribution FINAL`` of an epoch."""
    return _read(client, "attribution", "attribution FINAL", f"epoch = '{epoch}'")


def position(client: Client, epoch: str) -> list[Record]:
    """Rows of ``position FINAL`` of an epoch."""
    return _read(client, "position", "position FINAL", f"epoch = '{epoch}'")


def presence(client: Client, epoch: str) -> list[Record]:
    """Rows of ``presence FINAL`` of an epoch that are not withdrawn."""
    return _read(client, "presence", "presence FINAL", f"epoch = '{epoch}' AND NOT withdrawn")


def flag(client: Client, epoch: str) -> list[Record]:
    """Rows of ``flag FINAL`` of an epoch, those without findings too."""
    return _read(client, "flag", "flag FINAL", f"epoch = '{epoch}'")


def history(client: Client, schema: str, epoch: str) -> list[Record]:
    """Rows of ``attendance_history`` or ``attribution_history`` as inserted, what was inserted twice twice."""
    return _read(client, schema, f"{schema}_history", f"epoch = '{epoch}'")


def facts(client: Client, name: str) -> list[Record]:
    """Rows of the table of a fact, FINAL."""
    return _read(client, name, f"{name} FINAL")


def by_person_day(rows: Iterable[Record]) -> dict[PersonDay, Record]:
    """Rows of attendance by what identifies them."""
    return {(row["employee_id"], row["work_date"]): row for row in rows}


def by_punch(rows: Iterable[Record]) -> dict[PunchId, Record]:
    """Rows of attribution by what identifies them."""
    return {(row["device_id"], row["pin"], row["device_time"]): row for row in rows}


def sink_offsets(client: Client) -> dict[tuple[str, int], int]:
    """(topic, partition) -> what the sink has written down as stored."""
    rows = client.query("SELECT topic, partition, max(offset) AS next FROM sink_offset GROUP BY topic, partition")
    return {(row["topic"], row["partition"]): row["next"] for row in rows.named_results()}
