"""
The truth about the made morning, written down before it starts.

``state`` at the end is certain: it does not depend on how quickly anything works, as long as the pipeline is at most
``LAG_S`` behind. At the two glances on the way (07:31, 07:35) ``state`` is what a pipeline without delay would say,
``allowed`` everything that an honest one may say that is up to ``LAG_S`` behind.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from producers.simulator.judge import Expected, View, World
from producers.simulator.outings import Outing, make_outings, minutes, unit_of
from producers.simulator.world import ZONE, Morning, clock_s, local_text, moment

GLANCES = ("07:31", "07:35")
LAG_S = 300
STATES = (
    "present",
    "late",
    "present_unmeasured",
    "awaited",
    "not_here",
    "absent",
    "unexplained",
    "undetermined",
    "leave",
    "field_duty",
    "not_due_yet",
    "off",
    "not_judged",
)
DUE = frozenset(STATES[:8])
"""*Wajib hadir*: what is left of the roster after leave, field duty, not due yet, days off and what is not judged."""
RULES = {
    "mock_location": "mock_location",
    "impossible_travel": "impossible_travel",
    "shared_phone": "shared_phone",
    "same_photo": "shared_phone",
}
"""By the part that a phone plays: the rule that is to find it."""
NOTES = (
    "A terminal with a wrong clock is believed: its people's in-time and lateness are what that clock showed.",
    "Who depends on a terminal that is still silent is undetermined, whether he came or not.",
    "late_s is 0 unless the state is late.",
    "A phone's minutes are by its own story, right to a minute or two at each crossing of the fence and end of a gap.",
)


def views(horizon_ms: int) -> list[View]:
    """The ideal pipeline (first), an eager one, and one that is ``LAG_S`` behind with everything it hears."""
    return [
        View(horizon_ms),
        View(horizon_ms, ahead_s=LAG_S, answer_s=0),
        View(horizon_ms, delay_s=LAG_S, answer_s=LAG_S, cautious=True),
    ]


def allowed(world: World, staff_no: str, day: date, horizon_ms: int) -> list[Expected]:
    """What may be said of a person while the horizon is at most ``LAG_S`` behind; the ideal first; empty: no row."""
    ends = views(horizon_ms) + views(horizon_ms - LAG_S * 1000)
    told = dict.fromkeys(world.expected(staff_no, day, view) for view in ends)
    if len(told) > 1:
        between = [view for lag_s in range(60, LAG_S, 60) for view in views(horizon_ms - lag_s * 1000)]
        told |= dict.fromkeys(world.expected(staff_no, day, view) for view in between)
    return [expected for expected in told if expected is not None]


def make_truth(world: World, outings: Sequence[Outing] | None = None) -> dict[str, Any]:
    """
    The whole truth as plain values, ready to be written as JSON.

    Keys: ``people`` (staff_no -> unit_id, state, late_s, reason, terminals, in_time, shift_id, world, at, certain),
    ``eve`` (the same for the work date before, of those who worked that night), ``no_row`` (staff_no -> why),
    ``units`` and ``total`` (state -> count, ``roster``, ``due``), ``parked`` (punches that stay without an owner),
    ``punches`` (serial -> distinct punches a terminal has delivered by the end), ``silent`` (serial -> since when),
    ``phones`` (staff_no -> what his phone told, see ``_phone``).
    """
    city, morning = world.city, world.morning
    people: dict[str, dict[str, Any]] = {}
    no_row: dict[str, str] = {}
    eve_day, eve = city.day - timedelta(days=1), {}
    for person in city.people:
        staff_no, note = person.staff_no, morning.notes.get(person.staff_no, "")
        told = allowed(world, staff_no, city.day, morning.end_ms)
        if not told:
            no_row[staff_no] = note
            continue
        people[staff_no] = _row(world, staff_no, city.day, told) | {"world": note, "at": _glances(world, staff_no)}
        before = world.roster.assignment(staff_no, eve_day)
        if before is not None and city.cases.get(staff_no) == "off_duty":
            eve[staff_no] = _row(world, staff_no, eve_day, allowed(world, staff_no, eve_day, morning.end_ms))
    return {
        "city": city.name,
        "day": city.day.isoformat(),
        "zone": ZONE,
        "seed": city.seed,
        "horizon": local_text(morning.end_ms),
        "notes": list(NOTES),
        "roles": dict(city.roles),
        "total": _sums(people.values()),
        "units": {
            unit.unit_id: {"name": unit.name, **_sums(row for row in people.values() if row["unit_id"] == unit.unit_id)}
            for unit in city.units
        },
        "people": people,
        "eve": eve,
        "no_row": no_row,
        "parked": [
            {"serial": p.serial, "pin": p.pin, "device_time_ms": p.device_time_ms} for p in world.punches.get("", ())
        ],
        "punches": dict(Counter(p.serial for p in morning.punches if _gets_out(morning, p.serial, p.at_ms))),
        "silent": {
            serial: local_text(begin)
            for serial, behaviour in morning.behaviours.items()
            for begin, end in behaviour.silences
            if end is None
        },
        "phones": {
            outing.phone.staff_no: _phone(world, outing)
            for outing in (make_outings(city, morning) if outings is None else outings)
        },
    }


def _phone(world: World, outing: Outing) -> dict[str, Any]:
    """
    ``cheats``: names of the rules that must flag its owner, none for the honest; ``same_photo_as``: whose photo it
    showed; ``pings`` and ``face_checks`` that get out by the end; ``minutes`` inside, outside, unknown.
    """
    unit_id, end_ms = unit_of(world.roster, outing.phone.staff_no), world.morning.end_ms
    return {
        "unit_id": unit_id,
        "install_id": outing.phone.install_id,
        "cheats": [RULES[outing.part]] if outing.part else [],
        "same_photo_as": outing.with_staff_no if outing.part == "same_photo" else "",
        "shares_with": outing.with_staff_no if outing.part == "shared_phone" else "",
        "pings": sum(outing.gets_out(fix.at_ms, end_ms) for fix in outing.fixes),
        "face_checks": sum(outing.gets_out(shot.at_ms, end_ms) for shot in outing.shots),
        "minutes": minutes(outing, world.city.places[unit_id], world.morning.start_ms, end_ms, end_ms),
    }


def write_truth(
    world: World,
    path: Path,
    outings: Sequence[Outing] | None = None,
    alerts: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """Write the truth as JSON; also returned. ``alerts``: which offices must hear (``simulator.alerts``)."""
    truth = make_truth(world, outings) | ({} if alerts is None else {"alerts": dict(alerts)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")
    return truth


def disagreements(truth: Mapping[str, Any], rows: Mapping[str, tuple[str, int]]) -> list[str]:
    """
    Where what is shown at the end differs from the truth, a line each.

    Args:
        truth: of ``make_truth``.
        rows: staff_no -> (state, late_s) of the rows of ``truth["day"]``.
    """
    lines: list[str] = []
    for staff_no, row in truth["people"].items():
        shown = rows.get(staff_no, ("no row", 0))
        if shown != (row["state"], row["late_s"]):
            lines.append(f"{row['unit_id']} {staff_no}: {shown}, truly {(row['state'], row['late_s'])}: {row['world']}")
    for staff_no in sorted(set(rows) - set(truth["people"])):
        lines.append(
            f"{staff_no}: {rows[staff_no]}, truly no row: {truth['no_row'].get(staff_no, 'unknown to the city')}"
        )
    return lines


def _row(world: World, staff_no: str, day: date, told: list[Expected]) -> dict[str, Any]:
    assignment = world.roster.assignment(staff_no, day)
    expected = told[0]
    return {
        "unit_id": "" if assignment is None else assignment.unit_id,
        "state": expected.state,
        "late_s": expected.late_s,
        "reason": expected.reason,
        "terminals": list(expected.terminals),
        "in_time": expected.in_time,
        "out_time": expected.out_time,
        "shift_id": expected.shift_id,
        "certain": len(told) == 1,
    }


def _glances(world: World, staff_no: str) -> dict[str, dict[str, Any]]:
    glances: dict[str, dict[str, Any]] = {}
    for at in GLANCES:
        told = allowed(world, staff_no, world.city.day, moment(world.city.day, clock_s(at)))
        states = list(dict.fromkeys(expected.state for expected in told))
        glances[at] = {"state": told[0].state, "late_s": told[0].late_s, "allowed": states}
    return glances


def _sums(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Counts by state that add up: ``roster`` is everybody with a row, ``due`` those who must come."""
    count = Counter(str(row["state"]) for row in rows)
    by_state = {state: count[state] for state in STATES if count[state]}
    return {"roster": count.total(), "due": sum(count[state] for state in DUE), **by_state}


def _gets_out(morning: Morning, serial: str, at_ms: int) -> bool:
    return morning.behaviours[serial].silent_until(at_ms) != -1
