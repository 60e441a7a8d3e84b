"""``alert``: who hears of whom and when, whatever the order of partitions, restarts and repetitions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from streams.rules.cutoff import ABSENT, MINUTE_MS, STALE_MS, WAIT_MS
from streams.stages.alert import Alert
from streams.stages.base import Emission, Record
from tests.stages import records as r
from tests.stages.harness import EPOCH, City
from tests.stages.test_laws import examples, feed, numbered, seeds

MONDAY = "2026-11-23"
DAY = r.day(MONDAY)
CUTOFF = r.at(f"{MONDAY} 07:31")
P = 3
PEOPLE = {p: tuple(f"{who}{p}" for who in ("ani", "budi", "cici")) for p in range(P)}
STATES = ("not_here", "absent", "awaited", "undetermined", "late")
Row = dict[str, Any]


def new_alert() -> Alert:
    """The stage of the first partition."""
    return Alert(0, P, EPOCH)


def tick(minute: int) -> bytes:
    """A tick so many minutes after the cutoff."""
    name, content = r.tick(CUTOFF + minute * MINUTE_MS)
    return codec.encode(name, content)


def barrier(partition: int, minute: int) -> bytes:
    """A partition of ``staff_log`` has said all until so many minutes after the cutoff."""
    at = CUTOFF + minute * MINUTE_MS
    mark = {"source": "staff_log", "source_partition": partition, "at": at, "tick_offset": 1}
    return codec.encode("barrier", mark)


def part(
    partition: int, version: int, people: dict[str, str], *, unit: str = "U", missing: Sequence[Row] = ()
) -> bytes:
    """What a partition says: these people, and one who was there in time."""
    record = {
        "unit_id": unit,
        "work_date": DAY,
        "cutoff_at": CUTOFF,
        "partition": partition,
        "horizon_at": CUTOFF,
        "unit_mode": "in_force",
        "timezone": "Asia/Jakarta",
        "counts": dict(sorted((Counter(people.values()) + Counter(present=1)).items())),
        "people": [{"employee_id": who, "state": people[who]} for who in sorted(people)],
        "missing": list(missing),
        "epoch": EPOCH,
        "version": version,
    }
    return codec.encode("cutoff_judged", record)


def alerts(values: Sequence[bytes], stage: Alert | None = None) -> list[Row]:
    """What the stage says of a log."""
    stage = stage or new_alert()
    assert stage.fold(numbered(values)) == []
    return [codec.decode(step.value)[1] for step in stage.drain(1) if isinstance(step, Emission)]


def heard(minute: int) -> list[bytes]:
    """All partitions have spoken until then."""
    return [barrier(p, minute) for p in range(P)]


def told(alert: Row) -> tuple[int, str, bool, list[str]]:
    """Revision, kind, provisional, who is absent or in doubt."""
    return alert["revision"], alert["kind"], alert["provisional"], [p["employee_id"] for p in alert["people"]]


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """
    A log of ``cutoff``: three partitions speak of one unit in versions of their own, some twice and in any order;
    ticks come in between. In the end everybody has spoken, and ticks go on until nothing is withheld any more.
    """
    values: list[bytes] = []
    last: list[bytes] = []
    for p in range(P):
        for version in range(draw(st.integers(1, 4))):
            people = draw(st.dictionaries(st.sampled_from(PEOPLE[p]), st.sampled_from(STATES), max_size=3))
            said = part(p, version, people)
            values.append(said)
        last.append(said)
        values += [barrier(p, m) for m in draw(st.lists(st.integers(-1, 4), max_size=3))]
    values += [tick(m) for m in draw(st.lists(st.integers(-1, 6), max_size=6))]
    values = draw(st.permutations([*values, *values[::3]]))
    return [*values, *last, *heard(5), *(tick(m) for m in range(7, 12))]


@examples(200)
@given(logs(), seeds, seeds)
def test_same_alerts_whatever_batches_and_restores(log: list[bytes], one: int, other: int) -> None:
    """Whoever folds the log, however often it is taken up anew: the same bytes under the same ids, or none."""
    first, second = (feed(new_alert, numbered(log), seed, restores=0.4) for seed in (one, other))
    assert [e.value for e in first] == [e.value for e in second]


@examples(300)
@given(logs())
def test_revisions_follow_one_another_a_minute_apart(log: list[bytes]) -> None:
    """0, 1, 2, ...: never two of one unit within a minute of the log's time."""
    rows = alerts(log)
    assert [row["revision"] for row in rows] == list(range(len(rows)))
    moments = [row["raised_at"] for row in rows]
    assert all(later - earlier >= MINUTE_MS for earlier, later in pairwise(moments))
    assert all(row["kind"] == "raise" and not row["withdrawn"] for row in rows[:1])


