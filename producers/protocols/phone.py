"""
hadir's own protocol for phones: a JSON body of pings and face checks, as ``docs/phones.md`` has it.

Two steps, because who speaks is the token and not the body: ``envelope`` reads the frame, ``records`` the items. An
item stands or falls alone. Photos have no place here: fields that the protocol does not name are never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hadir.errors import Undecodable
from producers.protocols.lines import short

MAX_ITEMS = 500
DAY_MS = 86_400_000
EARLIEST_MS = 1_420_070_400_000  # 2015-01-01: a phone whose clock was lost starts again before that
AHEAD_MS = DAY_MS
ROUNDING_MS = 1000  # the two readings of one steady clock may have been cut to seconds
_LARGEST = 2**53

_Moment = Annotated[int, Meta(ge=0, le=_LARGEST)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]


class Ping(msgspec.Struct, frozen=True, tag="ping", tag_field="type"):
    """A position; as ``schemas/facts/ping.avsc`` has it. An id of the boot that is left out is the envelope's."""

    fixed_at: _Moment
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    speed_mps: Annotated[float, Meta(ge=0, le=1e5)] | None = None
    mock: bool | None = None
    battery: _Share | None = None
    boot_id: _Id | UnsetType | None = UNSET
    elapsed_ms: _Moment | None = None


class Face(msgspec.Struct, frozen=True, tag="face", tag_field="type"):
    """A face check; as ``schemas/facts/face_check.avsc`` has it."""

    taken_at: _Moment
    match: _Share | None = None
    liveness: _Share | None = None
    model: Annotated[str, Meta(pattern=r"^[ -~]{0,64}\Z")] = ""
    photo_sha256: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{64}\Z")] | None = None
    photo_phash: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{16}\Z")] | None = None
    mock: bool | None = None
    boot_id: _Id | UnsetType | None = UNSET
    elapsed_ms: _Moment | None = None


class Envelope(msgspec.Struct, frozen=True):
    """What a body says of the phone; ``sent_at`` and ``elapsed_ms`` are its two clocks when it sent this."""

    install_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{8,64}\Z")]
    sent_at: _Moment
    items: list[msgspec.Raw]
    boot_id: _Id | None = None
    elapsed_ms: _Moment | None = None
    imei: Annotated[str, Meta(pattern=r"^[0-9]{14,16}\Z")] | None = None


class Fault(NamedTuple):
    """
    An item that can't be taken in.

    Attributes:
        place: its index in ``items``, from 0.
        reason: why, in words for whoever writes the app; never the content.
        schema: record type that it claims to be; empty: unknown.
        kept: the fields that the protocol names, as JSON, texts cut short: no photo gets through here.
    """

    place: int
    reason: str
    schema: str
    kept: bytes


class Read(NamedTuple):
    """Records ready for their schemas, and what was wrong."""

    pings: list[dict[str, Any]]
    face_checks: list[dict[str, Any]]
    faults: list[Fault]


FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Undecodable)
"""What reading JSON, or a check of ours, may raise; ``refused`` takes each of them."""
_SCHEMAS = {"ping": "ping", "face": "face_check"}
_NAMED = frozenset((*Ping.__struct_fields__, *Face.__struct_fields__, "type"))

_envelope = msgspec.json.Decoder(Envelope)
_item = msgspec.json.Decoder(Ping | Face)


def envelope(body: bytes) -> Envelope:
    """
    Read the frame of a body; its items stay bytes.

    Raises:
        Undecodable: no JSON, or a field of the frame is missing or wrong; the text says which.
    """
    try:
        return _envelope.decode(body)
    except FAILURES as failure:
        raise Undecodable(_reason(failure)) from None


def records(frame: Envelope, employee_id: str, received_at: int) -> Read:
    """
    Read every item.

    Args:
        frame: of ``envelope``.
        employee_id: whose token it came with.
        received_at: hadir's clock, milliseconds UTC; times may be at most a day ahead of it and not before 2015.

    Pure; never raises for the sake of an item. O(body), some 3 µs an item.
    """
    read = Read([], [], [])
    for place, raw in enumerate(frame.items):
        try:
            item = _item.decode(raw)
            _check_time(item, received_at)
            _check_clocks(item, frame)
        except FAILURES as failure:
            schema, kept = _kept(bytes(raw))
            read.faults.append(Fault(place, _reason(failure), schema, kept))
            continue
        common = {
            "employee_id": employee_id,
            "install_id": frame.install_id,
            "mock": item.mock,
            "received_at": received_at,
            "boot_id": _boot_id(item, frame),
            "elapsed_ms": item.elapsed_ms,
            "imei": frame.imei,
        }
        if isinstance(item, Ping):
            read.pings.append(common | {name: getattr(item, name) for name in _OF_A_PING})
        else:
            read.face_checks.append(common | {name: _lower(getattr(item, name), name) for name in _OF_A_FACE})
    return read


