"""Presence in ``judge``: what is written when, withdrawn, put away, packed and let go."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from schemas import codec
from streams.folds import places
from streams.stages.base import Emission, Record
from streams.stages.judge import Judge
from streams.stages.presences import KEPT_DAYS, KEYS
from tests.stages import records as r
from tests.stages.harness import EPOCH, City, Row
from tests.stages.records import Fact

PLACED = [*r.office(), r.geofence()]


def here(moment: str | int, **more: Any) -> Fact:
    """Ani's phone at her office, exact to 8 m."""
    return r.ping(moment, **{"accuracy_m": 8.0} | more)


def desk(first: str, last: str, every_m: int = 5) -> list[Fact]:
    """Pings from her desk."""
    return [here(at) for at in range(r.at(first), r.at(last) + 1, every_m * r.MINUTE_MS)]


class Log:
    """A partition's log with its judge: facts in, one after the other, rows of ``into`` out."""

    def __init__(self, *facts: Fact, into: str = "presence") -> None:
        self.into = into
        self.stage = Judge(0, 1, EPOCH)
        self.stage.restored(-1)
        self.values: list[bytes] = []
        self.state: dict[bytes, bytes] = {}
        self.take(*facts)

    def take(self, *facts: Fact) -> list[Row]:
        """Fold all of them as one batch; the rows that follow."""
        batch = []
        for name, record in facts:
            offset = len(self.values) + len(batch)
            if name == "tick":
                for source in ("device_log", "phone_log"):
                    said = {"source": source, "source_partition": 0, "at": record["at"], "tick_offset": offset}
                    batch.append(codec.encode("barrier", said))
                continue
            batch.append(
                codec.encode(name, record | {"reference_offset": offset} if "reference_offset" in record else record)
            )
        records = [Record(len(self.values) + n, None, value) for n, value in enumerate(batch)]
        self.values += batch
        assert self.stage.fold(records) == []
        return self.rows()

    def rows(self) -> list[Row]:
        """Rows that are due."""
        out: list[Row] = []
        while True:
            steps = self.stage.drain(1000)
            out += [codec.decode(s.value)[1] for s in steps if isinstance(s, Emission) and s.log == self.into]
            if not self.stage.backlog:
                return out

    def put_away(self) -> None:
        """A checkpoint."""
        for key, value in self.stage.changed():
            self.state.pop(key, None) if value is None else self.state.update({key: value})

    def restart(self) -> None:
        """Another owner, from the last checkpoint, which was just now."""
        self.put_away()
        self.stage = Judge(0, 1, EPOCH)
        for key, value in self.state.items():
            self.stage.restore(key, value)
        self.stage.restored(len(self.values) - 1)

    def kinds(self) -> set[bytes]:
        """Kinds of the keys about presence that are put away."""
        return {key[:1] for key in self.state} & set(KEYS)


def standing(rows: list[Row]) -> list[Row]:
    """
    Those that are not withdrawals: a date near a fix may be taken back though nothing was said of it, when two records
    touched it: another owner may have said something in between.
    """
    return [row for row in rows if not row["withdrawn"]]


def spans(row: Row) -> list[tuple[str, str]]:
    """Windows as place and length in minutes."""
    return [(w["place"], f"{(w['to_at'] - w['from_at']) / 60_000:g}") for w in row["windows"]]


def test_day_of_a_phone() -> None:
    """At her desk until noon, an hour down the road, then off: inside, outside, unknown, by hours of the clock."""
    road = [here(f["fixed_at"], lat=-7.41) for _, f in desk("2026-11-23 12:00", "2026-11-23 13:00")]
    log = Log(*PLACED, r.tick("2026-11-23 06:00"), *desk("2026-11-23 07:25", "2026-11-23 11:55"), *road)
    (row,) = log.take(r.tick("2026-11-23 17:00"))
    assert spans(row) == [("inside", "270"), ("outside", "60"), ("unknown", "180")]
    assert (row["inside_s"], row["outside_s"], row["unknown_s"]) == (270 * 60, 3600, 180 * 60)
    assert (row["until_at"], row["pings"]) == (r.at("2026-11-23 16:00"), 68)
    assert [h["from_at"] for h in row["hours"]][:2] == [r.at("2026-11-23 07:30"), r.at("2026-11-23 08:00")]
    assert [h["inside_s"] for h in row["hours"]] == [1800, 3600, 3600, 3600, 3600, 0, 0, 0, 0]
    assert row["geofence_offsets"] == [PLACED.index(r.geofence())]
    assert row["policy_offset"] == PLACED.index(r.policy())


