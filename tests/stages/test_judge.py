"""What ``judge`` writes and does not, what it keeps, what it refuses."""

from __future__ import annotations

import pytest

from hadir.errors import InvalidFact
from schemas import codec
from streams.rules.position import minute_of
from streams.stages.base import Emission, Record
from streams.stages.judge import Judge
from tests.stages import records as r
from tests.stages.harness import EPOCH, City, Row, highest
from tests.stages.records import Fact

MONDAY = "2026-11-23"
KEY = ("employee_id", "work_date")


def written(stage: Judge, records: list[Record], limit: int = 10**9) -> list[Row]:
    """Attendance rows that a batch brings."""
    assert stage.fold(records) == []
    steps = stage.drain(limit)
    while stage.backlog:
        steps += stage.drain(limit)
    return [codec.decode(s.value)[1] for s in steps if isinstance(s, Emission) and s.log == "attendance"]


def restore(stage: Judge, state: dict[bytes, bytes | None], head: int) -> None:
    """Take everything up."""
    for key, value in state.items():
        if value is not None:
            stage.restore(key, value)
    stage.restored(head)


def log_of(*phases: list[Fact] | tuple[list[Fact], list[Fact]]) -> tuple[list[Record], list[int]]:
    """The one partition of ``staff_log`` after each phase of (reference, device facts), and where each ends."""
    city = City(1)
    ends = []
    for phase in phases:
        reference, facts = phase if isinstance(phase, tuple) else (phase, [])
        city.reference(*reference)
        city.device(*facts)
        city.run(frozen=["judge"])
        ends.append(len(city.logs["staff_log", 0]))
    return city.logs["staff_log", 0], ends


FLIPS: list[tuple[str, Fact, Fact]] = [
    ("leave", r.leave(), r.leave(void=True)),
    ("own schedule", r.schedule(employee_id="ani", shifts="- - - - - - -"), r.schedule(employee_id="ani", void=True)),
    ("enrolment", r.enrolment(device_id="B", pin="4"), r.enrolment(device_id="B", pin="4", void=True)),
    ("assignment taken", r.assignment(void=True), r.assignment()),
    ("device", r.device("A", void=True), r.device("A")),
    ("unit", r.unit(timezone="America/Adak"), r.unit()),
    ("unit mode", r.unit_mode(mode="not_in_force"), r.unit_mode()),
    ("unit schedule", r.schedule(shifts="- - - - - - -"), r.schedule()),
    ("shift", r.shift(starts="09:00"), r.shift()),
    ("holiday", r.holiday(MONDAY), r.holiday(MONDAY, void=True)),
    ("period", r.period(state="closed"), r.period()),
]


@pytest.mark.parametrize(("change", "back"), [f[1:] for f in FLIPS], ids=[f[0] for f in FLIPS])
@pytest.mark.parametrize("apart", [False, True])
def test_change_taken_back_within_a_batch_outdoes_what_another_owner_wrote(
    change: Fact, back: Fact, apart: bool
) -> None:
    """
    One owner judged the change and stopped; the next takes change and withdrawal in one batch, where nothing seems to
    have happened. What the first wrote must not stand, whether that batch begins before the change or with the log.
    """
    complete = r.status(f"{MONDAY} 08:32", f"{MONDAY} 08:31")
    ticks = [r.tick(f"{MONDAY} 07:31"), r.tick(f"{MONDAY} 08:40")]
    log, (settled, changed, end) = log_of(([*r.office(), *ticks], [complete]), [change], [back])
    first = Judge(0, 1, EPOCH)
    early = [row for record in log[:changed] for row in written(first, [record])]
    second = Judge(0, 1, EPOCH)
    late = written(second, log[:settled]) if apart else []
    late += written(second, log[settled:end] if apart else log)
    truth = highest([row for record in log for row in written(first, [record])] + early, KEY)
    table = highest([*early, *late], KEY)
    assert {k: v["state"] for k, v in table.items() if v["state"] != "withdrawn"} == {
        k: v["state"] for k, v in truth.items() if v["state"] != "withdrawn"
    }


