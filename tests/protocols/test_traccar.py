"""Traccar Client 8, 9 and 10: what becomes of each field, in which unit, and what is refused in which words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.protocols import traccar
from producers.protocols.phone import Read
from schemas.codec import decode, encode

WHO = "5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31"
INSTALL = "install-1"
NOW = 1_795_393_206_000
FIX = NOW - 60_000
# as the apps send them; the device's own id, and fields that are nothing for us, stand among the others
EIGHT = {
    "id": "123456", "timestamp": str(FIX // 1000), "lat": "-7.4722", "lon": "112.4338", "speed": "1.9438444924406046",
    "bearing": "94.0", "altitude": "22.5", "accuracy": "12.5", "batt": "81.0", "charge": "true",
}  # fmt: skip
NINE: dict[str, Any] = {
    "location": {
        "timestamp": "2026-11-23T00:19:06.000Z",
        "coords": {
            "latitude": -7.4722, "longitude": 112.4338, "accuracy": 12.5, "speed": 1.0, "heading": 94.0,
            "altitude": 22.5,
        },
        "is_moving": False, "odometer": 1234.5, "event": "motionchange",
        "battery": {"level": 0.81, "is_charging": True}, "activity": {"type": "still"}, "extras": {},
    },
    "device_id": "123456",
}  # fmt: skip
PING = {
    "employee_id": WHO, "install_id": INSTALL, "fixed_at": FIX, "lat": -7.4722, "lon": 112.4338, "accuracy_m": 12.5,
    "speed_mps": pytest.approx(1.0), "mock": None, "battery": pytest.approx(0.81), "received_at": NOW,
    "boot_id": None, "elapsed_ms": None, "imei": None,
}  # fmt: skip


def read(query: str = "", body: bytes = b"") -> Read:
    """What becomes of a request."""
    return traccar.read(query, body, WHO, INSTALL, NOW)


def of(**changes: str | None) -> Read:
    """What becomes of a query with these fields instead; None: without it."""
    return read(urlencode({k: v for k, v in (EIGHT | changes).items() if v is not None}))


def json_of(part: str, **changes: Any) -> Read:
    """What becomes of a JSON body with these fields in one of its parts."""
    body = json.loads(json.dumps(NINE))
    where = body["location"] if part == "location" else body["location"][part]
    where |= changes
    return read(body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (urlencode(EIGHT), b""),
        ("", urlencode(EIGHT).encode()),
        ("id=of-the-query&lat=1", urlencode(EIGHT).encode() + b"\r\n"),
        ("", json.dumps(NINE).encode()),
    ],
    ids=["8", "10", "10 with a query", "9"],
)
def test_each_version_says_the_same_position(query: str, body: bytes):
    """One ping, its speed in metres a second and its battery a share; sender, course and height are passed over."""
    found = read(query, body)
    assert found == Read([PING], [], [])
    assert decode(encode("ping", found.pings[0]))[0] == "ping"


@pytest.mark.parametrize(
    "told", [str(FIX // 1000), str(FIX), f"{FIX // 1000}.0", "2026-11-23T00:19:06Z", "2026-11-23T07:19:06.000+07:00"]
)
def test_time_in_each_of_its_forms(told: str):
    """Seconds, milliseconds, ISO in any zone: the same moment."""
    assert of(timestamp=told).pings[0]["fixed_at"] == FIX
    assert json_of("location", timestamp=told).pings[0]["fixed_at"] == FIX


def test_what_is_not_told_is_unknown():
    """Accuracy 0 and -1 of speed or battery, which iOS says in its own unit, mean that nothing is known."""
    unknown = ("accuracy_m", "speed_mps", "battery", "mock")
    bare = of(accuracy=None, speed=None, batt=None)
    for found in (
        bare,
        of(accuracy="0.0", speed="-1.9438444924406046", batt="-100"),
        of(accuracy="", speed="", batt=""),
        json_of("coords", accuracy=0, speed=-1),
    ):
        (ping,) = found.pings
        assert [ping[name] for name in unknown[:2]] == [None, None]
    assert [bare.pings[0][name] for name in unknown] == [None] * 4
    assert json_of("battery", level=-1).pings[0]["battery"] is None
    assert json_of("location", battery=None).pings[0]["battery"] is None


def test_mocked_only_where_the_phone_says_so():
    """Left out is not said to be real: some phones can't tell."""
    assert [of(mock=told).pings[0]["mock"] for told in ("true", "1", "false", "", "perhaps")] == [
        True, True, False, None, None,
    ]  # fmt: skip
    assert [json_of("location", mock=told).pings[0]["mock"] for told in (True, False, None)] == [True, False, None]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lat": "91"}, "lat: Expected `float` <= 90.0"),
        ({"lat": None}, "lat: missing"),
        ({"lon": ""}, "lon: missing"),
        ({"lon": "east"}, "lon: no number"),
        ({"lon": "nan"}, "lon: no number"),
        ({"lon": "-Infinity"}, "lon: no number"),
        ({"lat": "1e999"}, "lat: Expected `float` <= 90.0"),
        ({"lat": "9" * 5000}, "lat: no number"),
        ({"lat": "٧"}, "lat: no number"),
        ({"accuracy": "-1"}, "accuracy_m: Expected `float` >= 0.0"),
        ({"accuracy": "1e8"}, "accuracy_m: Expected `float` <= 10000000.0"),
        ({"speed": "-5"}, "speed_mps: Expected `float` >= 0.0"),
        ({"speed": "1e300"}, "speed_mps: Expected `float` <= 100000.0"),
        ({"batt": "101"}, "battery: Expected `float` <= 1.0"),
        ({"timestamp": None}, "timestamp: missing"),
        ({"timestamp": "yesterday"}, "timestamp: neither a number nor ISO 8601"),
        ({"timestamp": "2026-11-23T07:19:06"}, "timestamp: without a zone"),
        ({"timestamp": "2026-02-30T07:19:06Z"}, "timestamp: neither"),
        ({"timestamp": "1e300"}, "timestamp: no moment"),
        ({"timestamp": "-1"}, "fixed_at: Expected `int` >= 0"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "fixed_at: Expected `int` >= 0"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "fixed_at: more than a day ahead"),
        ({"timestamp": "5"}, "fixed_at: before 2015"),
        ({"valid": "false"}, "valid: the phone says that it is none"),
    ],
)
def test_field_that_cannot_be_meant_is_a_fault(changes: dict[str, str | None], reason: str):
    """Named, and what was told is kept for the operator, but not the sender's id."""
    found = of(**changes)
    assert found.pings == []
    (fault,) = found.faults
    assert fault.reason.startswith(reason)
    assert (fault.place, fault.schema) == (0, "ping")
    kept = json.loads(fault.kept)
    assert kept.keys() <= {"timestamp", "lat", "lon", "accuracy", "speed", "batt", "mock", "valid"}
    for name, told in changes.items():
        assert kept.get(name) == (None if told is None else told[:80])


