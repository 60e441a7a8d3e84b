"""
Small but nasty worlds for the pipeline and the oracle, and orders in which to tell their facts.

A world is a finished history: ``reference`` in its one order, with ticks in between, and the facts of devices and
phones as a set. :func:`worlds` draws one for Hypothesis, :func:`city` makes a bigger one from a seed; both throw their
dice in the same :func:`build`. What can go wrong in a world is a *spice*, so a failing law can be narrowed down, and
worlds that hang on a reading of the spine (``DISPUTED``) can be kept apart from those that don't (``SETTLED``).

    @given(worlds())
    def test_the_order_of_facts_changes_nothing(world):
        expected = attendance_rows(world.device_facts, world.reference, world.horizon)
        for plan in plans(world, seed=1, count=3):
            assert not differences(expected, of_open_months(pump(*plan), world.reference))

Hypothesis needs some 20 ms a world and minutes to shrink one; ``build(SeededDice(seed), Size(), SETTLED)`` needs 2 ms,
and :func:`smallest` makes the failing one small in no time.
"""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import strategies as st

from tests.oracle.builder import Builder
from tests.oracle.dice import Dice, DrawnDice, SeededDice
from tests.oracle.plans import Plan, interleaving, plans, vouched
from tests.oracle.records import World
from tests.oracle.roster import Size
from tests.oracle.smallest import smallest

__all__ = [
    "DISPUTED",
    "SETTLED",
    "Plan",
    "SeededDice",
    "Size",
    "World",
    "build",
    "city",
    "interleaving",
    "plans",
    "smallest",
    "vouched",
    "worlds",
]

SETTLED = frozenset(
    {
        "two_zones",  # units and terminals in WIB and WITA, not always in the same one
        "unit_correction",  # a unit's zone was entered wrongly and corrected
        "geofence_change",  # a unit's circle moves, is withdrawn, is one of two
        "walk",  # phones through the day: inside, at the edge, outside, off, inexact, with wrong clocks
        "jump",  # a phone that is elsewhere a minute later, or nowhere on earth
        "made_up",  # positions that the phone calls made up
        "lent",  # phones and photos that speak for several people, or for more than fifty
        "device_moved",  # a terminal is entered under the wrong unit, or hangs elsewhere from some date on
        "mode_change",  # trial today, in force tomorrow
        "policy_change",  # another policy from some date on, first and last punch, and corrected numbers
        "shift_change",  # other hours from some date on, or hours corrected afterwards
        "personal_schedule",  # single nights, weekly rows, void ones, several over one another
        "no_schedule",  # a unit without a schedule
        "night",  # shifts over midnight, and one that opens before it
        "leave",  # leave, field duty, void leave
        "holiday",  # also a void one, and shifts that don't observe it
        "move",  # a person moves to another unit in the middle
        "late_reference",  # what should have been first comes after ticks
        "device_retired",  # a terminal ends while enrolments on it go on
        "device_zone",  # a terminal's zone is corrected
        "device_late",  # a terminal is entered after its punches
        "device_replaced",  # one serial, two records with adjoining dates
        "enrolment_overlap",  # one PIN, two people
        "enrolment_change",  # ends earlier or later than first said
        "enrolment_void",  # withdrawn, sometimes entered again
        "enrolment_unsettled",  # entered after the last tick
        "no_enrolment",  # a person on no terminal
        "period_reopened",  # closed and open again, closed in the end, never opened
        "month_edge",  # dates on both sides of the end of a month
        "stray_punch",  # unknown PINs, unknown devices, clocks that are years off
        "redelivery",  # one punch several times, with other received_at, digest and codes
        "double_punch",  # the same finger seconds later, or at the same second elsewhere
        "minute_only",  # times known to the minute
        "silence",  # terminals silent, back, never heard of
        "short_window",  # the in-window closes before the cutoff, papers are due before either
    }
)
"""
Worlds whose states the spine decides by itself. Columns that rest on a reading are in every world:
``oracle.COLUMNS_BY_READING`` can be left out of ``differences`` until they are agreed upon.
"""

DISPUTED = frozenset(
    {
        "overlap",  # R1: two records of one kind cover a date: assignments, modes, policies, leaves, units, devices
        "missing_unit",  # R5
        "missing_shift",  # R5
        "missing_policy",  # R5
        "missing_mode",  # R4
        "status_tie",  # R21: two statuses of one terminal at one moment
        "repeated_tick",  # R22: the same minute ticks twice
        "withdrawn_assignment",  # R8: a row was shown that should no longer be there
        "midnight",  # R8: the history ends in the hours in which the date has begun in one zone only
    }
)
"""What rests on a reading in ``oracle``'s docstring."""


@st.composite
def worlds(draw: st.DrawFn, spices: Collection[str] = SETTLED, size: Size = Size()) -> World:  # noqa: B008
    """
    Small nasty worlds for Hypothesis.

    Args:
        spices: what may go wrong: a part of ``SETTLED | DISPUTED``.
        size: upper bounds.
    """
    return build(DrawnDice(draw), size, spices)


def city(seed: int, spices: Collection[str] = SETTLED, size: Size | None = None) -> World:
    """A bigger world, the same for the same arguments; by default some 40 people, 8 terminals, 8 days."""
    bigger = Size(units=4, devices=8, people=40, days=8, ticks=60, statuses_per_device=12, full=True)
    return build(SeededDice(seed), size or bigger, spices)


def build(dice: Dice, size: Size, spices: Collection[str]) -> World:
    """
    A world from dice.

    Raises:
        ValueError: a spice that doesn't exist.
    """
    unknown = set(spices) - SETTLED - DISPUTED
    if unknown:
        raise ValueError(f"no such spice: {', '.join(sorted(unknown))}")
    return Builder(dice, size, frozenset(spices)).world()
