"""Local wall clock <-> UTC, by IANA zone. Moments and wall clocks are milliseconds, the latter encoded as if UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from hadir.errors import InvalidFact

DAY_MS = 86_400_000
QUARTER_MS = 900_000  # no zone in use since 1970 changes its offset within a quarter of an hour
EARLIEST_MS = 946_684_800_000  # 2000-01-01: no terminal is older
LATEST_MS = 4_102_444_800_000  # 2100-01-01
WIDEST_MS = 14 * 3_600_000  # no zone is further from UTC than this, either way

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clocks are naive here, on purpose


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """
    The zone of that name.

    Raises:
        InvalidFact: no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidFact("unknown time zone") from error


@lru_cache(maxsize=65_536)
def _offset_at_wall(quarter: int, name: str) -> int:
    wall = (_EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)).replace(tzinfo=zone(name))
    offset = wall.utcoffset()
    assert offset is not None
    return int(offset.total_seconds() * 1000)


@lru_cache(maxsize=65_536)
def _offset_at_utc(quarter: int, name: str) -> int:
    moment = (_EPOCH + timedelta(milliseconds=quarter * QUARTER_MS)).replace(tzinfo=UTC)
    offset = moment.astimezone(zone(name)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() * 1000)


def utc_of(wall_ms: int, name: str) -> int:
    """
    UTC of a wall clock in a zone; of a wall time that comes twice the first, one that never comes as if not shifted.

    >>> utc_of(7 * 3_600_000, "Asia/Jakarta")
    0
    """
    return wall_ms - _offset_at_wall(wall_ms // QUARTER_MS, name)


def wall_of(utc_ms: int, name: str) -> int:
    """
    Wall clock in a zone at a moment.

    >>> wall_of(0, "Asia/Jayapura") // 3_600_000
    9
    """
    return utc_ms + _offset_at_utc(utc_ms // QUARTER_MS, name)


def sane(wall_ms: int) -> bool:
    """Whether a wall clock lies between 2000 and 2100: beyond that no calendar arithmetic is tried."""
    return EARLIEST_MS <= wall_ms < LATEST_MS
