"""Phones' JSON: what becomes of each field, what is refused and in which words, and that no item harms another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import lines, phone
from schemas.codec import decode, encode

WHO = "5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31"
NOW = 1_795_393_206_000
PING: dict[str, Any] = {"type": "ping", "fixed_at": NOW - 60_000, "lat": -7.5, "lon": 112.5}
FACE: dict[str, Any] = {"type": "face", "taken_at": NOW - 60_000}
FRAME: dict[str, Any] = {"install_id": "install-1", "sent_at": NOW, "items": []}


def read(*items: Any, **frame: Any) -> phone.Read:
    """What becomes of a body with these items."""
    body = json.dumps(FRAME | {"items": items} | frame).encode()
    return phone.records(phone.envelope(body), WHO, NOW)


def test_everything_that_is_said_is_kept():
    """Each field where its schema has it; hashes in lower case; the boot of the body where an item names none."""
    full = PING | {"accuracy_m": 8, "speed_mps": 0.5, "mock": False, "battery": 0.75, "elapsed_ms": 5000}
    face = FACE | {
        "match": 0.5, "liveness": 1, "model": "m/1", "photo_sha256": "AB" * 32, "photo_phash": "CD" * 8, "mock": True,
        "boot_id": "other", "elapsed_ms": 7,
    }  # fmt: skip
    found = read(full, face, boot_id="boot", elapsed_ms=6000, imei="490154203237518")
    common = {"employee_id": WHO, "install_id": "install-1", "received_at": NOW, "imei": "490154203237518"}
    assert found.pings == [
        common
        | {k: v for k, v in full.items() if k != "type"}
        | {"boot_id": "boot"}
    ]  # fmt: skip
    assert found.face_checks == [
        common
        | {k: v for k, v in face.items() if k != "type"}
        | {"photo_sha256": "ab" * 32, "photo_phash": "cd" * 8}
    ]  # fmt: skip
    assert found.faults == []
    for name, record in (("ping", found.pings[0]), ("face_check", found.face_checks[0])):
        assert decode(encode(name, record))[1].keys() == record.keys()


def test_what_is_left_out_is_unknown():
    """Null wherever it may be; a boot that is said to be unknown is not the body's."""
    found = read(PING, FACE, PING | {"boot_id": None}, boot_id="boot")
    unknown = ("accuracy_m", "speed_mps", "mock", "battery", "elapsed_ms", "imei")
    assert [found.pings[0][name] for name in unknown] == [None] * len(unknown)
    assert [ping["boot_id"] for ping in found.pings] == ["boot", None]
    assert (found.face_checks[0]["model"], found.face_checks[0]["photo_sha256"]) == ("", None)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (PING | {"lat": 90.1}, "lat: Expected `float` <= 90.0"),
        (PING | {"lat": "-7.5"}, "lat: Expected `float`, got `str`"),
        (PING | {"lat": None}, "lat: Expected `float`, got `null`"),
        (PING | {"lon": -180.5}, "lon: Expected `float` >= -180.0"),
        (PING | {"accuracy_m": -1}, "accuracy_m: Expected `float` >= 0.0"),
        (PING | {"battery": 1.5}, "battery: Expected `float` <= 1.0"),
        (PING | {"mock": 1}, "mock: Expected `bool | null`, got `int`"),
        (PING | {"elapsed_ms": -1}, "elapsed_ms: Expected `int` >= 0"),
        (PING | {"elapsed_ms": 10**30}, "elapsed_ms: Expected `int` <= 9007199254740992"),
        (PING | {"fixed_at": 1_420_070_399_999}, "fixed_at: before 2015"),
        (PING | {"fixed_at": NOW + 86_400_001}, "fixed_at: more than a day ahead"),
        (PING | {"fixed_at": NOW + 0.5}, "fixed_at: Expected `int`, got `float`"),
        ({"type": "ping", "lat": 1, "lon": 1}, "Object missing required field `fixed_at`"),
        (FACE | {"taken_at": 0}, "taken_at: before 2015"),
        (FACE | {"match": -0.1}, "match: Expected `float` >= 0.0"),
        (FACE | {"liveness": 2}, "liveness: Expected `float` <= 1.0"),
        (FACE | {"photo_sha256": "ab" * 31}, "photo_sha256: Expected `str` matching regex"),
        (FACE | {"photo_sha256": "ab" * 32 + "\n"}, "photo_sha256: Expected `str` matching regex"),
        (FACE | {"photo_phash": "gg" * 8}, "photo_phash: Expected `str` matching regex"),
        (FACE | {"model": "x" * 65}, "model: Expected `str` matching regex"),
        (FACE | {"boot_id": "a b"}, "boot_id: Expected `str` matching regex"),
        ({"type": "secret of mine"}, "type: neither ping nor face"),
        ({"lat": 1}, "Object missing required field `type`"),
        ([1], "Expected `object`, got `array`"),
        (None, "Expected `object`, got `null`"),
    ],
)
def test_item_that_is_refused_is_named_by_its_place_and_the_rest_is_taken(item: Any, reason: str):
    """Sound items before and behind go their way."""
    found = read(PING, item, FACE)
    assert (len(found.pings), len(found.face_checks)) == (1, 1)
    (fault,) = found.faults
    assert fault.place == 1
    assert fault.reason.startswith(reason)


