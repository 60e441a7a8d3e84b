"""
The oracle of flags: decision 0010 read aloud. Every sighting of a shift is laid out, every journey between two of them
measured, everybody who used a thing on a date counted, each time from nothing.

Where the decision leaves a choice:

    F1  What is made up is left out before the "next" fix is looked for.
    F2  A fix of the very second of a punch is the one after it.
    F3  32 km are 32,767 m, and so is every accuracy from there on, of 0, or not said.
    F4  The circle around several has its centre in the mean of theirs.
    F5  Punches are in the order of the spine: moment, terminal, PIN (R11).
    F6  Of journeys equally fast any may be told.
    F7  Of what is shared the gravest is told: by score, then kind, then value.
    F8  An empty id is none. What a face check used counts as what a ping did.
    F9  A journey within a metre of the policy's distance, or next to its speed, is at an edge: it may be told or not.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID, uuid5

from tests.oracle.oracle import (
    DAY_MS,
    Entry,
    Fact,
    Horizon,
    PersonDay,
    Record,
    attribution_rows,
    covers,
    in_force,
    the_one,
)
from tests.oracle.presence import Begun, begun, circles_of, metres_between

UNKNOWN_M, MANY = 32_767, 50
SCORES = {"boot": 0.8, "imei": 0.8, "install": 1.0, "photo": 1.0}
NAMED_BY = {"boot": "boot_id", "imei": "imei", "install": "install_id", "photo": "photo_sha256"}
IDS = UUID("6f1f3a52-6d0e-5b0c-9a44-0d7a5f2f8c11")


class Finding(NamedTuple):
    """
    What a rule finds.

    Attributes:
        evidence: any of these.
        sure: False: it may be left out (F9).
    """

    rule: str
    evidence: list[tuple[float, dict[str, str]]]
    sure: bool


class Row(NamedTuple):
    """A person's date of which something is found; rules in their order."""

    unit_id: str
    until_at: int
    policy_offset: int
    findings: list[Finding]


class Seen(NamedTuple):
    """A place where he was seen, whole seconds UTC; ``terminal`` is empty where his phone saw him."""

    at: int
    lat: float
    lon: float
    radius_m: int
    terminal: str

    @property
    def place(self) -> str:
        """As evidence has it."""
        return f"{self.lat:.5f},{self.lon:.5f} ({self.radius_m} m)"


class Journey(NamedTuple):
    """From one sighting to another: how far at least, how fast at least."""

    before: Seen
    after: Seen
    least_m: float
    kmh: float

    @property
    def slack(self) -> float:
        """Share by which it may be measured otherwise: 3 m, and another radius of the earth."""
        return 3 / self.least_m + 1e-5


def flag_rows(facts: Iterable[Fact], reference: Iterable[Entry], horizon: Horizon | None) -> dict[PersonDay, Row]:
    """What stands of each person and date of the open months; left out where nothing is found."""
    facts, reference = list(facts), list(reference)
    users = who_used_what(facts)
    punches = [row for row in attribution_rows(facts, reference).values() if row["employee_id"]]
    rows = {}
    for shift in begun(facts, reference, horizon):
        employee_id, work_date = shift.key
        own = [p for p in punches if p["employee_id"] == employee_id]
        policy = shift.policy
        seen_there = at_terminals(own, shift, reference) if shift.fixes else []
        found = [
            mocked(shift.fixes, policy["mock_minutes"]),
            travelled(journeys(shift.fixes, seen_there, policy["clocks_s"]), policy),
            shared(employee_id, work_date, users),
        ]
        findings = [finding for finding in found if finding is not None]
        if findings:
            rows[shift.key] = Row(shift.day["unit_id"], shift.until * 1000, policy["reference_offset"], findings)
    return rows


# ------------------------------------------------------------------------------------------------ the three rules