@examples(300)
@given(logs())
def test_in_the_end_all_absent_are_told_and_all_others_withdrawn(log: list[bytes]) -> None:
    """Whatever came in between: nobody is left absent in words who is not, nobody absent is left out."""
    newest: dict[int, tuple[int, Row]] = {}
    for value in log:
        name, content = codec.decode(value)
        if name == "cutoff_judged":
            newest[content["partition"]] = max(
                newest.get(content["partition"], (-1, {})), (content["version"], content), key=lambda pair: pair[0]
            )
    now = {p["employee_id"]: p["state"] for _, content in newest.values() for p in content["people"]}
    standing: set[str] = set()
    for row in alerts(log):
        assert set(row["withdrawn"]) <= standing, "nobody is taken back who was not said"
        standing -= set(row["withdrawn"])
        standing |= {p["employee_id"] for p in row["people"] if p["state"] in ABSENT}
        assert row["provisional"] == bool(
            row["unheard"] or {"awaited", "undetermined"} & {p["state"] for p in row["people"]}
        )
        assert sum(row["counts"].values()) >= len(row["people"])
    assert {who for who, state in now.items() if state in ABSENT} <= standing
    assert standing <= set(now)


def test_raised_when_all_have_spoken() -> None:
    """The last partition's barrier, nobody awaited: at once, and final."""
    log = [tick(1), part(0, 5, {"ani": "not_here"}), part(1, 9, {}), barrier(0, 1), barrier(1, 1)]
    assert alerts(log) == []
    (alert,) = alerts([*log, barrier(2, 1)])
    assert told(alert) == (0, "raise", False, ["ani"])
    assert alert["counts"] == {"not_here": 1, "present": 2}
    assert alert["raised_at"] == CUTOFF + MINUTE_MS
    assert alert["version"] == len(log)


def test_nobody_missing_no_alert() -> None:
    """An office that is complete hears nothing, whenever."""
    assert alerts([tick(1), part(0, 5, {"ani": "late"}), *heard(1), *(tick(m) for m in range(2, 10))]) == []


def test_wait_is_over_by_ticks_and_what_is_missing_is_named() -> None:
    """Partition 2 is silent: two minutes of ticks, then provisional; the rest when it has spoken."""
    log = [tick(0), part(0, 5, {"ani": "not_here"}), barrier(0, 1), barrier(1, 1), tick(1)]
    assert alerts(log) == []
    (alert,) = alerts([*log, tick(2)])
    assert WAIT_MS == 2 * MINUTE_MS
    assert told(alert) == (0, "raise", True, ["ani"])
    assert alert["unheard"] == [2]
    _, final = alerts([*log, tick(2), tick(3), part(2, 7, {"dian": "absent"}), barrier(2, 3)])
    assert told(final) == (1, "raise", False, ["ani", "dian"])
    assert final["unheard"] == []


def test_after_a_pause_the_wait_begins_when_somebody_speaks() -> None:
    """An hour of ticks ran ahead: the first partition to speak does not make the others late."""
    log = [tick(60), part(0, 5, {"ani": "not_here"}), barrier(0, 60)]
    assert alerts(log) == []
    (alert,) = alerts([*log, barrier(1, 60), barrier(2, 60)])
    assert told(alert) == (0, "raise", False, ["ani"])


def test_awaited_are_awaited_for_a_while() -> None:
    """Terminals are still being asked: not yet; two minutes later all the same, provisional, naming the terminal."""
    terminal = {"device_id": "A", "silent_since": CUTOFF - MINUTE_MS, "delivered_through": None, "people": 1}
    log = [tick(0), part(0, 5, {"ani": "awaited", "budi": "not_here"}), *heard(0)]
    assert alerts(log) == []
    assert told(alerts([*log, tick(2)])[0]) == (0, "raise", True, ["ani", "budi"])
    silent = part(0, 6, {"ani": "undetermined", "budi": "not_here"}, missing=[terminal])
    (alert,) = alerts([*log, tick(1), silent, *heard(1)])
    assert told(alert) == (0, "raise", True, ["ani", "budi"])
    assert alert["missing"] == [terminal]


def test_absence_withdrawn_is_a_correction_and_an_arrival_is_not() -> None:
    """Budi's punch of 07:19 comes late: Ralat. Cici arrives at 07:50: she was not there at the cutoff, no word."""
    log = [tick(1), part(0, 5, {"budi": "not_here", "cici": "not_here"}), *heard(1), tick(2)]
    arrival = part(0, 6, {"budi": "not_here", "cici": "late"})
    assert len(alerts([*log, arrival, *heard(20), tick(20)])) == 1
    _, ralat = alerts([*log, arrival, part(0, 7, {"cici": "late"}), *heard(30), tick(30)])
    assert told(ralat) == (1, "correction", False, [])
    assert ralat["withdrawn"] == ["budi"]


