"""Folds by themselves: any order and repetition gives the same memory; packed or not reads the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import InvalidFact
from schemas import codec
from schemas.limits import BOUNDS, defaults
from streams.folds import deliveries, limits, punches, references, zones
from streams.folds.deliveries import Delivered
from streams.folds.horizon import Barriers, Horizon
from streams.folds.limits import USUAL, Limits
from streams.folds.punches import Punch
from streams.folds.references import FOREVER, Assignment, in_force, month_dates, put
from streams.folds.terminals import Status
from streams.folds.wakeups import Wakeups
from streams.folds.world import World
from tests.contract.examples import examples
from tests.stages import records as r

NOON = 20_780 * zones.DAY_MS + 43_200_000
JAKARTA_MS = 7 * 3_600_000

# -- references ---------------------------------------------------------------------------------------------------

assignments = st.builds(
    Assignment,
    st.integers(0, 30),
    st.sampled_from((0, 10)),
    st.sampled_from((5, 20, FOREVER)),
    st.booleans(),
    st.sampled_from(("U", "V")),
    st.just("PNS"),
)


def one_content_per_offset(entries: list[Assignment]) -> list[Assignment]:
    """An offset is one record."""
    return list({e.offset: e for e in entries}.values())


@given(
    st.lists(assignments, max_size=8).map(one_content_per_offset), st.randoms(use_true_random=False), st.integers(0, 25)
)
def test_reference_records_in_any_order_twice_over(entries: list[Assignment], random: Any, day: int) -> None:
    """What is in force on a date hangs on the set of records only: the highest offset of each identity, then of all."""
    held: list[Assignment] = []
    again = [*entries, *entries]
    random.shuffle(again)
    for entry in again:
        put(held, entry)
    newest = {e.identity(): e for e in sorted(entries, key=lambda e: e.offset)}
    covering = [e for e in newest.values() if not e.void and e.first <= day <= e.last]
    assert in_force(held, day) == max(covering, key=lambda e: e.offset, default=None)


def test_limits_are_those_of_the_schema() -> None:
    """Each field has bounds, each bound a field, and what a policy doesn't say is within them."""
    assert set(BOUNDS) == set(Limits._fields)
    assert limits.limits(defaults()) == USUAL


@pytest.mark.parametrize("name", Limits._fields)
def test_limit_out_of_bounds_is_refused(name: str) -> None:
    """The least and the most are allowed, one less and one more are not; the text says what would be."""
    least, most = BOUNDS[name]
    for number in (least, most):
        assert getattr(references.policy(r.policy(**{name: number})[1]).limits, name) == number
    for number in (least - 1, most + 1, -(2**31), 2**31 - 1):
        with pytest.raises(InvalidFact, match=f"{name} is not between {least} and {most}"):
            references.policy(r.policy(**{name: number})[1])


def test_policy_written_before_has_the_usual_limits() -> None:
    """Bytes of the version that had none."""
    (old,) = {e.bytes[12] for e in examples() if e.name == "policy" and e.case == "last-counts"}
    assert references.policy(codec.decode(old)[1]).limits == USUAL


@pytest.mark.parametrize(
    "name", ["2026-13", "2026-00", "2026-1", "202611", "2026-1１", "2026/11", "", "9999-12", "1969-12"]
)
def test_what_is_no_month_is_refused(name: str) -> None:
    """Only ``YYYY-MM`` from 1970 on."""
    with pytest.raises(InvalidFact):
        month_dates(name)


def test_month_knows_its_last_date() -> None:
    """December, and February of a leap year."""
    assert month_dates("2026-12") == (r.day("2026-12-01"), r.day("2026-12-31"))
    assert month_dates("2028-02") == (r.day("2028-02-01"), r.day("2028-02-29"))


@pytest.mark.parametrize("zone", ["", "Asia/Nowhere", "../../etc/passwd", "\0", "Asia"])
def test_unknown_zone_is_refused_before_anything_is_remembered(zone: str) -> None:
    """A unit or terminal in no zone: refused, and nothing has changed."""
    world = World()
    for kind, record in (r.unit(timezone=zone), r.device(timezone=zone)):
        with pytest.raises(InvalidFact):
            world.put(kind, record)
    assert (world.generation, world.units, world.devices) == (0, {}, {})


@pytest.mark.parametrize(
    "field", ["starts_s", "ends_s", "in_opens_before_s", "in_closes_after_s", "out_closes_after_s"]
)
@pytest.mark.parametrize("value", [-1, 2**31 - 1])
def test_shift_beyond_two_days_is_refused(field: str, value: int) -> None:
    """Windows of years would have every punch judged for thousands of dates."""
    with pytest.raises(InvalidFact):
        references.shift(r.shift()[1] | {field: value})