def mocked(fixes: list[Record], many: int) -> Finding | None:
    """Rule 1."""
    made_up = [seen_by_phone(fix) for fix in fixes if fix["mock"]]
    if not made_up:
        return None
    evidence = {
        "minutes_mocked": str(len(made_up)),
        "minutes_told": str(len(fixes)),
        "first_at": str(made_up[0].at * 1000),
        "last_at": str(made_up[-1].at * 1000),
        "first_place": made_up[0].place,
    }
    return Finding("mock_location", [(1.0 if len(made_up) >= many else 0.5, evidence)], True)


def travelled(made: list[Journey], policy: Record) -> Finding | None:
    """Rule 2: the fastest, and those that measured otherwise may be it."""
    far_m, most_kmh = policy["travel_m"], policy["travel_kmh"]
    possible = [j for j in made if j.least_m >= far_m - 1 and j.kmh * (1 + j.slack) > most_kmh]
    if not possible:
        return None
    sure = any(j.least_m >= far_m + 1 and j.kmh * (1 - j.slack) > most_kmh for j in possible)
    fastest = max(j.kmh * (1 - j.slack) for j in possible)
    return Finding(
        "impossible_travel",
        [
            (
                1 - most_kmh / j.kmh,
                {
                    "least_kmh": f"{j.kmh:.0f}",
                    "least_m": f"{j.least_m:.0f}",
                    "from_at": str(j.before.at * 1000),
                    "from_place": j.before.place,
                    "from_device": j.before.terminal,
                    "to_at": str(j.after.at * 1000),
                    "to_place": j.after.place,
                    "to_device": j.after.terminal,
                },
            )
            for j in possible
            if j.kmh * (1 + j.slack) >= fastest
        ],
        sure,
    )


def shared(employee_id: str, work_date: int, users: Mapping[tuple[str, str, int], set[str]]) -> Finding | None:
    """Rule 3."""
    found = []
    for (kind, name, day), people in users.items():
        if day == work_date and employee_id in people and 1 < len(people) <= MANY:
            value = hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:32]
            found.append((-SCORES[kind], kind, value, people - {employee_id}))
    if not found:
        return None
    score, kind, value, _ = min(found)
    evidence = {
        "kind": kind,
        "kinds": " ".join(sorted({other for _, other, _, _ in found})),
        "value": value,
        "with": " ".join(sorted({person for *_, people in found for person in people})),
    }
    return Finding("shared_phone", [(-score, evidence)], True)


# ---------------------------------------------------------------------------------------------- what they rest on


def who_used_what(facts: Iterable[Fact]) -> dict[tuple[str, str, int], set[str]]:
    """Kind, name and date of use -> everybody (F8)."""
    users: dict[tuple[str, str, int], set[str]] = {}
    for schema, record in facts:
        if schema not in ("ping", "face_check"):
            continue
        at = record["fixed_at" if schema == "ping" else "taken_at"]
        if -3_600_000 <= record["received_at"] - at <= 40 * DAY_MS:
            for kind, field in NAMED_BY.items():
                if record.get(field):
                    day = (at + 8 * 3_600_000) // DAY_MS
                    users.setdefault((kind, record[field], day), set()).add(record["employee_id"])
    return users


