"""Fixes of phones: any order and repetition gives the same memory; packed or cut into hours it reads the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.folds import places
from streams.folds.places import DAY_S, MINUTE_MS, SIZE, UNKNOWN_M

SECOND = 437
FIRST_S = 20_780 * DAY_S
positions = st.tuples(
    st.one_of(st.integers(0, 200), st.integers(0, 3 * 1440)).flatmap(
        lambda minute: st.sampled_from((0, 1, 999, 30_000, 59_999)).map(lambda ms: minute * MINUTE_MS + ms)
    ),
    st.sampled_from((-7.4, -7.400001, 90.0, -90.0)),
    st.sampled_from((112.4, -180.0, 180.0)),
    st.sampled_from((None, 8.0, 7.2, 500.0)),
    st.booleans(),
)


@given(
    st.lists(positions, max_size=40), st.randoms(use_true_random=False), st.integers(-10, 4400), st.integers(0, 4400)
)
def test_fixes_in_any_order_packed_or_not(found: list[Any], random: Any, first_m: int, length_m: int) -> None:
    """Of each minute the smallest stands, whatever came when and whatever was packed in between."""
    made = [places.fix((FIRST_S + SECOND) * 1000 + ms, *where, SECOND) for ms, *where in found]
    again = [fix for fix in [*made, *made] if fix is not None]
    random.shuffle(again)
    days: places.Days = {}
    for day, record in again:
        places.put(days, day, record)
        if random.random() < 0.2:
            days[day] = places.pack(days[day])
    smallest: dict[tuple[int, bytes], bytes] = {}
    for day, record in again:
        key = (day, record[:2])
        smallest[key] = min(record, smallest.get(key, record))
    expected = []
    for (day, _), record in sorted(smallest.items()):
        at = places.moment(day, record, SECOND) // 1000
        expected.append((at, *places.between({day: bytearray(record)}, at, at + 1, SECOND)[0][1:]))
    first = FIRST_S + SECOND + first_m * 60
    end = first + length_m * 60
    assert places.between(days, first, end, SECOND) == [fix for fix in expected if first <= fix[0] < end]


@given(st.lists(positions, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_day_cut_into_hours_and_joined_is_the_day(found: list[Any], random: Any) -> None:
    """What is put away hour by hour comes back in any order of the hours."""
    days: places.Days = {}
    for ms, *where in found:
        fix = places.fix((FIRST_S + SECOND) * 1000 + ms, *where, SECOND)
        assert fix is not None
        places.put(days, *fix)
    for held in days.values():
        assert isinstance(held, bytearray)
        numbers = list(places.hours(held))
        assert numbers == list(places.hours(places.pack(held)))
        random.shuffle(numbers)
        back = bytearray()
        for number in numbers:
            places.join(back, places.hour(held, number))
        assert back == held


@pytest.mark.parametrize(
    ("said", "metres"),
    [(None, UNKNOWN_M), (0.0, UNKNOWN_M), (-3.0, UNKNOWN_M), (float("nan"), UNKNOWN_M), (float("inf"), UNKNOWN_M),
     (1e9, UNKNOWN_M), (0.2, 1), (8.0, 8), (199.5, 200), (200.5, 201)],
)  # fmt: skip
@pytest.mark.parametrize("mock", [False, True])
def test_accuracy_is_rounded_up_or_unknown(said: float | None, metres: int, mock: bool) -> None:
    """0 is how some clients say that they don't know; whether the position is made up is another matter."""
    fix = places.fix(FIRST_S * 1000, -7.4, 112.4, said, mock, 0)
    assert fix is not None
    assert places.between({fix[0]: bytearray(fix[1])}, FIRST_S, FIRST_S + 60, 0) == [
        (FIRST_S, -7_400_000, 112_400_000, metres, mock)
    ]


@pytest.mark.parametrize("where", [(90.1, 0.0), (0.0, 180.5), (float("nan"), 0.0), (0.0, float("inf"))])
def test_nowhere_on_earth_is_no_fix(where: tuple[float, float]) -> None:
    """A position that no map has says nothing."""
    assert places.fix(FIRST_S * 1000, *where, 8.0, False, 0) is None


def test_packed_day_of_a_phone_on_a_desk_is_small() -> None:
    """A fix each five minutes of nine hours, jittering by ten metres: under 8 bytes each."""
    days: places.Days = {}
    for n in range(108):
        jitter = (n * 7919 % 181 - 90) / 1e6, (n * 104_729 % 179 - 90) / 1e6
        at = FIRST_S * 1000 + n * 300_000 + n % 3 * 1000
        fix = places.fix(at, -7.4 + jitter[0], 112.4 + jitter[1], 5.0 + n % 9, False, 0)
        assert fix is not None
        places.put(days, *fix)
    (held,) = days.values()
    assert len(held) == 108 * SIZE
    assert len(places.pack(held)) < 108 * 8
