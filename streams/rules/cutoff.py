"""Rule: of whom an office must hear at its cutoff, and when it must hear again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.rules.attendance import Judgement
from streams.rules.day import Plan

ABSENT = frozenset(("not_here", "absent", "unexplained"))
DOUBT = frozenset(("awaited", "undetermined"))
MINUTE_MS = 60_000
SPOKEN_OF_MS = (
    6 * 3_600_000
)  # after its cutoff a unit is still spoken of: data that come at 11.40 may withdraw an absence
WAIT_MS = 2 * MINUTE_MS  # the log's time for partitions to speak and for whoever is `awaited`
STALE_MS = 24 * 3_600_000  # of a cutoff so long ago nothing new is said: an alert a day late alerts nobody


class News(NamedTuple):
    """
    What is to be said.

    Attributes:
        kind: ``raise`` or ``correction``.
        withdrawn: people whose absence is taken back, sorted.
    """

    kind: str
    withdrawn: tuple[str, ...] = ()


def late_at_cutoff(plan: Plan, judgement: Judgement) -> bool:
    """Whether somebody who is due had not arrived by the cutoff, as far as is known: late, absent or in doubt."""
    arrived = judgement.in_punch
    return arrived is None or arrived.occurred_at > plan.cutoff


def news(absent_shown: frozenset[str] | None, provisional: bool, people: Mapping[str, str], whole: bool) -> News | None:
    """
    Decide whether an office must hear, the first time or again.

    Somebody who arrives after the cutoff was absent at it: no news, nothing is taken back. Whoever is not among
    ``people`` any more was there in time, or was never due (leave entered late, moved away): his absence is withdrawn.

    Args:
        absent_shown: people said to be absent in an earlier revision and not withdrawn; None: nothing was said yet.
        provisional: whether what was said last was.
        people: employee -> state of all who are due and had not arrived by the cutoff.
        whole: every partition has spoken; otherwise nobody's absence can end here.

    Pure, O(people). Source: PP 94/2021, an absence needs a basis and is corrected when it has none; Kota Mojokerto
    2017 (1,122 people shown absent who were not).

    >>> news(None, False, {"ani": "not_here", "budi": "late"}, True)
    News(kind='raise', withdrawn=())
    >>> news(frozenset({"ani"}), False, {"ani": "late"}, True) is None
    True
    >>> news(frozenset({"ani"}), False, {}, True)
    News(kind='correction', withdrawn=('ani',))
    """
    absent = {who for who, state in people.items() if state in ABSENT}
    doubt = not whole or any([state in DOUBT for state in people.values()])
    if absent_shown is None:
        return News("raise") if absent or any([state in DOUBT for state in people.values()]) else None
    withdrawn = tuple(sorted(absent_shown - people.keys())) if whole else ()
    if withdrawn:
        return News("correction", withdrawn)
    if absent - absent_shown or (provisional and not doubt):
        return News("raise")
    return None