@pytest.mark.parametrize("item", [b"1e999", b"-1e999", b"123456789012345678901234567890" * 200, b'"\xff"'])
def test_numbers_and_texts_that_no_record_holds_are_faults(item: bytes):
    """Beyond every double, longer than any integer, no UTF-8: a fault of that item, and of no other."""
    body = json.dumps(FRAME | {"items": [PING, PING | {"lat": "X"}, FACE | {"model": "X"}, PING]}).encode()
    read_ = phone.records(phone.envelope(body.replace(b'"X"', item)), WHO, NOW)
    assert ([fault.place for fault in read_.faults], len(read_.pings)) == ([1, 2], 2)


def test_steady_clock_cannot_run_ahead_of_its_own_batch():
    """Read in the same boot, an item's elapsed time is not beyond the body's; of another boot nothing is known."""
    late = PING | {"elapsed_ms": 60_000}
    assert [f.reason for f in read(late, boot_id="b", elapsed_ms=50_000).faults] == [
        "elapsed_ms: after the batch itself, in the same boot"
    ]
    for frame, boot in (
        ({"boot_id": "b", "elapsed_ms": 50_000}, "c"),
        ({"elapsed_ms": 50_000}, None),
        ({"boot_id": "b"}, "b"),
    ):
        assert read(late | {"boot_id": boot}, **frame).faults == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"items":[' + b"[" * 100_000, "not JSON, or nested too deeply"),
        (b'{"install_id":"install-1","sent_at":1,"items":["\\ud800"]}', "not JSON"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"install_id":"install-1","sent_at":1}', "Object missing required field `items`"),
        (json.dumps(FRAME | {"items": {}}).encode(), "items: Expected `array`, got `object`"),
        (json.dumps(FRAME | {"install_id": "short"}).encode(), "install_id: Expected `str` matching regex"),
        (json.dumps(FRAME | {"imei": "4901542032375X8"}).encode(), "imei: Expected `str` matching regex"),
        (json.dumps(FRAME | {"sent_at": "now"}).encode(), "sent_at: Expected `int`, got `str`"),
    ],
)
def test_frame_that_cannot_be_read_is_refused_whole(body: bytes, reason: str):
    """With the field that is wrong."""
    with pytest.raises(Undecodable) as caught:
        phone.envelope(body)
    assert str(caught.value).startswith(reason)


def test_nothing_private_is_set_aside():
    """A photo or a name that an app sends by mistake: neither taken nor kept; texts of known fields are cut."""
    wrong = PING | {
        "lat": 91,
        "photo": "cGhvdG8" * 100,
        "name": "Budi",
        "boot_id": "Budi" * 100,
        "speed_mps": {"a": ["Budi"]},
    }
    good = FACE | {"photo": "cGhvdG8" * 100, "name": "Budi"}
    found = read(wrong, good)
    (fault,) = found.faults
    kept = json.loads(fault.kept)
    assert (fault.schema, kept["lat"], kept["speed_mps"]) == ("ping", 91, "(dict)")
    assert len(kept["boot_id"]) == lines.KEPT_TEXT
    assert kept.keys() == PING.keys() | {"boot_id", "speed_mps"}
    assert "photo" not in found.face_checks[0].keys() - {"photo_sha256", "photo_phash"}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
items = st.one_of(
    st.just(PING),
    st.just(FACE),
    st.builds(
        lambda base, changes: base | changes,
        st.sampled_from((PING, FACE)),
        st.dictionaries(st.sampled_from(sorted(phone._NAMED)), anything, max_size=3),
    ),
    anything,
)


@given(
    st.lists(items, max_size=8),
    st.dictionaries(st.sampled_from(("boot_id", "elapsed_ms", "imei")), anything, max_size=1),
)
def test_every_item_is_taken_or_refused(found: list[Any], frame: dict[str, Any]):
    """Whatever the items hold: each is a record that its schema takes or a fault with its place, in order."""
    try:
        result = read(*found, **frame)
    except Undecodable:
        assert frame
        return
    assert len(result.pings) + len(result.face_checks) + len(result.faults) == len(found)
    for name, records in (("ping", result.pings), ("face_check", result.face_checks)):
        for record in records:
            assert decode(encode(name, record))[0] == name
    for fault in result.faults:
        assert fault.reason
        assert len(fault.reason) < 200
        assert len(fault.kept) < 6000
        assert [f.place for f in read(found[fault.place], **frame).faults] == [0]