@pytest.mark.parametrize(
    ("part", "changes", "reason"),
    [
        ("coords", {"latitude": "x"}, "location.coords.latitude: Expected `float`"),
        ("coords", {"latitude": 10**400}, ""),
        ("coords", {"longitude": None}, "location.coords.longitude: Expected `float`"),
        ("location", {"coords": []}, "location.coords: Expected `object`"),
        ("location", {"timestamp": None}, "location.timestamp: Expected"),
        ("location", {"timestamp": 1e300}, "timestamp: no moment"),
        ("location", {"timestamp": 10**30}, ""),
        ("location", {"mock": "true"}, "location.mock: Expected `bool | null`"),
        ("battery", {"level": 1.5}, "battery: Expected `float` <= 1.0"),
    ],
)
def test_json_that_cannot_be_meant_is_a_fault(part: str, changes: dict[str, Any], reason: str):
    """By its place; nothing but the fields of a position is kept."""
    (fault,) = json_of(part, **changes).faults
    assert fault.reason.startswith(reason)
    assert fault.reason
    if fault.kept:
        assert json.loads(fault.kept).keys() <= set(traccar._PLACES)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", b""), ("%ff=%fe&lat=%ff", b""), ("\udcff", b""), ("latitude=1", b""), ("&" * 200, b""),
        ("id=5&alarm=sos", b""),
        ("", b"{"), ("", b"{}"), ("", b'{"location": 5}'), ("", b"[1]"), ("", b"\xff\xfe"), ("", b"{" * 100_000),
    ],
)  # fmt: skip
def test_what_is_no_position_is_one_fault(query: str, body: bytes):
    """Of which nothing is kept."""
    found = read(query, body)
    assert (found.pings, len(found.faults), found.faults[0].kept) == ([], 1, b"")


def test_field_that_is_told_twice_is_a_fault_unless_it_says_the_same():
    """Which of two places would be meant is not for us to say."""
    assert read(urlencode(EIGHT) + "&lat=-7.4722").pings == [PING]
    (fault,) = read(urlencode(EIGHT) + "&lat=-7.5").faults
    assert fault.reason == "lat: told twice"


texts = st.one_of(
    st.sampled_from(["", "0", "-1", "1e999", "true", "nan", "1795393140", "2026-11-23"]), st.text(max_size=9)
)
values = st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))


@given(st.dictionaries(st.sampled_from(sorted(EIGHT)), texts, max_size=4))
def test_any_query_is_a_ping_or_a_fault(changes: dict[str, str]):
    """Exactly one of the two, whatever the fields hold; a ping is one that its schema takes."""
    found = of(**changes)
    assert len(found.pings) + len(found.faults) == 1
    for ping in found.pings:
        assert decode(encode("ping", ping))[1]["fixed_at"] == ping["fixed_at"]


@given(st.sampled_from(["location", "coords", "battery"]), st.data())
def test_any_json_is_a_ping_or_a_fault(part: str, data: st.DataObject):
    """The same for JSON."""
    named = NINE["location"] if part == "location" else NINE["location"][part]
    found = json_of(part, **data.draw(st.dictionaries(st.sampled_from(sorted(named)), values, max_size=3)))
    assert len(found.pings) + len(found.faults) == 1
    for ping in found.pings:
        encode("ping", ping)
