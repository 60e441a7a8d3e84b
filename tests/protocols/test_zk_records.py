"""ZK bulk reads: every layout by hand, stale counts, torn buffers, faults that stay alone, and speed."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import zk_records
from producers.protocols.zk_records import parse_records, parse_users
from producers.simulator.zk.memory import Mark, Person, make_marks, make_people, memory, record, stamp, user, wall_of

NOW = int(datetime(2026, 11, 24, 1, tzinfo=UTC).timestamp() * 1000)
STAMP = stamp(2026, 11, 23, 7 * 3600 + 1)
WALL = int(datetime(2026, 11, 23, 7, 0, 1, tzinfo=UTC).timestamp() * 1000)
PEOPLE = make_people(40)
PINS = {person.place: person.user_id for person in PEOPLE}

stamps = st.builds(stamp, st.integers(2010, 2025), st.integers(1, 12), st.integers(1, 28), st.integers(0, 86_399))
marks = st.lists(
    st.builds(
        Mark,
        st.sampled_from(PEOPLE),
        stamps,
        st.sampled_from([0, 1, 2, 3, 4, 15, 25, 101]),
        st.sampled_from([0, 1, 2, 3, 4, 5, 255]),
        st.sampled_from([0, 7, 4_294_967_295]),
    ),
    min_size=1,
    max_size=12,
)
sizes = st.sampled_from([8, 16, 40])


def buffer(*rows: bytes) -> bytes:
    """A bulk buffer by hand."""
    body = b"".join(rows)
    return struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (struct.pack("<HB4sB", 3, 15, struct.pack("<I", STAMP), 255), ("1021", 15, 255, "")),
        (struct.pack("<HBB4s", 3, 15, 1, struct.pack("<I", STAMP)), ("1021", 15, 1, "")),
        (struct.pack("<I4sBB2sI", 70001, struct.pack("<I", STAMP), 1, 0, b"", 12), ("70001", 1, 0, "12")),
        (struct.pack("<I4sBB2sI", 70001, struct.pack("<I", STAMP), 1, 0, b"", 0), ("70001", 1, 0, "")),
        (struct.pack("<H24sB4sB8s", 3, b"PNS-7\0old", 4, struct.pack("<I", STAMP), 5, b""), ("PNS-7", 4, 5, "")),
    ],
)
def test_layouts_by_hand(row: bytes, expected: tuple[str, int, int, str]):
    """8, MA300's 8, 16 with and without a work code, 40 with text and left over memory behind it."""
    bulk = parse_records(buffer(row, row), 2, NOW, PINS)
    assert bulk.rejects == []
    assert [(r.number, r.device_time) for r in bulk.records] == [(1, WALL), (2, WALL)]
    assert (bulk.records[0].pin, bulk.records[0].verify, bulk.records[0].in_out, bulk.records[0].work) == expected
    assert not bulk.stale


@given(marks, sizes)
def test_simulator_and_codec_agree(done: list[Mark], size: int):
    """What the terminal keeps is what the codec reads, in its order."""
    bulk = parse_records(memory([record(mark, size) for mark in done]), len(done), NOW, PINS)
    assert bulk.rejects == []
    assert not bulk.stale
    assert [(r.pin, r.device_time, r.verify, r.in_out, r.work) for r in bulk.records] == [
        (m.person.user_id, wall_of(m.stamp), m.verify, m.state, str(m.work) if m.work and size == 16 else "")
        for m in done
    ]


@given(marks, sizes, st.integers(-3, 3).filter(bool))
def test_stale_count_never_gives_garbage(done: list[Mark], size: int, off: int):
    """A count that is up to three off: told, or Undecodable; never a record that nobody has made."""
    try:
        bulk = parse_records(memory([record(mark, size) for mark in done]), max(0, len(done) + off), NOW, PINS)
    except Undecodable:
        return
    made = {(mark.person.user_id, wall_of(mark.stamp)) for mark in done}
    assert {(r.pin, r.device_time) for r in bulk.records} <= made
    assert bulk.stale == (bulk.held != max(0, len(done) + off))
    assert bulk.stale


def test_empty_memory():
    """No records is no fault; a count that says otherwise is stale."""
    assert parse_records(b"\0\0\0\0", 0, NOW).held == 0
    assert not parse_records(b"\0\0\0\0", 0, NOW).stale
    assert parse_records(b"\0\0\0\0", 3, NOW).stale
    assert parse_users(b"\0\0\0\0", 0).pins == {}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "has no total"),
        (b"\1\0\0", "has no total"),
        (b"\x28\0\0\0" + bytes(39), "torn: the buffer says 40 bytes and has 39"),
        (b"\x28\0\0\0" + bytes(41), "torn: the buffer says 40 bytes and has 41"),
        (b"\xff\xff\xff\xff" + bytes(40), "torn"),
        (b"\x29\0\0\0" + bytes(41), "no whole number of records"),
        (b"\x62\0\0\0" + bytes(98), "records of 49 bytes: unknown"),
        (b"\x10\0\0\0" + b"\xff" * 16, "records of 8 bytes"),
    ],
)
def test_torn_and_unknown_buffers(raw: bytes, reason: str):
    """Each says what came and what was said, for the two that were counted."""
    if reason == "records of 8 bytes":
        bulk = parse_records(raw, 2, NOW)  # the size is known, the content is not: rejects, no records
        assert (bulk.records, len(bulk.rejects)) == ([], 2)
        return
    with pytest.raises(Undecodable, match=reason):
        parse_records(raw, 2, NOW)


