"""
What every phone sees of the morning: the way to the office, noise, gaps, batteries that die, and a few cheats.

Everything is decided before the start. A phone takes a fix every minute or two and sends what it has at its own times,
five minutes apart (``Outing.sent_ms``); nothing here depends on what the pipeline does.
"""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from producers.simulator.lookup import Roster
from producers.simulator.places import Place, Point
from producers.simulator.world import City, Morning, Phone, clock_s, moment, rng_for

SEND_MS = 300_000
MINUTE_MS = 60_000
GAP_MS = 15 * MINUTE_MS
"""Between two fixes further apart nobody can say where the phone was."""
FAR_M = 60_000.0
"""Where the phone of somebody lies for whom another punches: no road leads there within the minute."""
CHEATS = {"mock_location": 3, "impossible_travel": 3, "shared_phone": 4, "same_photo": 2}
"""How many people have each part; the last two come in pairs."""
IMEI_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Fix:
    """A position as the phone has it, noise included; ``point`` is where it truly (or by its own story) was."""

    at_ms: int
    point: Point
    lat: float
    lon: float
    accuracy_m: float
    mock: bool
    battery: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A face check: scores 0 to 1, and the photo's hash, 64 hex digits."""

    at_ms: int
    match: float
    liveness: float
    photo_sha256: str


@dataclass(frozen=True, slots=True)
class Outing:
    """
    A phone's morning.

    ``part`` is empty for the honest; ``with_staff_no``: whose phone or photo it shares. ``offline``: half-open spans of
    moments without a connection. ``dead_from``: when the battery is empty; None: never. ``phase_ms``: when after the
    full five minutes it sends.
    """

    phone: Phone
    part: str
    with_staff_no: str
    boot_id: str
    imei: str | None
    booted_ms: int
    fixes: tuple[Fix, ...]
    shots: tuple[Shot, ...]
    offline: tuple[tuple[int, int], ...]
    dead_from: int | None
    phase_ms: int
    resends: bool

    def speaks(self, at_ms: int) -> bool:
        """Whether it can send at a moment."""
        alive = self.dead_from is None or at_ms < self.dead_from
        return alive and not any(begin <= at_ms < end for begin, end in self.offline)

    def crossings(self, place: Place) -> int:
        """How often it goes in or out between two fixes."""
        near = [fix.point.metres_to(place.point) <= place.radius_m for fix in self.fixes]
        return sum(one != two for one, two in pairwise(near))

    def next_send(self, after_ms: int) -> int:
        """The first of its times to send that comes after a moment, connected or not."""
        return after_ms - (after_ms - self.phase_ms) % SEND_MS + SEND_MS

    def gets_out(self, at_ms: int, end_ms: int) -> bool:
        """Whether what it saw at a moment is sent by the end of the morning, when all who can hand over the rest."""
        if self.speaks(end_ms):
            return at_ms <= end_ms
        send = self.next_send(at_ms - 1)
        while send <= end_ms and not self.speaks(send):
            send += SEND_MS
        return send <= end_ms


def make_outings(city: City, morning: Morning) -> tuple[Outing, ...]:
    """The whole morning of every phone, in the city's order of phones; the same for the same city."""
    roster = Roster(city)
    punched: dict[str, list[int]] = {phone.staff_no: [] for phone in city.phones}
    for punch in morning.punches:
        if punch.staff_no in punched:
            punched[punch.staff_no].append(punch.at_ms)
    units = {phone.staff_no: unit_of(roster, phone.staff_no) for phone in city.phones}
    parts = _parts(units, punched, moment(city.day, clock_s("07:45")))
    made: dict[str, Outing] = {}
    for n, phone in enumerate(city.phones):
        part, other = parts.get(phone.staff_no, ("", ""))
        chance = rng_for(city.seed, phone.install_id)
        day = _Day(city, morning, phone, city.places[units[phone.staff_no]], punched[phone.staff_no], n, chance)
        made[phone.staff_no] = _outing(day, part, other)
    for staff_no, (part, other) in parts.items():
        if part == "shared_phone" and staff_no < other:
            since = max(punched[staff_no][0], punched[other][0])
            made[staff_no], made[other] = _in_turn(made[staff_no], made[other], since)
        if part == "same_photo" and staff_no < other:
            photo = made[staff_no].shots[0].photo_sha256
            shots = tuple([replace(shot, photo_sha256=photo) for shot in made[other].shots])
            made[other] = replace(made[other], shots=shots)
    return tuple([made[phone.staff_no] for phone in city.phones])


