"""What the demo says of phones at its end: what they were told is taken, beside the truth and what ClickHouse holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hadir import queries
from hadir.settings import Settings
from producers.simulator.phone_app import PhoneReport
from streams.rules.position import minute_of


class Outcome(NamedTuple):
    """The comparison in a line, and a line for each thing that is not as it should be."""

    summary: str
    faults: list[str]


def compare(settings: Settings, truth: Mapping[str, Any], told: PhoneReport) -> Outcome:
    """
    Hold three against each other: what phones could get out, what they were told is taken, what ClickHouse shows.

    Of the pings one a person and minute is kept, the earliest fix; of face checks all are.
    """
    with closing(queries.connect(settings)) as client:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in client.query(query).result_rows]

        people = {staff_no: str(who) for staff_no, who in rows("SELECT staff_no, employee_id FROM v_person")}
        positions = {(str(who), _ms(at)) for who, at in rows("SELECT employee_id, fixed_at FROM v_position")}
        faces = {(str(who), _ms(at)) for who, at in rows("SELECT employee_id, taken_at FROM v_face_check")}
    taken = {(people.get(staff_no, ""), at) for staff_no, at in told.face_checks}
    faults = [
        *_unlike("positions", _first_of_each_minute(people, told.pings), positions),
        *_unlike("face checks", taken, faces),
    ]
    for name, counted in (("pings", len(told.pings)), ("face_checks", len(told.face_checks))):
        planned = sum(phone[name] for phone in truth["phones"].values())
        if counted != planned:
            faults.append(f"phones: {counted} {name} were taken, {planned} should have been")
    if told.faulty:
        faults.append(f"phones: {told.faulty} sound items were refused")
    summary = (
        f"phones: {len(told.pings)} pings and {len(told.face_checks)} face checks taken from {len(truth['phones'])}"
        f" phones in {told.posts} posts; {len(positions)} positions and {len(faces)} face checks in ClickHouse"
    )
    return Outcome(summary, faults)


def _first_of_each_minute(people: Mapping[str, str], pings: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    first: dict[tuple[str, int], int] = {}
    for staff_no, at in pings:
        who = people.get(staff_no, "")
        minute = (who, minute_of(who.encode(), at))
        first[minute] = min(at, first.get(minute, at))
    return {(who, at) for (who, _), at in first.items()}


def _unlike(what: str, taken: set[tuple[str, int]], held: set[tuple[str, int]]) -> list[str]:
    lost, strange = len(taken - held), len(held - taken)
    return [f"phones: of the {what} {lost} are lost and {strange} are nobody's"] if lost or strange else []


def _ms(at: datetime) -> int:
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)
