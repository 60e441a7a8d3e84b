"""
ZK terminals, bulk reads: the whole memory of records, or of users, as one buffer.

A buffer is ``u32 total`` and then ``total`` bytes: records of one size, which it does not tell. A terminal's own count
gives it by division, unless somebody punched between the counting and the reading; so the content has a say, too:

- 8 bytes    u16 place in the list of users, verify, u32 time, in/out; one model (MA300) has verify, in/out, u32 time
- 16 bytes   u32 id, u32 time, verify, in/out, 2 unknown, u32 work code
- 40 bytes   u16 place, 24 bytes id, verify, u32 time, in/out, 8 unknown
- users: 28 bytes (u16 place ... u32 id) or 72 bytes (u16 place ... 24 bytes id); names are never read

A record that can't be read is a reject with its bytes, the others go on. A buffer that can't be cut into records is
``Undecodable``: nothing is guessed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from hadir.errors import Undecodable
from producers.protocols.lines import AHEAD_MS, EARLIEST_MS, Reject, sane_moment
from producers.protocols.zk import Record, decode_time, user_id

SAMPLE = 64
"""Records looked at to tell one layout from another, spread over the buffer."""
CLEAR = 0.9
"""Share of a sample that must read well where the count does not say the size."""
_IN_OUT = frozenset((*range(16), 255))


class Layout(NamedTuple):
    """A record's form; ``who``, ``time``, ``verify``, ``in_out``, ``work`` are places in what ``form`` gives."""

    name: str
    form: struct.Struct
    by_place: bool
    who: int
    time: int
    verify: int
    in_out: int
    work: int | None

    @property
    def size(self) -> int:
        """Bytes of a record."""
        return self.form.size


class UserLayout(NamedTuple):
    """A user's form: place in the list and id; everything else, names above all, is passed over."""

    name: str
    form: struct.Struct
    id_at: int

    @property
    def size(self) -> int:
        """Bytes of a user."""
        return self.form.size


LAYOUTS = (
    Layout("40", struct.Struct("<H24sBIB8x"), False, 1, 3, 2, 4, None),
    Layout("16", struct.Struct("<IIBB2xI"), False, 0, 1, 2, 3, 4),
    Layout("8", struct.Struct("<HBIB"), True, 0, 2, 1, 3, None),
    Layout("8 (MA300)", struct.Struct("<HBBI"), True, 0, 3, 1, 2, None),
)
USER_LAYOUTS = (
    UserLayout("72", struct.Struct("<H46x24s"), 48),
    UserLayout("28", struct.Struct("<H22xI"), 24),
)


class Bulk(NamedTuple):
    """
    A read memory.

    Attributes:
        layout: how the records are made; None of an empty memory.
        counted: how many the terminal said it has.
        records, rejects: together all that the buffer held; each with its number in it, from 1.
    """

    layout: Layout | None
    counted: int
    records: list[Record]
    rejects: list[Reject]

    @property
    def held(self) -> int:
        """Records in the buffer, readable or not."""
        return len(self.records) + len(self.rejects)

    @property
    def stale(self) -> bool:
        """The terminal's count is of another moment than the buffer: not whole, count and read again."""
        return self.held != self.counted


class Users(NamedTuple):
    """A terminal's users: place in its list -> id that people know; ``rejects`` carry places and ids, no names."""

    counted: int
    held: int
    pins: dict[int, str]
    rejects: list[Reject]

    @property
    def stale(self) -> bool:
        """The terminal's count is of another moment than the buffer."""
        return self.held != self.counted


L = TypeVar("L", Layout, UserLayout)


