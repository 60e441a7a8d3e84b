"""
What the numbers of a ``policy`` may be that say what counts as presence and as manipulation (decisions 0009, 0010).

Whoever enters a policy and whoever judges by it hold it against the same bounds. What a policy doesn't say is the
default that its schema has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from schemas.registry import by_name

BOUNDS: Mapping[str, tuple[int, int]] = {
    "presence_gap_s": (60, 7200),  # phones speak once a minute at most; two hours out of sight are no presence
    "presence_worst_m": (10, 5000),  # no phone outdoors knows better; of a cell tower nobody knows more
    "travel_kmh": (10, 2000),  # from a bicycle to beyond any aeroplane
    "travel_m": (100, 100_000),
    "clocks_s": (1, 3600),  # 0 would make a journey within a second endlessly fast
    "mock_minutes": (1, 1440),
}
"""Least and most of each number, both allowed."""


@cache
def defaults() -> dict[str, int]:
    """The numbers where a policy doesn't say them."""
    fields = by_name()["policy"].source["fields"]
    return {field["name"]: field["default"] for field in fields if field["name"] in BOUNDS}