def test_doubt_that_ends_is_told_once() -> None:
    """Undetermined, then all there: a last, final word."""
    log = [tick(1), part(0, 5, {"ani": "undetermined"}), *heard(1), tick(2), part(0, 6, {}), *heard(2), tick(3)]
    first, last = alerts([*log, *(tick(m) for m in range(4, 9)), *heard(9)])
    assert told(first) == (0, "raise", True, ["ani"])
    assert told(last) == (1, "raise", False, [])


def test_flood_of_corrections_is_one_word_a_minute() -> None:
    """Ten thousand versions in ten minutes: at most eleven alerts."""
    chance = random.Random(1)
    log = [tick(1), part(0, 0, {"ani": "not_here"}), *heard(1)]
    version = 0
    for minute in range(2, 12):
        for _ in range(1000):
            version += 1
            state = chance.choice(STATES)
            log.append(part(0, version, {f"p{version % 50}": state} if version % 2 else {}))
        log += [*heard(minute), tick(minute)]
    assert 2 <= len(alerts(log)) <= 11


def test_late_words_of_long_ago_raise_nothing_and_are_forgotten() -> None:
    """A day later a replay says it all again: no alert, and no state that grows."""
    day = STALE_MS // MINUTE_MS
    stage = new_alert()
    assert len(alerts([tick(1), part(0, 5, {"ani": "not_here"}), *heard(1)], stage)) == 1
    assert alerts([tick(day), part(0, 6, {"budi": "not_here"}), *heard(day), tick(day + 3)], stage) == []
    kept = {key[:1] for key, value in stage.changed() if value is not None}
    assert kept == {b"t", b"b"}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        codec.encode(*r.unit()),
        barrier(P, 0),
        codec.encode("barrier", {"source": "device_log", "source_partition": 0, "at": CUTOFF, "tick_offset": 1}),
        codec.encode("barrier", {"source": "staff_log", "source_partition": 0, "at": 2**60, "tick_offset": 1}),
        codec.encode("tick", {**r.tick(CUTOFF)[1], "at": 2**60}),
        part(-1, 0, {}),
        part(P, 0, {}),
    ],
)
def test_what_is_no_record_of_the_log_is_refused(value: bytes) -> None:
    """It ends as a dead letter, and the rest goes on."""
    stage = new_alert()
    assert [reject.record.offset for reject in stage.fold([Record(3, None, value), Record(4, None, tick(0))])] == [3]


def city_alerts(city: City) -> list[Row]:
    """Alerts by revision, each once, whatever was written twice."""
    found = {}
    for p in range(city.partitions):
        for record in city.logs["alert", p]:
            row = codec.decode(record.value)[1]
            key = row["unit_id"], row["work_date"], row["cutoff_at"], row["revision"]
            assert found.setdefault(key, row) == row, "one id, two contents"
    return [found[key] for key in sorted(found)]


@examples(40)
@given(seeds)
def test_whole_core_raises_and_withdraws_through_crashes_and_second_owners(seed: int) -> None:
    """
    From the roster to the alert: ani absent, budi's punch parked until his PIN is entered at 08:00, cici's terminal
    silent. Whatever crashes: told absent are ani and budi, budi is taken back, cici stays in doubt.
    """
    city = City(2, seed, crash=0.05, zombies=0.03)
    staff = [r.assignment("budi"), r.enrolment("budi", "A", "2"), r.assignment("cici"), r.enrolment("cici", "B", "3")]
    city.reference(*r.office(), r.device("B"), *staff, *r.ticks(f"{MONDAY} 07:29", f"{MONDAY} 07:30"))
    city.device(r.punch(f"{MONDAY} 07:19", pin="22"), r.status(f"{MONDAY} 07:31", f"{MONDAY} 07:31"))
    city.device(r.status(f"{MONDAY} 07:31", None, "B", f"{MONDAY} 06:41"))
    city.run()
    city.reference(*r.ticks(f"{MONDAY} 07:31", f"{MONDAY} 07:40"))
    city.run()
    before = city_alerts(city)
    city.reference(r.enrolment("budi", "A", "22"), *r.ticks(f"{MONDAY} 08:00", f"{MONDAY} 08:05"))
    city.run()
    rows = city_alerts(city)
    states = {p["employee_id"]: p["state"] for p in rows[-1]["people"]}
    assert {p["employee_id"] for p in before[-1]["people"]} == {"ani", "budi", "cici"}
    assert [row["kind"] for row in before] == ["raise"] * len(before)
    assert [row["withdrawn"] for row in rows if row["kind"] == "correction"] == [["budi"]]
    assert states == {"ani": "not_here", "cici": "undetermined"}
    assert city.rejects == []
