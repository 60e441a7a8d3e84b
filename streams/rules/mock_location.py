"""Rule: the phone itself says that its position is made up."""

from __future__ import annotations

from streams.rules.evidence import Finding, Rule, Trace, place


def find(trace: Trace) -> Finding | None:
    """
    Minutes of the date whose position the phone called mocked; few of them may be a developer's slip.

    Source: Sumatera Utara 2021, where proven manipulation of the app costs the month's attendance share: the flag is
    the evidence, whether it is proven is a person's decision.

    >>> from streams.rules.evidence import Sighting
    >>> find(Trace([Sighting(0, -7.4, 112.4, 10), Sighting(60_000, -7.4, 112.4, 10, mock=True)])).score
    0.5
    >>> find(Trace([Sighting(0, -7.4, 112.4, 10)])) is None
    True
    """
    mocked = sorted(sighting for sighting in trace.sightings if sighting.mock)
    if not mocked:
        return None
    told = sum(not sighting.by for sighting in trace.sightings)
    enough = len(mocked) >= trace.limits.mock_minutes
    return Finding(
        1.0 if enough else 0.5,
        {
            "minutes_mocked": str(len(mocked)),
            "minutes_told": str(told),
            "first_at": str(mocked[0].at),
            "last_at": str(mocked[-1].at),
            "first_place": place(mocked[0]),
        },
    )


RULE = Rule("mock_location", 1, find)