_COMMON = ("mock", "boot_id", "elapsed_ms")
_OF_A_PING = tuple([name for name in Ping.__struct_fields__ if name not in _COMMON])
_OF_A_FACE = tuple([name for name in Face.__struct_fields__ if name not in _COMMON])


def _lower(value: Any, name: str) -> Any:
    """The same photo has the same hash, however its digits are written."""
    return value.lower() if name.startswith("photo_") and value is not None else value


def position(fix: Mapping[str, Any], employee_id: str, install_id: str, received_at: int) -> dict[str, Any]:
    """
    One position that an app of others told, as the ping that ``records`` would have made of it.

    Args:
        fix: fields of ``Ping`` by name, in its units; what is not in there is unknown. Boot, steady clock and IMEI no
            such app tells.
        received_at: as in ``records``.

    Raises:
        Undecodable, or another of ``FAILURES``: what ``refused`` takes.
    """
    ping = msgspec.convert({"type": "ping", **fix}, Ping)
    _check_time(ping, received_at)
    record: dict[str, Any] = {"employee_id": employee_id, "install_id": install_id, "received_at": received_at}
    record |= dict.fromkeys(("boot_id", "elapsed_ms", "imei"))
    return record | {name: getattr(ping, name) for name in ("mock", *_OF_A_PING)}


def refused(failure: BaseException, kept: Mapping[str, Any]) -> Read:
    """
    The one fault of a body that was to hold one position.

    Args:
        failure: of ``FAILURES``.
        kept: the fields that its protocol names, as they came; texts are cut short here.
    """
    fields = {name: short(value) for name, value in kept.items()}
    return Read([], [], [Fault(0, _reason(failure), "ping", json.dumps(fields).encode() if fields else b"")])


def _check_time(item: Ping | Face, received_at: int) -> None:
    """What no type says: times that can be meant. Raises Undecodable."""
    name, at = ("fixed_at", item.fixed_at) if isinstance(item, Ping) else ("taken_at", item.taken_at)
    if at < EARLIEST_MS:
        raise Undecodable(f"{name}: before 2015")
    if at > received_at + AHEAD_MS:
        raise Undecodable(f"{name}: more than a day ahead")


def _check_clocks(item: Ping | Face, frame: Envelope) -> None:
    """Nothing was seen after it was sent, by a clock that nobody can set. Raises Undecodable."""
    boot_id = _boot_id(item, frame)
    if boot_id is None or boot_id != frame.boot_id or item.elapsed_ms is None or frame.elapsed_ms is None:
        return
    if item.elapsed_ms > frame.elapsed_ms + ROUNDING_MS:
        raise Undecodable("elapsed_ms: after the batch itself, in the same boot")


def _boot_id(item: Ping | Face, frame: Envelope) -> str | None:
    return frame.boot_id if isinstance(item.boot_id, UnsetType) else item.boot_id


def _reason(failure: BaseException) -> str:
    """A text without content: of what msgspec says only the place and the type that was expected."""
    if isinstance(failure, Undecodable):
        return str(failure)
    if not isinstance(failure, msgspec.ValidationError):
        return "not JSON, or nested too deeply"
    said, _, path = str(failure).partition(" - at `$")
    place = path.rstrip("`").lstrip(".")
    if said.startswith("Invalid value"):
        said = "neither ping nor face"
    return f"{place}: {said}" if place else said


def _kept(raw: bytes) -> tuple[str, bytes]:
    """The record type that an item claims to be, and what may be kept of it."""
    try:
        item = msgspec.json.decode(raw)
    except FAILURES:
        return "", b""
    if not isinstance(item, dict):
        return "", b""
    schema = item.get("type")
    fields = {name: short(value) for name, value in item.items() if name in _NAMED}
    return _SCHEMAS.get(schema, "") if isinstance(schema, str) else "", json.dumps(fields).encode()
