"""
Where each record ends: (log, record type) -> table, or an excuse by name with its reason.

A record type that a topic carries and that stands in neither list fails ``tests/sink/test_mapping.py``; at run time
such a record goes to ``dead_letter``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.registry import Schema, by_id
from schemas.topics import topics

ADDED = ("_frame", "_partition", "_offset", "_appended_at")
"""Columns that the sink appends to every record; see ``frames``."""


class Route(NamedTuple):
    """Records of type ``schema`` in ``log`` are rows of ``table``."""

    log: str
    schema: str
    table: str


class Excuse(NamedTuple):
    """Records of type ``schema`` in ``log`` are stored nowhere, and why."""

    log: str
    schema: str
    reason: str


ROUTES: tuple[Route, ...] = (
    Route("reference", "unit", "unit"),
    Route("reference", "unit_mode", "unit_mode"),
    Route("reference", "geofence", "geofence"),
    Route("reference", "device", "device"),
    Route("reference", "assignment", "assignment"),
    Route("reference", "enrolment", "enrolment"),
    Route("reference", "schedule", "schedule"),
    Route("reference", "shift", "shift"),
    Route("reference", "calendar", "calendar"),
    Route("reference", "policy", "policy"),
    Route("reference", "leave", "leave"),
    Route("reference", "period", "period"),
    Route("reference", "phone", "phone"),
    Route("reference", "decision", "decision"),
    Route("person", "person", "person"),
    Route("device_log", "punch", "punch"),
    Route("device_log", "device_event", "device_event"),
    Route("device_log", "device_status", "device_status"),
    Route("dead_letter", "dead_letter", "dead_letter"),
    Route("attribution", "attribution", "attribution_history"),
    Route("attendance", "attendance", "attendance_history"),
    Route("face_check", "face_check", "face_check"),
    Route("position", "position", "position"),
    Route("presence", "presence", "presence"),
    Route("flag", "flag", "flag"),
    Route("alert", "alert", "alert"),
    Route("notice", "notice", "notice"),
)

_TICK = "a moment that came, one a minute: what it caused is in the rows that were judged"
_COPY = "a copy for the workers; the record itself comes from `reference`"
_ALONE = "the same lies in `face_check`, where no pings are in the way"

EXCUSED: tuple[Excuse, ...] = (
    Excuse("reference", "tick", _TICK),
    Excuse("device_log", "device", _COPY),
    Excuse("device_log", "enrolment", _COPY),
    Excuse("device_log", "tick", _COPY),
    Excuse("phone_log", "ping", "raw pings stay in the log; `position` keeps one a person and minute"),
    Excuse("phone_log", "face_check", _ALONE),
    Excuse("phone_log", "tick", _COPY),
    Excuse("staff_log", "attributed_punch", "the same is in `attribution`"),
    Excuse("staff_log", "device_state", "made from `device_status`, which is stored"),
    Excuse("staff_log", "barrier", "a sign between workers"),
    Excuse("staff_log", "ping", "raw pings stay in the log; `position` keeps one a person and minute"),
    Excuse("staff_log", "face_check", _ALONE),
    Excuse("staff_log", "suspicion", "what came of it is in `flag`"),
    Excuse("staff_log", "unit", _COPY),
    Excuse("staff_log", "unit_mode", _COPY),
    Excuse("staff_log", "geofence", _COPY),
    Excuse("staff_log", "device", _COPY),
    Excuse("staff_log", "assignment", _COPY),
    Excuse("staff_log", "enrolment", _COPY),
    Excuse("staff_log", "schedule", _COPY),
    Excuse("staff_log", "shift", _COPY),
    Excuse("staff_log", "calendar", _COPY),
    Excuse("staff_log", "policy", _COPY),
    Excuse("staff_log", "leave", _COPY),
    Excuse("staff_log", "period", _COPY),
    Excuse("link", "link", "a re-keyed copy of what pings and face checks say; what came of it is in `flag`"),
    Excuse("cutoff", "cutoff_judged", "a part of an alert; person by person the same is in `attendance`"),
    Excuse("cutoff", "barrier", "a sign between workers"),
    Excuse("cutoff", "tick", _COPY),
)


SWIFT = ("attendance",)
"""Logs to flush every ``flush_ms``; the others may wait ``PATIENCE`` times as long: an insert costs ClickHouse 10 ms
whatever it brings, and what is shown within a second hangs on these."""
PATIENCE = 5


def logs() -> tuple[str, ...]:
    """Short names of the logs that the sink reads: those with something to store."""
    return tuple(dict.fromkeys(route.log for route in ROUTES))


def topic_names(epoch: str) -> dict[str, str]:
    """Topic on Kafka -> log, of the logs that the sink reads in this epoch."""
    return {topics()[log].name(epoch): log for log in logs()}


def versions(name: str) -> list[Schema]:
    """Every version of a record type that may lie in a log."""
    return [schema for schema in by_id().values() if schema.name == name]


def faults(columns: dict[str, dict[str, str]], routes: Iterable[Route] = ROUTES) -> list[str]:
    """
    What keeps these tables from taking these records.

    Args:
        columns: table -> column -> its kind in ``system.columns``: empty, DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL.

    Returns:
        one text a fault, saying what to add; empty when all fits.
    """
    found = []
    for route in routes:
        table = columns.get(route.table)
        if table is None:
            found.append(f"table {route.table} is missing: run python -m hadir.migrate")
            continue
        fields = {field["name"]: None for schema in versions(route.schema) for field in schema.source["fields"]}
        for name in [*fields, *ADDED]:
            if name not in table:
                found.append(f"{route.table} has no column {name}: add it by a migration")
            elif table[name] == "MATERIALIZED":
                found.append(f"{route.table}.{name} is computed and can't take the field of {route.schema}")
    return found
