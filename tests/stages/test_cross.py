"""``cross``: what it says last is a function of the set of links, whatever their order, repetition and restores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.topics import partition_of
from streams.rules.shared_phone import MANY
from streams.stages import cross
from streams.stages.base import Emission, Record, Step
from streams.stages.cross import KEPT_DAYS, Cross
from tests.stages import records as r
from tests.stages.harness import highest
from tests.stages.test_laws import feed, numbered

DAY = r.day("2026-11-23")
PARTITIONS = 3
Use = tuple[str, str, int, str]
Said = dict[Use, tuple[str, ...]]
"""Kind, value, date and person -> the others; those who share nothing are left out."""

uses = st.tuples(
    st.sampled_from(("boot", "photo")),
    st.sampled_from(("5f", "77")),
    st.sampled_from((0, 1, 39, 40)).map(lambda n: DAY + n),
    st.integers(0, 5).map(lambda n: f"e{n}"),
)


def link(use: Use) -> bytes:
    """As ``route`` writes it."""
    return codec.encode("link", dict(zip(("kind", "value", "day", "employee_id"), use, strict=True)))


def last_word(steps: Iterable[Step]) -> Said:
    """Who was told what in the end; each suspicion in the partition of the one whom it is about."""
    told = []
    for step in steps:
        assert isinstance(step, Emission)
        name, row = codec.decode(step.value)
        assert (name, step.log, step.key) == ("suspicion", "staff_log", row["employee_id"].encode())
        assert step.partition == partition_of(step.key, PARTITIONS)
        told.append(row)
    rows = highest(told, ("kind", "value", "day", "employee_id"))
    return {key: tuple(row["others"]) for key, row in rows.items() if row["others"]}


def expected(found: Iterable[Use], many: int = MANY) -> Said:
    """Everybody at a thing, told of everybody else there."""
    told = set(found)
    said: Said = {}
    for kind, value, day, who in told:
        people = sorted(person for *thing, person in told if tuple(thing) == (kind, value, day))
        if 1 < len(people) <= many:
            said[kind, value, day, who] = tuple(person for person in people if person != who)
    return said


def new_cross() -> Cross:
    """The owner of one partition of ``link``."""
    return Cross(0, PARTITIONS)


def crossed(found: Sequence[Use], seed: int = 0, restores: float = 0.0) -> Said:
    """Its last word on these, in batches drawn from a seed."""
    return last_word(feed(new_cross, numbered([link(use) for use in found]), seed, restores))


@given(st.lists(uses, max_size=60), st.randoms(use_true_random=False), st.integers(0, 999), st.sampled_from((2, 4, 50)))
def test_last_word_is_a_function_of_the_set(found: list[Use], dice: object, seed: int, many: int) -> None:
    """Any order, some twice, put away and taken up in between; also where there are too many at one thing."""
    again = found + found[::2]
    dice.shuffle(again)  # type: ignore[attr-defined]
    with patch.object(cross, "MANY", many):
        assert crossed(found) == crossed(again, seed, restores=0.4) == expected(found, many)


@given(st.lists(uses, max_size=30), st.integers(0, 30), st.integers(0, 99))
def test_owner_that_replays_says_the_same(found: list[Use], known: int, seed: int) -> None:
    """State from a checkpoint, then what came since once more: with what was said before it, the same last word."""
    records = numbered([link(use) for use in found])
    first = new_cross()
    first.fold(records[:known])
    said = first.drain(1000)
    state = dict(first.changed())
    first.fold(records[known:])
    said += first.drain(1000)
    second = new_cross()
    for key, value in state.items():
        assert value is not None
        second.restore(key, value)
    second.restored(known - 1)
    for record in records[known:]:
        assert second.fold([record]) == []
        said += second.drain(1000)
    assert last_word(said) == expected(found)


def test_everybody_is_told_of_everybody() -> None:
    """Two, then three: each of them, and the first again."""
    stage = new_cross()
    told = []
    for n, who in enumerate(("budi", "ani", "cici", "ani")):
        stage.fold([Record(n, None, link(("imei", "5f", DAY, who)))])
        told.append(last_word(stage.drain(1000)))
    assert told[0] == told[3] == {}
    assert {who: others for (*_, who), others in told[1].items()} == {"ani": ("budi",), "budi": ("ani",)}
    assert told[2]["imei", "5f", DAY, "ani"] == ("budi", "cici")
    assert len(told[2]) == 3


def test_more_than_fifty_at_a_thing_say_nothing() -> None:
    """The fifty-first takes back what was said of the fifty; whoever comes then changes nothing."""
    crowd = [("photo", "77", DAY, f"e{n:02}") for n in range(MANY + 3)]
    assert len(crossed(crowd[:MANY])) == MANY == 50
    assert crossed(crowd[: MANY + 1]) == crossed(crowd) == crossed(crowd[::-1]) == crossed(crowd, 3, 0.5) == {}
    stage = new_cross()
    stage.fold(numbered([link(use) for use in crowd[: MANY + 1]]))
    stage.drain(1000)
    dict(stage.changed())
    stage.fold(numbered([link(use) for use in crowd]))
    assert (stage.drain(1000), dict(stage.changed())) == ([], {})


def test_dates_are_forgotten_after_forty_days() -> None:
    """In memory and put away; a link that comes later than that says nothing, one of the fortieth day does."""
    stage = new_cross()
    stage.fold(numbered([link(("imei", "5f", DAY + n, who)) for n in (0, 1) for who in ("ani", "budi")]))
    state = dict(stage.changed())
    assert len(state) == 2
    stage.drain(1000)
    stage.fold([Record(9, None, link(("imei", "5f", DAY + KEPT_DAYS + 1, "ani")))])
    changed = dict(stage.changed())
    (gone,) = [key for key, value in changed.items() if value is None]
    assert gone in state
    stage.fold([Record(10 + n, None, link(("imei", "5f", DAY + n, "cici"))) for n in (0, 1)])
    assert {day for _, _, day, _ in last_word(stage.drain(1000))} == {DAY + 1}
    assert [value for value in dict(stage.changed()).values() if value is None] == []


def test_date_forgotten_before_it_was_put_away_leaves_nothing() -> None:
    """Both in one batch: what is put away is that there is none."""
    stage = new_cross()
    stage.fold(numbered([link(("imei", "5f", day, "ani")) for day in (DAY, DAY + 99)]))
    changed = dict(stage.changed())
    assert sorted(value is None for value in changed.values()) == [False, True]


@pytest.mark.parametrize(
    "value",
    [link(("aura", "5f", DAY, "ani")), codec.encode(*r.ping("2026-11-23 07:30")), b"", b"no record", None,
     link(("imei", "5f", DAY, "ani"))[:-1]],
    ids=("unknown kind", "ping", "empty", "noise", "nothing", "cut"),
)  # fmt: skip
def test_what_is_no_link_is_refused(value: bytes | None) -> None:
    """Alone: its neighbours count, and nothing of it is kept."""
    stage = new_cross()
    bad = Record(1, None, value)
    good = [Record(n, None, link(("imei", "5f", DAY, who))) for n, who in ((0, "ani"), (2, "budi"))]
    (reject,) = stage.fold([good[0], bad, good[1]])
    assert reject.record == bad
    assert len(stage.drain(1000)) == 2
    assert len(dict(stage.changed())) == 1