def test_ping_of_now_is_kept_and_asks_for_nothing() -> None:
    """Nothing waits and nothing is written until her quarter of an hour is over; then one row a quarter."""
    log = Log(*PLACED, r.tick("2026-11-23 08:00"))
    assert log.take(*desk("2026-11-23 08:01", "2026-11-23 08:50")) == []
    written = [row for at in r.ticks("2026-11-23 08:01", "2026-11-23 09:00") for row in log.take(at)]
    quarter = (crc32(b"ani") % 900) * 1000
    first, last = r.at("2026-11-23 08:01"), r.at("2026-11-23 09:00")
    assert [row["until_at"] for row in written] == [
        m for m in range(first, last, 1000) if m % 900_000 == quarter % 900_000
    ]


def test_row_ends_with_the_shift() -> None:
    """After the end nothing more is written, whatever time passes and whoever pings."""
    log = Log(*PLACED, *desk("2026-11-23 07:25", "2026-11-23 17:00"), r.tick("2026-11-23 16:15"))
    assert (
        log.take(*desk("2026-11-23 17:05", "2026-11-23 18:00"), *r.ticks("2026-11-23 16:16", "2026-11-23 20:00")) == []
    )


def test_late_ping_is_as_if_it_had_been_there() -> None:
    """A phone without a net tells of its morning in the evening: the same row as one that told at once."""
    morning = desk("2026-11-23 07:25", "2026-11-23 16:00")
    early = Log(*PLACED, *morning).take(r.tick("2026-11-23 17:00"))[-1]
    log = Log(*PLACED, *morning[::20])
    assert log.take(r.tick("2026-11-23 17:00"))[-1]["unknown_s"] > 8 * 3600
    late = log.take(*morning)[-1]
    assert {**late, "version": 0} == {**early, "version": 0}
    assert log.take(*morning, *morning) == []  # and again: nothing new


def test_leave_entered_and_withdrawn_writes_the_row_again() -> None:
    """Two records touched it since: another owner may have written what held in between. One: nothing is new."""
    log = Log(*PLACED, *desk("2026-11-23 07:25", "2026-11-23 16:00"))
    (before,) = log.take(r.tick("2026-11-23 17:00"))
    leave = {"first": "2026-11-23", "last": "2026-11-23"}
    (row,) = log.take(r.leave(**leave), r.leave(**leave, void=True))
    assert row["version"] > before["version"]
    assert {**row, "version": 0} == {**before, "version": 0}
    assert log.take(r.leave("budi")) == log.take(r.leave(first="2026-11-25")) == []


def test_circle_that_moves_takes_everybody_along() -> None:
    """Corrected afterwards: whoever sat at the old place was outside."""
    log = Log(*PLACED, *desk("2026-11-23 07:25", "2026-11-23 16:00"), r.tick("2026-11-23 17:00"))
    (row,) = standing(log.take(r.geofence(lat=-8.0)))
    assert (row["inside_s"], row["outside_s"]) == (0, 8.5 * 3600)


@pytest.mark.parametrize(
    "change",
    [r.geofence(void=True), r.assignment(void=True), r.leave(), r.schedule(shifts="- - - - - - -"),
     r.holiday("2026-11-23"), r.unit_mode(mode="not_in_force"), r.policy(void=True), r.shift(void=True)],
    ids=lambda fact: fact[0],
)  # fmt: skip
def test_row_without_a_shift_or_a_place_is_withdrawn(change: Fact) -> None:
    """Whatever takes the shift or the circle away takes the row back; what gives it back gives the row back."""
    log = Log(*PLACED, *desk("2026-11-23 07:25", "2026-11-23 16:00"))
    (before,) = log.take(r.tick("2026-11-23 17:00"))
    (row,) = log.take(change)
    assert row["withdrawn"]
    assert (row["windows"], row["unit_id"], row["policy_offset"]) == ([], "", -1)
    name, record = change
    restored = next((fact for fact in PLACED if fact[0] == name), (name, record | {"void": True}))
    (row,) = log.take(restored)
    assert not row["withdrawn"]
    assert row["windows"] == before["windows"]