def seen_by_phone(fix: Record) -> Seen:
    """A fix as a sighting (F3)."""
    metres = math.ceil(fix["accuracy_m"] or 0) or UNKNOWN_M
    return Seen(fix["fixed_at"] // 1000, fix["lat"], fix["lon"], min(metres, UNKNOWN_M), "")


def at_terminals(punches: list[Record], shift: Begun, reference: list[Entry]) -> list[Seen]:
    """His punches in the time that counts, where the terminal's unit has a place on that date (F4, F5)."""
    found = []
    for punch in sorted(punches, key=lambda p: (p["occurred_at"], p["device_id"], p["pin"])):
        if not shift.opens <= punch["occurred_at"] // 1000 < shift.until:
            continue
        work_date = shift.key[1]
        devices = [d for d in in_force(reference, "device") if d["device_id"] == punch["device_id"]]
        device = the_one(d for d in devices if covers(d, work_date))
        circles = [] if device is None else circles_of(device["unit_id"], work_date, reference)
        if circles:
            lat = sum(c["lat"] for c in circles) / len(circles)
            lon = sum(c["lon"] for c in circles) / len(circles)
            radius = max(metres_between(lat, lon, c["lat"], c["lon"]) + c["radius_m"] for c in circles)
            found.append(Seen(punch["occurred_at"] // 1000, lat, lon, math.ceil(radius), punch["device_id"]))
    return found


def journeys(fixes: list[Record], punches: list[Seen], clocks_s: int) -> list[Journey]:
    """Every journey that decision 0010 asks about and that led anywhere (F1, F2)."""
    told = [seen_by_phone(fix) for fix in fixes if not fix["mock"]]
    pairs = list(pairwise(told)) + list(pairwise(punches))
    for punch in punches:
        pairs += [(fix, punch) for fix in [fix for fix in told if fix.at < punch.at][-1:]]
        pairs += [(punch, fix) for fix in [fix for fix in told if fix.at >= punch.at][:1]]
    found = []
    for before, after in pairs:
        away = metres_between(before.lat, before.lon, after.lat, after.lon) - before.radius_m - after.radius_m
        if away > 0:
            longest = after.at - before.at + (1 if before.terminal == after.terminal else clocks_s)
            found.append(Journey(before, after, away, away / longest * 3.6))
    return found


# ------------------------------------------------------------------------------------------------------ comparison


def differences(expected: Mapping[PersonDay, Row], actual: Mapping[PersonDay, Record]) -> list[str]:
    """Where the oracle and the rows of ``flag`` disagree, a line each; rows without findings are left out of both."""
    lines = []
    for key in sorted(expected.keys() | actual.keys()):
        row = actual.get(key, {"findings": []})
        told = {finding["rule"]: finding for finding in row["findings"]}
        wanted = expected[key].findings if key in expected else []
        if key in expected and key in actual:
            about = row["unit_id"], row["until_at"], row["policy_offset"]
            if about != expected[key][:3]:
                lines.append(f"{key}: of {about}, expected {expected[key][:3]}")
        order = [finding.rule for finding in wanted if finding.rule in told]
        if [rule for rule in told if rule in order] != order or len(told) != len(row["findings"]):
            lines.append(f"{key}: in the order {list(told)}, expected {order}")
        for finding in wanted:
            got = told.pop(finding.rule, None)
            if got is None:
                if finding.sure:
                    lines.append(f"{key}: no {finding.rule}, expected {finding.evidence}")
            elif got["flag_id"] != str(uuid5(IDS, f"{key[0]}/{key[1]}/{finding.rule}")) or got["rule_version"] != 1:
                lines.append(f"{key}: {finding.rule} is {got['flag_id']}, version {got['rule_version']}")
            elif not any(_alike(got, score, evidence) for score, evidence in finding.evidence):
                lines.append(f"{key}: {got['score']} {got['evidence']}, expected {finding.evidence}")
        lines += [f"{key}: {rule} {finding['evidence']}, expected none" for rule, finding in told.items()]
    return lines


def _alike(got: Record, score: float, evidence: dict[str, str]) -> bool:
    """The same score and evidence, up to how it is measured: 3 m and as much of a speed, 0.00002 degrees."""
    if abs(got["score"] - score) > 0.002 or got["evidence"].keys() != evidence.keys():
        return False
    for name, wanted in evidence.items():
        said = got["evidence"][name]
        if name.startswith("least_"):
            alike = abs(float(said) - float(wanted)) <= 3 + float(wanted) * 0.002
        elif name.endswith("_place"):
            (lat, lon, metres), (other_lat, other_lon, other_metres) = _numbers(said), _numbers(wanted)
            alike = abs(lat - other_lat) < 2e-5 and abs(lon - other_lon) < 2e-5 and abs(metres - other_metres) <= 1
        else:
            alike = said == wanted
        if not alike:
            return False
    return True


def _numbers(place: str) -> tuple[float, float, float]:
    found = re.fullmatch(r"(-?\d+\.\d{5}),(-?\d+\.\d{5}) \((\d+) m\)", place)
    assert found is not None, place
    lat, lon, metres = map(float, found.groups())
    return lat, lon, metres
