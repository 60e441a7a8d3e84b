"""Rule: where a person was during a shift, as far as his phone said. Decision 0009."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import cos, radians
from typing import NamedTuple

from streams.folds.limits import Limits
from streams.folds.places import Fix
from streams.folds.references import Geofence

HOUR_S = 3600
METRES = 111_195.0797  # in one degree of latitude: a sphere of 6,371 km

INSIDE, OUTSIDE, UNKNOWN = "inside", "outside", "unknown"
PLACES = (INSIDE, OUTSIDE, UNKNOWN)

Circle = tuple[int, int, float, int]
"""Centre in millionths of a degree, cosine of its latitude, radius in metres."""


class Window(NamedTuple):
    """A span of one place, whole seconds UTC; the next begins where it ends."""

    start: int
    end: int
    place: str


class Presence(NamedTuple):
    """
    A shift, as far as it is judged.

    Attributes:
        windows: in order, each of another place than its neighbours, without gaps from the first moment to the last.
        seconds: inside, outside, unknown.
        hours: start of each hour of the clock that has begun (of the first: of the shift), and its seconds likewise.
    """

    windows: tuple[Window, ...]
    seconds: tuple[int, int, int]
    hours: tuple[tuple[int, int, int, int], ...]


def circle(entry: Geofence) -> Circle:
    """A geofence as it is measured against."""
    return round(entry.lat * 1e6), round(entry.lon * 1e6), cos(radians(entry.lat)), entry.radius_m


def place_of(lat: int, lon: int, accuracy_m: int, circles: Iterable[Circle]) -> str | None:
    """
    Where a fix certainly is; None: at an edge, as far as its accuracy tells.

    Inside when the whole of its own circle lies in one of the unit's, outside when it touches none.

    >>> desk = (-7_400_000, 112_400_000, cos(radians(-7.4)), 100)
    >>> [place_of(-7_400_000 + north, 112_400_000, 20, [desk]) for north in (0, 700, 800, 1100)]
    ['inside', 'inside', None, 'outside']
    """
    outside = True
    for centre_lat, centre_lon, shrunk, radius_m in circles:
        north = (lat - centre_lat) * (METRES / 1e6)
        east = ((lon - centre_lon + 180_000_000) % 360_000_000 - 180_000_000) * (METRES / 1e6) * shrunk
        square = north * north + east * east
        if accuracy_m <= radius_m and square <= (radius_m - accuracy_m) ** 2:
            return INSIDE
        if square <= (radius_m + accuracy_m) ** 2:
            outside = False
    return OUTSIDE if outside else None


def presence(
    fixes: Iterable[Fix], circles: Sequence[Circle], start: int, until: int, clock_s: int, limits: Limits
) -> Presence:
    """
    Cut a shift, as far as it is judged, into windows of one place each.

    A fix of known accuracy that is exact enough is a sign: the place from there to the next sign is where it certainly
    is; at an edge it is where the sign before it was (a person at his window does not come and go with the satellites).
    Between signs that are too far apart, and from the last one when the end is further than that, nothing is known: a
    phone that is off is a gap, never an absence.

    Args:
        fixes: one a minute at most, in order of time, those before ``start`` too: they say where he was when it began.
        circles: of the unit on that date, one at least.
        start: of the shift; whole seconds UTC.
        until: its end, or how far it is judged yet, after ``start``; fixes from there on are not given.
        clock_s: seconds by which the unit's clock is ahead of UTC.
        limits: of the policy: how exact is enough (usually 200 m), how far apart is too far (usually 15 minutes).

    Pure; about 0.5 µs a fix. Source: Kabupaten Solok Selatan's Simantap (2022): who puts a finger on the terminal at
    07:30 may be anywhere at 10:00, so location counts through the working hours; UU 27/2022: only those are looked at.

    >>> from streams.folds.limits import USUAL
    >>> desk, road = (-7_400_000, 112_400_000, 10), (-7_300_000, 112_400_000, 10)
    >>> fixes = [(t * 60, *p, False) for t, p in ((55, desk), (65, desk), (70, road), (80, desk), (100, desk))]
    >>> said = presence(fixes, [(-7_400_000, 112_400_000, 0.99, 100)], 3600, 6300, 0, USUAL)
    >>> [(w.start // 60, w.end // 60, w.place) for w in said.windows]
    [(60, 70, 'inside'), (70, 80, 'outside'), (80, 100, 'unknown'), (100, 105, 'inside')]
    >>> said.seconds, said.hours
    ((900, 600, 1200), ((3600, 900, 600, 1200),))
    """
    windows = tuple(_windows(_turns(fixes, circles, until, limits), start, until))
    return Presence(windows, _seconds(windows, start, until), tuple(_hours(windows, start, until, clock_s)))


def _turns(fixes: Iterable[Fix], circles: Sequence[Circle], until: int, limits: Limits) -> list[tuple[int, str]]:
    """Moments from which a place holds, in order."""
    turns: list[tuple[int, str]] = []
    gap_s, worst_m = limits.presence_gap_s, limits.presence_worst_m
    place, before = UNKNOWN, -gap_s - 1
    for at, lat, lon, accuracy_m, _ in fixes:
        if accuracy_m > worst_m:
            continue
        if at - before > gap_s:
            turns.append((before, UNKNOWN))
            place = UNKNOWN
        before = at
        said = place_of(lat, lon, accuracy_m, circles) or place
        if said != place:
            turns.append((at, said))
            place = said
    if until - before > gap_s:
        turns.append((before, UNKNOWN))
    return turns


def _windows(turns: Sequence[tuple[int, str]], start: int, until: int) -> Iterator[Window]:
    begun, place = start, UNKNOWN
    for at, then in dict(turns).items():  # of several at one moment the last: what was a turn may have begun a gap
        if at > begun and then != place:
            yield Window(begun, at, place)
            begun = at
        place = then
    yield Window(begun, until, place)


def _seconds(windows: Iterable[Window], first: int, end: int) -> tuple[int, int, int]:
    """Seconds of each place within a span."""
    spent = dict.fromkeys(PLACES, 0)
    for window in windows:
        spent[window.place] += max(0, min(window.end, end) - max(window.start, first))
    return spent[INSIDE], spent[OUTSIDE], spent[UNKNOWN]


def _hours(windows: Sequence[Window], start: int, until: int, clock_s: int) -> Iterator[tuple[int, int, int, int]]:
    while start < until:
        end = min(until, start + HOUR_S - (start + clock_s) % HOUR_S)
        yield start, *_seconds(windows, start, end)
        start = end
