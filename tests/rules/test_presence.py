"""Presence by its rule: windows that add up, and the same as asking second by second."""

from __future__ import annotations

from math import cos, radians

from hypothesis import given
from hypothesis import strategies as st

from streams.folds.limits import USUAL, Limits
from streams.folds.places import UNKNOWN_M, Fix
from streams.rules.presence import HOUR_S, INSIDE, OUTSIDE, UNKNOWN, Circle, place_of, presence

HERE: Circle = (-7_400_000, 112_400_000, cos(radians(-7.4)), 100)
START, END = 27_000, 57_600
NORTH = {INSIDE: 0, "edge": 900, OUTSIDE: 5000}  # millionths of a degree: 0, 100 and 556 m

steps = st.tuples(
    st.sampled_from((1, 60, 300, 301, 899, 900, 901, 3600)),
    st.sampled_from(tuple(NORTH)),
    st.sampled_from((10, 10, 10, 20, 200, 201)),
)
allowed = st.sampled_from((USUAL, USUAL, USUAL._replace(presence_gap_s=300, presence_worst_m=10)))


def walk(first: int, found: list[tuple[int, str, int]]) -> list[Fix]:
    """Fixes from steps: seconds on, place, accuracy."""
    fixes, at = [], first
    for seconds, place, accuracy in found:
        at += seconds
        fixes.append((at, -7_400_000 + NORTH[place], 112_400_000, accuracy, False))
    return fixes


def at_second(fixes: list[Fix], second: int, until: int, limits: Limits) -> str:
    """The rule's words, for one second."""
    place, before = UNKNOWN, None
    signs = [f for f in fixes if f[3] <= limits.presence_worst_m]
    for fix in [f for f in signs if f[0] <= second]:
        if before is not None and fix[0] - before > limits.presence_gap_s:
            place = UNKNOWN
        place, before = place_of(*fix[1:4], [HERE]) or place, fix[0]
    following = min([f[0] for f in signs if f[0] > second], default=until)
    return UNKNOWN if before is None or following - before > limits.presence_gap_s else place


@given(
    st.lists(steps, max_size=30),
    st.integers(START - 5000, END),
    st.integers(START + 1, END),
    st.integers(-12, 14),
    allowed,
)
def test_every_second_is_what_the_rule_says(
    found: list[tuple[int, str, int]], first: int, until: int, zone_h: int, limits: Limits
) -> None:
    """Windows tile the shift, differ from their neighbours, hold each second's place; hours and sums agree."""
    fixes = [f for f in walk(first, found) if f[0] < until]
    said = presence(fixes, [HERE], START, until, zone_h * HOUR_S, limits)
    assert said.windows[0].start == START
    assert said.windows[-1].end == until
    for one, other in zip(said.windows, said.windows[1:], strict=False):
        assert one.end == other.start
        assert one.place != other.place
    for window in said.windows:
        assert window.start < window.end
        for second in {window.start, (window.start + window.end) // 2, window.end - 1}:
            assert at_second(fixes, second, until, limits) == window.place
    for n, place in enumerate((INSIDE, OUTSIDE, UNKNOWN)):
        assert said.seconds[n] == sum(w.end - w.start for w in said.windows if w.place == place)
        assert said.seconds[n] == sum(hour[1 + n] for hour in said.hours)
    assert [hour[0] for hour in said.hours] == [START, *range(START // HOUR_S * HOUR_S + HOUR_S, until, HOUR_S)]


def test_several_circles_are_one_place() -> None:
    """Inside one of them is inside; between them is outside; at the edge of one is neither."""
    yard: Circle = (-7_390_000, 112_400_000, HERE[2], 100)
    assert place_of(-7_390_000, 112_400_000, 10, [HERE, yard]) == INSIDE
    assert place_of(-7_395_000, 112_400_000, 10, [HERE, yard]) == OUTSIDE
    assert place_of(-7_390_900, 112_400_000, 10, [HERE, yard]) is None


def test_fix_less_exact_than_the_circle_is_never_inside() -> None:
    """A circle of 100 m and a fix of 101 m about its very centre: it may be anywhere near."""
    assert place_of(*HERE[:2], 100, [HERE]) == INSIDE
    assert place_of(*HERE[:2], 101, [HERE]) is None


def test_phone_that_is_off_is_a_gap() -> None:
    """No sign at all, or only of unknown accuracy: all of it unknown, none of it outside."""
    for fixes in ([], [(START + 60, -7_000_000, 112_400_000, UNKNOWN_M, False)]):
        assert presence(fixes, [HERE], START, END, 0, USUAL).seconds == (0, 0, END - START)


def test_place_before_the_shift_is_where_it_begins() -> None:
    """At his desk ten minutes before: inside from the first second."""
    said = presence(walk(START - 600, [(0, INSIDE, 10), (900, INSIDE, 10)]), [HERE], START, START + 900, 0, USUAL)
    assert said.seconds == (900, 0, 0)


def test_circle_at_the_date_line() -> None:
    """A degree is no further there than elsewhere."""
    assert place_of(0, -179_999_900, 10, [(0, 179_999_900, 1.0, 100)]) == INSIDE
