"""
Where a person's phone was: of each minute the fix that represents it, by the day that holds it.

Minutes and days begin at a second of the person's own (``second_of``), as those of ``position`` do. A minute's fix is
14 bytes, big endian: minute of the day, millisecond of the minute, latitude and longitude in millionths of a degree
(11 cm) from the south pole and from 180° west, accuracy in whole metres rounded up with the phone's word that the
position is made up as its highest bit. As bytes they sort by time, and of one minute the smallest represents: the
earliest fix, then the southernmost and so on, never the first to arrive. A day
is a growing ``bytearray`` in order of time while it is lively and packed ``bytes`` afterwards; both read the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from math import ceil
from struct import Struct

MINUTE_MS = 60_000
QUARTER_S = 900
DAY_S = 86_400
UNKNOWN_M = 0x7FFF  # accuracy that was not said
_MOCK = 0x8000

_FIX = Struct(">HHIIH")
SIZE = _FIX.size

Fix = tuple[int, int, int, int, bool]
"""
Whole second UTC; latitude and longitude in millionths of a degree; accuracy in metres, ``UNKNOWN_M``: not said; whether
the phone called the position made up.
"""
Days = dict[int, bytearray | bytes]


def second_of(checksum: int) -> int:
    """
    Second of the quarter of an hour at which a person's own quarters begin, and with them his minutes and days.

    Args:
        checksum: CRC-32 of the employee id.
    """
    return checksum % QUARTER_S


def fix(at: int, lat: float, lon: float, accuracy_m: float | None, mock: bool, second: int) -> tuple[int, bytes] | None:
    """
    The day and the 14 bytes of a fix; None: nowhere on earth.

    Args:
        at: moment of the fix, ms UTC, not before 1970.
        accuracy_m: metres; None, 0 (as some clients say it), less or NaN: unknown.
        mock: the phone calls the position made up.
        second: the person's own.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    minutes, ms = divmod(at - second * 1000, MINUTE_MS)
    day, minute = divmod(minutes, 1440)
    metres = ceil(accuracy_m) if accuracy_m is not None and 0 < accuracy_m < UNKNOWN_M else UNKNOWN_M
    if mock:
        metres |= _MOCK
    return day, _FIX.pack(minute, ms, round((lat + 90) * 1e6), round((lon + 180) * 1e6), metres)


def moment(day: int, record: bytes, second: int) -> int:
    """Moment of a fix, ms UTC."""
    return (
        (day * DAY_S + second) * 1000
        + int.from_bytes(record[:2], "big") * MINUTE_MS
        + int.from_bytes(record[2:4], "big")
    )


def put(days: Days, day: int, record: bytes) -> tuple[bool, bytes | None]:
    """
    Take a fix in, in place.

    Returns:
        whether it represents its minute now, and what it replaced.
    """
    held = days.get(day)
    if held is None:
        days[day] = bytearray(record)
        return True, None
    if isinstance(held, bytes):
        opened: Days = {day: _opened(held)}
        counts, old = put(opened, day, record)
        if counts:
            days[day] = pack(opened[day])
        return counts, old
    minute = record[:2]
    if minute > held[-SIZE : 2 - SIZE]:
        held += record
        return True, None
    at = _bisect(held, minute)
    if held[at : at + 2] != minute:
        held[at:at] = record
        return True, None
    old = bytes(held[at : at + SIZE])
    if old <= record:
        return False, old
    held[at : at + SIZE] = record
    return True, old


def _bisect(held: bytes | bytearray, prefix: bytes) -> int:
    """Place of the first fix that does not sort before ``prefix``."""
    low, high, size = 0, len(held) // SIZE, len(prefix)
    while low < high:
        middle = (low + high) // 2
        if held[middle * SIZE : middle * SIZE + size] < prefix:
            low = middle + 1
        else:
            high = middle
    return low * SIZE


def between(days: Days, first_s: int, end_s: int, second: int) -> list[Fix]:
    """Fixes with ``first_s <= at < end_s`` (whole seconds UTC), in order of time; packed days stay packed."""
    found: list[Fix] = []
    for day in range((first_s - second) // DAY_S, (end_s - 1 - second) // DAY_S + 1):
        held = days.get(day)
        if held is None:
            continue
        if isinstance(held, bytes):
            held = _opened(held)
        begin = day * DAY_S + second
        low, high = (_bisect(held, _edge(edge - begin)) for edge in (first_s, end_s))
        found += [
            (begin + minute * 60 + ms // 1000, lat - 90_000_000, lon - 180_000_000, metres & UNKNOWN_M, metres >= _MOCK)
            for minute, ms, lat, lon, metres in _FIX.iter_unpack(held[low:high])
        ]
    return found


def _edge(second_of_day: int) -> bytes:
    """What sorts before every fix of that second and behind those before it."""
    minute, second = divmod(min(max(second_of_day, 0), DAY_S), 60)
    return minute.to_bytes(2, "big") + (second * 1000).to_bytes(2, "big")


def hour(held: bytearray, number: int) -> bytes:
    """The fixes of one hour of a lively day, 0 to 23."""
    low, high = (_bisect(held, (number * 60 + edge).to_bytes(2, "big")) for edge in (0, 60))
    return bytes(held[low:high])


def hours(held: bytearray | bytes) -> set[int]:
    """Hours of a day that hold a fix."""
    opened = _opened(held) if isinstance(held, bytes) else held
    return {int.from_bytes(opened[at : at + 2], "big") // 60 for at in range(0, len(opened), SIZE)}


def join(held: bytearray, more: bytes) -> None:
    """Put the fixes of an hour back among those of other hours."""
    at = _bisect(held, more[:2])
    held[at:at] = more


def pack(held: bytearray | bytes) -> bytes:
    """A day as bytes: column by column, compressed; about 5 bytes a fix of a phone that lies on a desk."""
    if isinstance(held, bytes):
        return held
    return zlib.compress(b"".join([held[column::SIZE] for column in range(SIZE)]), 6)


def _opened(packed: bytes) -> bytearray:
    columns = zlib.decompress(packed)
    count = len(columns) // SIZE
    out = bytearray(len(columns))
    for column in range(SIZE):
        out[column::SIZE] = columns[column * count : (column + 1) * count]
    return out


def covers(days: Days, numbers: Iterable[int]) -> bool:
    """Whether one of these days holds a fix."""
    return any(number in days for number in numbers)
