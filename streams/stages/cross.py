"""
``cross``: one partition of ``link`` -> ``staff_log``. Keyed by a thing, a phone or a photo: here all who used it meet.

What it says of a person, thing and date is a function of the set of those who used it on that date. State key ``l``:
kind, value and date -> who.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from sys import intern
from typing import Any

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from schemas.topics import partition_of
from streams.rules.shared_phone import MANY, SCORES
from streams.stages.base import AtOnce, Emission, Record, Reject

KEPT_DAYS = 40  # dates further behind the last one are forgotten: presence and flags don't look so far back either

_pack = msgspec.msgpack.encode
_key = msgspec.msgpack.Decoder(tuple[str, str, int]).decode
_people = msgspec.msgpack.Decoder(list[str]).decode

Thing = tuple[str, str, int]
"""Kind, value, date."""


class Cross(AtOnce):
    """See ``streams.stages.base.Stage``; ``partition`` of ``partitions``."""

    stateful = True

    def __init__(self, partition: int, partitions: int) -> None:
        super().__init__()
        self.partition = partition
        self._partitions = partitions
        self._things: dict[int, dict[tuple[str, str], list[str]]] = {}  # by date; people in order
        self._changed: set[Thing] = set()
        self._gone: list[Thing] = []

    # -- in -----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no link of a known kind."""
        rejects = []
        for record in records:
            try:
                name, content = codec.decode(record.value)
                if name != "link" or content["kind"] not in SCORES:
                    raise InvalidFact(f"{name} has no place in link")
                self._take(content, record.offset)
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
        return rejects

    def _take(self, link: dict[str, Any], version: int) -> None:
        day = link["day"]
        newest = max(self._things, default=day)
        if day < newest - KEPT_DAYS:
            return
        if day > newest:
            self._forget(day - KEPT_DAYS)
        things = self._things.setdefault(day, {})
        people = things.setdefault((link["kind"], link["value"]), [])
        employee_id = link["employee_id"]
        if employee_id in people or len(people) > MANY:
            return
        people.append(intern(employee_id))
        people.sort()
        self._changed.add((link["kind"], link["value"], day))
        if len(people) > MANY:
            self._say(link, [person for person in people if person != employee_id], (), version)
        elif len(people) > 1:
            self._say(link, people, people, version)

    def _forget(self, before: int) -> None:
        for day in [day for day in self._things if day < before]:
            self._gone += [(kind, value, day) for kind, value in self._things.pop(day)]

    # -- out ----------------------------------------------------------------------------------------------------

    def _say(self, link: dict[str, Any], to: Iterable[str], of: Sequence[str], version: int) -> None:
        """To each of ``to`` those ``of`` whom he is not."""
        for employee_id in to:
            suspicion = {
                "employee_id": employee_id,
                "day": link["day"],
                "kind": link["kind"],
                "value": link["value"],
                "others": [person for person in of if person != employee_id],
                "version": version,
            }
            key = employee_id.encode()
            value = codec.encode("suspicion", suspicion)
            self._out.append(Emission("staff_log", partition_of(key, self._partitions), key, value))

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterator[tuple[bytes, bytes | None]]:
        """What changed since the last call."""
        for thing in self._gone:
            yield b"l" + _pack(thing), None
        self._changed -= set(self._gone)
        for kind, value, day in self._changed:
            yield b"l" + _pack((kind, value, day)), _pack(self._things[day][kind, value])
        self._gone.clear()
        self._changed.clear()

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        kind, name, day = _key(key[1:])
        self._things.setdefault(day, {})[kind, name] = [intern(person) for person in _people(value)]

    def restored(self, head: int) -> None:
        """Nothing has to be rebuilt."""