# -- zones --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "hours"), [("Asia/Jakarta", 7), ("Asia/Pontianak", 7), ("Asia/Makassar", 8), ("Asia/Jayapura", 9)]
)
def test_indonesian_zones(zone: str, hours: int) -> None:
    """WIB, WITA and WIT."""
    assert zones.utc_of(NOON, zone) == NOON - hours * 3_600_000
    assert zones.wall_of(zones.utc_of(NOON, zone), zone) == NOON


@given(
    st.integers(zones.EARLIEST_MS, zones.LATEST_MS - 1),
    st.sampled_from(("Asia/Jakarta", "Europe/Amsterdam", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Adak")),
)
def test_moment_read_on_the_wall_and_back(at: int, zone: str) -> None:
    """Zones with summer time and odd offsets: back again, or by the length of a shift when an hour comes twice."""
    wall = zones.wall_of(at, zone)
    assert at - zones.utc_of(wall, zone) in (0, 1_800_000, 3_600_000)
    assert abs(wall - at) <= zones.WIDEST_MS


# -- punches ------------------------------------------------------------------------------------------------------

held_punches = st.builds(
    lambda minute, offset, device, version, active: Punch(
        NOON + minute * 60_000 - offset * 3_600_000, device, "1", NOON + minute * 60_000, version, active
    ),
    st.sampled_from((0, 1, 700, 900)),
    st.sampled_from((7, 8)),
    st.sampled_from(("A", "B")),
    st.integers(0, 6),
    st.booleans(),
)


def one_content_per_version(found: list[Punch]) -> list[Punch]:
    """A version of a punch is one content."""
    return list({(p.device_id, p.device_time, p.version): p for p in found}.values())


@given(
    st.lists(held_punches, max_size=12).map(one_content_per_version),
    st.randoms(use_true_random=False),
    st.integers(-600, 1500),
    st.integers(-600, 1500),
)
def test_punches_in_any_order_packed_or_not(found: list[Punch], random: Any, first: int, last: int) -> None:
    """The highest version of each stands, whole; where it lies moves with a corrected zone; packing changes nothing."""
    memory: punches.Punches = {}
    again = [*found, *found]
    random.shuffle(again)
    for punch in again:
        punches.put(memory, punch)
        for key in list(memory):
            if random.random() < 0.3:
                memory[key] = punches.pack(memory[key])
    newest = {(p.device_id, p.device_time): p for p in sorted(found, key=lambda p: p.version)}
    start, end = NOON + first * 60_000 - JAKARTA_MS, NOON + last * 60_000 - JAKARTA_MS
    expected = sorted(p for p in newest.values() if p.active and start <= p.occurred_at <= end)
    assert punches.between(memory, start, end) == expected


def test_older_copy_cannot_revive_a_punch_taken_away() -> None:
    """Taken away by version 5; version 3 comes once more: still away."""
    memory: punches.Punches = {}
    punch = Punch(NOON - JAKARTA_MS, "A", "1", NOON, 3, True)
    punches.put(memory, punch)
    punches.put(memory, punch._replace(version=5, active=False))
    assert punches.put(memory, punch)[0] is False
    assert punches.between(memory, NOON - zones.DAY_MS, NOON + zones.DAY_MS) == []


deliveries_made = st.builds(
    lambda minute, received, digest: Delivered(
        NOON + minute * 60_000, received, digest, False, received % 5, digest % 3
    ),
    st.sampled_from((0, 1, 900)),
    st.integers(0, 3),
    st.integers(-2, 2),
)


@given(st.lists(deliveries_made, max_size=10), st.randoms(use_true_random=False))
def test_redeliveries_in_any_order_packed_or_not(found: list[Delivered], random: Any) -> None:
    """Of redeliveries the smallest (``received_at``, ``digest``) represents."""
    days: deliveries.Days = {}
    again = [*found, *found]
    random.shuffle(again)
    for one in again:
        deliveries.put(days, one)
        for key in list(days):
            if random.random() < 0.3:
                days[key] = deliveries.pack(days[key])
    first = {d.device_time: d for d in sorted(found, key=lambda d: (d.received_at, d.digest), reverse=True)}
    assert list(deliveries.within(days, 0, FOREVER)) == sorted(first.values())


# -- terminals, horizon, wake-ups -----------------------------------------------------------------------------------

statuses = st.tuples(
    st.integers(0, 3),
    st.sampled_from(("online", "silent")),
    st.sampled_from((None, 1, 2)),
    st.sampled_from((None, 4, 5)),
)


@given(st.lists(statuses, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_statuses_merge_the_same_in_any_order(
    found: list[tuple[int, str, int | None, int | None]], random: Any
) -> None:
    """The newest observation says how it is, the highest of all through when it delivered; order decides nothing."""
    merged = []
    for _ in range(2):
        status = Status()
        for one in found:
            status = status.merged(*one)
        merged.append(status)
        random.shuffle(found)
    assert merged[0] == merged[1] == Status.unpacked(merged[0].packed())
    newest = max(found, key=lambda s: (s[0], s[1] == "silent", -1 if s[2] is None else s[2]))
    assert (merged[0].observed_at, merged[0].silent, merged[0].silent_since) == (
        newest[0],
        newest[1] == "silent",
        newest[2],
    )
    assert merged[0].delivered_through == max([s[3] for s in found if s[3] is not None], default=None)


def test_horizon_is_the_lowest_of_all_barriers() -> None:
    """None until every source was heard of; then the slowest one's, and an old barrier moves nothing back."""
    barriers = Barriers(2)
    for source, partition in (("device_log", 0), ("device_log", 1), ("phone_log", 0)):
        assert barriers.put(source, partition, 100, 10) is False
    assert barriers.horizon is None
    assert barriers.put("phone_log", 1, 40, 4) is True
    assert barriers.horizon == Horizon(40, 4)
    assert barriers.put("phone_log", 1, 160, 16) is True
    assert barriers.put("device_log", 0, 40, 4) is False
    assert barriers.horizon == Horizon(100, 10)
    again = Barriers(2)
    for key, value in barriers.changed():
        again.restore(key, value)
    assert again.horizon == Horizon(100, 10)
    assert barriers.changed() == []


@given(st.lists(st.integers(0, 20)), st.lists(st.integers(0, 20)))
def test_wakeups_come_once_and_in_order(moments: list[int], looks: list[int]) -> None:
    """Whatever is due comes at the first look at or after its moment."""
    wakeups: Wakeups[int] = Wakeups()
    for moment in moments:
        wakeups.put(moment, moment)
    waiting = sorted(moments)
    for look in looks:
        due = [m for m in waiting if m <= look]
        assert wakeups.until(look) == due
        waiting = [m for m in waiting if m > look]
    assert len(wakeups) == len(waiting)


# -- world ------------------------------------------------------------------------------------------------------------


def test_change_covers_what_the_record_covered_before_and_now() -> None:
    """A record shortened touches the dates it no longer covers; a renamed unit's zone touches them too."""
    world = World()
    assert world.put(*at_offset(r.policy(first=10, last=20), 1)) == (10, 20, "policy", "")
    assert world.put(*at_offset(r.policy(first=10, last=12), 2)) == (10, 20, "policy", "")
    assert world.put(*at_offset(r.policy(first=10, last=30), 1)) is None
    assert world.put(*at_offset(r.policy(first=10, void=True), 3)) == (10, 12, "policy", "")
    assert world.put(*at_offset(r.holiday(15), 4)) == (15, 15, "calendar", "")


def test_reach_of_work_dates_follows_the_shifts() -> None:
    """Office hours: the date itself; a night shift: the day before too; a start after midnight: the day after."""
    world = World()
    world.put(*at_offset(r.unit(), 1))
    world.put(*at_offset(r.shift(), 2))
    noon = r.at("2026-11-23 12:00")
    today = r.day("2026-11-23")
    assert list(world.work_dates(noon)) == [today]
    world.put(*at_offset(r.shift("N", "21:00", "05:00"), 3))
    assert list(world.work_dates(noon)) == [today - 1, today]
    world.put(*at_offset(r.shift("E", "00:30", "08:00"), 4))
    assert list(world.work_dates(noon)) == [today - 1, today, today + 1]


def at_offset(fact: r.Fact, offset: int) -> r.Fact:
    """A copy as ``distribute`` makes it."""
    return fact[0], fact[1] | {"reference_offset": offset}


def test_schedule_knows_its_weekdays() -> None:
    """2026-11-23 is a Monday."""
    week = references.schedule(r.schedule(shifts="A B C D E F -")[1])
    assert [week.shift_on(r.day("2026-11-23") + n) for n in range(7)] == ["A", "B", "C", "D", "E", "F", ""]
