"""Rule: seen at two places that nobody can have travelled between in the time; phone to phone, or terminal to phone."""

from __future__ import annotations

from itertools import pairwise

from streams.rules.evidence import Finding, Limits, Rule, Sighting, Trace, distance_m, place

HOUR_MS = 3_600_000


def find(trace: Trace) -> Finding | None:
    """
    The fastest of the journeys between a sighting and the next, if no vehicle of the region is as fast.

    Each place counts as near to the other as its radius allows, and clocks of two kinds may be apart: what is left is
    the least speed with which he must have travelled. Positions called mocked are another rule's.

    Source: Sumatera Utara 2021 and Solok Selatan 2022: apps that show somebody at his office who is elsewhere.

    >>> office, beach = Sighting(0, -7.47, 112.43, 100, by="A"), Sighting(600_000, -8.45, 112.43, 20)
    >>> find(Trace([beach, office])).evidence["least_kmh"]
    '435'
    >>> find(Trace([office, beach._replace(at=2 * 3_600_000)])) is None
    True
    """
    seen = sorted(sighting for sighting in trace.sightings if not sighting.mock)
    of_phone = [sighting for sighting in seen if not sighting.by]  # a terminal between them would lend them its clock
    fastest: tuple[float, float, Sighting, Sighting] | None = None
    for before, after in (*pairwise(seen), *pairwise(of_phone)):
        apart = distance_m(before, after) - before.radius_m - after.radius_m
        if apart < trace.limits.travel_m:
            continue
        speed = apart / 1000 / (_most_ms(before, after, trace.limits) / HOUR_MS)
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
            "from_at": str(before.at),
            "from_place": place(before),
            "from_device": before.by,
            "to_at": str(after.at),
            "to_place": place(after),
            "to_device": after.by,
        },
    )


def _most_ms(before: Sighting, after: Sighting, limits: Limits) -> int:
    """The longest that can lie between: clocks of one kind agree to a second, of two kinds to what policy allows."""
    return after.at - before.at + (1000 if before.by == after.by else limits.clocks_s * 1000)


RULE = Rule("impossible_travel", 1, find)
