"""Laws of the core: the final rows are a function of the set of facts, the references and the horizon."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from streams.stages.base import Emission, Record, Stage
from streams.stages.judge import Judge
from streams.stages.route import RouteDevices
from tests.stages.harness import EPOCH, City, Result, Row, bare, highest, pump, two_owners
from tests.stages.scenarios import Scenario, scenarios

seeds = st.integers(0, 2**32)
TIMES = int(os.environ.get("HADIR_LAWS", "1"))  # a night of hunting: HADIR_LAWS=100


def examples(number: int) -> settings:
    """So many examples, times what the environment asks for."""
    return settings(max_examples=number * TIMES, deadline=None)


def same(one: Result, other: Result) -> None:
    """The same tables."""
    assert one.rejects == other.rejects == []
    assert one.rows == other.rows
    assert one.attributions == other.attributions
    assert one.positions == other.positions
    assert one.presences == other.presences
    assert one.flags == other.flags


def numbered(values: Sequence[bytes]) -> list[Record]:
    """Records of a partition, in this order."""
    return [Record(offset, None, value) for offset, value in enumerate(values)]


def feed(make: Callable[[], Stage], records: Sequence[Record], seed: int, restores: float = 0.0) -> list[Emission]:
    """
    What a stage says of a partition, in batches drawn from a seed.

    Args:
        restores: chance per batch that the stage is put away and taken up by another, with work waiting or not.
    """
    chance = random.Random(seed)
    stage, state, said = make(), dict[bytes, bytes](), list[Emission]()
    stage.restored(-1)
    position = 0
    while position < len(records) or stage.backlog:
        batch = records[position : position + chance.choice((0, 1, 2, 7, 100))]
        assert stage.fold(batch) == []
        position += len(batch)
        said += [step for step in stage.drain(chance.choice((1, 2, 1000))) if isinstance(step, Emission)]
        if chance.random() < restores:
            for key, value in stage.changed():
                state.pop(key, None) if value is None else state.update({key: value})
            pieces = list(state.items())
            chance.shuffle(pieces)
            stage = make()
            for key, value in pieces:
                stage.restore(key, value)
            stage.restored(position - 1)
    return said


def table(said: Sequence[Emission], log: str, *identity: str) -> dict[object, Row]:
    """Rows of a log by identity, highest version, without bookkeeping; withdrawn ones left out."""
    rows = highest([codec.decode(e.value)[1] for e in said if e.log == log], identity)
    return {key: bare(r) for key, r in rows.items() if not taken_back(r)}


def taken_back(row: Row) -> bool:
    """Whether a row says that nothing stands any more."""
    return row.get("state") == "withdrawn" or row.get("withdrawn", False) or row.get("findings") == []


JUDGED = ("attendance", "presence", "flag")


def judged(said: Sequence[Emission]) -> list[dict[object, Row]]:
    """The tables of what is judged."""
    return [table(said, log, "employee_id", "work_date") for log in JUDGED]


def new_judge() -> Judge:
    """The judge of one of one partition."""
    return Judge(0, 1, EPOCH)


def staff_log(s: Scenario, seed: int = 0) -> list[Record]:
    """What distribute and route make of a scenario in a city of one partition."""
    city = City(1, seed)
    city.reference(*s.reference)
    city.device(*s.device_facts)
    city.phone(*s.phone_facts)
    city.run(frozen=["judge"])
    return city.logs["staff_log", 0]


@examples(100)
@given(scenarios(), seeds, seeds)
def test_tables_same_for_any_interleaving_repetition_crash_and_second_owner(s: Scenario, one: int, other: int) -> None:
    """Facts in another order, some of them twice, other batches, crashes, two owners at once: the same tables."""
    chance = random.Random(other)
    device_facts = [*s.device_facts, *s.device_facts[::2]]
    phone_facts = [*s.phone_facts, *s.phone_facts[::2]]
    chance.shuffle(device_facts)
    chance.shuffle(phone_facts)
    plain = pump(*s, seed=one)
    same(plain, pump(s.reference, device_facts, phone_facts, seed=other, crash=0.06, zombies=0.03))
    same(plain, pump(s.reference, device_facts, phone_facts, seed=other + 1, partitions=3))


@examples(100)
@given(scenarios(last_word=False), seeds)
def test_judge_same_for_any_order_of_its_log(s: Scenario, seed: int) -> None:
    """Facts, copies of references and barriers in any order, some twice: the same rows, if less is settled or not."""
    log = [record.value for record in staff_log(s) if record.value is not None]
    again = [*log, *log[::3]]
    random.Random(seed).shuffle(again)
    assert judged(feed(new_judge, numbered(log), 0)) == judged(feed(new_judge, numbered(again), seed))


@examples(100)
@given(scenarios(), seeds)
def test_route_same_for_any_order_of_its_log(s: Scenario, seed: int) -> None:
    """Punches, statuses, enrolments and devices in any order, some twice: the same owners and the same states."""
    city = City(1)
    city.reference(*s.reference)
    city.device(*s.device_facts)
    city.run(frozen=["route", "judge"])
    log = [record.value for record in city.logs["device_log", 0] if record.value is not None]
    again = [*log, *log[::3]]
    random.Random(seed).shuffle(again)

    def tables(values: Sequence[bytes], seed: int) -> object:
        said = feed(lambda: RouteDevices(0, 1, EPOCH), numbered(values), seed, restores=0.1)
        given_to = [e for e in said if codec.schema_of(e.value).name == "attributed_punch"]
        states = [e for e in said if codec.schema_of(e.value).name == "device_state"]
        owned = table(given_to, "staff_log", "employee_id", "device_id", "pin", "device_time")
        return (
            table(said, "attribution", "device_id", "pin", "device_time"),
            {key: row for key, row in owned.items() if row["active"]},
            table(states, "staff_log", "device_id"),
        )

    assert tables(log, 0) == tables(again, seed)


@examples(100)
@given(scenarios(closing=True), seeds, seeds)
def test_judge_same_for_any_batches_and_restores(s: Scenario, one: int, other: int) -> None:
    """One order of the log, months closing and opening in it: batches, slices and restores change nothing."""
    log = staff_log(s, one)
    plain = feed(new_judge, log, one)
    other_rows = feed(new_judge, log, other, restores=0.3)
    assert judged(plain) == judged(other_rows)
    for log in JUDGED:
        both = [codec.decode(e.value)[1] for e in [*plain, *other_rows] if e.log == log]
        highest(both, ("employee_id", "work_date"))


@examples(100)
@given(scenarios(closing=True), st.integers(0, 200), st.integers(2, 200), seeds)
def test_judge_right_whatever_an_earlier_owner_wrote(s: Scenario, reached: int, batch: int, seed: int) -> None:
    """
    An owner who judged record by record and got so far, then one who takes big batches from the beginning: what the
    first wrote in between is outdone wherever it no longer holds.
    """
    log = staff_log(s, seed)
    early, late = two_owners(new_judge, log, reached, batch)
    assert judged(late) == judged([*early, *late])


@examples(60)
@given(scenarios(closing=True), seeds)
def test_judge_restored_says_exactly_what_it_would_have_said(s: Scenario, seed: int) -> None:
    """
    The same batches with and without a restore between any two of them: the very same rows are written.

    Positions may come twice, and an office's cutoff is counted anew after a restore and said again.
    """
    log = staff_log(s, seed)

    def said(restores: bool) -> list[list[bytes]]:
        stage, state, out = new_judge(), dict[bytes, bytes](), []
        chance = random.Random(seed)
        for start in range(0, len(log), 4):
            stage.fold(log[start : start + 4])
            out.append(sorted(e.value for e in stage.drain(10**9) if isinstance(e, Emission) and e.log in JUDGED))
            if restores and chance.random() < 0.5:
                for key, value in stage.changed():
                    state.pop(key, None) if value is None else state.update({key: value})
                stage = new_judge()
                for key, value in state.items():
                    stage.restore(key, value)
                stage.restored(start + 3)
        return out

    assert said(False) == said(True)


@examples(60)
@given(scenarios(), seeds)
def test_late_is_early(s: Scenario, seed: int) -> None:
    """Facts that come when all is over give the rows that they would have given at once."""
    early, late = City(2, seed), City(2, seed + 1)
    early.device(*s.device_facts)
    early.phone(*s.phone_facts)
    early.run()
    for city in (early, late):
        city.reference(*s.reference)
        city.run()
    late.device(*s.device_facts)
    late.phone(*s.phone_facts)
    late.run()
    same(early.result(), late.result())


@examples(60)
@given(scenarios(closing=True), seeds, seeds)
def test_month_reopened_is_as_if_never_closed(s: Scenario, one: int, other: int) -> None:
    """What came while a month was closed counts from the day on which it opens again."""
    opened = [f for f in s.reference if f[0] != "period" or (f[1]["state"] == "open" and not f[1]["void"])]
    # the same offsets for everything else: what is left out is replaced by another record that says nothing new
    filled = [f if f in opened else opened[0] for f in s.reference]
    last = [opened[0], s.reference[-1]]
    same(pump([*s.reference, *last], *s[1:], seed=one, crash=0.05), pump([*filled, *last], *s[1:], seed=other))
