"""Rule: the phone itself says that its position is made up."""

from __future__ import annotations

from streams.rules.evidence import Finding, Rule, Trace, moment, place


def find(trace: Trace) -> Finding | None:
    """
    Minutes of the date whose position the phone called mocked; few of them may be a developer's slip.

    Source: Sumatera Utara 2021, where proven manipulation of the app costs the month's attendance share: the flag is
    the evidence, whether it is proven is a person's decision.

    >>> desk = (-7_400_000, 112_400_000, 10)
    >>> find(Trace([(0, *desk, False), (60, *desk, True)])).score
    0.5
    >>> find(Trace([(0, *desk, False)])) is None
    True
    """
    mocked = [fix for fix in trace.fixes if fix[4]]
    if not mocked:
        return None
    return Finding(
        1.0 if len(mocked) >= trace.limits.mock_minutes else 0.5,
        {
            "minutes_mocked": str(len(mocked)),
            "minutes_told": str(len(trace.fixes)),
            "first_at": moment(mocked[0][0]),
            "last_at": moment(mocked[-1][0]),
            "first_place": place(mocked[0]),
        },
    )


RULE = Rule("mock_location", 1, find)