def parse_records(raw: bytes, counted: int, received_at: int, pins: Mapping[int, str] | None = None) -> Bulk:
    """
    All records of a memory.

    Args:
        raw: the buffer as read, its total first.
        counted: ``Sizes.records`` of the same moment.
        received_at: milliseconds UTC, the measure of a clock that is far ahead.
        pins: ``Users.pins``; records of 8 bytes name people by their place in the list and are rejects without it.

    Returns:
        Records in the terminal's order, sane in time; rejects with their bytes. ``Bulk.stale`` tells a count that does
        not fit: its records are right, but there may be more.

    Raises:
        Undecodable: torn (fewer or more bytes than it says), or of an unknown size of record (it is told).

    Pure, about 1 µs a record. Source: field layouts as read from terminals by several clients.
    """
    body = _body(raw)
    if not body:
        return Bulk(None, counted, [], [])
    layout = _recognise(body, counted, LAYOUTS, lambda form, fields: _readable(form, fields, received_at))
    found = Bulk(layout, counted, [], [])
    take, refuse = found.records.append, found.rejects.append
    known: dict[bytes | int, str] = {}
    by_place = pins or {}
    _, form, is_place, who, time, verify, in_out, work = layout
    size = form.size
    for number, fields in enumerate(form.iter_unpack(body), 1):
        try:
            name = known.get(fields[who])
            if name is None:
                name = known[fields[who]] = _of_place(fields[who], by_place) if is_place else user_id(fields[who])
            moment = decode_time(fields[time])
            if not EARLIEST_MS <= moment <= received_at + AHEAD_MS:
                sane_moment(moment, received_at)
            code = "" if work is None else str(fields[work] or "")
            take(Record(number, name, moment, fields[verify], fields[in_out], code))
        except Undecodable as fault:
            refuse(Reject(number, body[(number - 1) * size : number * size], str(fault)))
    return found


def parse_users(raw: bytes, counted: int) -> Users:
    """
    The users of a terminal, without their names.

    Args:
        raw: the buffer as read, its total first.
        counted: ``Sizes.users`` of the same moment.

    Raises:
        Undecodable: torn, or of an unknown size (it is told).
    """
    body = _body(raw)
    if not body:
        return Users(counted, 0, {}, [])
    layout = _recognise(body, counted, USER_LAYOUTS, lambda _, fields: fields[0] > 0 and _is_id(fields[1]))
    size, form = layout.size, layout.form
    found = Users(counted, len(body) // size, {}, [])
    for number, (place, who) in enumerate(form.iter_unpack(body), 1):
        try:
            found.pins[place] = user_id(who)
        except Undecodable as fault:
            row = body[(number - 1) * size : number * size]
            found.rejects.append(Reject(number, row[:2] + row[layout.id_at :][:24], str(fault)))
    return found


def _body(raw: bytes) -> bytes:
    if len(raw) < 4:
        raise Undecodable(f"a buffer of {len(raw)} bytes has no total")
    total = int.from_bytes(raw[:4], "little")
    if total != len(raw) - 4:
        raise Undecodable(f"torn: the buffer says {total} bytes and has {len(raw) - 4}")
    return raw[4:]


def _recognise(body: bytes, counted: int, layouts: Sequence[L], reads_well: Callable[[L, Any], bool]) -> L:
    """
    The layout of a buffer: what the count says, unless the content clearly says another; without either, none.

    A count that is one off never passes for another size: the content of a wrong cut reads well almost nowhere.
    """
    fitting = [layout for layout in layouts if len(body) % layout.size == 0]
    shares = {layout.name: _share(body, layout, reads_well) for layout in fitting}
    best = max(fitting, key=lambda layout: shares[layout.name], default=None)
    told = len(body) // counted if counted > 0 and len(body) % counted == 0 else None
    counts = max((f for f in fitting if f.size == told), key=lambda layout: shares[layout.name], default=None)
    if counts is not None and best is not None:
        return best if shares[counts.name] < CLEAR <= shares[best.name] else counts
    if best is not None and shares[best.name] >= CLEAR:
        return best
    if told is not None:
        raise Undecodable(f"records of {told} bytes: unknown")
    raise Undecodable(f"{len(body)} bytes are no whole number of records; the terminal counted {counted}")


def _share(body: bytes, layout: L, reads_well: Callable[[L, Any], bool]) -> float:
    held = len(body) // layout.size
    sample = range(0, held, max(1, held // SAMPLE))
    well = sum(reads_well(layout, layout.form.unpack_from(body, at * layout.size)) for at in sample)
    return well / len(sample)


def _readable(layout: Layout, fields: tuple[Any, ...], received_at: int) -> bool:
    """Whether a working terminal writes such a record: a person, a time of these years, a known in/out code."""
    try:
        moment = decode_time(fields[layout.time])
    except Undecodable:
        return False
    who = fields[layout.who]
    return (
        EARLIEST_MS <= moment <= received_at + AHEAD_MS
        and fields[layout.in_out] in _IN_OUT
        and (who > 0 if layout.by_place else _is_id(who))
    )


def _is_id(who: bytes | int) -> bool:
    try:
        user_id(who)
    except Undecodable:
        return False
    return True


def _of_place(place: int, pins: Mapping[int, str]) -> str:
    name = pins.get(place)
    if name is None:
        raise Undecodable(f"number {place} is not in the terminal's list of users")
    return name