def test_assignment_entered_and_taken_back_within_a_batch_leaves_no_row_of_another_owner() -> None:
    """The row that another owner wrote in between is withdrawn, though this one never wrote any."""
    office = [f for f in r.office() if f[0] != "assignment"]
    log, (settled, changed, _) = log_of(
        [*office, r.tick(f"{MONDAY} 07:00")], [r.assignment()], [r.assignment(void=True)]
    )
    first, second = Judge(0, 1, EPOCH), Judge(0, 1, EPOCH)
    early = [row for record in log[:changed] for row in written(first, [record])]
    assert len(early) == 23  # November 1 to 23
    late = written(second, log[:settled]) + written(second, log[settled:])
    assert {row["state"] for row in highest([*early, *late], KEY).values()} == {"withdrawn"}


def test_date_that_began_for_a_moment_in_another_zone_leaves_no_row_of_another_owner() -> None:
    """The unit is moved to Jayapura, where it is Monday already, and back: the row written in between is withdrawn."""
    log, (settled, changed, _) = log_of(
        [*r.office(), r.tick("2026-11-22 22:30")], [r.unit(timezone="Asia/Jayapura")], [r.unit()]
    )
    first, second = Judge(0, 1, EPOCH), Judge(0, 1, EPOCH)
    early = [row for record in log[:changed] for row in written(first, [record])]
    assert highest(early, KEY)["ani", r.day(MONDAY)]["state"] == "not_due_yet"
    late = written(second, log[:settled]) + written(second, log[settled:])
    assert highest([*early, *late], KEY)["ani", r.day(MONDAY)]["state"] == "withdrawn"


def test_date_opens_only_where_somebody_lives_by_its_zone() -> None:
    """At 07.00 WIB a date of UTC begins: nobody's, so nothing waits; but whose unit is not on record begins it then."""
    log, (early, late, lost, end) = log_of(
        [*r.office(), r.tick(f"{MONDAY} 06:50")],
        [r.tick(f"{MONDAY} 07:01")],
        [r.assignment("budi", unit_id="gone"), r.tick("2026-11-24 06:50")],
        [r.tick("2026-11-24 07:01")],
    )
    stage = Judge(0, 1, EPOCH)
    written(stage, log[:early])
    stage.fold(log[early:late])
    assert stage.backlog == 0
    written(stage, log[late:lost])
    rows = written(stage, log[lost:end])
    assert [(row["employee_id"], row["work_date"], row["reason"]) for row in rows] == [
        ("budi", r.day("2026-11-24"), "no_unit")
    ]


def test_shift_changed_twice_while_the_first_change_is_still_being_worked_off() -> None:
    """Two changes of everybody's rows under way at once: a row that comes out as it was is written all the same."""
    people = [f for n in range(6) for f in (r.assignment(f"p{n}", first=MONDAY), r.enrolment(f"p{n}", pin=f"{n + 2}"))]
    log, (settled, changed, end) = log_of(
        [*r.office(), *people, r.tick(f"{MONDAY} 07:35")], [r.shift(starts="09:00")], [r.shift()]
    )
    first, second = Judge(0, 1, EPOCH), Judge(0, 1, EPOCH)
    early = [row for record in log[:changed] for row in written(first, [record])]
    late = written(second, log[:settled])
    for record in log[settled:end]:
        second.fold([record])
        late += [codec.decode(s.value)[1] for s in second.drain(2) if isinstance(s, Emission)]
    late += written(second, [])
    starts = {row["shift_start_at"] for (_, day), row in highest([*early, *late], KEY).items() if day == r.day(MONDAY)}
    assert starts == {r.at(f"{MONDAY} 07:30")}


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_month_that_closes_is_judged_to_its_last_record(batch: int) -> None:
    """A changed policy and a punch, then the month's end, in one batch or more: they count; what comes later waits."""
    log, (_, end) = log_of(
        ([*r.office(), r.tick(f"{MONDAY} 08:40")], []),
        ([r.policy(grace_s=0), r.period(state="closed"), r.policy(grace_s=120)], [r.punch(f"{MONDAY} 07:30:40")]),
    )
    values = sorted((record.value for record in log[:end]), key=lambda v: codec.decode(v)[0] == "attributed_punch")
    closing = next(n for n, v in enumerate(values) if codec.decode(v)[1].get("state") == "closed")
    values.insert(closing, values.pop())
    stage = Judge(0, 1, EPOCH)
    records = [Record(n, None, value) for n, value in enumerate(values)]
    rows = [row for start in range(0, end, batch) for row in written(stage, records[start : start + batch])]
    row = highest(rows, KEY)["ani", r.day(MONDAY)]
    assert (row["state"], row["late_s"]) == ("late", 40)
    assert row["version"] <= closing


