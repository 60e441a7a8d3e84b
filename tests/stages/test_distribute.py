"""Who hears of which reference record, and what is refused."""

from __future__ import annotations

import pytest

from schemas import codec
from schemas.topics import partition_of, topics
from streams.stages.base import Emission, Record, Settle
from streams.stages.distribute import CHECKS, UNHEARD, Distribute
from tests.stages import records as r
from tests.stages.records import Fact

P = 3


def copies(*facts: Fact, first: int = 40) -> list[Emission | Settle]:
    """What distribute makes of records from an offset on."""
    stage = Distribute(P)
    rejects = stage.fold([Record(first + n, None, codec.encode(*fact)) for n, fact in enumerate(facts)])
    assert rejects == []
    return stage.drain(1)


def places(*facts: Fact) -> set[tuple[str, int]]:
    """Logs and partitions that hear of them."""
    return {(s.log, s.partition) for s in copies(*facts) if isinstance(s, Emission)}


EVERYBODY = {("staff_log", p) for p in range(P)}
ANI = {("staff_log", partition_of(b"ani", P))}
TERMINAL = {("device_log", partition_of(b"A", P))}


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (r.unit(), EVERYBODY),
        (r.unit_mode(), EVERYBODY),
        (r.shift(), EVERYBODY),
        (r.policy(), EVERYBODY),
        (r.holiday("2026-12-25"), EVERYBODY),
        (r.period(), EVERYBODY),
        (r.schedule(), EVERYBODY),
        (r.schedule(employee_id="ani"), ANI),
        (r.assignment(), ANI),
        (r.leave(), ANI),
        (r.enrolment(), ANI | TERMINAL),
        (r.device(), EVERYBODY | TERMINAL),
        (r.phone(), set()),
        (r.tick("2026-11-23 07:30"), {(log, p) for log in ("device_log", "phone_log", "cutoff") for p in range(P)}),
    ],
)
def test_record_goes_to_whom_it_concerns_with_its_offset(fact: Fact, expected: set[tuple[str, int]]) -> None:
    """Each copy is the record with its offset in place of -1; ``topics.yaml`` lists it among the copies of that log."""
    out = [s for s in copies(fact) if isinstance(s, Emission)]
    assert {(s.log, s.partition) for s in out} == expected
    assert len(out) == len(expected)
    for step in out:
        assert codec.decode(step.value) == (fact[0], fact[1] | {"reference_offset": 40})
        assert fact[0] in topics()[step.log].copies


def test_topics_list_no_copy_that_is_never_made() -> None:
    """What ``topics.yaml`` calls a copy is made by some record; every reference record in use is checked."""
    for log in ("device_log", "phone_log", "staff_log"):
        assert set(topics()[log].copies) <= set(CHECKS)
    assert set(topics()["reference"].carries) == set(CHECKS) | set(UNHEARD)


def test_tick_waits_for_all_that_was_written_before() -> None:
    """A ``Settle`` stands right before the copies of each tick."""
    out = copies(r.unit(), r.tick("2026-11-23 07:30"), r.device(), r.tick("2026-11-23 07:31"))
    kinds = ["settle" if isinstance(s, Settle) else codec.schema_of(s.value).name for s in out]
    assert kinds == ["unit"] * P + ["settle"] + ["tick"] * 3 * P + ["device"] * (P + 1) + ["settle"] + ["tick"] * 3 * P


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        codec.encode(*r.unit())[:-1],
        codec.encode(*r.punch("2026-11-23 07:30")),
        codec.encode(*r.unit(timezone="Mars/Olympus")),
        codec.encode(*r.device(timezone="")),
        codec.encode(*r.period("2026-13")),
        codec.encode(*r.tick(2**60)),
        codec.encode("unit", r.unit()[1] | {"reference_offset": 7}),
        codec.encode("shift", r.shift()[1] | {"in_opens_before_s": -5}),
    ],
)
def test_what_nobody_could_apply_is_refused_here(value: bytes | None) -> None:
    """Refused whole, before any copy; the records around it go their way."""
    stage = Distribute(P)
    good = codec.encode(*r.leave())
    rejects = stage.fold([Record(0, None, good), Record(1, b"k", value), Record(2, None, good)])
    assert [(reject.record.offset, bool(reject.reason)) for reject in rejects] == [(1, True)]
    assert len(stage.drain(1)) == 2