GAPS = [(r.policy(presence_gap_s=1200), 8.5 * 3600), (r.policy(presence_worst_m=11, presence_gap_s=1200), 0)]


@pytest.mark.parametrize(("policy", "inside_s"), GAPS, ids=("gap", "worst"))
def test_numbers_of_the_policy_decide_and_correct(policy: Fact, inside_s: int) -> None:
    """
    A phone that speaks every twenty minutes, exact to 12 m: a gap by the usual numbers, and what its region says by its
    own; entered before or after, the row names the policy that held.
    """
    fixes = [here(f["fixed_at"], accuracy_m=12.0) for _, f in desk("2026-11-23 07:20", "2026-11-23 16:00", 20)]
    log = Log(*PLACED, *fixes)
    (before,) = log.take(r.tick("2026-11-23 17:00"))
    assert before["inside_s"] == 0
    (row,) = log.take(policy)
    assert (row["inside_s"], row["policy_offset"]) == (inside_s, len(log.values) - 1)
    (early,) = Log(*PLACED, policy, *fixes).take(r.tick("2026-11-23 17:00"))
    assert early["windows"] == row["windows"]
    (again,) = log.take(r.policy())
    assert again["windows"] == before["windows"]


def test_policy_holds_on_its_own_dates() -> None:
    """Another from Tuesday on: Monday stays as it was and isn't looked at, Tuesday is judged by the new numbers."""
    days = ("2026-11-23", "2026-11-24")
    fixes = [fix for day in days for fix in desk(f"{day} 07:20", f"{day} 16:00", 20)]
    log = Log(*PLACED, *fixes, r.tick("2026-11-23 17:00"))
    log.take(r.tick("2026-11-24 17:00"))
    (row,) = log.take(r.policy("Q", presence_gap_s=1200, first=days[1]))
    assert (row["work_date"], row["inside_s"]) == (r.day(days[1]), 8.5 * 3600)
    (row,) = log.take(r.policy("Q", presence_gap_s=1200, first=days[1], void=True))
    assert (row["work_date"], row["inside_s"]) == (r.day(days[1]), 0)


def test_policy_that_came_between_is_known_after_a_restart() -> None:
    """The numbers come back with the record that said them."""
    log = Log(*PLACED, r.policy(presence_gap_s=1200), *desk("2026-11-23 07:20", "2026-11-23 16:00", 20))
    log.restart()
    (row,) = log.take(r.tick("2026-11-23 17:00"))
    assert row["inside_s"] == 8.5 * 3600


def test_nobody_without_phone_or_circle_has_a_row() -> None:
    """No ping, or no place: nothing is said, and nothing is taken back that was never said."""
    assert Log(*PLACED).take(*r.ticks("2026-11-23 07:00", "2026-11-23 17:00", 15)) == []
    log = Log(*r.office(), *desk("2026-11-23 07:25", "2026-11-23 16:00"))
    assert log.take(*r.ticks("2026-11-23 07:00", "2026-11-23 17:00", 15)) == []


def test_night_shift_belongs_to_the_evening() -> None:
    """From 21:00 to 05:00: one row, of the date on which it begins; the morning after has none of its own."""
    night = [r.shift("N", "21:00", "05:00"), r.schedule(shifts="N N N N N N N")]
    log = Log(*PLACED, *night, *desk("2026-11-23 20:55", "2026-11-24 05:00"))
    rows = log.take(r.tick("2026-11-24 06:00"))
    assert [(row["work_date"], row["inside_s"]) for row in rows] == [(r.day("2026-11-23"), 8 * 3600)]


