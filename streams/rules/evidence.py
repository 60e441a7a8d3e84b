"""What a rule of manipulation is: a pure function from where a person was seen on a date to evidence, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_M = 6_371_008.8


class Sighting(NamedTuple):
    """
    A person seen at a place: by his phone, or by a terminal at the place of its unit.

    Attributes:
        at: UTC, milliseconds, by the clock of what saw him.
        lat, lon: degrees WGS84.
        radius_m: how far from there he may have been.
        by: the terminal's id; empty: the phone.
        mock: the phone said that the position is made up.
    """

    at: int
    lat: float
    lon: float
    radius_m: float
    by: str = ""
    mock: bool = False


class Shared(NamedTuple):
    """
    Something of this person's that somebody else used as well.

    Attributes:
        kind: ``imei``, ``install`` or ``photo``.
        value: what is shared; of a phone a hash, never its number.
        others: employee ids, in order.
        at: when this person used it first on the date, UTC, milliseconds.
    """

    kind: str
    value: str
    others: tuple[str, ...]
    at: int


class Limits(NamedTuple):
    """
    The numbers of the rules, from policy.

    Attributes:
        travel_kmh: faster than this nobody travels within a region.
        travel_m: two places nearer than this to each other are one: noise of positions, a large yard.
        clocks_s: how far a terminal's clock and a phone's may be apart.
        mock_minutes: minutes with a made-up position from which on it is more than a slip.
    """

    travel_kmh: float = 150.0
    travel_m: float = 2_000.0
    clocks_s: int = 300
    mock_minutes: int = 3


class Trace(NamedTuple):
    """A person's date: ``sightings`` in any order, at most one of the phone a minute; ``shared``: in any order."""

    sightings: Sequence[Sighting]
    shared: Sequence[Shared] = ()
    limits: Limits = Limits()


class Finding(NamedTuple):
    """Evidence: ``score`` from 0 to 1, and the inputs in words and numbers, enough for a person to judge."""

    score: float
    evidence: Mapping[str, str]


class Rule(NamedTuple):
    """A rule of manipulation; ``version`` grows when the same trace would give another finding."""

    name: str
    version: int
    find: Callable[[Trace], Finding | None]


def distance_m(a: Sighting, b: Sighting) -> float:
    """
    Metres between two places along the earth.

    >>> round(distance_m(Sighting(0, -7.47, 112.43, 0), Sighting(0, -7.26, 112.75, 0)) / 1000)
    42
    """
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin(radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def place(sighting: Sighting) -> str:
    """
    A place as people can look it up on a map.

    >>> place(Sighting(0, -7.4712345, 112.4, 12.4))
    '-7.47123,112.40000 (12 m)'
    """
    return f"{sighting.lat:.5f},{sighting.lon:.5f} ({sighting.radius_m:.0f} m)"
