"""Counting a file in memory that does not grow: exact within its bounds, and it says so beyond them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.protocols.lines import DAY_MS, Reject
from producers.sources import tally
from producers.sources.tally import KEPT_REJECTS, Marks, Tally


def punch(pin: str, at: int, device: str = "D1") -> dict[str, Any]:
    """As far as counting looks at it."""
    return {"device_id": device, "pin": pin, "device_time": at}


@given(st.lists(st.integers(0, 60), max_size=300))
@settings(deadline=None)
def test_marks_are_a_set(numbers: list[int]) -> None:
    """However often it has grown."""
    marks, there = Marks(), set()
    for number in numbers:
        assert marks.add((number,)) == (number not in there)
        there.add(number)
    assert marks.count == len(there)


def test_marks_grow_and_then_say_that_they_are_full() -> None:
    """What they hold they still know; what is new is not held."""
    marks = Marks(most=1 << 14)
    assert all(marks.add((n,)) for n in range(20_000))
    assert marks.full
    assert marks.count == int((1 << 14) * 0.7) + 1
    assert not marks.add((0,))
    assert marks.add((19_999,))


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(0, 20)), max_size=60))
@settings(deadline=None)
def test_counts_are_those_of_a_plain_recount(times: list[tuple[str, int]]) -> None:
    """In order of time, as files are; a second punch is one within a minute after the last."""
    times.sort(key=lambda one: one[1])
    found = Tally()
    for pin, quarter in times:
        found.add(punch(pin, quarter * 20_000))
    different = sorted(set(times), key=lambda one: one[1])
    doubles = sum(
        any(0 < quarter - before <= 3 and who == pin for who, before in different) for pin, quarter in different
    )
    assert (found.punches, found.repeats, found.doubles) == (len(times), len(times) - len(different), doubles)
    assert (found.people, found.approximate) == (len({pin for pin, _ in times}), [])


def test_a_file_out_of_order_says_that_second_punches_are_an_estimate() -> None:
    """All else is exact."""
    found = Tally()
    for at in (100_000, 10_000, 90_000):
        found.add(punch("1", at))
    assert found.approximate == ["the file is not in order of time: second punches in a minute are an estimate"]


def test_beyond_the_bounds_counts_are_called_lower_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """People and repeats, each by itself."""
    monkeypatch.setattr(tally, "MOST_PEOPLE", 10)
    found = Tally()
    for pin in range(20):
        found.add(punch(str(pin), 0))
    assert found.people == 10
    assert "more than 10 PINs" in found.approximate[0]


def test_rejects_are_counted_and_the_first_kept_without_their_bytes() -> None:
    """A file of nothing else does not fill the memory."""
    found = Tally()
    for number in range(KEPT_REJECTS + 50):
        found.reject(Reject(number, b"x" * 1000, "why"))
    assert (found.rejected, len(found.rejects), found.rejects[0].raw) == (KEPT_REJECTS + 50, KEPT_REJECTS, b"")


def test_dates_of_which_none_is_beyond_the_12th_are_suspicious() -> None:
    """Ten days of a month are an accident only once."""
    found = Tally()
    for month in range(10):
        found.add(
            punch("1", (20_454 + 31 * month // 31 * 0 + month) * DAY_MS)
        )  # 1 January 2026 and the nine days after
    assert found.swapped
    found.add(punch("1", (20_454 + 14) * DAY_MS))
    assert not found.swapped
