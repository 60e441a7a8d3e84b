"""What a simulated ZK terminal remembers: people and marks, in the record layouts of the models that it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from producers.simulator.zk.wire import u16, u32

RECORD_BYTES = (8, 16, 40, 49)
"""Sizes of a record; 49 is a model whose layout nobody has written down."""
ID_BYTES = {10: 2, 12: 4, 14: 2, 32: 24, 36: 24, 37: 24, 52: 24}
"""Length of a pushed event -> bytes in which it names the person."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the terminal knows: ``place`` in its list (from 1), ``user_id`` that people know."""

    place: int
    user_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One punch. ``stamp``: the terminal's time as it stores it, which may be a date that no calendar has."""

    person: Person
    stamp: int
    verify: int = 1
    state: int = 0
    work: int = 0


def stamp(year: int, month: int, day: int, second: int = 0) -> int:
    """
    A stored time; nothing keeps a broken terminal from 30 February.

    >>> stamp(2000, 1, 2, 3)
    86403
    """
    return ((year % 100) * 372 + (month - 1) * 31 + day - 1) * DAY_S + second


def stamp_of(wall_ms: int) -> int:
    """The stored form of a wall clock, milliseconds as if UTC."""
    at = datetime.fromtimestamp(wall_ms // 1000, UTC)
    return stamp(at.year, at.month, at.day, wall_ms // 1000 % DAY_S)


def wall_of(stored: int) -> int:
    """A stored time as milliseconds as if UTC. Raises ValueError for a date that no calendar has."""
    year, month, day, hour, minute, second = _parts(stored)
    return int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000


def _parts(stored: int) -> tuple[int, int, int, int, int, int]:
    days, second = divmod(stored, DAY_S)
    year, rest = divmod(days, 372)
    return year, rest // 31 + 1, rest % 31 + 1, second // 3600, second // 60 % 60, second % 60


def record(mark: Mark, size: int) -> bytes:
    """A mark as a terminal of this record size keeps it."""
    who, codes = mark.person, (bytes((mark.verify,)), bytes((mark.state,)))
    if size == 8:
        return u16(who.place) + codes[0] + u32(mark.stamp) + codes[1]
    if size == 16:
        return u32(int(who.user_id)) + u32(mark.stamp) + codes[0] + codes[1] + b"\0\0" + u32(mark.work)
    known = u16(who.place) + who.user_id.encode("ascii").ljust(24, b"\0") + codes[0] + u32(mark.stamp) + codes[1]
    return known.ljust(size, b"\0")


def user(person: Person, size: int) -> bytes:
    """A person as the list of users has them: 28 bytes where ids are numbers, 72 where they are text."""
    name = person.name.encode("ascii", "replace")
    if size == 28:
        head = u16(person.place) + b"\0" + bytes(5) + name[:8].ljust(8, b"\0") + u32(0) + b"\0\1" + u16(0)
        return head + u32(int(person.user_id))
    head = u16(person.place) + b"\0" + bytes(8) + name[:24].ljust(24, b"\0") + u32(0) + b"\x001"
    return head.ljust(48, b"\0") + person.user_id.encode("ascii").ljust(24, b"\0")


def event(mark: Mark, size: int) -> bytes:
    """A mark as it is pushed, in one of the known lengths."""
    wide = ID_BYTES[size]
    who = mark.person.user_id
    name = who.encode("ascii").ljust(wide, b"\0") if wide == 24 else int(who).to_bytes(wide, "little")
    return (name + bytes((mark.verify, mark.state, *_parts(mark.stamp)))).ljust(size, b"\0")


def memory(records: Sequence[bytes]) -> bytes:
    """A bulk buffer: how many bytes follow, and they."""
    body = b"".join(records)
    return u32(len(body)) + body


def make_people(count: int) -> list[Person]:
    """Made-up people; places in the list and ids that people know are far apart, as on a terminal after some years."""
    return [Person(place, str(1000 + place * 7), f"Pegawai {place}") for place in range(1, count + 1)]


def make_marks(people: Sequence[Person], count: int, until_ms: int, every_s: int = 20) -> list[Mark]:
    """Made-up marks up to a wall clock, ``every_s`` seconds apart, people by turns; in, then out, then in ..."""
    marks = []
    for at in range(count):
        moment = until_ms - (count - at) * every_s * 1000
        marks.append(Mark(people[at % len(people)], stamp_of(moment), 1, at // len(people) % 2))
    return marks
