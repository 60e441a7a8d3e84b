"""What a rule of manipulation is: a pure function from where a person was seen on a date to evidence, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import asin, ceil, cos, radians, sin, sqrt
from typing import NamedTuple

from streams.folds.limits import USUAL, Limits
from streams.folds.places import Fix

EARTH_M = 6_371_008.8
MICRODEGREE_M = radians(1e-6) * EARTH_M

Circle = tuple[int, int, int]
"""Centre in millionths of a degree, radius in metres."""


class Punched(NamedTuple):
    """
    A person seen at a terminal; begins as a ``Fix`` does.

    Attributes:
        at: whole second UTC, by the terminal's clock.
        lat, lon: of the terminal's unit, millionths of a degree.
        radius_m: how far from there he may have been.
        mock: never.
        by: the terminal's id.
    """

    at: int
    lat: int
    lon: int
    radius_m: int
    mock: bool
    by: str


Sighting = Fix | Punched


class Shared(NamedTuple):
    """
    Something that this person and others used on a date.

    Attributes:
        kind: ``boot``, ``imei``, ``install`` or ``photo``.
        value: what is shared; a hash, never a phone's number.
        others: employee ids, in order; one at least.
    """

    kind: str
    value: str
    others: tuple[str, ...]


class Trace(NamedTuple):
    """
    A person's date: ``fixes`` (at most one a minute) and ``punches`` in order of time, ``shared`` in any order, and the
    numbers of the policy in force on it.
    """

    fixes: Sequence[Fix]
    punches: Sequence[Punched] = ()
    shared: Sequence[Shared] = ()
    limits: Limits = USUAL


class Finding(NamedTuple):
    """Evidence: ``score`` from 0 to 1, and the inputs in words and numbers, enough for a person to judge."""

    score: float
    evidence: Mapping[str, str]


class Rule(NamedTuple):
    """A rule of manipulation; ``version`` grows when the same trace would give another finding."""

    name: str
    version: int
    find: Callable[[Trace], Finding | None]


def distance_m(a: Sighting | Circle, b: Sighting | Circle) -> float:
    """
    Metres between two places along the earth.

    >>> round(distance_m((0, -7_470_000, 112_430_000, 0, False), (0, -7_260_000, 112_750_000, 0, False)) / 1000)
    42
    """
    (lat_a, lon_a), (lat_b, lon_b) = _radians(a), _radians(b)
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def _radians(place: Sighting | Circle) -> tuple[float, float]:
    lat, lon = place[:2] if len(place) == 3 else place[1:3]
    return radians(lat / 1e6), radians(lon / 1e6)


def around(circles: Sequence[Circle]) -> Circle:
    """
    A circle that holds all of a unit's circles: where one of its terminals may hang.

    Args:
        circles: one at least.

    >>> around([(-7_400_000, 112_400_000, 100)])
    (-7400000, 112400000, 100)
    >>> around([(-7_400_000, 112_400_000, 100), (-7_410_000, 112_400_000, 50)])
    (-7405000, 112400000, 656)
    """
    if len(circles) == 1:
        return circles[0]
    lat = sum(circle[0] for circle in circles) // len(circles)
    east = circles[0][1]  # of the first, so that the sum goes wrong nowhere on earth
    lon = east + sum(_turn(circle[1] - east) for circle in circles) // len(circles)
    return lat, lon, ceil(max(distance_m((lat, lon, 0), circle) + circle[2] for circle in circles))


def _turn(degrees: int) -> int:
    return (degrees + 180_000_000) % 360_000_000 - 180_000_000


def place(sighting: Sighting) -> str:
    """
    A place as people can look it up on a map.

    >>> place((0, -7_471_234, 112_400_000, 12, False))
    '-7.47123,112.40000 (12 m)'
    """
    return f"{sighting[1] / 1e6:.5f},{sighting[2] / 1e6:.5f} ({sighting[3]} m)"


def terminal(sighting: Sighting) -> str:
    """The terminal that saw him; empty: his phone."""
    return sighting.by if isinstance(sighting, Punched) else ""


def moment(at: int) -> str:
    """A whole second UTC as evidence has it: milliseconds since 1970."""
    return str(at * 1000)


def others(shared: Iterable[Shared]) -> str:
    """Everybody with whom something is shared, in order."""
    return " ".join(sorted({other for one in shared for other in one.others}))
