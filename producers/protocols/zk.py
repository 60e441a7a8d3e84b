"""
ZK terminals, small answers: their clock, their counts, options, and the event that they push at a punch.

Whole memories (records, users) are read by ``zk_records``, packets by ``zk_frames``. A terminal knows no zone: every
time is its own wall clock, here in milliseconds encoded as if UTC. Everything is pure; faults are ``Undecodable``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from hadir.errors import Undecodable
from producers.protocols.lines import DAY_MS, pin, punch, sane_moment

SOURCE = "zk"

_DAY_S = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SIZES = struct.Struct("<20i")
_FACES = struct.Struct("<3i")

EVENTS = {
    10: struct.Struct("<HBB6s"),
    12: struct.Struct("<IBB6s"),
    14: struct.Struct("<HBB6s4x"),
    32: struct.Struct("<24sBB6s"),
    36: struct.Struct("<24sBB6s4x"),
    37: struct.Struct("<24sBB6s5x"),
    52: struct.Struct("<24sBB6s20x"),
}
"""Pushed events by their length: whom (a number or text), verify, in/out, yy mm dd hh mm ss; the rest is unknown."""


class Record(NamedTuple):
    """
    One punch as a terminal keeps or pushes it.

    Attributes:
        number: place in the terminal's memory, from 1; 0 of an event.
        pin: the id that people know; digits, or what else the terminal allows.
        device_time: wall clock, milliseconds as if UTC.
        verify: how it recognised the person, the maker's raw integer.
        in_out: 0 in, 1 out, 2 to 5 breaks and overtime, 255 none.
        work: work code as text; empty when none, or where the layout has none.
    """

    number: int
    pin: str
    device_time: int
    verify: int
    in_out: int
    work: str


class Sizes(NamedTuple):
    """How much a terminal holds, by its own count; capacities are -1 where its block is too short to say."""

    users: int
    fingers: int
    records: int
    finger_capacity: int
    user_capacity: int
    record_capacity: int
    faces: int
    face_capacity: int


@lru_cache(maxsize=16_384)
def _midnight(day: int) -> int | None:
    """Milliseconds of a day of the terminals' calendar (12 months of 31 days); None: no calendar has it."""
    year, rest = divmod(day, 372)
    try:
        return (date(2000 + year, rest // 31 + 1, rest % 31 + 1).toordinal() - _EPOCH_DAY) * DAY_MS
    except ValueError:
        return None


def decode_time(stamp: int) -> int:
    """
    A stored time as milliseconds as if UTC.

    Args:
        stamp: ``((y % 100 * 12 + m - 1) * 31 + d - 1) * 86400`` plus the second of the day, u32.

    Raises:
        Undecodable: a date that no calendar has (30 February), or a year beyond 2099.

    >>> decode_time(encode_time(1722861657000))
    1722861657000
    """
    day, second = divmod(stamp, _DAY_S)
    midnight = _midnight(day) if 0 <= day < 37_200 else None
    if midnight is None:
        raise Undecodable("no such date")
    return midnight + second * 1000


def encode_time(moment: int) -> int:
    """The stored form of a wall clock (milliseconds as if UTC, whole seconds, 2000 to 2099), to set a clock with."""
    at = datetime.fromtimestamp(moment // 1000, UTC)
    if not 2000 <= at.year <= 2099:
        raise ValueError(f"a terminal's clock has no year {at.year}")
    return ((at.year % 100 * 12 + at.month - 1) * 31 + at.day - 1) * _DAY_S + moment // 1000 % _DAY_S


def device_clock(data: bytes) -> int:
    """The answer to ``GET_TIME``, milliseconds as if UTC. Raises Undecodable: too short, or no such date."""
    if len(data) < 4:
        raise Undecodable(f"a time of {len(data)} bytes")
    return decode_time(int.from_bytes(data[:4], "little"))


def sizes(data: bytes) -> Sizes:
    """
    The answer to ``FREE_SIZES``: a block of 80 or 92 bytes (with faces), i32.

    Raises:
        Undecodable: shorter, or a count below zero.
    """
    if len(data) < _SIZES.size:
        raise Undecodable(f"sizes of {len(data)} bytes, at least {_SIZES.size} are needed")
    words = _SIZES.unpack_from(data)
    faces = _FACES.unpack_from(data, _SIZES.size) if len(data) >= _SIZES.size + _FACES.size else (0, -1, -1)
    found = Sizes(words[4], words[6], words[8], words[14], words[15], words[16], faces[0], faces[2])
    if min(found.users, found.fingers, found.records, found.faces) < 0:
        raise Undecodable("a count below zero")
    return found


def option(data: bytes) -> tuple[str, str]:
    """
    The answer to ``OPTION``: name and value. Some firmware ends it with NUL, some does not.

    Raises:
        Undecodable: no ``=``, or other than printable ASCII.

    >>> option(b"~SerialNumber=CKUH211960123\\0")
    ('~SerialNumber', 'CKUH211960123')
    """
    name, sep, value = data.partition(b"\0")[0].partition(b"=")
    text = (name + value).decode("latin-1")
    if not sep or not name or not text.isascii() or not text.isprintable():
        raise Undecodable("not an option")
    return name.decode("ascii"), value.decode("ascii").strip()


def user_id(raw: bytes | int) -> str:
    """
    The id that people know, of a number or of text that NUL ends; what stands behind the NUL is left over memory.

    Raises:
        Undecodable: empty, zero, or with characters that no PIN has.
    """
    if isinstance(raw, int):
        if raw == 0:
            raise Undecodable("no PIN")
        return str(raw)
    return pin(raw.partition(b"\0")[0])


def event(data: bytes, received_at: int, pins: Mapping[int, str] | None = None) -> Record:
    """
    What a terminal pushes at a punch (``REG_EVENT`` with ``EF_ATTLOG`` in the session field).

    Args:
        data: behind the header; 10, 12, 14, 32, 36, 37 or 52 bytes.
        received_at: milliseconds UTC, the measure of a clock that is far ahead.
        pins: the terminal's users (``zk_records.Users.pins``). Events of 10 and 14 bytes name a person by 16 bits, and
            firmware differs on whether that is the PIN or the place in the list of users: they are believed only where
            both readings agree, or one of them is nobody.

    Raises:
        Undecodable: another length (it is told), no such date, a clock that was reset, a person who can't be named.
            An event is a hint: the next whole read brings the punch.
    """
    layout = EVENTS.get(len(data))
    if layout is None:
        raise Undecodable(f"an event of {len(data)} bytes: unknown")
    who, verify, in_out, clock = layout.unpack(data)
    year, month, day, hour, minute, second = clock
    try:
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Undecodable("no such date or time") from None
    found = _short_id(who, pins or {}) if len(data) in (10, 14) else user_id(who)
    at = sane_moment(int(moment.timestamp()) * 1000, received_at)
    return Record(0, found, at, verify, in_out, "")


def _short_id(number: int, pins: Mapping[int, str]) -> str:
    meant = {text for text in (pins.get(number), str(number)) if text is not None and text in pins.values()}
    if len(meant) != 1:
        raise Undecodable(f"an event of number {number}: {len(meant)} people can be meant")
    return meant.pop()


def punch_of(record: Record, device_id: str, received_at: int) -> dict[str, Any]:
    """A record of type ``punch``. ``device_id``: the serial number; ``received_at``: milliseconds UTC. About 4 µs."""
    return punch(
        device_id,
        record.pin,
        (record.device_time, False),
        in_out=record.in_out,
        verify=record.verify,
        work=record.work,
        source=SOURCE,
        received_at=received_at,
    )
