"""Cities for tests: the smallest one in which every part is played."""

from __future__ import annotations

from datetime import date

from producers.simulator.city import DAY, make_city
from producers.simulator.world import City


def small(seed: int = 1, *, day: date = DAY, holiday: str = "") -> City:
    """200 people, 16 terminals."""
    return make_city(seed, day, people=200, terminals=16, holiday=holiday)
