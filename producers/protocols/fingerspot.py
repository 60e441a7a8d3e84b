"""
Fingerspot's cloud, which tells us of each punch on terminals that report to it: one punch a POST, JSON, in two forms::

    webhook  {"type": "attlog", "cloud_id", "data": {"pin", "scan", "verify", "status_scan"}}   all of them text
    hub      {"event": "attendance", "cloudId", "employeeNo", "verifyMode", "attendanceStatus", "eventTime"}

``scan`` is the terminal's wall clock without a zone, with or without seconds. ``eventTime`` is a moment with its
offset; whole seconds of it count, so that a punch told in both forms is one. Other types (users with names and
templates, answers to commands) are not looked at. The hub signs a body with HMAC-SHA256, which stops no replay: a
punch's identity does.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from hadir.errors import Undecodable
from producers.protocols.adms import serial
from producers.protocols.lines import AHEAD_MS, code, pin, punch, sane_moment, sane_time, short

SOURCE = "fingerspot"

_SIGNATURE = re.compile(r"(?:sha256=)?([0-9A-Fa-f]{64})")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

WallClock = Callable[[int], int]
"""What a right clock at the terminal shows at a moment (milliseconds UTC), as if UTC."""


class Event(NamedTuple):
    """
    One punch as it was told, before it is known whether its terminal is one of ours.

    Attributes:
        device_id: the terminal's id in Fingerspot's cloud.
        said: PIN, time, verify and in/out code by the names of the form, whatever was in them.
        names: those names, in that order.
    """

    device_id: str
    said: dict[str, Any]
    names: tuple[str, str, str, str]


_WEBHOOK = ("pin", "scan", "verify", "status_scan")
_HUB = ("employeeNo", "eventTime", "verifyMode", "attendanceStatus")


def webhook(body: bytes) -> Event | None:
    """
    Read a body of the webhook; None: of a type that is no punch.

    Raises:
        Undecodable: no JSON object, or no type or terminal in it.
    """
    said = _object(body)
    if said.get("type") != "attlog":
        _named(said.get("type"))
        return None
    data = said.get("data")
    return _event(said.get("cloud_id"), data if isinstance(data, dict) else {}, _WEBHOOK)


def hub(body: bytes) -> Event | None:
    """Read a body of the hub, as ``webhook`` does."""
    said = _object(body)
    if said.get("event") != "attendance":
        _named(said.get("event"))
        return None
    return _event(said.get("cloudId"), said, _HUB)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except _FAILURES:
        raise Undecodable("not JSON, or nested too deeply") from None
    if not isinstance(said, dict):
        raise Undecodable("no JSON object")
    return said


def _named(kind: Any) -> None:
    if not isinstance(kind, str):
        raise Undecodable("says not what it is about")


def _event(device_id: Any, said: dict[str, Any], names: tuple[str, str, str, str]) -> Event:
    named = {name: short(said[name]) for name in names if name in said}
    return Event(serial(device_id if isinstance(device_id, str) else None), named, names)


def punch_of(event: Event, wall_clock: WallClock, received_at: int) -> dict[str, Any]:
    """
    The record of type ``punch``.

    Args:
        wall_clock: in the zone of the terminal.
        received_at: hadir's clock, milliseconds UTC.

    Raises:
        Undecodable: PIN or time can't be meant. A code that can't be read is -1: it is a hint, no reason to lose a
            punch.
    """
    who, when, verify, in_out = [_bytes(event.said.get(name)) for name in event.names]
    return punch(
        event.device_id,
        pin(who),
        sane_time(when.strip(), received_at) if event.names is _WEBHOOK else _local(when, wall_clock, received_at),
        in_out=code([in_out], 0),
        verify=code([verify], 0),
        work="",
        source=SOURCE,
        received_at=received_at,
    )


def _bytes(value: Any) -> bytes:
    """Text, or a whole number as text; nothing of all else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.encode() if isinstance(value, str) else b""


def _local(told: bytes, wall_clock: WallClock, received_at: int) -> tuple[int, bool]:
    """``eventTime`` by the terminal's clock: whole seconds as if UTC, and whether it is known to the minute only."""
    found = _MOMENT.fullmatch(told.decode())
    if found is None:
        raise Undecodable("not a time with its offset" if told else "no time")
    try:
        when = datetime.fromisoformat(found[0])
    except ValueError:
        raise Undecodable("no such date or time") from None
    at = (when - _EPOCH) // timedelta(seconds=1) * 1000
    sane_moment(at + AHEAD_MS, received_at + 2 * AHEAD_MS)  # within what has a wall clock at all
    wall = wall_clock(at)
    sane_moment(wall, received_at)
    return wall, found[1] is None


def signed(body: bytes, shown: str, key: str) -> bool:
    """
    Whether a header ``X-Hub-API-Signature-256`` is the HMAC-SHA256 of this body by this key.

    Args:
        shown: 64 hex digits, with or without ``sha256=`` before them; anything else is no signature.

    Compared in constant time.
    """
    found = _SIGNATURE.fullmatch(shown)
    due = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return found is not None and hmac.compare_digest(found[1].lower(), due)
