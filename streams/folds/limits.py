"""The numbers of presence and of manipulation, as a dated policy says them (decisions 0009, 0010)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hadir.errors import InvalidFact
from schemas.limits import BOUNDS, defaults


class Limits(NamedTuple):
    """
    What differs between regions. One for all plans of a policy: it is held by the record, not by a date.

    Attributes:
        presence_gap_s: two signs further apart than this have a gap between them.
        presence_worst_m: a fix less exact than this says nothing at all.
        travel_kmh: faster than this nobody travels within a region.
        travel_m: two places nearer than this to each other are one: noise of positions, a large yard.
        clocks_s: how far a terminal's clock and a phone's may be apart.
        mock_minutes: minutes with a made-up position from which on it is more than a slip.
    """

    presence_gap_s: int
    presence_worst_m: int
    travel_kmh: float
    travel_m: float
    clocks_s: int
    mock_minutes: int


USUAL = Limits(**defaults())
"""The numbers of a policy that doesn't say its own."""


def limits(record: Mapping[str, Any]) -> Limits:
    """Those of a ``policy`` record; raises InvalidFact for one that is out of bounds."""
    for name, (least, most) in BOUNDS.items():
        if not least <= record[name] <= most:
            raise InvalidFact(f"policy: {name} is not between {least} and {most}")
    return Limits(*[record[name] for name in Limits._fields])
