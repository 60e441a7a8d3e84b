"""What ``judge`` says of a unit's cutoff: the people whose rows say the same, at barriers, whoever says it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from streams.rules.cutoff import SPOKEN_OF_MS
from streams.stages.base import Emission, Record
from tests.stages import records as r
from tests.stages.harness import City, highest, two_owners
from tests.stages.scenarios import Scenario, scenarios
from tests.stages.test_laws import examples, feed, judged, new_judge, seeds, staff_log

MONDAY = "2026-11-23"
IDENTITY = ("unit_id", "work_date", "cutoff_at", "partition")
SAID = ("unit_mode", "timezone", "counts", "people", "missing")
Said = list[dict[str, Any]]


def spoken(steps: Iterable[Emission]) -> Said:
    """``cutoff_judged`` records, in their order."""
    found = [codec.decode(step.value) for step in steps if step.log == "cutoff"]
    return [content for name, content in found if name == "cutoff_judged"]


def closed(log: Sequence[Record]) -> list[Record]:
    """The log with a last minute behind everything: what was touched after the last barrier is said at the next."""
    marks = [codec.decode(record.value)[1] for record in log if codec.schema_of(record.value).name == "barrier"]
    at, offset = max(mark["at"] for mark in marks) + r.MINUTE_MS, max(mark["tick_offset"] for mark in marks) + 1
    last = [
        {"source": source, "source_partition": 0, "at": at, "tick_offset": offset}
        for source in ("device_log", "phone_log")
    ]
    values = [record.value for record in log] + [codec.encode("barrier", mark) for mark in last]
    return [Record(offset, None, value) for offset, value in enumerate(values)]


def last_words(said: Said) -> dict[Any, dict[str, Any]]:
    """Of each cutoff what was said last, without bookkeeping; whom nobody is awaited at left out."""
    rows = highest(said, IDENTITY)
    return {key: {name: row[name] for name in SAID} for key, row in rows.items() if row["counts"]}


@examples(100)
@given(scenarios(), seeds)
def test_what_is_said_last_is_what_the_rows_say(s: Scenario, seed: int) -> None:
    """Counts by state are those of the rows; whoever is not there by the cutoff is named, and nobody else."""
    log = closed(staff_log(s, seed))
    said = feed(new_judge, log, seed, restores=0.2)
    horizon = max(codec.decode(x.value)[1]["at"] for x in log if codec.schema_of(x.value).name == "barrier")
    counts: dict[Any, Counter[str]] = {}
    late: dict[Any, dict[str, str]] = {}
    for row in judged(said)[0].values():
        cutoff = row["cutoff_at"]
        if cutoff is None or not cutoff <= horizon < cutoff + SPOKEN_OF_MS:
            continue
        key = row["unit_id"], row["work_date"], cutoff, 0
        counts.setdefault(key, Counter())[row["state"]] += 1
        if row["in_at"] is None or row["in_at"] > cutoff:
            late.setdefault(key, {})[row["employee_id"]] = row["state"]
    told = {key: row for key, row in last_words(spoken(said)).items() if horizon < key[2] + SPOKEN_OF_MS}
    assert {key: row["counts"] for key, row in told.items()} == counts
    named = {key: {p["employee_id"]: p["state"] for p in row["people"]} for key, row in told.items()}
    assert {key: people for key, people in named.items() if people} == late


@examples(60)
@given(scenarios(closing=True), seeds, seeds)
def test_same_version_same_content_whatever_batches_and_restores(s: Scenario, one: int, other: int) -> None:
    """
    Two owners of one log, with batches of their own: where they speak at the same offset they say the same.

    So is their last word, of cutoffs still spoken of at the end: one may hear of a cutoff when its time is over only.
    """
    log = closed(staff_log(s, one))
    first, second = (spoken(feed(new_judge, log, seed, restores=0.3)) for seed in (one, other))
    highest([*first, *second], (*IDENTITY, "version"))
    horizon = max(codec.decode(x.value)[1]["at"] for x in log if codec.schema_of(x.value).name == "barrier")
    one_says, other_says = (
        {key: row for key, row in last_words(said).items() if horizon < key[2] + SPOKEN_OF_MS}
        for said in (first, second)
    )
    assert one_says == other_says


@examples(60)
@given(scenarios(), st.integers(0, 200), st.integers(2, 200), seeds)
def test_an_earlier_owners_words_are_outdone(s: Scenario, reached: int, batch: int, seed: int) -> None:
    """
    Whatever an owner said record by record, one with big batches has the last word wherever it no longer holds.

    Of cutoffs that are still spoken of at the end: who comes to hear of one only when its time is over says nothing
    more of it, and what the earlier owner said last stands.
    """
    log = closed(staff_log(s, seed))
    early, late = two_owners(new_judge, log, reached, batch)
    horizon = max(codec.decode(x.value)[1]["at"] for x in log if codec.schema_of(x.value).name == "barrier")
    open_still = [row for row in spoken(late) if row["cutoff_at"] + SPOKEN_OF_MS > horizon]
    keys = {tuple(row[name] for name in IDENTITY) for row in open_still}
    both = {key: row for key, row in last_words(spoken([*early, *late])).items() if key in keys}
    assert {key: row for key, row in last_words(spoken(late)).items() if key in keys} == both


def morning(*more: Any) -> list[Any]:
    """One office, ani on its terminal, and ticks through 07:35."""
    return [*r.office(), *more, *r.ticks(f"{MONDAY} 07:28", f"{MONDAY} 07:35")]


def said_by(city: City) -> Said:
    """What stands in ``cutoff``, partition after partition."""
    return [
        content
        for p in range(city.partitions)
        for name, content in (codec.decode(record.value) for record in city.logs["cutoff", p])
        if name == "cutoff_judged"
    ]


def test_nothing_is_said_before_the_cutoff_and_doubt_names_its_terminals() -> None:
    """Awaited for a minute, then undetermined, with the terminal that keeps it so and how many hang on it."""
    city = City(1)
    city.reference(*morning(r.assignment("budi"), r.enrolment("budi", "A", "2")))
    city.device(r.punch(f"{MONDAY} 07:10", pin="2"), r.status(f"{MONDAY} 07:20", None, silent_since=f"{MONDAY} 06:41"))
    city.run()
    said = said_by(city)
    assert all(row["horizon_at"] >= row["cutoff_at"] == r.at(f"{MONDAY} 07:30") for row in said)
    assert said[0]["counts"] in ({"awaited": 1, "present": 1}, {"present": 1, "undetermined": 1})
    assert said[-1]["counts"] == {"present": 1, "undetermined": 1}
    assert said[-1]["people"] == [{"employee_id": "ani", "state": "undetermined"}]
    (terminal,) = said[-1]["missing"]
    assert (terminal["device_id"], terminal["silent_since"]) == ("A", r.at(f"{MONDAY} 06:41"))
    assert terminal["people"] == 1


def test_ten_thousand_corrections_are_said_once_a_minute() -> None:
    """Records between two barriers are one word at the second."""
    city = City(1)
    city.reference(*morning())
    city.device(r.status(f"{MONDAY} 07:31", f"{MONDAY} 07:32"))
    city.run()
    before = len(said_by(city))
    stage = next(worker.stage for worker in city.workers if worker.name == "judge")
    end = len(city.logs["staff_log", 0])
    chance = random.Random(1)
    said: list[Emission] = []
    values = [codec.encode(*r.leave(void=bool(n % 2))) for n in range(10_000)]
    copies = [codec.with_reference_offset(value, 1000 + n) for n, value in enumerate(values)]
    at = 0
    while at < len(copies):
        many = chance.choice((1, 10, 500))
        assert stage.fold([Record(end + at + n, None, v) for n, v in enumerate(copies[at : at + many])]) == []
        said += [step for step in stage.drain(1000) if isinstance(step, Emission)]
        at += many
    assert spoken(said) == []
    for n, source in enumerate(("device_log", "phone_log")):
        mark = {
            "source": source,
            "source_partition": 0,
            "at": r.at(f"{MONDAY} 07:36"),
            "tick_offset": 20_000,
        }
        assert stage.fold([Record(end + 10_001 + n, None, codec.encode("barrier", mark))]) == []
        said += [step for step in stage.drain(1000) if isinstance(step, Emission)]
    assert before >= 1
    assert [row["counts"] for row in spoken(said)] == [{"not_here": 1}]


def test_cutoff_that_has_lost_its_last_person_says_so_after_a_restore_too() -> None:
    """Moved away after the cutoff, and the worker restarted in between: the office is told that nobody is missing."""
    city = City(1)
    city.reference(*morning())
    city.device(r.status(f"{MONDAY} 07:31", f"{MONDAY} 07:32"))
    city.run()
    city.reference(r.assignment(void=True))
    city.run()
    worker = next(worker for worker in city.workers if worker.name == "judge")
    state = worker.state | {key: value for key, value in worker.stage.changed() if value is not None}
    heir = new_judge()
    for key, value in state.items():
        heir.restore(key, value)
    heir.restored(len(city.logs["staff_log", 0]) - 1)
    said = [step for step in heir.drain(1000) if isinstance(step, Emission)]
    assert [row["counts"] for row in spoken(said)] == [{}]
