"""What the demo says of phones at its end: what they were told is taken, beside the truth and what ClickHouse holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from hadir import queries
from hadir.cli.demo_outcome import Count, Outcome
from hadir.settings import Settings
from producers.simulator.morning import hours
from producers.simulator.outings import Outing, minutes
from producers.simulator.phone_app import PhoneReport
from producers.simulator.world import City
from streams.rules.position import minute_of

PRESENCE = (
    "SELECT employee_id, shift_start_at, until_at, inside_m, outside_m, unknown_m"
    " FROM v_presence WHERE work_date = {day:Date}"
)
WITH_A_SHIFT = ("present", "late", "not_here", "absent", "undetermined")
EDGE_M = 2.0  # minutes that a crossing of the fence, or an end of a gap, may fall to either side


def employee_ids(settings: Settings) -> dict[str, str]:
    """Of all who are known, by staff number."""
    with closing(queries.connect(settings)) as client:
        rows = client.query("SELECT staff_no, employee_id FROM v_person").result_rows
    return {staff_no: str(who) for staff_no, who in rows}


def compare(settings: Settings, people: Mapping[str, str], truth: Mapping[str, Any], told: PhoneReport) -> Outcome:
    """
    Hold three against each other: what phones could get out, what they were told is taken, what ClickHouse shows.

    Of the pings one a person and minute is kept, the earliest fix; of face checks all are. ``people``: of
    ``employee_ids``.
    """
    with closing(queries.connect(settings)) as client:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in client.query(query).result_rows]

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


def compare_presence(
    settings: Settings, people: Mapping[str, str], city: City, truth: Mapping[str, Any], outings: Sequence[Outing]
) -> Outcome:
    """
    Hold the presence of each shift, as far as it was judged, against where its phone was.

    It may differ by what a crossing of the fence and an end of a gap leave open, ``EDGE_M`` minutes each.
    """
    with closing(queries.connect(settings)) as client:
        shown_rows = client.query(PRESENCE, parameters={"day": str(truth["day"])}).result_rows
    presence = {str(who): rest for who, *rest in shown_rows}
    faults, units = _unlike_stays(city, truth, people, presence, outings)
    about = f"presence: {len(presence)} people of {len(outings)} with a phone had a shift to be seen in"
    return Outcome(about, faults, {"menit di tempat": units})


def _unlike_stays(
    city: City,
    truth: Mapping[str, Any],
    people: Mapping[str, str],
    presence: Mapping[str, list[Any]],
    outings: Sequence[Outing],
) -> tuple[list[str], dict[str, Count]]:
    lines = []
    units: dict[str, Count] = {}
    _, end_ms = hours(city.day)
    for outing in outings:
        staff_no = outing.phone.staff_no
        unit_id = truth["phones"][staff_no]["unit_id"]
        place = city.places[unit_id]
        shown = presence.get(people.get(staff_no, ""))
        if shown is None:
            due = truth["people"].get(staff_no, {}).get("state") in WITH_A_SHIFT
            if due and any(outing.gets_out(fix.at_ms, end_ms) for fix in outing.fixes):
                lines.append(f"phones: {staff_no} was seen and has no presence")
            continue
        begin, until, *said = shown
        true = minutes(outing, place, _ms(begin), _ms(until), end_ms)
        open_minutes = EDGE_M * (2 + outing.crossings(place) + len(outing.offline))
        agrees = all(abs(true[name] - float(m)) <= open_minutes for name, m in zip(true, said, strict=True))
        sums = units.get(unit_id, Count(0, 0, True))
        units[unit_id] = Count(sums.shown + round(float(said[0])), sums.true + true["inside"], sums.agrees and agrees)
        if not agrees:
            lines.append(f"phones: {staff_no} was {list(true.values())} minutes inside, outside, unknown; shown {said}")
    return lines, units


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