def test_row_unchanged_is_not_written_again() -> None:
    """A punch delivered again, a barrier that reaches nothing, a unit renamed: no row."""
    log, (_, at, end) = log_of(
        ([*r.office(), r.tick(f"{MONDAY} 07:31")], [r.punch(f"{MONDAY} 07:20")]),
        [],
        (
            [r.tick(f"{MONDAY} 07:32"), ("unit", r.unit()[1] | {"name": "Dinas"})],
            [r.punch(f"{MONDAY} 07:20", digest=-9)],
        ),
    )
    stage = Judge(0, 1, EPOCH)
    assert written(stage, log[:at]) != []
    for record in log[at:end]:
        assert written(stage, [record]) == []


def test_people_who_punched_go_before_work_that_waits() -> None:
    """A changed policy touches everybody; with a small limit the one who punched is written first all the same."""
    people = [f for n in range(20) for f in (r.assignment(f"p{n}", first=MONDAY), r.enrolment(f"p{n}", pin=f"{n + 2}"))]
    log, (settled, end) = log_of(
        [*r.office(), *people, r.tick(f"{MONDAY} 07:35")],
        ([r.policy(grace_s=0)], [r.punch(f"{MONDAY} 07:34", pin="21")]),
    )
    stage = Judge(0, 1, EPOCH)
    written(stage, log[:settled])
    stage.fold(log[settled:end])
    first = [codec.decode(s.value)[1] for s in stage.drain(5) if isinstance(s, Emission)]
    assert (first[0]["employee_id"], first[0]["state"]) == ("p19", "late")
    assert len(first) <= 1 + 23  # a slice ends with a person: hers are the 23 dates of November so far
    assert stage.backlog > 0


def test_drain_hands_out_about_the_limit_until_nothing_waits() -> None:
    """Work that waits comes in slices, all of it."""
    log, (end,) = log_of([*r.office(), r.tick(f"{MONDAY} 07:35")])
    stage = Judge(0, 1, EPOCH)
    stage.fold(log[:end])
    slices = []
    while stage.backlog:
        steps = stage.drain(5)
        slices.append(sum(isinstance(step, Emission) and step.log == "attendance" for step in steps))
    assert max(slices) <= 23
    assert sum(slices) == 23  # November 1 to 23


@pytest.mark.parametrize("change", ["leave", "policy"])
def test_work_that_waits_is_taken_up_by_the_next_owner(change: str) -> None:
    """Put away in the middle of a slice, for single people or for everybody: the next owner does the rest."""
    names = [f"p{n}" for n in range(12)]
    people = [r.assignment(name, first=MONDAY) for name in names]
    changes = [r.leave(name, first=MONDAY) for name in names] if change == "leave" else [r.policy("Q")]
    log, (settled, end) = log_of([*r.office(), *people, r.tick(f"{MONDAY} 07:35")], changes)
    first, second = Judge(0, 1, EPOCH), Judge(0, 1, EPOCH)
    rows = written(first, log[:settled])
    first.fold(log[settled:end])
    rows += [codec.decode(s.value)[1] for s in first.drain(3) if isinstance(s, Emission)]
    assert first.backlog > 0
    for key, value in first.changed():
        assert value is not None
        second.restore(key, value)
    second.restored(end - 1)
    rows += written(second, [])
    table = highest(rows, KEY)
    for name in names:
        row = table[name, r.day(MONDAY)]
        assert row["state"] == "leave" if change == "leave" else row["policy_id"] == "Q"


@pytest.mark.parametrize("restored_between", [False, True])
def test_work_done_is_forgotten_by_the_next_owner(restored_between: bool) -> None:
    """Put away waiting, then done without a row, by the same owner or the next: it does not wait once more."""
    people = [r.assignment(f"p{n}", first=MONDAY) for n in range(12)]
    renamed = ("unit", r.unit()[1] | {"name": "Dinas"})
    log, (settled, end) = log_of([*r.office(), *people, r.tick(f"{MONDAY} 07:35")], [renamed])
    first, second = Judge(0, 1, EPOCH), Judge(0, 1, EPOCH)
    written(first, log[:settled])
    first.fold(log[settled:end])
    state: dict[bytes, bytes | None] = {}
    owner = first
    for limit in (3, 1000):
        assert [step for step in owner.drain(limit) if isinstance(step, Emission) and step.log != "cutoff"] == []
        state.update(owner.changed())
        if restored_between and owner is first:
            owner = Judge(0, 1, EPOCH)
            restore(owner, state, end - 1)
            assert owner.backlog > 0
    restore(second, state, end - 1)
    assert second.backlog == 0