def test_month_that_opens_late_shows_what_came_before() -> None:
    """Fixes are kept whatever month they are of; rows are for open months only."""
    log = Log(*PLACED[1:], *desk("2026-11-23 07:25", "2026-11-23 16:00"))
    assert log.take(r.tick("2026-11-23 17:00")) == []
    (row,) = standing(log.take(r.period()))
    assert row["inside_s"] == 8.5 * 3600


@pytest.mark.parametrize(
    "ping",
    [here("2026-11-23 09:00", lat=91.0), here("2026-11-23 09:00", lon=float("nan")),
     here("2026-11-23 09:00", received_at="2026-11-23 07:00"), here("2026-11-23 09:00", received_at="2027-02-01 09:00"),
     here("1999-11-23 09:00", received_at="1999-11-23 09:00")],
    ids=("nowhere", "nan", "before it was made", "months later", "no clock of this century"),
)  # fmt: skip
def test_fix_that_says_nothing_keeps_no_other_out(ping: Fact) -> None:
    """It is passed over, and a good one later in the same minute is not."""
    record = ping[1] | {"received_at": r.at(ping[1]["received_at"])}
    good = here(record["fixed_at"] + 1000)
    log = Log(*PLACED)
    log.take(("ping", record))
    assert not any(stay.days for stay in log.stage._stays)
    log.take(good)
    (row,) = log.take(r.tick("2026-11-23 17:00")) or [None]
    assert (row is None) == (record["fixed_at"] < r.at("2000-01-01 00:00"))


def test_state_is_hours_while_lively_and_days_once_packed() -> None:
    """Whatever is put away comes back: the same owner and one restored at any time write the same rows."""
    week = [f"2026-11-{d}" for d in (23, 24, 25, 26, 27)]
    facts: list[Fact] = []
    for date in week:
        facts += [*desk(f"{date} 07:25", f"{date} 16:00"), r.tick(f"{date} 17:00"), r.tick(f"{date} 23:00")]
    plain, other = Log(*PLACED), Log(*PLACED)
    for fact in facts:
        said = plain.take(fact)
        assert other.take(fact) == said
        if fact[0] == "tick":
            other.restart()
    assert other.kinds() == set(KEYS)
    held = {day: type(fixes) for day, fixes in next(iter(other.stage._stays)).days.items()}
    assert held[r.day("2026-11-23")] is bytes
    assert held[r.day("2026-11-27")] is bytearray
    late = [
        here("2026-11-23 12:02", lat=-7.5),
        *[here(f["fixed_at"], lat=-7.41) for _, f in desk("2026-11-23 09:00", "2026-11-23 10:00")],
    ]
    said = plain.take(*late)
    assert other.take(*late) == said
    assert [row["work_date"] for row in said] == [r.day("2026-11-23")]
    other.restart()
    assert other.take(here("2026-11-23 12:03", lat=-7.5)) == plain.take(here("2026-11-23 12:03", lat=-7.5)) != []


def test_what_is_long_over_is_let_go() -> None:
    """Six weeks later nothing of a date is remembered, in memory or put away, and nothing comes back."""
    log = Log(*PLACED, *desk("2026-11-23 07:25", "2026-11-23 16:00"), r.tick("2026-11-23 17:00"))
    log.put_away()
    assert log.kinds() == {b"m", b"w"}
    log.take(r.tick(r.at("2026-11-23 17:00") + (KEPT_DAYS + 5) * places.DAY_S * 1000))
    log.put_away()
    assert log.kinds() == set()
    assert log.take(*desk("2026-11-23 07:25", "2026-11-23 16:00"), r.geofence(lat=-8.0)) == []
    log.put_away()
    assert log.kinds() == set()


def test_pings_go_the_whole_way() -> None:
    """From the phone's log through ``route`` into the table, with repetitions."""
    city = City(2, 5)
    city.reference(*PLACED, *r.ticks("2026-11-23 07:00", "2026-11-23 17:00", 5))
    city.phone(*desk("2026-11-23 07:25", "2026-11-23 16:00", 1), *desk("2026-11-23 07:25", "2026-11-23 09:00", 1))
    city.run()
    assert [row["inside_s"] for row in city.result().presences.values()] == [8.5 * 3600]
