"""
The oracle of presence: decision 0009 read aloud, second by second where the pipeline thinks in turns.

    P1  A person's quarters of an hour, and with them his minutes, begin at a second of his own: CRC-32 of the employee
        id, modulo 900, after those of the clock.
    P2  Of a minute the earliest fix represents; of several of one moment the southernmost, the westernmost, one that
        is not made up (decision 0010), the most exact. A fix received more than an hour before it was made or more than
        40 days after it doesn't count, nor does one that is nowhere on earth.
    P3  A shift is judged through the last of his quarters that is over at the horizon, or its end if that was before.
    P4  What counts are representatives from the opening of the in-window until then. None, or no circle: no row.
    P5  Sign: accuracy known, above 0 and, in whole metres rounded up, at most what the policy of the date allows. So
        with the time between two signs.
    P6  Hours are those of the unit's clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

from tests.oracle.oracle import (
    DAY_MS,
    Entry,
    Fact,
    Horizon,
    PersonDay,
    Record,
    attendance_rows,
    covers,
    in_force,
    the_one,
)

QUARTER_S = 900


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great circle on a sphere of 6,371 km (haversine)."""
    a, b, c, d = map(math.radians, (lat, lon, other_lat, other_lon))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(half))


def representatives(pings: Iterable[Record], employee_id: str) -> list[Record]:
    """One ping a minute of the person's own, in order of time (P1, P2)."""
    second = crc32(employee_id.encode()) % QUARTER_S
    minutes: dict[int, list[Record]] = {}
    for ping in pings:
        late = ping["received_at"] - ping["fixed_at"]
        on_earth = -90 <= ping["lat"] <= 90 and -180 <= ping["lon"] <= 180
        if ping["employee_id"] == employee_id and -3_600_000 <= late <= 40 * DAY_MS and on_earth:
            minutes.setdefault((ping["fixed_at"] - second * 1000) // 60_000, []).append(ping)

    def order(ping: Record) -> tuple[Any, ...]:
        return ping["fixed_at"], ping["lat"], ping["lon"], bool(ping["mock"]), ping["accuracy_m"] or math.inf

    return [min(minutes[minute], key=order) for minute in sorted(minutes)]


def certain_place(ping: Record, circles: list[Record]) -> str:
    """``inside``, ``outside`` or ``edge``."""
    accuracy = math.ceil(ping["accuracy_m"])
    away = [(metres_between(ping["lat"], ping["lon"], c["lat"], c["lon"]), c["radius_m"]) for c in circles]
    if any(distance + accuracy <= radius for distance, radius in away):
        return "inside"
    if all(distance - accuracy > radius for distance, radius in away):
        return "outside"
    return "edge"


def place_at(second: int, signs: list[tuple[int, str]], until: int, gap_s: int) -> str:
    """Where he was at that second: what the last sign said, if the next one, or the end, was near enough."""
    before = [i for i, (at, _) in enumerate(signs) if at <= second]
    if not before:
        return "unknown"
    last = before[-1]
    following = signs[last + 1][0] if last + 1 < len(signs) else until
    if following - signs[last][0] > gap_s:
        return "unknown"
    while signs[last][1] == "edge":  # as before, for as long as there was no gap
        if last == 0 or signs[last][0] - signs[last - 1][0] > gap_s:
            return "unknown"
        last -= 1
    return signs[last][1]


class Begun(NamedTuple):
    """
    A shift that is looked at.

    Attributes:
        key: employee_id, work_date; day: its row of ``attendance``; policy: in force on it; zone: of its unit.
        opens: of the in-window; until: through which it is judged; whole seconds UTC.
        fixes: representatives from one to the other, in order of time.
    """

    key: PersonDay
    day: Record
    policy: Record
    zone: ZoneInfo
    opens: int
    until: int
    fixes: list[Record]


def begun(facts: list[Fact], reference: list[Entry], horizon: Horizon | None) -> Iterator[Begun]:
    """Every shift of open months that has begun and through which a quarter of an hour is over (P3)."""
    if horizon is None:
        return
    pings = [record for kind, record in facts if kind == "ping"]
    shifts, units, policies = (in_force(reference, kind) for kind in ("shift", "unit", "policy"))
    for (employee_id, work_date), day in attendance_rows(facts, reference, horizon).items():
        if day["shift_start_at"] is None:  # off, on leave, not judged
            continue
        shift = the_one(s for s in shifts if s["shift_id"] == day["shift_id"] and covers(s, work_date))
        unit = the_one(u for u in units if u["unit_id"] == day["unit_id"] and covers(u, work_date))
        policy = the_one(p for p in policies if covers(p, work_date))
        assert shift is not None
        assert unit is not None
        assert policy is not None
        start, end = day["shift_start_at"] // 1000, day["shift_end_at"] // 1000
        own = crc32(employee_id.encode()) % QUARTER_S
        until = min(end, (horizon.at // 1000 - own) // QUARTER_S * QUARTER_S + own)
        opens = start - shift["in_opens_before_s"]
        counted = [p for p in representatives(pings, employee_id) if opens <= p["fixed_at"] // 1000 < until]
        if until > start:
            yield Begun((employee_id, work_date), day, policy, ZoneInfo(unit["timezone"]), opens, until, counted)


def circles_of(unit_id: str, work_date: int, reference: list[Entry]) -> list[Record]:
    """A unit's circles on a date: of each name the one entered last."""
    circles = []
    geofences = [g for g in in_force(reference, "geofence") if g["unit_id"] == unit_id and covers(g, work_date)]
    for name in {g["name"] for g in geofences}:
        circle = the_one(g for g in geofences if g["name"] == name)
        circles += [circle] if circle is not None else []
    return circles


def presence_rows(
    facts: Iterable[Fact], reference: Iterable[Entry], horizon: Horizon | None
) -> dict[PersonDay, Record]:
    """All columns of ``presence`` but ``epoch``, ``partition`` and ``version``, by (employee_id, work_date)."""
    facts, reference = list(facts), list(reference)
    rows = {}
    for shift in begun(facts, reference, horizon):
        circles = circles_of(shift.day["unit_id"], shift.day["work_date"], reference)
        if circles and shift.fixes:
            rows[shift.key] = _row(shift, circles)
    return rows


def _row(shift: Begun, circles: list[Record]) -> Record:
    day, policy, until, counted = shift.day, shift.policy, shift.until, shift.fixes
    start = day["shift_start_at"] // 1000
    signs = [
        (p["fixed_at"] // 1000, certain_place(p, circles))
        for p in counted
        if p["accuracy_m"] and 0 < math.ceil(p["accuracy_m"]) <= policy["presence_worst_m"]
    ]
    marks = _hours(start, until, shift.zone)
    edges = sorted({start, until, *marks, *(at for at, _ in signs if start < at < until)})
    windows: list[dict[str, Any]] = []
    hours: list[dict[str, Any]] = []
    total = dict.fromkeys(("inside", "outside", "unknown"), 0)
    for first, end in pairwise(edges):
        place = place_at(first, signs, until, policy["presence_gap_s"])
        total[place] += end - first
        if windows and windows[-1]["place"] == place:
            windows[-1]["to_at"] = end * 1000
        else:
            windows.append({"from_at": first * 1000, "to_at": end * 1000, "place": place})
        if first == start or first in marks:
            hours.append({"from_at": first * 1000, "inside_s": 0, "outside_s": 0, "unknown_s": 0})
        hours[-1][f"{place}_s"] += end - first
    return {
        "employee_id": day["employee_id"],
        "work_date": day["work_date"],
        "unit_id": day["unit_id"],
        "shift_start_at": day["shift_start_at"],
        "shift_end_at": day["shift_end_at"],
        "until_at": until * 1000,
        **{f"{place}_s": seconds for place, seconds in total.items()},
        "pings": len(counted),
        "windows": windows,
        "hours": hours,
        "geofence_offsets": sorted(c["reference_offset"] for c in circles),
        "policy_offset": policy["reference_offset"],
        "withdrawn": False,
    }


def _hours(start: int, until: int, zone: ZoneInfo) -> list[int]:
    """Full hours of the clock in between."""
    return [m for m in range(start - start % 60 + 60, until, 60) if _on_the_hour(m, zone)]


def _on_the_hour(second: int, zone: ZoneInfo) -> bool:
    shown = (datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=second)).astimezone(zone)
    return shown.minute == 0 and shown.second == 0
