"""Fingerspot's webhook and hub: what becomes of each field, which bodies are no punch, and whose signature holds."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import fingerspot
from producers.sources.region import wall_clock
from schemas.codec import encode, identity_key

NOW = int(datetime(2026, 11, 23, 0, 20, 6, tzinfo=UTC).timestamp() * 1000)  # 07:20:06 in Jakarta
WEBHOOK: dict[str, Any] = {
    "type": "attlog",
    "cloud_id": "C2630451072E1A35",
    "data": {"pin": "17", "scan": "2026-11-23 07:12:50", "verify": "1", "status_scan": "0"},
}
HUB: dict[str, Any] = {
    "event": "attendance", "cloudId": "C2630451072E1A35", "employeeNo": "17", "verifyMode": "1",
    "attendanceStatus": "0", "eventTime": "2026-11-23T07:12:50+07:00", "name": "Budi",
}  # fmt: skip


def wall(text: str) -> int:
    """A time by the terminal's clock, as if UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def webhook(zone: str = "Asia/Jakarta", **data: Any) -> dict[str, Any]:
    """The punch of a webhook with these fields instead."""
    event = fingerspot.webhook(json.dumps(WEBHOOK | {"data": WEBHOOK["data"] | data}).encode())
    assert event is not None
    return fingerspot.punch_of(event, partial(wall_clock, zone), NOW)


def hub(zone: str = "Asia/Jakarta", **fields: Any) -> dict[str, Any]:
    """The punch of the hub with these fields instead."""
    event = fingerspot.hub(json.dumps(HUB | fields).encode())
    assert event is not None
    return fingerspot.punch_of(event, partial(wall_clock, zone), NOW)


def test_both_forms_of_a_punch_are_the_same_record():
    """Every field, and the digest too: of two deliveries it does not matter which came first."""
    expected = {
        "device_id": "C2630451072E1A35", "pin": "17", "device_time": wall("2026-11-23 07:12:50"), "minute_only": False,
        "in_out_code": 0, "verify_code": 1, "work_code": "", "source": "fingerspot", "received_at": NOW,
    }  # fmt: skip
    assert {name: value for name, value in webhook().items() if name != "digest"} == expected
    assert hub() == webhook()
    encode("punch", hub())


def test_time_without_seconds_is_known_to_the_minute_only():
    """In either form."""
    for punch in (webhook(scan="2026-11-23 07:12"), hub(eventTime="2026-11-23T07:12+07:00")):
        assert (punch["device_time"], punch["minute_only"]) == (wall("2026-11-23 07:12"), True)


@pytest.mark.parametrize(
    ("told", "zone", "shown"),
    [
        ("2026-11-23T07:12:50+07:00", "Asia/Makassar", "2026-11-23 08:12:50"),
        ("2026-11-23T00:12:50Z", "Asia/Jakarta", "2026-11-23 07:12:50"),
        ("2026-11-22T17:00:00+00:00", "Asia/Jayapura", "2026-11-23 02:00:00"),
        ("2026-11-23 07:12:50.987+0700", "Asia/Jakarta", "2026-11-23 07:12:50"),
    ],
)
def test_moment_of_the_hub_is_read_on_the_terminal_s_clock(told: str, zone: str, shown: str):
    """In its own zone, whichever offset the hub writes; whole seconds, as terminals know them."""
    assert hub(zone, eventTime=told)["device_time"] == wall(shown)


def test_code_that_is_no_number_loses_no_punch():
    """It is unknown; a number may come as text or as a number, the PIN too."""
    assert [webhook(verify=told)["verify_code"] for told in ("15", 15, "finger", "", None, True, 10**30, [1])] == [
        15, 15, -1, -1, -1, -1, -1, -1,
    ]  # fmt: skip
    assert hub(attendanceStatus="checkIn")["in_out_code"] == -1
    assert (hub(employeeNo=17)["pin"], webhook(pin="007")["pin"]) == ("17", "007")


