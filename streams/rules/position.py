"""
Rule: a person's first position of a minute. Of several pings of one minute the earliest fix counts.

Minutes begin at a second of the person's own: if all began at once, everybody's rows would come in the same seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from zlib import crc32

from schemas import codec

MINUTE_MS = 60_000
_FLOAT = {0: 1, 2: 5}  # bytes that a union of null and float takes, by its first
_BOOL = {0: 1, 2: 2}
_MOCKED = b"\x02\x01"
_FILLED = {0: False, 2: True}  # a union of null and something else
_LONGEST = 9  # bytes of a number that no sound ping reaches

Seen = Callable[[bytes, int, int, float, float, float | None, bool], bool]
"""
Employee, fix and receipt (ms UTC), latitude, longitude, accuracy, whether the phone calls it made up; False: it says
nothing to whoever looks on.
"""
_degrees = Struct("<dd").unpack_from
_metres = Struct("<f").unpack_from

_moment = lru_cache(maxsize=4096)(codec.long_bytes)


def minute_of(employee: bytes, at: int) -> int:
    """
    Start of the minute, in the person's own count, that holds a moment.

    >>> minute_of(b"a", 1_000_000), minute_of(b"a", 1_046_999), minute_of(b"a", 1_047_000)
    (987000, 987000, 1047000)
    """
    return at - (at - crc32(employee) % 60 * 1000) % MINUTE_MS


def _ends_well(value: bytes, place: int) -> bool:
    """
    Whether from ``place`` on there are a boot id, an elapsed time and an IMEI, each plain and short, and no more.

    Raises IndexError or KeyError where they are not; False and these mean: decode it.
    """
    if _FILLED[value[place]]:
        size = value[place + 1]
        begins = place + 2
        place = begins + (size >> 1)
        if size & 0x81 or not value[begins:place].isascii():
            return False
    else:
        place += 1
    if _FILLED[value[place]]:
        longest = place + _LONGEST
        place += 1
        while value[place] & 0x80:
            place += 1
        if place > longest:
            return False
    place += 1
    if _FILLED[value[place]]:
        return value[place + 1] == len(value) - place - 2 << 1 < 0x80 and value[place + 2 :].isascii()
    return place + 1 == len(value)


class Positions:
    """
    Turns pings into ``position`` rows without decoding more than it must.

    A ping of a minute whose earlier fix was written already is dropped after a look at its fix time. The memory is
    one entry per person, the minute written last: it only saves work, so that a row may come twice; whoever reads
    keeps the earliest fix (of several of one moment: the smallest bytes).

    Args:
        seen: is shown every ping that might be the first of its minute; one of which it says False keeps no other out.
    """

    __slots__ = ("_head", "_last", "_seen", "_tail")

    def __init__(self, epoch: str, seen: Seen = lambda *ping: True) -> None:
        self._seen = seen
        self._head = codec.header("position")
        data = epoch.encode()
        self._tail = codec.long_bytes(len(data)) + data
        self._last: dict[bytes, tuple[int, int, bytes]] = {}  # employee -> earliest fix, end of its minute, row

    def take(self, value: bytes) -> tuple[bytes, bytes] | None:
        """
        Key (employee id) and bytes of the row that a ping asks for; None: nothing new.

        Args:
            value: a record of today's ``ping`` schema, frame and all.

        Raises:
            InvalidFact: bytes that are no ping. Of a ping that is dropped only the beginning was looked at.

        About 1 µs when dropped, 3 µs when written. Source: PermenPANRB 4/2025 (work elsewhere on up to 2 days a
        week, shown by presence through the day).
        """
        # An id shorter than 64 bytes has its length in one byte (zigzag: twice the length); a fix between 1970-07
        # and 2039 is six bytes, all but the last with their high bit set. Anything else is read the long way.
        try:
            if value[5] & 0x81:
                return self._slowly(value)
            start = 6 + (value[5] >> 1)
            if value[start] & 0x81:
                return self._slowly(value)
            fix = start + 1 + (value[start] >> 1)
            b0, b1, b2, b3, b4, b5 = value[fix : fix + 6]
        except (IndexError, ValueError):
            return self._slowly(value)
        if b0 & 1 or b5 & 0x80 or not b0 & b1 & b2 & b3 & b4 & 0x80:
            return self._slowly(value)
        fixed = (b0 & 126 | (b1 & 127) << 7 | (b2 & 127) << 14 | (b3 & 127) << 21 | (b4 & 127) << 28 | b5 << 35) >> 1
        employee = value[6:start]
        last = self._last.get(employee)
        if last is not None and last[0] < fixed < last[1]:
            return None
        try:
            accuracy = fix + 22  # behind fix time, latitude, longitude
            speed = accuracy + _FLOAT[value[accuracy]]
            mock = speed + _FLOAT[value[speed]]
            battery = mock + _BOOL[value[mock]]
            received = battery + _FLOAT[value[battery]]
            end = received
            while value[end] & 0x80:
                end += 1
            if not _ends_well(value, end + 1):
                return self._slowly(value)
        except (IndexError, KeyError):
            return self._slowly(value)
        metres = _metres(value, accuracy + 1)[0] if value[accuracy] else None
        lat, lon = _degrees(value, fix + 6)
        mocked = value[mock : mock + 2] == _MOCKED
        counts = self._seen(employee, fixed, _long(value, received), lat, lon, metres, mocked)
        rest = value[fix:speed] + value[mock:battery] + self._tail
        return self._write(employee, fixed, value[5:start], rest, last, counts)

    def _slowly(self, value: bytes) -> tuple[bytes, bytes] | None:
        _, ping = codec.decode(value)
        fixed = ping["fixed_at"]
        kept = {name: ping[name] for name in ("employee_id", "fixed_at", "lat", "lon", "accuracy_m", "mock")}
        row = codec.encode("position", kept | {"minute_at": 0, "epoch": ""})
        employee = ping["employee_id"].encode()
        head = codec.long_bytes(len(employee)) + employee
        rest = row[codec.HEADER + len(head) + 1 : -1] + self._tail
        place = ping["lat"], ping["lon"], ping["accuracy_m"]
        counts = self._seen(employee, fixed, ping["received_at"], *place, bool(ping["mock"]))
        return self._write(employee, fixed, head, rest, self._last.get(employee), counts)

    def _write(
        self, employee: bytes, fixed: int, head: bytes, rest: bytes, last: tuple[int, int, bytes] | None, counts: bool
    ) -> tuple[bytes, bytes] | None:
        starts = minute_of(employee, fixed)
        ends = starts + MINUTE_MS
        if last is not None and last[1] == ends and (last[0], last[2]) <= (fixed, rest):
            return None
        if counts:
            self._last[employee] = (fixed, ends, rest)
        return employee, self._head + head + _moment(starts) + rest

    def __len__(self) -> int:
        """People remembered."""
        return len(self._last)


def _long(value: bytes, at: int) -> int:
    """The Avro long that begins there."""
    number = shift = 0
    while True:
        byte = value[at]
        number |= (byte & 127) << shift
        if byte < 128:
            return (number >> 1) ^ -(number & 1)
        at, shift = at + 1, shift + 7
