"""The plan of the morning: deterministic, plausible, and never a coin's toss."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from producers.simulator.city import make_city
from producers.simulator.lookup import Roster
from producers.simulator.morning import GUARD_S, SLOW_CLOCK_S, STRANGERS, make_morning
from producers.simulator.world import City, Morning, Punch, clock_s, covers, moment, wall_ms
from tests.simulator.cities import small


@pytest.fixture(scope="module")
def default() -> tuple[City, Morning]:
    """The default city and its morning."""
    city = make_city()
    return city, make_morning(city)


def owner(city: City, punch: Punch) -> str:
    """Whose a punch is by the dated enrolments, those of 08:00 included; empty: nobody's."""
    day = datetime.fromtimestamp(punch.device_time_ms / 1000, UTC).date()
    held = [
        e.staff_no
        for e in city.enrolments + city.later_enrolments
        if (e.serial, e.pin) == (punch.serial, punch.pin) and covers(e.valid_from, e.valid_to, day)
    ]
    return held[0] if held else ""


def test_morning_is_the_same_for_the_same_city() -> None:
    """Same seed, same plan; another seed, another plan."""
    assert make_morning(small(5)) == make_morning(small(5))
    assert make_morning(small(5)).punches != make_morning(small(6)).punches


@pytest.mark.parametrize("seed", range(1, 6))
def test_morning_punches_are_attributed_to_who_made_them(seed: int) -> None:
    """By the dated enrolments every punch is its maker's; only the strangers' are nobody's."""
    city = small(seed)
    morning = make_morning(city)
    for punch in morning.punches:
        assert owner(city, punch) == punch.staff_no
    assert {p.pin for p in morning.punches if not p.staff_no} == set(STRANGERS)


def test_morning_punches_are_ordered_distinct_and_before_the_end(default: tuple[City, Morning]) -> None:
    """No two punches have one identity (terminal, PIN, wall clock); all lie between the evening before and 08:57."""
    city, morning = default
    keys = [(p.serial, p.pin, p.device_time_ms) for p in morning.punches]
    assert len(set(keys)) == len(keys)
    assert [p.at_ms for p in morning.punches] == sorted(p.at_ms for p in morning.punches)
    assert morning.punches[0].at_ms > moment(city.day, -4 * 3600)
    assert morning.punches[-1].at_ms <= morning.end_ms - 180_000
    assert all(p.at_ms % 1000 == 0 for p in morning.punches)


def test_morning_peaks_before_the_start(default: tuple[City, Morning]) -> None:
    """The busiest ten minutes of an office day begin at 07:10; nearly all codes are 0, as on real terminals."""
    _, morning = default
    tens = Counter((p.at_ms - morning.start_ms) // 600_000 for p in morning.punches)
    assert max(tens, key=lambda n: tens[n]) == 7
    codes = Counter(p.status for p in morning.punches)
    assert 0.88 < codes[0] / codes.total() < 0.96
    assert codes[1]
    by_person: dict[str, list[int]] = defaultdict(list)
    for punch in morning.punches:
        by_person[punch.staff_no].append(punch.at_ms)
    close = [t for t in by_person.values() if any(0 < b - a < 10_000 for a, b in pairwise(t))]
    assert 0.12 < len(close) / len(by_person) < 0.35


@pytest.mark.parametrize("seed", range(1, 6))
def test_morning_nobody_depends_on_the_second_of_a_silence(seed: int) -> None:
    """In the minutes before a terminal falls silent nobody punches there; three come back, one does not."""
    morning = make_morning(small(seed))
    silences = [(serial, s) for serial, b in morning.behaviours.items() for s in b.silences]
    assert sorted(end is None for _, (_, end) in silences) == [False, False, False, True]
    for serial, (begin, end) in silences:
        near = [
            p for p in morning.punches if p.serial == serial and 20_000 < begin - p.at_ms <= GUARD_S * 1000 - 20_000
        ]
        assert not near
        assert end is not None or any(p.serial == serial and p.at_ms < begin for p in morning.punches)
        assert any(p.serial == serial and begin <= p.at_ms < (end or morning.end_ms) for p in morning.punches)
        if end is not None:
            assert any(p.serial == serial and p.at_ms > end for p in morning.punches)


@pytest.mark.parametrize("seed", range(1, 6))
def test_morning_slow_clock_hides_lateness_of_one_person_only(seed: int) -> None:
    """Seven minutes slow: the records show it, and its people are in time or late on both clocks, but one."""
    city = small(seed)
    morning = make_morning(city)
    serial = city.roles["slow_clock"]
    start = moment(city.day, clock_s("07:30"))
    roster, ambiguous = Roster(city), set()
    for punch in (p for p in morning.punches if p.serial == serial):
        assert punch.device_time_ms == wall_ms(punch.at_ms, SLOW_CLOCK_S)
        assert {e.serial for e in roster.by_person[punch.staff_no]} == {serial}
        if (punch.at_ms > start + 59_000) != (punch.at_ms + SLOW_CLOCK_S * 1000 > start + 59_000):
            ambiguous.add(city.cases.get(punch.staff_no))
    assert ambiguous == {"slow_hides_lateness"}


def test_morning_every_terminal_in_service_has_punches(default: tuple[City, Morning]) -> None:
    """Each of the 135 is used, the retired one is not; some send a batch again, some keep records back."""
    city, morning = default
    used = {p.serial for p in morning.punches}
    assert used == {d.serial for d in city.devices if d.covers(city.day)}
    assert sum(b.hold_back_s > 0 for b in morning.behaviours.values()) == 3
    assert sum(bool(b.resend_at_ms) for b in morning.behaviours.values()) >= 5
    codes = Counter(op.code for b in morning.behaviours.values() for op in b.operations)
    assert codes[4] > 5
    assert codes[21] >= 1
    assert codes[6] == 1
