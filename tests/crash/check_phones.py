"""
What must hold of phones: what they were told is taken is in ``phone_log`` and in its tables, once, and nothing else is.

Each check returns a line for every thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from zlib import crc32

from hadir import queries
from hadir.settings import Settings
from producers.simulator.outings import Outing
from producers.simulator.phone_app import PhoneReport
from tests.crash import tables
from tests.crash.check import identity, twice
from tests.crash.logs import Logs
from tests.oracle import oracle
from tests.oracle.presence import representatives

MINUTE_MS = 60_000
Moments = set[tuple[str, int]]
"""Person (staff number or employee id) and moment."""


def nothing_lost(told: PhoneReport, outings: Sequence[Outing], end_ms: int, logs: Logs) -> list[str]:
    """What got its 200 is in ``phone_log``; what is there was seen by that person's phone; all that can get out has."""
    owners = {
        record["install_id"]: record["employee_id"]
        for _, kind, record in logs.reference
        if kind == "phone" and not record["void"]
    }
    people = {outing.phone.staff_no: owners[outing.phone.install_id] for outing in outings}
    lines = [f"{told.faulty} sound items of phones were refused"] if told.faulty else []
    kinds = (("ping", "fixed_at", told.pings, "fixes"), ("face_check", "taken_at", told.face_checks, "shots"))
    for name, moment, taken, items in kinds:
        acked: Moments = {(people[staff_no], at) for staff_no, at in taken}
        held: Moments = {(record["employee_id"], record[moment]) for record in logs.of_kind(name)}
        seen = {(people[o.phone.staff_no], item.at_ms) for o in outings for item in getattr(o, items)}
        due = {
            (people[o.phone.staff_no], item.at_ms)
            for o in outings
            for item in getattr(o, items)
            if o.gets_out(item.at_ms, end_ms)
        }
        lines += [f"{name} acknowledged and not in phone_log: {one}" for one in sorted(acked - held)]
        lines += [f"{name} in phone_log and never seen: {one}" for one in sorted(held - seen)]
        lines += [f"{name} never got its 200: {one}" for one in sorted(due - acked)]
    return lines


def rows_follow(logs: Logs, settings: Settings) -> list[str]:
    """``position``: the earliest fix of each minute; ``face_check``: of each the first delivery. Each once."""
    with closing(queries.connect(settings)) as client:
        places = tables.position(client, settings.epoch)
        faces = tables.facts(client, "face_check")
    found = {identity("position", row): row for row in places}
    lines = [f"position {line}" for line in oracle.differences(positions(logs.of_kind("ping")), found)]
    wanted = first_deliveries(logs.of_kind("face_check"))
    found = {identity("face_check", row): row for row in faces}
    lines += [f"face_check {line}" for line in oracle.differences(wanted, found)]
    for schema, rows in (("position", places), ("face_check", faces)):
        lines += [f"{schema} shown twice: {key}" for key in twice(rows, schema)]
    return lines


def positions(pings: Sequence[oracle.Record]) -> dict[tuple[object, ...], oracle.Record]:
    """Rows of ``position``, all columns but the epoch, by person and minute; minutes are those of presence (P1, P2)."""
    rows: dict[tuple[object, ...], oracle.Record] = {}
    for employee_id in {ping["employee_id"] for ping in pings}:
        second_ms = crc32(employee_id.encode()) % 60 * 1000
        for ping in representatives(pings, employee_id):
            minute = (ping["fixed_at"] - second_ms) // MINUTE_MS * MINUTE_MS + second_ms
            rows[employee_id, minute] = {"employee_id": employee_id, "minute_at": minute} | {
                column: ping[column] for column in ("fixed_at", "lat", "lon", "accuracy_m", "mock")
            }
    return rows


def first_deliveries(faces: Iterable[oracle.Record]) -> dict[tuple[object, ...], oracle.Record]:
    """Face checks by what identifies them; of redeliveries the one that was received first."""
    rows: dict[tuple[object, ...], oracle.Record] = {}
    for face in sorted(faces, key=lambda face: int(face["received_at"])):
        rows.setdefault(identity("face_check", face), face)
    return rows
