"""The rules of manipulation: what is found does not depend on order or repetition, and honest people are left alone."""

from __future__ import annotations

from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.rules.evidence import EARTH_M, Limits, Shared, Sighting, Trace, distance_m
from streams.rules.manipulation import RULES, flag_id, flags

MINUTE_MS = 60_000
M_PER_DEGREE = EARTH_M * radians(1)
OFFICE = Sighting(0, -7.47, 112.43, 100.0)

sightings = st.lists(
    st.builds(
        Sighting,
        at=st.integers(0, 86_400_000),
        lat=st.floats(-8, -7),
        lon=st.floats(112, 113),
        radius_m=st.floats(0, 200),
        by=st.sampled_from(("", "", "A", "B")),
        mock=st.booleans(),
    ),
    max_size=12,
)
shares = st.lists(
    st.builds(
        Shared,
        kind=st.sampled_from(("imei", "install", "photo", "aura")),
        value=st.sampled_from(("5f", "77")),
        others=st.lists(st.sampled_from(("ani", "budi")), max_size=2, unique=True).map(lambda ids: tuple(sorted(ids))),
        at=st.integers(0, 86_400_000),
    ),
    max_size=4,
)


def moved(sighting: Sighting, east_m: float, at: int, **changes: object) -> Sighting:
    """The same sighting further east and at another time."""
    lon = sighting.lon + east_m / (M_PER_DEGREE * cos(radians(sighting.lat)))
    return sighting._replace(lon=lon, at=at, **changes)


@given(sightings, shares, st.randoms())
def test_neither_order_nor_repetition_changes_a_finding(
    seen: list[Sighting], shared: list[Shared], dice: object
) -> None:
    """Facts are a set: the same flags from any arrangement of them, and each flag once."""
    told = flags("ani", 20_000, Trace(seen, shared))
    again = list(seen)
    dice.shuffle(again)  # type: ignore[attr-defined]
    more = shared + shared[:2]
    dice.shuffle(more)  # type: ignore[attr-defined]
    assert flags("ani", 20_000, Trace(again, more)) == told
    assert len({flag.id for flag in told}) == len(told)
    assert all(0 < flag.finding.score <= 1 for flag in told)


@given(st.lists(st.tuples(st.floats(0, 22), st.floats(0, 200)), min_size=2, max_size=60))
def test_who_travels_by_car_is_not_flagged(legs: list[tuple[float, float]]) -> None:
    """At most 80 km/h (22 m/s), a position a minute, each wrong by up to its own radius."""
    seen, east = [], 0.0
    for minute, (speed, radius) in enumerate(legs):
        east += speed * 60
        seen.append(moved(OFFICE, east + radius * (-1) ** minute, minute * MINUTE_MS, radius_m=radius))
    assert flags("ani", 20_000, Trace(seen)) == []


@pytest.mark.parametrize(
    ("km", "minutes", "flagged"), [(1.9, 0, False), (60, 1, True), (35, 10, False), (60, 10, True), (60, 30, False)]
)
def test_a_terminal_and_a_phone_allow_for_their_clocks(km: float, minutes: int, flagged: bool) -> None:
    """Five minutes more than between two positions of one phone; a large yard is one place."""
    at_terminal = OFFICE._replace(by="A")
    elsewhere = moved(OFFICE, km * 1000 + 130, minutes * MINUTE_MS, radius_m=20.0)
    found = [flag.rule for flag in flags("ani", 20_000, Trace([elsewhere, at_terminal]))]
    assert found == (["impossible_travel"] if flagged else [])


def test_a_mocked_position_is_no_journey() -> None:
    """One wrong is not two: it is told by the rule that knows."""
    mocked = [moved(OFFICE, 300_000, minute * MINUTE_MS, mock=True) for minute in range(1, 4)]
    (flag,) = flags("ani", 20_000, Trace([OFFICE, *mocked]))
    assert (flag.rule, flag.finding.score) == ("mock_location", 1.0)
    assert flag.finding.evidence["minutes_mocked"] == "3"


def test_limits_are_policy() -> None:
    """Another number, another finding."""
    far = moved(OFFICE, 20_000, 10 * MINUTE_MS)
    assert flags("ani", 20_000, Trace([OFFICE, far])) == []
    assert flags("ani", 20_000, Trace([OFFICE, far], limits=Limits(travel_kmh=100.0))) != []


def test_the_gravest_share_is_told_and_all_with_whom() -> None:
    """A photo used by two weighs more than a phone that was handed on."""
    shared = [Shared("imei", "5f", ("budi",), 5), Shared("photo", "77", ("citra",), 9)]
    (flag,) = flags("ani", 20_000, Trace([], shared))
    assert flag.finding.evidence == {"kind": "photo", "value": "77", "with": "budi citra", "first_at": "5"}


def test_a_flag_keeps_its_id() -> None:
    """Of a person, a date and a rule; another rule, another flag."""
    ids = {flag_id("ani", 20_000, rule.name) for rule in RULES} | {flag_id("ani", 20_001, RULES[0].name)}
    assert len(ids) == len(RULES) + 1


@given(sightings)
def test_distance_is_a_distance(seen: list[Sighting]) -> None:
    """Zero to itself, the same both ways, never more than half around the earth."""
    for a in seen:
        assert distance_m(a, a) == 0
        for b in seen:
            assert distance_m(a, b) == pytest.approx(distance_m(b, a))
            assert distance_m(a, b) < 20_100_000
