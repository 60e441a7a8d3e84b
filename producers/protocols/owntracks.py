"""
OwnTracks, a tracking app for phones, in its HTTP mode (owntracks.org/booklet/tech/http): one JSON message a POST.

Of its kinds of message only ``location`` is a position; the others (a list of friends, a battery that ran low, a region
that was entered) are nothing for us, and a body may be empty. ``tst`` is the fix, ``created_at`` the making of the
message, seconds UTC: their difference is the age of the fix, for the app tells an old one again when it has no new one.
That one, and a message that comes twice (``_id``), has the identity of the first: installation and time of the fix.
Names of networks (``SSID``) and of the sender (``tid``, ``topic``) are not looked at.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hadir.errors import Undecodable
from producers.protocols.phone import AHEAD_MS, FAILURES, Read, position, refused

KMH_MPS = 1 / 3.6
_UNKNOWN = -1  # what iOS says of a speed or a battery that it does not know

_Moment = Annotated[int, Meta(ge=0, le=2**40)]
_NAMED = ("_type", "tst", "created_at", "lat", "lon", "acc", "vel", "batt")


class _Location(msgspec.Struct, frozen=True):
    tst: _Moment
    lat: float
    lon: float
    created_at: _Moment | None = None
    acc: float | None = None
    vel: float | None = None
    batt: float | None = None


_location = msgspec.json.Decoder(_Location)


def read(body: bytes, employee_id: str, install_id: str, received_at: int) -> Read | None:
    """
    The position of a message.

    Args:
        employee_id: whose token it came with.
        install_id: the installation of that token.
        received_at: hadir's clock, milliseconds UTC.

    Returns:
        One ping or one fault; None: a message that is no position.

    Pure; never raises. Some 10 µs.
    """
    if not body.strip():
        return None
    kept: dict[str, Any] = {}
    try:
        said = msgspec.json.decode(body)
        if not isinstance(said, dict):
            raise Undecodable("no message")
        kept = {name: said[name] for name in _NAMED if name in said}
        kind = said.get("_type")
        if kind == "encrypted":
            raise Undecodable("encrypted: only the app could read that; turn its encryption off")
        if not isinstance(kind, str):
            raise Undecodable("_type: missing")
        if kind != "location":
            return None
        location = _location.decode(body)
        if location.created_at is not None and location.tst * 1000 > location.created_at * 1000 + AHEAD_MS:
            raise Undecodable("tst: more than a day after the message was made")
        return Read([position(_fix(location), employee_id, install_id, received_at)], [], [])
    except FAILURES as failure:
        return refused(failure, kept)


def _fix(said: _Location) -> dict[str, Any]:
    return {
        "fixed_at": said.tst * 1000,
        "lat": said.lat,
        "lon": said.lon,
        "accuracy_m": said.acc or None,
        "speed_mps": _measure(said.vel, KMH_MPS),
        "battery": _measure(said.batt, 1 / 100),
    }


def _measure(value: float | None, factor: float) -> float | None:
    return None if value is None or value == _UNKNOWN else value * factor
