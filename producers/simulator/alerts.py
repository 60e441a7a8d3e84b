"""
Which offices must hear an alert of the made morning, and which a *Ralat*, by the world alone.

``must``: whatever an honest pipeline does that is at most ``LAG_S`` behind, it tells them. ``may``: one that is quick,
slow or cautious might. What is told beyond ``may`` is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from producers.simulator.judge import Expected, View, World
from producers.simulator.truth import LAG_S, allowed
from producers.simulator.world import local_text

MISSING = frozenset(("not_here", "absent", "unexplained", "awaited", "undetermined"))
ABSENT = frozenset(("not_here", "absent", "unexplained"))
SETTLED_S = 2 * LAG_S + 60  # after the cutoff: from then on even a slow pipeline has asked whom it waited for
EARLIEST_MS = 6 * 3_600_000  # a cutoff longer before the clock's start is not spoken of


def expected_alerts(world: World) -> dict[str, list[str]]:
    """
    Units by what they hear: ``must``, ``may``, ``ralat_must``, ``ralat_may``, each sorted.

    Pure, O(people). Cutoffs later than the end of the morning are left out.
    """
    found: dict[str, set[str]] = {"must": set(), "may": set(), "ralat_must": set(), "ralat_may": set()}
    day, end = world.city.day, world.morning.end_ms
    for person in world.city.people:
        cutoff = _cutoff(world, person.staff_no, day)
        if cutoff is None or not world.morning.start_ms - EARLIEST_MS < cutoff <= end - SETTLED_S * 1000:
            continue
        unit_id, at = cutoff_unit(world, person.staff_no, day), cutoff
        slowest = View(at - LAG_S * 1000, delay_s=LAG_S, answer_s=LAG_S, cautious=True)
        known = world.expected(person.staff_no, day, slowest)
        if known is None or _was_there(known, at):
            continue  # known in time to the slowest: nobody waits for him
        early = allowed(world, person.staff_no, day, at)
        later, last = (allowed(world, person.staff_no, day, moment) for moment in (at + SETTLED_S * 1000, end))
        in_time = [_was_there(told, at) for told in last]
        if all(told.state in MISSING for told in later):
            found["must"].add(unit_id)
        if all(in_time) and all(told.state in ABSENT for told in later):
            found["ralat_must"].add(unit_id)
        if unit_id in found["may"] and (unit_id in found["ralat_may"] or not any(in_time)):
            continue
        # each looks back over the lag: together they see all that may have been said on the way
        between = [allowed(world, person.staff_no, day, at + s * 1000) for s in range(LAG_S, SETTLED_S, LAG_S)]
        states = {told.state for telling in (early, *between, later, last) for told in telling}
        if states & MISSING:
            found["may"].add(unit_id)
        if states & ABSENT and any(in_time):
            found["ralat_may"].add(unit_id)
    return {name: sorted(units) for name, units in found.items()}


def cutoff_unit(world: World, staff_no: str, day: date) -> str:
    """The unit that a person belongs to on a date."""
    assignment = world.roster.assignment(staff_no, day)
    return "" if assignment is None else assignment.unit_id


def _cutoff(world: World, staff_no: str, day: date) -> int | None:
    """When somebody who is due must be there; None: he is not due."""
    roster = world.roster
    unit_id = cutoff_unit(world, staff_no, day)
    if not unit_id or roster.units[unit_id].mode == "not_in_force":
        return None
    shift, _ = roster.shift(staff_no, unit_id, day)
    if shift is None or roster.leave(staff_no, day) is not None:
        return None
    return roster.start_ms(shift, day) + world.city.policy.cutoff_after_s * 1000


def _was_there(told: Expected, cutoff: int) -> bool:
    """Whether what is said in the end is that somebody was there by the cutoff."""
    return bool(told.in_time) and told.in_time <= local_text(cutoff)


def alert_faults(expected: Mapping[str, Sequence[str]], told: Iterable[str], corrected: Iterable[str]) -> list[str]:
    """
    Where the messages differ from the truth, a line each; order and repetition do not matter.

    Args:
        expected: of ``expected_alerts``.
        told, corrected: units that were told anything; that were told a *Ralat*.
    """
    lines = []
    kinds = (("alert", set(told), "must", "may"), ("Ralat", set(corrected), "ralat_must", "ralat_may"))
    for what, units, must, may in kinds:
        lines += [f"{unit}: no {what}, though it should have heard" for unit in sorted(set(expected[must]) - units)]
        lines += [f"{unit}: {what}, though there was nothing to tell" for unit in sorted(units - set(expected[may]))]
    return lines
