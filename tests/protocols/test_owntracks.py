"""OwnTracks over HTTP: a location becomes a ping, other messages nothing, and what can't be meant a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.protocols import owntracks
from producers.protocols.phone import Read
from schemas.codec import encode, identity_key

WHO = "5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31"
INSTALL = "install-1"
NOW = 1_795_393_206_000
FIX_S = NOW // 1000 - 60
# as the Android app sends it
LOCATION: dict[str, Any] = {
    "_type": "location", "_id": "8a1f2c3d", "BSSID": "aa:bb:cc:dd:ee:ff", "SSID": "Rumah Budi", "acc": 12, "alt": 22,
    "batt": 81, "bs": 1, "conn": "w", "created_at": FIX_S + 2, "lat": -7.4722, "lon": 112.4338, "m": 1, "t": "u",
    "tid": "bu", "topic": "owntracks/budi/phone", "tst": FIX_S, "vac": 3, "vel": 36,
}  # fmt: skip


def read(body: Any) -> Read | None:
    """What becomes of a message."""
    return owntracks.read(body if isinstance(body, bytes) else json.dumps(body).encode(), WHO, INSTALL, NOW)


def of(**changes: Any) -> Read:
    """What becomes of a location with these fields instead."""
    found = read(LOCATION | changes)
    assert found is not None
    return found


def test_location_is_a_ping():
    """Kilometres an hour become metres a second, percent a share; the names of networks and people go nowhere."""
    assert of().pings == [
        {
            "employee_id": WHO, "install_id": INSTALL, "fixed_at": FIX_S * 1000, "lat": -7.4722, "lon": 112.4338,
            "accuracy_m": 12, "speed_mps": pytest.approx(10), "mock": None, "battery": pytest.approx(0.81),
            "received_at": NOW, "boot_id": None, "elapsed_ms": None, "imei": None,
        }
    ]  # fmt: skip
    assert of().faults == []


def test_what_is_not_told_is_unknown():
    """Left out, null, accuracy 0, and iOS's -1."""
    bare = {name: LOCATION[name] for name in ("_type", "tst", "lat", "lon")}
    for body in (bare, bare | {"vel": None, "batt": None, "acc": None}, bare | {"vel": -1, "batt": -1, "acc": 0}):
        found = read(body)
        assert found is not None
        (ping,) = found.pings
        assert [ping[name] for name in ("accuracy_m", "speed_mps", "battery", "mock")] == [None] * 4


def test_old_fix_told_again_is_the_same_ping():
    """A message made an hour later about the same fix, or the same message twice: one identity."""
    again = of(created_at=FIX_S + 3600, _id="ffffffff")
    assert identity_key("ping", again.pings[0]) == identity_key("ping", of().pings[0])


@pytest.mark.parametrize(
    "body", [b"", b" \r\n", {"_type": "lwt", "tst": 1}, {"_type": "transition", "lat": 1, "lon": 2}]
)
def test_message_that_is_no_position_is_nothing(body: Any):
    """Neither a ping nor a fault."""
    assert read(body) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lat": 90.5}, "lat: Expected `float` <= 90.0"),
        ({"lat": "-7"}, "lat: Expected `float`, got `str`"),
        ({"lon": None}, "lon: Expected `float`, got `null`"),
        ({"lon": 10**400}, ""),
        ({"acc": -5}, "accuracy_m: Expected `float` >= 0.0"),
        ({"vel": -2}, "speed_mps: Expected `float` >= 0.0"),
        ({"vel": 1e300}, "speed_mps: Expected `float` <= 100000.0"),
        ({"batt": 101}, "battery: Expected `float` <= 1.0"),
        ({"tst": -1}, "tst: Expected `int` >= 0"),
        ({"tst": 2**60}, "tst: Expected `int` <= "),
        ({"tst": 5}, "fixed_at: before 2015"),
        ({"tst": NOW // 1000 + 86_401, "created_at": None}, "fixed_at: more than a day ahead"),
        ({"created_at": FIX_S - 86_401}, "tst: more than a day after the message was made"),
        ({"created_at": "now"}, "created_at: Expected"),
        ({"_type": "encrypted", "data": "c2VjcmV0"}, "encrypted: only the app could read that"),
        ({"_type": None}, "_type: missing"),
    ],
)
def test_field_that_cannot_be_meant_is_a_fault(changes: dict[str, Any], reason: str):
    """By its name; what is kept for the operator holds no name of a network or a person."""
    found = of(**changes)
    assert found.pings == []
    (fault,) = found.faults
    assert fault.reason.startswith(reason)
    assert fault.reason
    for private in (b"Budi", b"budi", b"aa:bb", b"c2VjcmV0"):
        assert private not in fault.kept


@pytest.mark.parametrize("body", [b"{", b"[]", b"5", b"null", b"\xff", b"{" * 100_000, b'{"lat": 1}'])
def test_what_is_no_message_is_one_fault(body: bytes):
    """It is never another exception."""
    found = read(body)
    assert found is not None
    assert (found.pings, len(found.faults)) == ([], 1)


anything = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)


@given(st.dictionaries(st.sampled_from(sorted(LOCATION)), anything, max_size=4))
def test_any_message_is_a_ping_a_fault_or_nothing(changes: dict[str, Any]):
    """A ping is one that its schema takes; nothing only for another kind of message."""
    found = read(LOCATION | changes)
    if found is None:
        assert changes["_type"] != "location"
        return
    assert len(found.pings) + len(found.faults) == 1
    for ping in found.pings:
        encode("ping", ping)
