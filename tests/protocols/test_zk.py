"""ZK terminals' small answers: times, sizes, options, events; exact values, then every broken form."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import zk
from producers.simulator.zk import memory, wire
from producers.simulator.zk.memory import ID_BYTES, Mark, Person
from schemas.codec import decode, encode

NOW = int(datetime(2026, 11, 24, 1, tzinfo=UTC).timestamp() * 1000)
SIZES = sorted(ID_BYTES)
walls = st.datetimes(datetime(2005, 1, 1), datetime(2026, 11, 24)).map(
    lambda at: int(at.replace(tzinfo=UTC, microsecond=0).timestamp()) * 1000
)


def test_time_as_the_protocol_writes_it():
    """2024-08-05 12:40:57, worked out by hand from the rule."""
    stamp = (24 * 372 + 7 * 31 + 4) * 86400 + 12 * 3600 + 40 * 60 + 57
    assert zk.decode_time(stamp) == 1722861657000
    assert zk.encode_time(1722861657000) == stamp
    assert zk.device_clock(stamp.to_bytes(4, "little")) == 1722861657000


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59)))
def test_time_there_and_back(at: datetime):
    """Every second of the century that the form can hold, and the simulator's own coding of it."""
    wall = int(at.replace(tzinfo=UTC, microsecond=0).timestamp()) * 1000
    assert zk.decode_time(zk.encode_time(wall)) == wall
    assert memory.stamp_of(wall) == zk.encode_time(wall)


@given(st.integers(0, 2**32 - 1))
def test_every_stamp_is_a_time_or_a_fault(stamp: int):
    """What decodes encodes to itself: two stamps never mean the same moment."""
    try:
        wall = zk.decode_time(stamp)
    except Undecodable:
        return
    assert zk.encode_time(wall) == stamp


@pytest.mark.parametrize(
    "stamp",
    [
        memory.stamp(2026, 2, 30),
        memory.stamp(2025, 2, 29),
        memory.stamp(2026, 4, 31),
        100 * 372 * 86400,
        2**32 - 1,
    ],
)
def test_dates_that_no_calendar_has(stamp: int):
    """30 February, 29 of a common one, 31 April, the year 2100, all ones."""
    with pytest.raises(Undecodable, match="no such date"):
        zk.decode_time(stamp)


@pytest.mark.parametrize("wall", [-1, 946_684_799_000, 4_102_444_800_000])
def test_clock_is_not_set_to_a_year_that_it_can_not_show(wall: int):
    """Before 2000 and after 2099 is the caller's error."""
    with pytest.raises(ValueError, match="has no year"):
        zk.encode_time(wall)


def test_sizes_with_and_without_faces():
    """The block's places, by hand; an older terminal's is shorter."""
    words = [0] * 23
    words[4], words[6], words[8], words[14], words[15], words[16], words[20], words[22] = 7, 9, 1234, 1, 2, 3, 5, 6
    block = struct.pack("<23i", *words)
    assert zk.sizes(block) == zk.Sizes(7, 9, 1234, 1, 2, 3, 5, 6)
    assert zk.sizes(block[:80]) == zk.Sizes(7, 9, 1234, 1, 2, 3, 0, -1)
    assert zk.sizes(wire.free_sizes(7, 1234, 100, 2000))[:3] == (7, 7, 1234)


@pytest.mark.parametrize("block", [b"", bytes(79), b"\xff" * 92])
def test_sizes_that_are_none(block: bytes):
    """Too short, or counts below zero."""
    with pytest.raises(Undecodable):
        zk.sizes(block)


@pytest.mark.parametrize("data", [b"~SerialNumber=ABC123", b"~SerialNumber=ABC123\0", b"~SerialNumber=ABC123\0\0junk"])
def test_option_with_and_without_nul(data: bytes):
    """What stands behind the NUL is left over memory."""
    assert zk.option(data) == ("~SerialNumber", "ABC123")


@pytest.mark.parametrize("data", [b"", b"\0", b"=x", b"~SerialNumber", b"a=\xff\xfe", b"a=\x1b[2J"])
def test_options_that_are_none(data: bytes):
    """No name, no value, or bytes that would walk over an operator's screen."""
    with pytest.raises(Undecodable):
        zk.option(data)