def unit_of(roster: Roster, staff_no: str) -> str:
    """The office of somebody with a phone."""
    assignment = roster.assignment(staff_no, roster.city.day)
    assert assignment is not None, "phones are given to people of the day"
    return assignment.unit_id


def minutes(outing: Outing, place: Place, begin_ms: int, until_ms: int, end_ms: int) -> dict[str, int]:
    """
    Minutes of a span ``inside``, ``outside``, ``unknown``, by what the phone itself tells and gets out by ``end_ms``.

    Unknown: before the first fix, between two that lie more than a quarter of an hour apart, and after the last if the
    span's end is as far. Right to a minute or two at each crossing of the fence and each end of a gap.
    """
    fixes = [fix for fix in outing.fixes if outing.gets_out(fix.at_ms, end_ms) and fix.at_ms < until_ms]
    times = [fix.at_ms for fix in fixes]
    count = {"inside": 0, "outside": 0, "unknown": 0}
    for middle in range(begin_ms + MINUTE_MS // 2, until_ms, MINUTE_MS):
        after = bisect_right(times, middle)
        following = times[after] if after < len(times) else until_ms
        if not after or following - times[after - 1] > GAP_MS:
            count["unknown"] += 1
            continue
        one, two = fixes[after - 1], fixes[min(after, len(fixes) - 1)]
        way = 0.0 if one is two else (middle - one.at_ms) / (two.at_ms - one.at_ms)
        near = one.point.towards(two.point, way).metres_to(place.point) <= place.radius_m
        count["inside" if near else "outside"] += 1
    return count


@dataclass(frozen=True)
class _Day:
    """What decides about one phone: its owner's office and true punches, its number, a chance of its own."""

    city: City
    morning: Morning
    phone: Phone
    place: Place
    punches: list[int]
    n: int
    rng: random.Random

    def at(self, clock: str) -> int:
        """A moment of the morning, up to a few minutes later."""
        return moment(self.city.day, clock_s(clock)) + self.rng.randrange(8 * MINUTE_MS)


def _parts(units: Mapping[str, str], punched: Mapping[str, Sequence[int]], early_ms: int) -> dict[str, tuple[str, str]]:
    """Who cheats: staff number -> (part, with whom)."""
    early = [s for s, times in punched.items() if times and times[0] < early_ms]
    away = [s for s, times in punched.items() if not times]
    parts: dict[str, tuple[str, str]] = {}
    pairs = [(a, b) for a, b in pairwise(early) if units[a] == units[b]]
    for part in ("shared_phone", "same_photo"):
        for one, two in pairs:
            if sum(p == part for p, _ in parts.values()) < CHEATS[part] and not {one, two} & parts.keys():
                parts |= {one: (part, two), two: (part, one)}
    for part, people in (("mock_location", [*away, *early]), ("impossible_travel", early)):
        free = [staff_no for staff_no in people if staff_no not in parts]
        parts |= {staff_no: (part, "") for staff_no in free[: CHEATS[part]]}
    return parts


def _outing(day: _Day, part: str, other: str) -> Outing:
    rng, honest, start = day.rng, not part, day.morning.start_ms
    track = _track(day, part)
    begin, end = start, day.morning.end_ms
    if part == "mock_location":
        begin = day.at("06:45")
    dead_from = day.at("08:05") if honest and day.n % 7 == 2 else None
    gap = (day.at("07:30"), day.at("08:00")) if honest and not dead_from and day.n % 9 == 4 else (0, 0)
    step, full = rng.choice((60, 90, 120)) * 1000, rng.uniform(0.4, 0.95)
    fixes = []
    at_ms = begin + rng.randrange(step)
    while at_ms < (dead_from or end):
        if not gap[0] <= at_ms < gap[1]:
            spent = (at_ms - start) / ((dead_from or end + 8 * 3_600_000) - start)
            fixes.append(_fix(day, at_ms, _where(track, at_ms), part == "mock_location", round(full * (1 - spent), 2)))
        at_ms += step + rng.randint(-3000, 3000)
    shots: tuple[Shot, ...] = ()
    if day.punches and part != "impossible_travel":
        photo = hashlib.sha256(f"{day.city.seed} {day.phone.install_id}".encode()).hexdigest()
        taken = max(start, day.punches[0] + 60_000)
        shots = (Shot(taken, round(rng.uniform(0.8, 0.99), 3), round(rng.uniform(0.9, 0.99), 3), photo),)
    return Outing(
        phone=day.phone,
        part=part,
        with_staff_no=other,
        boot_id=str(UUID(int=rng.getrandbits(128), version=4)),
        imei=_imei(rng) if part == "shared_phone" or rng.random() < IMEI_SHARE else None,
        booted_ms=start - rng.randrange(1, 400) * 3_600_000,
        fixes=tuple(fixes),
        shots=tuple([shot for shot in shots if shot.at_ms < (dead_from or end)]),
        offline=((day.at("07:02"), day.at("07:32")),) if honest and day.n % 5 == 1 else (),
        dead_from=dead_from,
        phase_ms=rng.randrange(SEND_MS),
        resends=day.n % 8 == 0,
    )


def _track(day: _Day, part: str) -> list[tuple[int, Point]]:
    """Where the phone is (or says it is), as corners of a way; between them it moves evenly."""
    rng, office = day.rng, day.place.point
    home = office.moved(rng.uniform(1000, 6000), rng.uniform(0, math.tau))
    if part == "mock_location":
        return [(0, office)]
    if part == "impossible_travel":
        return [(0, office.moved(FAR_M, rng.uniform(0, math.tau)))]
    if not day.punches:
        return [(0, home)]
    desk = office.moved(rng.uniform(0, day.place.radius_m * 0.3), rng.uniform(0, math.tau))
    arrives = day.punches[0] - rng.randint(90, 240) * 1000
    track = [(arrives - _way_ms(rng, home, desk), home), (arrives, desk)]
    leaves = day.at("07:58")
    if not part and day.n % 6 == 3 and day.punches[-1] < leaves - 5 * MINUTE_MS:
        field = office.moved(rng.uniform(1500, 4500), rng.uniform(0, math.tau))
        track += [(leaves, desk), (leaves + _way_ms(rng, desk, field), field)]
    return track


def _way_ms(rng: random.Random, one: Point, other: Point) -> int:
    """How long the way takes by motorcycle through a town: 22 to 34 km/h."""
    return round(one.metres_to(other) / rng.uniform(6.0, 9.5) * 1000)


def _where(track: Sequence[tuple[int, Point]], at_ms: int) -> Point:
    for (begin, one), (end, other) in pairwise(track):
        if begin <= at_ms < end:
            return one.towards(other, (at_ms - begin) / (end - begin))
    return track[0][1] if at_ms < track[0][0] else track[-1][1]


def _fix(day: _Day, at_ms: int, point: Point, mock: bool, battery: float) -> Fix:
    """A mocked place has no noise; a real one as much as the phone says: 68 % within ``accuracy_m``."""
    if mock:
        return Fix(at_ms, point, round(point.lat, 6), round(point.lon, 6), 5.0, True, battery)
    accuracy = round(min(60.0, 8 + day.rng.expovariate(1 / 9)), 1)
    error = min(abs(day.rng.gauss(0, accuracy)), 1.8 * accuracy)
    seen = point.moved(error, day.rng.uniform(0, math.tau))
    return Fix(at_ms, point, round(seen.lat, 6), round(seen.lon, 6), accuracy, False, battery)


def _imei(rng: random.Random) -> str:
    return f"35{rng.randrange(10**13):013d}"


def _in_turn(one: Outing, two: Outing, since_ms: int) -> tuple[Outing, Outing]:
    """The second's phone serves both once both have come: twenty minutes signed in as one, twenty as the other."""

    def as_one(fix: Fix) -> bool:
        return fix.at_ms >= since_ms and (fix.at_ms - since_ms) // (20 * MINUTE_MS) % 2 == 0

    shots = tuple([replace(shot, at_ms=since_ms + 2 * MINUTE_MS) for shot in one.shots])
    return (
        replace(
            one,
            boot_id=two.boot_id,
            imei=two.imei,
            booted_ms=two.booted_ms,
            fixes=tuple([fix for fix in two.fixes if as_one(fix)]),
            shots=shots,
        ),
        replace(two, fixes=tuple([fix for fix in two.fixes if not as_one(fix)])),
    )
