"""The codec under fire: whatever the bytes, only InvalidFact; an offset put into a copy equals writing it anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import InvalidFact
from schemas import codec
from schemas.registry import by_id, by_name
from tests.contract.examples import Example, examples

EXAMPLES = examples()
REFERENCE = [e for e in EXAMPLES if by_name()[e.name].folder == "reference" and e.name != "person"]
PIECES = [b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x80" * 12]
valid = st.sampled_from(EXAMPLES).map(lambda e: codec.encode(e.name, e.record))


def tried(value: bytes | None) -> None:
    """InvalidFact, or a record that names a type that there is."""
    try:
        name, record = codec.decode(value)
    except InvalidFact:
        return
    assert list(record) == [field["name"] for field in by_name()[name].source["fields"]]


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_bytes_from_nowhere_raise_only_invalid_fact(value: bytes) -> None:
    """Without a frame, and behind every frame that there is."""
    tried(value)
    for number in by_id():
        tried(b"\0" + number.to_bytes(4, "big") + value)


@given(value=valid, data=st.data())
@settings(max_examples=600)
def test_damaged_records_raise_only_invalid_fact(value: bytes, data: st.DataObject) -> None:
    """Bytes replaced, cut out, put in: huge lengths, negative ones, numbers that do not end."""
    damaged = bytearray(value)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged)))
        piece = data.draw(st.one_of(st.sampled_from(PIECES), st.binary(min_size=1, max_size=3)))
        cut = data.draw(st.integers(0, 3))
        damaged[at : at + cut] = piece
    tried(bytes(damaged))


@given(value=valid, surplus=st.binary(min_size=1, max_size=20), cut=st.integers(1, 10))
def test_surplus_and_truncated_records_are_refused(value: bytes, surplus: bytes, cut: int) -> None:
    """Never taken for the record that they begin with."""
    for wrong in (value + surplus, value[:-cut]):
        with pytest.raises(InvalidFact):
            codec.decode(wrong)


@pytest.mark.parametrize("value", [None, b"", b"\0\0\0\0", b"\0\0\0\0\0", b"\0\xff\xff\xff\xff\0", b"\1\0\0\0\4"])
def test_no_frame_of_ours_is_refused(value: bytes | None) -> None:
    """A tombstone, nothing, half a frame, id 0, an id that the lock does not know, another magic byte."""
    with pytest.raises(InvalidFact):
        codec.decode(value)


@given(st.sampled_from(REFERENCE), st.integers(0, 2**40))
def test_offset_put_into_a_copy_equals_writing_it_anew(example: Example, offset: int) -> None:
    """The last byte of every reference record as written is its offset, -1, and may be replaced."""
    written = codec.encode(example.name, example.record | {"reference_offset": -1})
    anew = codec.encode(example.name, example.record | {"reference_offset": offset})
    assert codec.with_reference_offset(written, offset) == anew


@given(st.sampled_from(REFERENCE), st.one_of(st.integers(0, 2**40), st.sampled_from([64, 127, 8192])))
def test_record_that_has_an_offset_gets_no_other(example: Example, offset: int) -> None:
    """Whatever the offset: those from 64 to 127 end with the very byte that -1 is."""
    copied = codec.encode(example.name, example.record | {"reference_offset": offset})
    with pytest.raises(InvalidFact):
        codec.with_reference_offset(copied, 5)


@pytest.mark.parametrize("who", ["bkd", "", "Bayú", "управление", "人事"])
def test_offset_is_put_behind_any_text(who: str) -> None:
    """The field before it is free text and may end in any byte."""
    record: dict[str, Any] = {"period": "2026-11", "state": "open", "void": False, "recorded_at": 0, "recorded_by": who}
    written = codec.encode("period", record | {"reference_offset": -1})
    assert codec.decode(codec.with_reference_offset(written, 64)) == ("period", record | {"reference_offset": 64})


@given(st.integers(-(2**63), 2**63 - 1))
def test_long_is_written_as_avro_writes_it(number: int) -> None:
    """At most ten bytes, and read back by fastavro as the last field of a record."""
    value = codec.long_bytes(number)
    assert len(value) <= 10
    tick = codec.encode("tick", {"at": 0, "void": False, "recorded_at": 0, "recorded_by": "", "reference_offset": -1})
    assert codec.decode(tick[:-1] + value)[1]["reference_offset"] == number


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("punch", {"pin": None}),
        ("punch", {"device_time": "07:30"}),
        ("punch", {"pin": 17}),
        ("punch", {"digest": 2**63}),
        ("period", {"state": "ajar"}),
        ("leave", {"valid_to": "never"}),
        ("device_event", {"values": [1]}),
    ],
)
def test_value_of_another_type_is_not_written(name: str, changes: dict[str, Any]) -> None:
    """
    InvalidFact, whatever the serialiser stumbles over, and it says which record type.

    Not seen by it, and so for whoever makes the record: an ``int`` beyond 32 bits, a float where a whole number stands
    (cut off), anything at all where a boolean stands.
    """
    record = next(e.record for e in EXAMPLES if e.name == name)
    with pytest.raises(InvalidFact, match=name):
        codec.encode(name, record | changes)


def test_key_is_the_identity_as_a_json_list() -> None:
    """The keys of ``reference``: fixed for ever, or a correction would not meet what it corrects."""
    keys = {
        e.case: codec.identity_key(e.name, e.record) for e in REFERENCE if e.name in ("enrolment", "schedule", "tick")
    }
    assert keys == {
        "open": b'["CKUH211960123","17","5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31",20454]',
        "one-day-withdrawn": b'["MKS-0042","000081","0e8b6c1d-94a7-4b0f-b8c2-3d1f5a6e7b80",20780]',
        "office-week": b'["dinas-kesehatan","",20454]',
        "a-nurses-night": b'["","0e8b6c1d-94a7-4b0f-b8c2-3d1f5a6e7b80",20782]',
        "minute": b"[1795393800000]",
        "caught-up": b"[1795393860000]",
    }
    assert codec.identity_key("unit", {"unit_id": "Söl “1”", "valid_from": -1}) == '["Söl “1”",-1]'.encode()


def test_drafts_are_not_written() -> None:
    """What has no id can't be on Kafka; the error says what to do."""
    with pytest.raises(LookupError, match=r"python -m schemas\.lock"):
        codec.header("statement")
