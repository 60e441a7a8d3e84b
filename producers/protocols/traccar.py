"""
Traccar Client, a tracking app for phones, as versions 8, 9 and 10 speak (traccar.org/osmand), one position a request::

    8   GET or POST   ?id=&timestamp=&lat=&lon=&speed=&bearing=&altitude=&accuracy=&batt=[&charge=&mock=&alarm=]
    9   POST JSON     {"location": {"timestamp", "coords": {...}, "battery": {...}, "mock"}, "device_id"}
    10  POST form     the fields of 8 as a form

Speeds are knots in 8 and 10 and metres a second in 9; batteries percent, in 9 a share. What says who speaks (``id``,
``device_id``) is not looked at: that is the token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from hadir.errors import Undecodable
from producers.protocols.phone import FAILURES, Read, position, refused

KNOT_MPS = 1852 / 3600
MOST_FIELDS = 64
SECONDS_BELOW = 100_000_000_000  # as seconds the year 5138, as milliseconds 1973: nobody means either
_LONGEST = 10**17
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TOLD = ("timestamp", "lat", "lon", "accuracy", "speed", "batt", "mock", "valid")
_SAID = {"true": True, "1": True, "false": False, "0": False}


class _Coords(msgspec.Struct, frozen=True):
    latitude: float
    longitude: float
    accuracy: float | None = None
    speed: float | None = None


class _Battery(msgspec.Struct, frozen=True):
    level: float | None = None


class _Location(msgspec.Struct, frozen=True):
    timestamp: int | float | str
    coords: _Coords
    battery: _Battery | None = None
    mock: bool | None = None


class _Body(msgspec.Struct, frozen=True):
    location: _Location


_body = msgspec.json.Decoder(_Body)


def read(query: str, body: bytes, employee_id: str, install_id: str, received_at: int) -> Read:
    """
    The position of a request.

    Args:
        query: behind the ``?``, as it came; looked at when there is no body.
        body: a form, or JSON (begins with a brace).
        employee_id: whose token it came with.
        install_id: the installation of that token.
        received_at: hadir's clock, milliseconds UTC.

    Returns:
        One ping or one fault, and none of the fields that hold no position.

    Pure; never raises. Some 30 µs.
    """
    kept: Mapping[str, Any] = {}
    try:
        if body.lstrip()[:1] == b"{":
            kept = _kept(body)
            fix = _of_json(_body.decode(body).location)
        else:
            kept = _fields(body.strip() or query.encode("utf-8", "replace"))
            fix = _of_fields(kept)
        return Read([position(fix, employee_id, install_id, received_at)], [], [])
    except FAILURES as failure:
        return refused(failure, kept)


def _of_json(said: _Location) -> dict[str, Any]:
    battery = said.battery.level if said.battery else None
    return {
        "fixed_at": moment(said.timestamp),
        "lat": said.coords.latitude,
        "lon": said.coords.longitude,
        "accuracy_m": said.coords.accuracy or None,
        "speed_mps": known(said.coords.speed),
        "battery": known(battery),
        "mock": said.mock,
    }


def _of_fields(said: dict[str, str]) -> dict[str, Any]:
    if _SAID.get(said.get("valid", "").lower()) is False:
        raise Undecodable("valid: the phone says that it is none")
    speed, battery = _number(said, "speed"), _number(said, "batt")
    return {
        "fixed_at": moment(_needed(said, "timestamp")),
        "lat": _number(said, "lat", needed=True),
        "lon": _number(said, "lon", needed=True),
        "accuracy_m": _number(said, "accuracy") or None,
        "speed_mps": known(None if speed is None else speed * KNOT_MPS),
        "battery": known(None if battery is None else battery / 100),
        "mock": _SAID.get(said.get("mock", "").lower()),
    }


def _fields(text: bytes) -> dict[str, str]:
    """The fields of a query or a form that the protocol names. Raises Undecodable."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # of text that is none, escapes that are no UTF-8, and too many fields
        raise Undecodable("no query, form or JSON") from None
    told: dict[str, str] = {}
    for name, value in pairs:
        if name in told and told[name] != value:
            raise Undecodable(f"{name}: told twice")
        if name in _TOLD:
            told[name] = value
    if not told:
        raise Undecodable("no query, form or JSON of a position")
    return told


def _needed(said: dict[str, str], name: str) -> str:
    text = said.get(name, "")
    if not text:
        raise Undecodable(f"{name}: missing")
    return text


def _number(said: dict[str, str], name: str, *, needed: bool = False) -> float | None:
    text = _needed(said, name) if needed else said.get(name, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise Undecodable(f"{name}: no number")
    return float(text)


def known(value: float | None) -> float | None:
    """A measure; None for -1, with which iOS says that it has none."""
    return None if value is None or abs(value + 1) < 1e-3 else value


def moment(told: float | str) -> int:
    """
    The moment of a fix, milliseconds UTC.

    Args:
        told: seconds or milliseconds since 1970, as a number or in digits; or ISO 8601 with its zone.

    Raises:
        Undecodable: none of these.

    >>> [moment(told) for told in ("1795393140", 1795393140500, "2026-11-23T07:19:00.5+07:00")]
    [1795393140000, 1795393140500, 1795393140500]
    """
    if isinstance(told, str):
        if _NUMBER.fullmatch(told) is None:
            return _of_iso(told)
        told = float(told)
    if not -_LONGEST < told < _LONGEST:
        raise Undecodable("timestamp: no moment")
    return round(told * 1000) if abs(told) < SECONDS_BELOW else round(told)


def _of_iso(text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Undecodable("timestamp: neither a number nor ISO 8601") from None
    if when.tzinfo is None:
        raise Undecodable("timestamp: without a zone")
    return (when - _EPOCH) // timedelta(milliseconds=1)


_PLACES = {
    "timestamp": ("timestamp",),
    "latitude": ("coords", "latitude"),
    "longitude": ("coords", "longitude"),
    "accuracy": ("coords", "accuracy"),
    "speed": ("coords", "speed"),
    "level": ("battery", "level"),
    "mock": ("mock",),
}


def _kept(body: bytes) -> dict[str, Any]:
    """What may be kept of a JSON body: the fields that the protocol names. Raises what JSON does."""
    whole = msgspec.json.decode(body)
    kept: dict[str, Any] = {}
    for name, path in _PLACES.items():
        value = whole
        for step in ("location", *path):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            kept[name] = value
    return kept
