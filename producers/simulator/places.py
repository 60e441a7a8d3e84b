"""Where things are in a made town: offices on a spiral around its square, and the few sums that distances need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

SQUARE = (-7.2140, 111.6230)
"""Latitude and longitude, degrees WGS84, of a town that is not there."""
TOWN_M = 4000.0
RADIUS_M = {"hospital": 250.0, "school": 120.0}
OTHER_RADIUS_M = 150.0
DEGREE_M = 111_320.0
_TURN = math.pi * (3 - math.sqrt(5))  # the golden angle: neighbours on the spiral lie apart


@dataclass(frozen=True, slots=True)
class Point:
    """Latitude and longitude, degrees WGS84."""

    lat: float
    lon: float

    def metres_to(self, other: Point) -> float:
        """
        Distance over ground; right to a metre within a town.

        >>> round(Point(-7.0, 111.0).metres_to(Point(-7.0, 111.01)))
        1105
        """
        east = (other.lon - self.lon) * math.cos(math.radians((self.lat + other.lat) / 2))
        return math.hypot(other.lat - self.lat, east) * DEGREE_M

    def moved(self, metres: float, direction: float) -> Point:
        """The point so many metres away; ``direction`` in radians, 0 is east."""
        north, east = metres * math.sin(direction), metres * math.cos(direction)
        return Point(self.lat + north / DEGREE_M, self.lon + east / DEGREE_M / math.cos(math.radians(self.lat)))

    def towards(self, other: Point, share: float) -> Point:
        """The point that lies at a share of the way to another."""
        return Point(self.lat + (other.lat - self.lat) * share, self.lon + (other.lon - self.lon) * share)


@dataclass(frozen=True, slots=True)
class Place:
    """An office on the ground: whoever is within ``radius_m`` of the point is there."""

    point: Point
    radius_m: float


def place_units(units: Iterable[tuple[str, str]]) -> dict[str, Place]:
    """
    A place for every office, given by (unit id, kind): the first near the square, no two within 300 m of each other.

    Pure: the same offices, the same town.
    """
    listed = list(units)
    square = Point(*SQUARE)
    return {
        unit_id: Place(
            square.moved(TOWN_M * math.sqrt((n + 0.5) / len(listed)), n * _TURN), RADIUS_M.get(kind, OTHER_RADIUS_M)
        )
        for n, (unit_id, kind) in enumerate(listed)
    }