def test_version_is_the_last_offset_folded() -> None:
    """Rows carry the offset of the batch's last record, the partition and the epoch."""
    log, (end,) = log_of(([*r.office(), r.tick(f"{MONDAY} 07:35")], [r.punch(f"{MONDAY} 07:20")]))
    rows = written(Judge(0, 1, EPOCH), log)
    assert {(row["version"], row["partition"], row["epoch"]) for row in rows} == {(end - 1, 0, EPOCH)}


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\0\0\0\0\xff",
        codec.encode(*r.ping("2026-11-23 07:00"))[:-3],
        codec.encode(*r.ping("2026-11-23 07:00")) + b"\0",
        codec.header("ping"),
        codec.encode(*r.tick("2026-11-23 07:00")),
        codec.encode(*r.punch("2026-11-23 07:00")),
        codec.encode(*r.unit(timezone="Asia/Nowhere")),
        codec.encode("barrier", {"source": "device_log", "source_partition": 7, "at": 0, "tick_offset": 0}),
    ],
)
def test_records_that_have_no_place_are_refused_and_the_rest_goes_on(value: bytes | None) -> None:
    """Broken bytes, other logs' records, a zone that does not exist: refused, state untouched, the day goes on."""
    log, (end,) = log_of(([*r.office(), r.tick(f"{MONDAY} 07:35")], [r.punch(f"{MONDAY} 07:20")]))
    values = [value, *[record.value for record in log], value]
    stage = Judge(0, 1, EPOCH)
    rejects = stage.fold([Record(n, None, v) for n, v in enumerate(values)])
    assert [reject.record.offset for reject in rejects] == [0, end + 1]
    assert all(reject.reason for reject in rejects)
    rows = highest(
        [codec.decode(s.value)[1] for s in stage.drain(10**9) if isinstance(s, Emission) and s.log == "attendance"], KEY
    )
    assert rows["ani", r.day(MONDAY)]["state"] == "present"


def test_old_punches_are_packed_and_still_count() -> None:
    """Three days later a morning's bucket is bytes; a change of policy still reads it, another punch joins it."""
    city = City(1)
    city.reference(*r.office(), r.tick(f"{MONDAY} 09:00"))
    city.device(r.punch(f"{MONDAY} 07:30:30"))
    city.run()
    city.reference(*[r.tick(f"2026-11-{d} 09:00") for d in (24, 25, 26, 27)])
    city.run()
    stage = next(w.stage for w in city.workers if w.name == "judge")
    assert isinstance(stage, Judge)
    assert isinstance(stage.memory.people["ani"].punches[r.day(MONDAY)], bytes)
    city.reference(r.policy(grace_s=0))
    city.device(r.punch(f"{MONDAY} 16:01"))
    city.run()
    row = city.result().rows["ani", r.day(MONDAY)]
    assert (row["late_s"], row["out_at"]) == (30, r.at(f"{MONDAY} 16:01"))


def test_state_key_of_another_release_ends_the_restore() -> None:
    """An unknown kind of state is not passed over."""
    with pytest.raises(InvalidFact):
        Judge(0, 1, EPOCH).restore(b"?x", b"")


def test_positions_one_row_a_minute_the_earliest_fix() -> None:
    """Of one minute's pings the earliest stands, whatever the order; another minute or person has its own row."""
    begins = {who: minute_of(who.encode(), r.at(f"{MONDAY} 08:00")) for who in ("ani", "budi")}
    pings = [
        r.ping(begins[who] + ms, who, lat=lat)
        for ms, who, lat in [
            (5000, "ani", -7.1),
            (9000, "ani", -7.2),
            (2000, "ani", -7.3),
            (61_000, "ani", -7.4),
            (0, "budi", -7.5),
        ]
    ]
    for order in (pings, pings[::-1]):
        city = City(2)
        city.phone(*order)
        city.run()
        found = city.result().positions
        assert {(who, at - begins[who]): row["lat"] for (who, at), row in found.items()} == {
            ("ani", 0): -7.3, ("ani", 60_000): -7.4, ("budi", 0): -7.5,
        }  # fmt: skip