def test_a_punch_told_again_has_its_identity():
    """Whatever else it says the second time."""
    again = hub(verifyMode="4", attendanceStatus="1")
    assert identity_key("punch", again) == identity_key("punch", webhook())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pin": ""}, "no PIN"),
        ({"pin": None}, "no PIN"),
        ({"pin": "1 2"}, "not a PIN"),
        ({"pin": "١٧"}, "not a PIN"),
        ({"pin": "1" * 25}, "not a PIN"),
        ({"scan": ""}, "not a time"),
        ({"scan": None}, "not a time"),
        ({"scan": "2026-02-30 07:00:00"}, "no such date"),
        ({"scan": "2026-11-23 24:00:00"}, "no such time"),
        ({"scan": "2000-01-01 00:00:00"}, "clock was reset: before 2005"),
        ({"scan": "2026-11-26 00:00:00"}, "clock is ahead by more than a day"),
    ],
)
def test_webhook_that_cannot_be_meant(fields: dict[str, Any], reason: str):
    """Why, in words for an operator."""
    with pytest.raises(Undecodable, match=reason):
        webhook(**fields)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (None, "no time"),
        (1795393140, "not a time with its offset"),
        ("2026-11-23T07:12:50", "not a time with its offset"),
        ("2026-11-23T07:12:50+99:99", "no such date or time"),
        ("2026-02-30T07:12:50Z", "no such date or time"),
        ("0001-01-01T00:00:00+14:00", "clock was reset"),
        ("9999-12-31T23:59:59-14:00", "clock is ahead"),
        ("2026-11-26T00:00:00+07:00", "clock is ahead"),
    ],
)
def test_hub_time_that_cannot_be_meant(told: Any, reason: str):
    """Why, in words for an operator."""
    with pytest.raises(Undecodable, match=reason):
        hub(eventTime=told)


@pytest.mark.parametrize("read", [fingerspot.webhook, fingerspot.hub])
def test_what_is_no_punch_is_none_and_what_is_no_message_is_undecodable(read: Any):
    """Users with their names and templates are not looked at."""
    assert read(b'{"type": "get_userinfo", "event": "user", "data": {"name": "Budi"}}') is None
    for body in (
        b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000, b"{}", b'{"type": 1, "event": 1}',
        b'{"type": "attlog", "event": "attendance"}',
        b'{"type": "attlog", "event": "attendance", "cloud_id": "a b", "cloudId": ""}',
        b'{"type": "attlog", "event": "attendance", "cloud_id": 5, "cloudId": 5}',
    ):  # fmt: skip
        with pytest.raises(Undecodable):
            read(body)


def test_only_what_is_named_is_kept():
    """A name beside the punch goes no further, a long text is cut."""
    event = fingerspot.hub(json.dumps(HUB | {"employeeNo": "Budi" * 100}).encode())
    assert event is not None
    assert event.said.keys() == {"employeeNo", "eventTime", "verifyMode", "attendanceStatus"}
    assert len(event.said["employeeNo"]) == 80


def test_signature_is_the_hmac_of_the_body():
    """In hex of either case, with or without the name of its algorithm; of this body, by this key, or none."""
    body, key = b'{"event":"attendance"}', "kunci"
    due = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    assert [fingerspot.signed(body, shown, key) for shown in (due, f"sha256={due}", due.upper())] == [True] * 3
    for shown in ("", "sha256=", due[:-1], due + "0", f"sha1={due}", "0" * 64, f" {due}", "é" * 64, "\udcff"):
        assert not fingerspot.signed(body, shown, key)
    assert not fingerspot.signed(body + b" ", due, key)
    assert not fingerspot.signed(body, due, key + "x")


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=9),
    st.sampled_from(["2026-11-23 07:12", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "17"]),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(("cloudId", *fingerspot._HUB)), anything, max_size=4))
def test_any_hub_message_is_a_punch_or_undecodable(fields: dict[str, Any]):
    """And a punch is one that its schema takes."""
    with suppress(Undecodable):
        encode("punch", hub("Asia/Jayapura", **fields))


@given(st.dictionaries(st.sampled_from(fingerspot._WEBHOOK), anything, max_size=4))
def test_any_webhook_is_a_punch_or_undecodable(fields: dict[str, Any]):
    """The same."""
    with suppress(Undecodable):
        encode("punch", webhook(**fields))
