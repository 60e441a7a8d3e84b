"""Rules of manipulation: a plainer reading finds the same, any order gives the same, the honest are left alone."""

from __future__ import annotations

import random
from itertools import pairwise
from math import ceil, cos, radians
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.folds.limits import USUAL
from streams.folds.places import UNKNOWN_M, Fix
from streams.rules.evidence import (
    EARTH_M,
    Circle,
    Punched,
    Shared,
    Sighting,
    Trace,
    around,
    distance_m,
    terminal,
)
from streams.rules.impossible_travel import find as travelled
from streams.rules.manipulation import RULES, flag_id, flags

DAY = 20_780
MICRO_M = EARTH_M * radians(1e-6)
OFFICE: Fix = (0, -7_470_000, 112_430_000, 10, False)

moments = st.integers(0, 86_400) | st.integers(0, 300)
steps = st.sampled_from((0, 900, 12_000, 18_000, 20_000, 40_000, 450_000)) | st.integers(0, 25_000)
radii = st.sampled_from((0, 8, 200, 900, UNKNOWN_M))
spots = st.tuples(steps.map(lambda n: n - 7_470_000), steps.map(lambda n: n + 112_430_000), radii)
everywhere = st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000), radii)


def fixes_at(where: st.SearchStrategy[tuple[int, int, int]]) -> st.SearchStrategy[list[Fix]]:
    """At most one a minute, in order of time."""
    made = st.builds(lambda at, spot, mock: (at, *spot, mock), moments, where, st.sampled_from((False, False, True)))
    return st.lists(made, max_size=15, unique_by=lambda fix: fix[0] // 60).map(sorted)


def punches_at(where: st.SearchStrategy[tuple[int, int, int]]) -> st.SearchStrategy[list[Punched]]:
    """In order of time; some of one second with a fix."""
    made = st.builds(_at_terminal, moments, where, st.sampled_from("AB"))
    return st.lists(made, max_size=6).map(sorted)


def _at_terminal(at: int, spot: tuple[int, int, int], by: str) -> Punched:
    return Punched(at, *spot, mock=False, by=by)


shares = st.lists(
    st.builds(
        Shared,
        kind=st.sampled_from(("boot", "imei", "install", "photo", "aura")),
        value=st.sampled_from(("5f", "77")),
        others=st.lists(st.sampled_from(("ani", "budi")), max_size=2, unique=True).map(lambda ids: tuple(sorted(ids))),
    ),
    max_size=5,
)


def moved(fix: Fix, east_m: float, at: int, radius_m: int = 10, mock: bool = False) -> Fix:
    """The same place further east and at another time."""
    return at, fix[1], fix[2] + round(east_m / (MICRO_M * cos(radians(fix[1] / 1e6)))), radius_m, mock


def plainly(trace: Trace) -> list[tuple[float, Sighting, Sighting]]:
    """Speed, from, to: every pair that decision 0010 names, each one measured; fastest first."""
    told = [fix for fix in trace.fixes if not fix[4]]
    pairs: list[tuple[Sighting, Sighting]] = [*pairwise(told), *pairwise(trace.punches)]
    for punch in trace.punches:
        pairs += [(max(f for f in told if f[0] < punch.at), punch)] if any(f[0] < punch.at for f in told) else []
        pairs += [(punch, min(f for f in told if f[0] >= punch.at))] if any(f[0] >= punch.at for f in told) else []
    found = []
    for a, b in pairs:
        apart = distance_m(a, b) - a[3] - b[3]
        speed = apart / (b[0] - a[0] + (1 if terminal(a) == terminal(b) else trace.limits.clocks_s)) * 3.6
        if apart >= trace.limits.travel_m and speed > trace.limits.travel_kmh:
            found.append((speed, a, b))
    return sorted(found, key=lambda journey: -journey[0])


def check(trace: Trace) -> None:
    """The rule finds what the plain reading finds, and the fastest of it."""
    expected, finding = plainly(trace), travelled(trace)
    assert (finding is None) == (expected == [])
    if finding is not None:
        speed = expected[0][0]
        assert finding.score == 1 - trace.limits.travel_kmh / speed
        assert finding.evidence["least_kmh"] == f"{speed:.0f}"
        told = (finding.evidence["from_at"], finding.evidence["to_at"])
        assert told in [(str(a[0] * 1000), str(b[0] * 1000)) for other, a, b in expected if other == speed]


@given(fixes_at(spots), punches_at(spots), st.sampled_from((500.0, 2000.0, 3000.0)), st.sampled_from((5.0, 150.0)))
def test_no_journey_is_missed_because_it_looked_near(
    fixes: list[Fix], punches: list[Punched], travel_m: float, kmh: float
) -> None:
    """Within a town: distances about the limit, where pairs that are near on both axes are not measured at all."""
    check(Trace(fixes, punches, limits=USUAL._replace(travel_kmh=kmh, travel_m=travel_m)))


@pytest.mark.parametrize("lat", [-7_470_000, 0, 60_000_000])
@pytest.mark.parametrize("travel_m", [500.0, 2000.0])
def test_limit_is_the_distance_in_every_direction(lat: int, travel_m: float) -> None:
    """A minute apart, on a grid about the limit: measured where it has to be, though near on both axes."""
    limits = USUAL._replace(travel_m=travel_m)
    grid = range(0, round(1.2 * travel_m / MICRO_M / cos(radians(lat / 1e6))), round(travel_m / 50 / MICRO_M))
    for north in grid:
        for east in grid:
            check(Trace([(0, lat, 0, 0, False), (1, lat + north, east, 0, False)], limits=limits))


@given(fixes_at(everywhere | spots), punches_at(everywhere))
def test_no_journey_is_missed_anywhere_on_earth(fixes: list[Fix], punches: list[Punched]) -> None:
    """Over the poles and the date line too."""
    check(Trace(fixes, punches))


@given(fixes_at(everywhere), shares, st.randoms(use_true_random=False))
def test_order_and_repetition_of_what_is_shared_change_nothing(
    fixes: list[Fix], shared: list[Shared], dice: random.Random
) -> None:
    """The same flags from any arrangement, each once, each with a score; what no rule knows is passed over."""
    told = flags("ani", DAY, Trace(fixes, shared=shared))
    again = shared + shared[:2] + [Shared("photo", "00", ())]
    dice.shuffle(again)
    assert flags("ani", DAY, Trace(fixes, shared=again)) == told
    assert [flag.rule for flag in told] == [rule.name for rule in RULES if rule.name in {flag.rule for flag in told}]
    assert len({flag.id for flag in told}) == len(told)
    assert all(0 < flag.finding.score <= 1 for flag in told)
    said = any(one.others and one.kind != "aura" for one in shared)
    assert said == ("shared_phone" in {flag.rule for flag in told})


@given(
    st.lists(st.tuples(st.floats(0, 41), st.integers(0, 200), st.integers(60, 600)), min_size=2, max_size=60),
    st.lists(st.tuples(st.integers(0, 58), st.integers(0, 290)), max_size=4),
    st.sampled_from((-1, 1)),
)
def test_who_travels_by_road_is_never_flagged(
    legs: list[tuple[float, int, int]], stops: list[tuple[int, int]], sign: int
) -> None:
    """At most 148 km/h, each fix wrong by up to its own radius; terminals are fast, or all slow, by up to 290 s."""
    fixes, way, at, east = [], [], 0, 0.0
    for n, (speed, radius, seconds) in enumerate(legs):
        at += seconds
        east += speed * seconds
        way.append((at, east))
        fixes.append(moved(OFFICE, east + radius * (-1) ** n, at, radius))
    punches = []
    for n, (stop, wrong_s) in enumerate(stops):
        passed_at, where = way[stop % len(way)]
        punches.append(Punched(passed_at + sign * wrong_s, *moved(OFFICE, where, 0, 100)[1:4], False, f"T{n}"))
    assert flags("ani", DAY, Trace(fixes, sorted(punches))) == []


def punched(km: float, minutes: int, by: str = "A") -> Punched:
    """At a terminal so far east of the office."""
    return Punched(minutes * 60, *moved(OFFICE, km * 1000, 0, 100)[1:4], False, by)


@pytest.mark.parametrize(
    ("km", "minutes", "flagged"), [(1.9, 0, False), (12, 0, False), (13, 0, True), (35, 10, False), (60, 10, True)]
)
def test_two_clocks_may_be_five_minutes_apart(km: float, minutes: int, flagged: bool) -> None:
    """Phone and terminal, terminal and phone, terminal and another terminal; the fixes of one phone have one clock."""
    here = Punched(0, *OFFICE[1:4], False, "B")
    for trace in (
        Trace([OFFICE], [punched(km, minutes)]),
        Trace([moved(OFFICE, km * 1000, minutes * 60, 100)], [here]),
        Trace([], [here, punched(km, minutes)]),
    ):
        assert [flag.rule for flag in flags("ani", DAY, trace)] == (["impossible_travel"] if flagged else [])
    alone = Trace([OFFICE, moved(OFFICE, km * 1000, minutes * 60)])
    assert bool(flags("ani", DAY, alone)) == (km > 2 and km / (minutes * 60 + 1) * 3600 > 150)


def test_journey_names_both_ends() -> None:
    """Enough for a person to judge: when, where, how exactly, by which device."""
    (flag,) = flags("ani", DAY, Trace([OFFICE], [punched(50, 5)]))
    assert flag.finding.evidence == {
        "least_kmh": "299", "least_m": "49890", "from_at": "0", "from_place": "-7.47000,112.43000 (10 m)",
        "from_device": "", "to_at": "300000", "to_place": "-7.47000,112.88351 (100 m)", "to_device": "A",
    }  # fmt: skip


def test_place_that_is_not_known_is_no_journey() -> None:
    """A fix of unknown accuracy is within 32 km of where it seems to be, each of two."""
    for km, flagged in ((60, False), (67.6, True)):
        seen = [(*OFFICE[:3], UNKNOWN_M, False), moved(OFFICE, km * 1000, 30, UNKNOWN_M)]
        assert bool(flags("ani", DAY, Trace(seen))) == flagged


def test_mocked_position_is_no_journey_and_hides_none() -> None:
    """One wrong is not two: it is told by the rule that knows. What is real on both sides of it is still measured."""
    mocked = [moved(OFFICE, 300_000, minute * 60, mock=True) for minute in range(1, 4)]
    (flag,) = flags("ani", DAY, Trace([OFFICE, *mocked]))
    assert (flag.rule, flag.finding.score) == ("mock_location", 1.0)
    assert flag.finding.evidence == {
        "minutes_mocked": "3", "minutes_told": "4", "first_at": "60000", "last_at": "180000",
        "first_place": f"-7.47000,{mocked[0][2] / 1e6:.5f} (10 m)",
    }  # fmt: skip
    rules = [flag.rule for flag in flags("ani", DAY, Trace([OFFICE, *mocked, moved(OFFICE, 100_000, 240)]))]
    assert rules == ["mock_location", "impossible_travel"]


@pytest.mark.parametrize(("minutes", "score"), [(1, 0.5), (2, 0.5), (3, 1.0), (9, 1.0)])
def test_few_mocked_minutes_may_be_a_slip(minutes: int, score: float) -> None:
    """Three are none."""
    (flag,) = flags("ani", DAY, Trace([moved(OFFICE, 0, n * 60, mock=True) for n in range(minutes)]))
    assert flag.finding.score == score


def test_limits_are_policy() -> None:
    """Another number, another finding."""
    far = moved(OFFICE, 20_000, 600)
    assert flags("ani", DAY, Trace([OFFICE, far])) == []
    assert flags("ani", DAY, Trace([OFFICE, far], limits=USUAL._replace(travel_kmh=100))) != []
    assert flags("ani", DAY, Trace([OFFICE, far], limits=USUAL._replace(travel_kmh=100, travel_m=20_000))) == []
    assert flags("ani", DAY, Trace([OFFICE], [punched(13, 0)], limits=USUAL._replace(clocks_s=400))) == []
    (flag,) = flags("ani", DAY, Trace([(*OFFICE[:4], True)], limits=USUAL._replace(mock_minutes=1)))
    assert flag.finding.score == 1.0


def test_gravest_share_is_told_and_all_with_whom() -> None:
    """A photo used by two weighs more than a phone that was handed on."""
    shared = [Shared("imei", "5f", ("budi",)), Shared("photo", "77", ("citra",)), Shared("boot", "11", ("budi",))]
    (flag,) = flags("ani", DAY, Trace([], shared=shared))
    assert flag.finding.score == 1.0
    assert flag.finding.evidence == {
        "kind": "photo", "kinds": "boot imei photo", "value": "77", "with": "budi citra"
    }  # fmt: skip
    (lent,) = flags("ani", DAY, Trace([], shared=shared[::2]))
    assert (lent.finding.score, lent.finding.evidence["kind"]) == (0.8, "boot")


def test_flag_keeps_its_id_for_ever() -> None:
    """Of a person, a date and a rule; decisions name it, so it may not change with the code."""
    assert flag_id("ani", DAY, "mock_location") == "deef01cd-ff64-577f-97cf-c8c646f349c2"
    ids = {flag_id(who, day, rule.name) for who in ("ani", "budi") for day in (DAY, DAY + 1) for rule in RULES}
    assert len(ids) == 4 * len(RULES)


@given(st.lists(everywhere.map(lambda spot: (0, *spot, False)), max_size=6))
def test_distance_is_a_distance(seen: list[Any]) -> None:
    """Zero to itself, the same both ways, never more than half around the earth."""
    for a in seen:
        assert distance_m(a, a) == 0
        for b in seen:
            assert distance_m(a, b) == pytest.approx(distance_m(b, a))
            assert distance_m(a, b) < 20_100_000


circles = st.tuples(
    st.integers(-7_500_000, -7_300_000) | st.integers(-89_000_000, 89_000_000),
    st.integers(112_300_000, 112_500_000) | st.integers(-180_000_000, 180_000_000),
    st.integers(1, 5000),
)


@given(st.lists(circles, min_size=1, max_size=6))
def test_circle_around_holds_all_circles(found: list[Circle]) -> None:
    """Wherever on earth, across the date line too; of one circle it is that one."""
    lat, lon, radius = around(found)
    for circle in found:
        assert distance_m((lat, lon, 0), circle) + circle[2] <= radius
    assert radius == ceil(max(distance_m((lat, lon, 0), circle) + circle[2] for circle in found))
    if len(found) == 1:
        assert (lat, lon, radius) == found[0]


def test_circle_around_two_near_the_date_line_is_small() -> None:
    """Their middle is between them, not on the other side of the earth."""
    assert around([(0, 179_990_000, 100), (0, -179_990_000, 100)])[2] < 1300
