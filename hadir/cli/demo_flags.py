"""What the demo says of flags at its end: who cheated with a phone, beside whom the rules flag."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from hadir import queries
from hadir.cli.demo_outcome import Count, Outcome
from hadir.cli.demo_phones import WITH_A_SHIFT
from hadir.settings import Settings

Flag = tuple[str, str]
"""Staff number and rule."""
FLAGS = "SELECT employee_id, rule FROM v_flag WHERE work_date = {day:Date}"


def compare_flags(settings: Settings, people: Mapping[str, str], truth: Mapping[str, Any]) -> Outcome:
    """Each cheat who had a shift is flagged by his rule, and nobody by any other; ClickHouse's errors go on."""
    with closing(queries.connect(settings)) as client:
        shown_rows = client.query(FLAGS, parameters={"day": str(truth["day"])}).result_rows
    staff_nos = {who: staff_no for staff_no, who in people.items()}
    shown = {(staff_nos.get(str(who), str(who)), rule) for who, rule in shown_rows}
    true = {
        (staff_no, rule)
        for staff_no, phone in truth["phones"].items()
        if truth["people"].get(staff_no, {}).get("state") in WITH_A_SHIFT
        for rule in phone["cheats"]
    }
    faults = [
        f"flags: {staff_no} did what {rule} is about and is not flagged" for staff_no, rule in sorted(true - shown)
    ]
    faults += [f"flags: {staff_no} is flagged by {rule} and did nothing" for staff_no, rule in sorted(shown - true)]
    rules = sorted({rule for _, rule in true})
    told = ", ".join(f"{rule} {sum(other == rule for _, other in shown)}" for rule in rules)
    about = f"flags: {len(shown)} raised ({told}) on {len(truth['phones'])} people with a phone"
    return Outcome(about, faults, {"tanda": _by_unit(truth, shown, true)})


def _by_unit(truth: Mapping[str, Any], shown: set[Flag], true: set[Flag]) -> dict[str, Count]:
    units: dict[str, Count] = {}
    for flag in shown | true:
        unit_id = truth["people"].get(flag[0], {}).get("unit_id", "")
        sums = units.get(unit_id, Count(0, 0, True))
        here, there = flag in shown, flag in true
        units[unit_id] = Count(sums.shown + here, sums.true + there, sums.agrees and here == there)
    return units