@given(
    st.sampled_from(SIZES),
    st.integers(1, 0xFFFF),
    st.integers(1, 0xFFFF),
    walls,
    st.integers(0, 255),
    st.integers(0, 255),
)
def test_event_of_every_length(size: int, place: int, who: int, wall: int, verify: int, state: int):
    """What the simulator pushes is what the codec reads, the shortest with the list of users."""
    mark = Mark(Person(place, str(who)), memory.stamp_of(wall), verify, state)
    pins = {place: str(who)}
    assert zk.event(memory.event(mark, size), NOW, pins) == zk.Record(0, str(who), wall, verify, state, "")


@pytest.mark.parametrize("size", [32, 36, 37, 52])
def test_event_of_an_id_that_is_no_number(size: int):
    """Text ids, and what an earlier one has left behind the NUL."""
    data = bytearray(memory.event(Mark(Person(1, "PNS-0042.a"), memory.stamp_of(NOW)), size))
    assert zk.event(bytes(data), NOW).pin == "PNS-0042.a"
    data[11:14] = b"old"
    assert zk.event(bytes(data), NOW).pin == "PNS-0042.a"


def test_short_event_is_believed_only_where_it_names_one_person():
    """16 bits are a PIN on one firmware and a place on another: no punch for somebody else."""
    data = memory.event(Mark(Person(5, "17"), memory.stamp_of(NOW)), 10)  # the number 17
    assert zk.event(data, NOW, {5: "17"}).pin == "17"
    assert zk.event(data, NOW, {17: "900"}).pin == "900"
    assert zk.event(data, NOW, {17: "17"}).pin == "17"
    for pins, people in (({5: "17", 17: "900"}, 2), ({}, 0), ({5: "6"}, 0)):
        with pytest.raises(Undecodable, match=f"{people} people can be meant"):
            zk.event(data, NOW, pins)


@pytest.mark.parametrize("size", [*range(10), 11, 13, 15, 31, 33, 51, 53, 64, 104, 4096])
def test_event_of_another_length_is_told(size: int):
    """The length is what an operator needs to report."""
    with pytest.raises(Undecodable, match=f"an event of {size} bytes: unknown"):
        zk.event(bytes(size), NOW)


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        (b"\x1a\x02\x1e\x07\x00\x00", "no such date"),
        (b"\x1a\x0b\x17\x18\x00\x00", "no such date"),
        (b"\x00\x01\x01\x00\x00\x00", "clock was reset"),
        (b"\x1e\x01\x01\x00\x00\x00", "clock is ahead"),
    ],
)
def test_event_of_an_impossible_time(clock: bytes, reason: str):
    """30 February, 24 o'clock, 2000, 2030."""
    with pytest.raises(Undecodable, match=reason):
        zk.event(b"17".ljust(24, b"\0") + b"\1\0" + clock, NOW)


@given(st.sampled_from(SIZES).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_event_of_random_bytes(data: bytes):
    """A record with a PIN and a time that a clock can show, or Undecodable."""
    try:
        record = zk.event(data, NOW, {1: "1"})
    except Undecodable:
        return
    encode("punch", zk.punch_of(record, "D1", NOW))


def test_record_becomes_a_punch():
    """Every field, and through its schema."""
    punch = zk.punch_of(zk.Record(3, "1156", 1722861657000, 15, 255, "12"), "CKUH211960123", NOW)
    assert decode(encode("punch", punch)) == ("punch", punch)
    digest = punch.pop("digest")
    assert punch == {
        "device_id": "CKUH211960123",
        "pin": "1156",
        "device_time": 1722861657000,
        "minute_only": False,
        "in_out_code": 255,
        "verify_code": 15,
        "work_code": "12",
        "source": "zk",
        "received_at": NOW,
    }
    again = zk.punch_of(zk.Record(9, "1156", 1722861657000, 15, 255, "12"), "CKUH211960123", NOW + 5)
    assert again["digest"] == digest
