"""
The part of ``judge`` that says what the rules of manipulation find, a row a person and date (decision 0010).

State keys: ``s`` what others used as well on a date, ``f`` the digest of the row as last judged where a flag stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import Any

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import punches as punch_fold
from streams.folds.references import Geofence, in_force
from streams.rules.evidence import Circle, Punched, Shared, Trace, around
from streams.rules.manipulation import Flag, flags
from streams.rules.shared_phone import SCORES
from streams.stages import rows
from streams.stages.memory import Memory, state_key
from streams.stages.stays import KEPT_DAYS, NEAR, Sight, Stay, Stays

KEYS = (b"s", b"f")

_double = Struct("<d").pack
_key = msgspec.msgpack.Decoder(tuple[str, int]).decode
_shared = msgspec.msgpack.Decoder(list[tuple[str, str, int, tuple[str, ...]]]).decode
_pack = msgspec.msgpack.encode


class Flags:
    """Hears suspicions, and looks at dates when the agenda says so."""

    def __init__(self, memory: Memory, stays: Stays, epoch: str, partition: int) -> None:
        self._memory = memory
        self._stays = stays
        self._tail = rows.tail(epoch, partition)
        self._header = codec.header("flag")
        self._heard: set[tuple[Stay, int]] = set()  # what changed since the checkpoint
        self._rows: set[tuple[Stay, int]] = set()

    # -- in -----------------------------------------------------------------------------------------------------

    def hear(self, suspicion: dict[str, Any]) -> Stay | None:
        """
        Others used what a person used on a date.

        Returns:
            whose; None: an older or the same word, or of a date that is no longer looked at.

        Raises:
            InvalidFact: of a kind that no rule knows.
        """
        day, thing = suspicion["day"], (suspicion["kind"], suspicion["value"])
        if thing[0] not in SCORES:
            raise InvalidFact("suspicion of an unknown kind")
        if day < self._stays.oldest + NEAR:
            return None
        stay = self._stays.of(self._memory.person(suspicion["employee_id"]))
        held = stay.shared.setdefault(day, {})
        version, others = suspicion["version"], tuple(suspicion["others"])
        if thing in held and held[thing][0] >= version:
            return None
        held[thing] = version, others
        self._heard.add((stay, day))
        return stay

    def rest(self, today: int) -> None:
        """A night has come: let go of what is long over."""
        oldest = today - KEPT_DAYS - NEAR
        for stay in self._stays:
            for day in [d for d in stay.shared if d < oldest]:
                del stay.shared[day]
                self._heard.add((stay, day))
            for day in [d for d in stay.flags if d < oldest]:
                del stay.flags[day]
                self._rows.add((stay, day))

    # -- out ----------------------------------------------------------------------------------------------------

    def look(self, stay: Stay, day: int, sight: Sight | None, touches: int) -> bytes | None:
        """
        The row of a person's date but for its version, unless it is what was written and one record touched it.

        Nothing found is a row as well: where two records touched the date a flag may have stood in between.

        Args:
            day: of an open month, not older than fixes are kept.
            touches: how many records may have touched it since it was looked at last.
        """
        found = [] if sight is None else flags(stay.person.id, day, self._trace(stay, day, sight))
        before = stay.flags.get(day)
        if not found:
            if before is not None:
                del stay.flags[day]
                self._rows.add((stay, day))
            elif touches == 1:
                return None
            return self._header + row(stay.person.text, day, sight, [], self._tail)
        body = row(stay.person.text, day, sight, found, self._tail)
        digest = rows.digest(body)
        if digest != before:
            stay.flags[day] = digest
            self._rows.add((stay, day))
        elif touches == 1:
            return None
        return self._header + body

    def _trace(self, stay: Stay, day: int, sight: Sight) -> Trace:
        shared = [
            Shared(kind, value, others) for (kind, value), (_, others) in stay.shared.get(day, {}).items() if others
        ]
        punches = self._punches(stay, day, sight) if sight.fixes else ()
        return Trace(sight.fixes, punches, shared, sight.due.limits)

    def _punches(self, stay: Stay, day: int, sight: Sight) -> list[Punched]:
        """At terminals whose unit has a place; in order of time and terminal."""
        world, found = self._memory.world, []
        for punch in punch_fold.between(stay.person.punches, sight.due.in_opens, sight.until - 1):
            device = in_force(world.devices.get(punch.device_id, ()), day)
            circles = () if device is None else world.circles(device.unit_id, day)
            if circles:
                place = _around(circles)
                found.append(Punched(punch.occurred_at // 1000, *place, False, punch.device_id))
        return found

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterator[tuple[bytes, bytes | None]]:
        """What changed since the last call."""
        for stay, day in self._heard:
            held = stay.shared.get(day)
            told = None if held is None else [(*thing, *said) for thing, said in held.items()]
            yield state_key(b"s", stay.person.id, day), None if told is None else _pack(told)
        self._heard.clear()
        for stay, day in self._rows:
            digest = stay.flags.get(day)
            yield state_key(b"f", stay.person.id, day), None if digest is None else digest.to_bytes(8, "big")
        self._rows.clear()

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        employee_id, day = _key(key[1:])
        stay = self._stays.of(self._memory.person(employee_id))
        if key[:1] == b"f":
            stay.flags[day] = int.from_bytes(value, "big")
        else:
            stay.shared[day] = {(kind, name): (version, others) for kind, name, version, others in _shared(value)}


@lru_cache(maxsize=4096)
def _around(circles: tuple[Geofence, ...]) -> Circle:
    return around([(round(c.lat * 1e6), round(c.lon * 1e6), c.radius_m) for c in circles])


def row(employee: bytes, day: int, sight: Sight | None, found: list[Flag], tail: bytes) -> bytes:
    """
    Body of a ``flag`` without its last field, ``version``.

    Args:
        employee: the employee id as an Avro string.
        tail: epoch and partition, encoded.
    """
    parts = [employee, rows.moment(day)]
    if sight is None:
        parts.append(b"\0\0\1")  # no unit, no moment, policy -1
    else:
        due, until = sight.due, codec.long_bytes(sight.until)
        parts += (rows.text(due.unit_id), until, rows.moment(due.policy_offset))
    if found:
        parts.append(codec.long_bytes(len(found)))
    for flag in found:
        evidence = flag.finding.evidence
        parts += (
            codec.string_bytes(flag.id),
            rows.text(flag.rule),
            rows.moment(flag.rule_version),
            _double(flag.finding.score),
        )
        if evidence:
            parts.append(codec.long_bytes(len(evidence)))
        for name, value in evidence.items():
            parts += (rows.text(name), codec.string_bytes(value))
        parts.append(b"\0")
    parts += (b"\0", tail)
    return b"".join(parts)
