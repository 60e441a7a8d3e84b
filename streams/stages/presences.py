"""
The part of ``judge`` that keeps where phones were and says it, a row a person and date (decision 0009).

State keys: ``m`` the fixes of a person and hour, ``y`` those of a day that is over, packed, ``w`` the digest of the row
as last judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import places
from streams.folds.links import EARLY_MS, STALE_MS
from streams.folds.zones import sane, wall_of
from streams.rules.day import Plan
from streams.rules.presence import Presence, circle, presence
from streams.stages import rows
from streams.stages.memory import Memory, state_key
from streams.stages.stays import KEPT_DAYS, NEAR, Sight, Stay, Stays

KEYS = (b"m", b"y", b"w")
LIVELY_DAYS = 2  # fixes older than this behind the horizon are kept packed

_key = msgspec.msgpack.Decoder(tuple[str, int]).decode
_circle = lru_cache(maxsize=4096)(circle)


class Presences:
    """Sees pings, and looks at dates when the agenda says so."""

    def __init__(self, memory: Memory, stays: Stays, epoch: str, partition: int) -> None:
        self._memory = memory
        self._stays = stays
        self._tail = rows.tail(epoch, partition)
        self._header = codec.header("presence")
        self._lively: dict[int, dict[Stay, None]] = {}  # day -> who has it unpacked
        self._hours: set[tuple[Stay, int]] = set()  # hours, packed days and rows that changed since the checkpoint
        self._days: set[tuple[Stay, int]] = set()
        self._rows: set[tuple[Stay, int]] = set()
        self._gone: list[bytes] = []

    # -- in -----------------------------------------------------------------------------------------------------

    def see(
        self, employee: bytes, at: int, received: int, lat: float, lon: float, accuracy_m: float | None, mock: bool
    ) -> bool:
        """
        A ping that may represent its minute.

        Returns:
            False: it can't, whatever else comes: nowhere on earth, or of a clock that is far off.

        Raises:
            InvalidFact: an employee id that is no text.
        """
        if not -EARLY_MS <= received - at <= STALE_MS or not sane(at):
            return False
        stay = self._stays.find(employee)
        if stay is None:
            try:
                stay = self._stays.of(self._memory.person(employee.decode()))
            except UnicodeDecodeError:
                raise InvalidFact("ping: employee_id is no text") from None
        fix = places.fix(at, lat, lon, accuracy_m, mock, stay.second)
        if fix is None:
            return False
        day, record = fix
        if day < self._stays.oldest:
            return False
        counts, old = places.put(stay.days, day, record)
        if not counts:
            return True
        if isinstance(stay.days[day], bytes):
            self._days.add((stay, day))
        else:
            self._lively.setdefault(day, {})[stay] = None
            self._hours.add((stay, day * 24 + (record[0] << 8 | record[1]) // 60))
        moments = (at,) if old is None else (at, places.moment(day, old, stay.second))
        self._stays.touch(stay, *moments)
        return True

    def rest(self, today: int) -> None:
        """A night has come: pack what is over, let go of what is long over."""
        for day in [d for d in self._lively if d < today - LIVELY_DAYS]:
            for stay in self._lively.pop(day):
                held = stay.days.get(day)
                if isinstance(held, bytearray):
                    self._gone += [self._hour_key(stay, day * 24 + hour) for hour in places.hours(held)]
                    self._hours -= {(stay, day * 24 + hour) for hour in range(24)}
                    stay.days[day] = places.pack(held)
                    self._days.add((stay, day))
        oldest = today - KEPT_DAYS
        for stay in self._stays:
            for day in [d for d in stay.days if d < oldest]:
                del stay.days[day]
                self._days.add((stay, day))
            for day in [d for d in stay.rows if d < oldest - NEAR]:
                del stay.rows[day]
                self._rows.add((stay, day))

    # -- out ----------------------------------------------------------------------------------------------------

    def look(self, stay: Stay, day: int, sight: Sight | None, touches: int) -> bytes | None:
        """
        The row of a person's date but for its version, unless it is what was written and one record touched it.

        Args:
            day: of an open month, not older than fixes are kept.
            touches: how many records may have touched it since it was looked at last.
        """
        body = None if sight is None else self._body(stay, day, sight)
        if body is None:
            # in between there may have been a row only if there was a circle, and a fix that was near
            between = touches > 1 and bool(self._memory.world.geofences)
            between = between and places.covers(stay.days, range(day - NEAR, day + NEAR + 1))
            if stay.rows.pop(day, None) is not None:
                self._rows.add((stay, day))
            elif not between:
                return None
            return self._header + withdrawal(stay.person.text, day, self._tail)
        digest = rows.digest(body)
        same = stay.rows.get(day) == digest
        if not same:
            stay.rows[day] = digest
            self._rows.add((stay, day))
        return None if same and touches == 1 else self._header + body

    def _body(self, stay: Stay, day: int, sight: Sight) -> bytes | None:
        due, until, fixes = sight
        circles = self._memory.world.circles(due.unit_id, day)
        if not circles or not fixes:
            return None
        ahead_s = (wall_of(due.start, due.zone) - due.start) // 1000
        said = presence(fixes, [_circle(c) for c in circles], due.start // 1000, until // 1000, ahead_s, due.limits)
        offsets = sorted(c.offset for c in circles)
        return row(stay.person.text, day, due, until, said, len(fixes), offsets, self._tail)

    # -- put away and taken up ----------------------------------------------------------------------------------

    @staticmethod
    def _hour_key(stay: Stay, hour: int) -> bytes:
        return state_key(b"m", stay.person.id, hour)

    def changed(self) -> Iterator[tuple[bytes, bytes | None]]:
        """What changed since the last call."""
        for key in self._gone:
            yield key, None
        self._gone.clear()
        for stay, hour in self._hours:
            held = stay.days[hour // 24]
            assert isinstance(held, bytearray)
            yield self._hour_key(stay, hour), places.hour(held, hour % 24)
        self._hours.clear()
        for stay, day in self._days:
            packed = stay.days.get(day)
            yield state_key(b"y", stay.person.id, day), None if packed is None else places.pack(packed)
        self._days.clear()
        for stay, day in self._rows:
            digest = stay.rows.get(day)
            yield state_key(b"w", stay.person.id, day), None if digest is None else digest.to_bytes(8, "big")
        self._rows.clear()

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        employee_id, number = _key(key[1:])
        stay = self._stays.of(self._memory.person(employee_id))
        if key[:1] == b"w":
            stay.rows[number] = int.from_bytes(value, "big")
        elif key[:1] == b"y":
            stay.days[number] = value
        else:
            day = number // 24
            held = stay.days.setdefault(day, bytearray())
            assert isinstance(held, bytearray)
            places.join(held, value)
            self._lively.setdefault(day, {})[stay] = None


def row(
    employee: bytes, day: int, due: Plan, until: int, said: Presence, pings: int, circles: list[int], tail: bytes
) -> bytes:
    """
    Body of a ``presence`` without its last field, ``version``.

    Args:
        employee: the employee id as an Avro string.
        until: ms UTC.
        circles: their ``reference`` offsets.
        tail: epoch and partition, encoded.
    """
    number = codec.long_bytes
    parts = [employee, rows.moment(day), rows.text(due.unit_id), rows.moment(due.start), rows.moment(due.end)]
    parts += map(number, (until, *said.seconds, pings, len(said.windows)))
    for window in said.windows:
        parts += (number(window.start * 1000), number(window.end * 1000), rows.text(window.place))
    parts += (b"\0", number(len(said.hours)))
    for start, *seconds in said.hours:
        parts += (rows.moment(start * 1000), *map(number, seconds))
    parts += (
        b"\0",
        number(len(circles)),
        *map(rows.moment, circles),
        b"\0",
        rows.moment(due.policy_offset),
        b"\0",
        tail,
    )
    return b"".join(parts)


def withdrawal(employee: bytes, day: int, tail: bytes) -> bytes:
    """Body of the row that takes back one shown earlier."""
    # no unit, three moments, three sums, no pings; no windows, hours and circles; policy -1; withdrawn
    return b"".join((employee, rows.moment(day), b"\0" * (1 + 3 + 3 + 1), b"\0\0\0", b"\1", b"\1", tail))
