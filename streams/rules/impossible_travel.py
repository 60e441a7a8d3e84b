"""Rule: seen at two places that nobody can have travelled between in the time; phone to phone, or terminal to phone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from streams.folds.limits import Limits
from streams.folds.places import Fix
from streams.rules.evidence import (
    MICRODEGREE_M,
    Finding,
    Punched,
    Rule,
    Sighting,
    Trace,
    distance_m,
    moment,
    place,
    terminal,
)

_when = itemgetter(0)


def find(trace: Trace) -> Finding | None:
    """
    The fastest of the journeys between sightings, if no vehicle of the region is as fast.

    Each place counts as near to the other as its radius allows, and clocks of two kinds may be apart: what is left is
    the least speed with which he must have travelled. Positions called mocked are another rule's. A terminal with a
    wrong clock makes a journey that never was: that is why the evidence names it.

    Pure; about 0.1 µs a fix where nobody jumps. Source: Sumatera Utara 2021 and Solok Selatan 2022: apps that show
    somebody at his office who is elsewhere.

    >>> beach, office = (0, -8_450_000, 112_430_000, 20, False), Punched(600, -7_470_000, 112_430_000, 100, False, "A")
    >>> find(Trace([beach], [office])).evidence["least_kmh"]
    '435'
    >>> find(Trace([beach], [office._replace(at=7200)])) is None
    True
    """
    told = [fix for fix in trace.fixes if not fix[4]]
    fastest: tuple[float, float, Sighting, Sighting] | None = None
    for before, after in _journeys(told, trace.punches, trace.limits):
        apart = distance_m(before, after) - before[3] - after[3]
        if apart < trace.limits.travel_m:
            continue
        speed = apart / _most_s(before, after, trace.limits) * 3.6
        if speed > trace.limits.travel_kmh and (fastest is None or speed > fastest[0]):
            fastest = speed, apart, before, after
    if fastest is None:
        return None
    speed, apart, before, after = fastest
    return Finding(
        1 - trace.limits.travel_kmh / speed,
        {
            "least_kmh": f"{speed:.0f}",
            "least_m": f"{apart:.0f}",
            "from_at": moment(before[0]),
            "from_place": place(before),
            "from_device": terminal(before),
            "to_at": moment(after[0]),
            "to_place": place(after),
            "to_device": terminal(after),
        },
    )


def _journeys(told: Sequence[Fix], punches: Sequence[Punched], limits: Limits) -> Iterator[tuple[Sighting, Sighting]]:
    """From fix to fix, from each punch to the fixes next to it, from punch to punch; the nearest left out."""
    near = limits.travel_m / MICRODEGREE_M / 1.5  # two sides of which span less than ``travel_m``
    yield from [(a, b) for a, b in pairwise(told) if abs(a[1] - b[1]) > near or abs(a[2] - b[2]) > near]
    for punch in punches:
        after = bisect_left(told, punch.at, key=_when)
        if after:
            yield told[after - 1], punch
        if after < len(told):
            yield punch, told[after]
    yield from pairwise(punches)


def _most_s(before: Sighting, after: Sighting, limits: Limits) -> int:
    """The longest that can lie between: one clock agrees with itself to a second, two to what policy allows."""
    return after[0] - before[0] + (1 if terminal(before) == terminal(after) else limits.clocks_s)


RULE = Rule("impossible_travel", 1, find)