@given(marks, sizes, st.data())
def test_one_bad_record_takes_no_other_with_it(done: list[Mark], size: int, data: st.DataObject):
    """30 February, a reset clock, a clock ahead, anywhere in the memory: that record alone, with its bytes."""
    at = data.draw(st.integers(0, len(done)))
    bad, reason = data.draw(
        st.sampled_from(
            [
                (stamp(2026, 2, 30), "no such date"),
                (stamp(2000, 1, 1), "clock was reset: before 2005"),
                (stamp(2027, 1, 1), "clock is ahead by more than a day"),
            ]
        )
    )
    rows = [record(mark, size) for mark in done]
    rows.insert(at, record(Mark(PEOPLE[0], bad), size))
    bulk = parse_records(memory(rows), len(rows), NOW, PINS)
    assert [(r.number, r.raw, r.reason) for r in bulk.rejects] == [(at + 1, rows[at], reason)]
    assert len(bulk.records) == len(done)
    assert not bulk.stale


def test_clock_that_was_reset_for_all_is_told_record_by_record():
    """Nothing readable, but the size is what the count says: every record a reject."""
    rows = [record(Mark(PEOPLE[0], stamp(2000, 1, 1, second)), 40) for second in range(30)]
    bulk = parse_records(memory(rows), 30, NOW)
    assert (len(bulk.rejects), bulk.records, bulk.stale) == (30, [], False)


def test_place_without_a_user_is_a_reject():
    """Who left the list can't be named: the record's bytes stay, nobody else gets the punch."""
    rows = [record(Mark(person, STAMP), 8) for person in PEOPLE[:3]]
    bulk = parse_records(memory(rows), 3, NOW, {1: "1007", 3: "1021"})
    assert [r.pin for r in bulk.records] == ["1007", "1021"]
    assert [r.reason for r in bulk.rejects] == ["number 2 is not in the terminal's list of users"]


@pytest.mark.parametrize("size", [28, 72])
def test_users_without_their_names(size: int):
    """Place -> id; a user who can't be read is a reject that holds no name."""
    people = [*PEOPLE, Person(77, "0" if size == 28 else "bad id", "Siti Rahayu")]
    users = parse_users(memory([user(person, size) for person in people]), len(people))
    assert users.pins == PINS
    assert not users.stale
    assert [reject.number for reject in users.rejects] == [41]
    assert b"Siti" not in users.rejects[0].raw
    assert parse_users(memory([user(person, size) for person in PEOPLE]), 39).stale


@given(st.lists(st.text("0123456789ABCxyz.-_", min_size=1, max_size=24), min_size=1, max_size=9))
def test_users_with_text_ids(ids: list[str]):
    """Ids that are no numbers."""
    rows = [user(Person(place, who, "Budi"), 72) for place, who in enumerate(ids, 1)]
    assert parse_users(memory(rows), len(rows)).pins == dict(enumerate(ids, 1))


def test_users_of_an_unknown_size():
    """It is told."""
    with pytest.raises(Undecodable, match="records of 30 bytes: unknown"):
        parse_users(buffer(bytes(60)), 2)


@given(st.binary(max_size=400), st.integers(-3, 60))
def test_random_memory(body: bytes, counted: int):
    """Undecodable, or records and rejects that together are all that came; users likewise."""
    raw = memory([body])
    try:
        bulk = parse_records(raw, counted, NOW, PINS)
        assert bulk.held * bulk.layout.size == len(body) if bulk.layout else not body
    except Undecodable:
        pass
    try:
        users = parse_users(raw, counted)
        assert len(users.pins) + len(users.rejects) <= users.held
    except Undecodable:
        pass


@pytest.mark.parametrize("size", [8, 16, 40])
def test_a_full_memory_is_parsed_in_well_under_a_second(size: int):
    """100,000 records, as processor time: other work on the machine does not count."""
    rows = [record(mark, size) for mark in make_marks(PEOPLE, 100_000, NOW)]
    raw = memory(rows)
    begun = time.process_time()
    bulk = parse_records(raw, 100_000, NOW, PINS)
    assert time.process_time() - begun < 1.0
    assert len(bulk.records) == 100_000


def test_layouts_have_the_sizes_that_are_told():
    """8, 8, 16, 40; 28, 72."""
    assert sorted(layout.size for layout in zk_records.LAYOUTS) == [8, 8, 16, 40]
    assert sorted(layout.size for layout in zk_records.USER_LAYOUTS) == [28, 72]
