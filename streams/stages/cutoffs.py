"""
What one partition of ``judge`` knows of those whom each unit awaits at a cutoff, said at barriers.

A partition speaks of units of which it has people; for all others the barrier behind what it says stands in: whatever
it has to say of cutoffs until then stands before it in the same log. What it says of a unit at a version is a function
of its log up to there, because it speaks only when nothing waits to be judged; which versions it speaks at is not, as
with rows of attendance, and as with those a unit that was touched twice since is spoken of again even if nothing seems
to have changed: another owner may have said something in between.

Only which cutoffs there are is put away (state key ``c``): one that has lost its last person has that to say. After a
restore everything is counted anew and said again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas import codec
from schemas.topics import partition_of
from streams.folds.horizon import Horizon
from streams.rules.attendance import Judgement, Terminal
from streams.rules.cutoff import SPOKEN_OF_MS, late_at_cutoff
from streams.rules.day import Plan
from streams.stages.base import Emission, Step
from streams.stages.person import COUNT

SOURCE = "staff_log"
Key = tuple[str, int, int]  # unit, work date, cutoff
Late = tuple[str, tuple[Terminal, ...]]  # state, terminals that keep it undetermined

STATE = b"c"
_pack = msgspec.msgpack.encode
_key = msgspec.msgpack.Decoder(tuple[str, int, int]).decode
_place = msgspec.msgpack.Decoder(tuple[str, str]).decode

TWICE = 2  # touches after which something else may have been said in between


class Tally:
    """Those who are due at one cutoff: how many by state, and who had not arrived by it."""

    __slots__ = ("counts", "late", "mode", "said", "touches", "zone")

    def __init__(self, mode: str, zone: str) -> None:
        self.mode = mode
        self.zone = zone
        self.counts: dict[str, int] = {}
        self.late: dict[str, Late] = {}
        self.said: dict[str, Any] = {}
        self.touches = TWICE

    def content(self) -> dict[str, Any]:
        """What there is to say, in a fixed order."""
        hang: dict[Terminal, int] = {}
        for _, missing in self.late.values():
            for terminal in missing:
                hang[terminal] = hang.get(terminal, 0) + 1
        return {
            "unit_mode": self.mode,
            "timezone": self.zone,
            "counts": {state: self.counts[state] for state in sorted(self.counts)},
            "people": [{"employee_id": who, "state": self.late[who][0]} for who in sorted(self.late)],
            "missing": [
                {
                    "device_id": terminal.device_id,
                    "silent_since": terminal.silent_since,
                    "delivered_through": terminal.delivered_through,
                    "people": hang[terminal],
                }
                for terminal in sorted(hang, key=lambda t: (t.device_id, t.settled))
            ],
        }


class Cutoffs:
    """Tallies of the cutoffs that are still spoken of; ``epoch`` of the code."""

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        self._partition = partition
        self._partitions = partitions
        self._epoch = epoch
        self._tallies: dict[Key, Tally] = {}
        self._places: dict[int, dict[str, tuple[Key, str]]] = {}  # work date -> employee -> where he counts, as what
        self._moved = False
        self._unstored: set[Key] = set()  # came or went since they were put away last

    def barrier(self) -> None:
        """The horizon moved: when nothing waits any more it is time to speak."""
        self._moved = True

    def note(self, who: str, day: int, due: Plan | None, judged: Judgement | None, weight: int, at: int) -> None:
        """
        Take in how somebody's date was judged.

        Args:
            due, judged: None: not on the roster there, or not begun.
            weight: how many records touched the date since it was judged last (``person.COUNT``).
            at: the horizon.
        """
        counted = self._places.get(day)
        was = None if counted is None else counted.get(who)
        if due is None or judged is None or due.state or due.cutoff + SPOKEN_OF_MS <= at:
            if was is not None and counted is not None:
                del counted[who]
                self._drop(who, was, weight)
            return
        key = (due.unit_id, day, due.cutoff)
        if was is not None and was[0] != key:
            self._drop(who, was, weight)
            was = None
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally(due.mode, due.zone)
            self._unstored.add(key)
        state = judged.state
        if was is None or was[1] != state:
            if was is not None:
                self._less(tally, was[1])
            tally.counts[state] = tally.counts.get(state, 0) + 1
            if counted is None:
                counted = self._places[day] = {}
            counted[who] = key, state
        tally.mode, tally.zone = due.mode, due.zone
        if late_at_cutoff(due, judged):
            tally.late[who] = state, judged.missing
        else:
            tally.late.pop(who, None)
        tally.touches += weight & COUNT

    def _drop(self, who: str, was: tuple[Key, str], weight: int) -> None:
        tally = self._tallies.get(was[0])
        if tally is not None:
            self._less(tally, was[1])
            tally.late.pop(who, None)
            tally.touches += weight & COUNT

    @staticmethod
    def _less(tally: Tally, state: str) -> None:
        left = tally.counts[state] - 1
        if left:
            tally.counts[state] = left
        else:
            del tally.counts[state]

    def speak(self, horizon: Horizon | None, version: int) -> list[Step]:
        """
        What is to be said at a horizon that has moved, and behind it the barrier for every partition of ``cutoff``.

        Only to be called when nothing waits to be judged.

        Args:
            version: offset of the last record folded.
        """
        if not self._moved or horizon is None:
            return []
        self._moved = False
        out: list[Step] = []
        for key, tally in list(self._tallies.items()):
            cutoff = key[2]
            if cutoff + SPOKEN_OF_MS <= horizon.at:
                del self._tallies[key]
                self._unstored.add(key)
            elif cutoff <= horizon.at and tally.touches:
                content = tally.content()
                if tally.touches >= TWICE or content != tally.said:
                    out.append(self._said(key, content, horizon.at, version))
                    tally.said = content
                tally.touches = 0
        alive = {day for _, day, _ in self._tallies}
        for day in [day for day in self._places if day not in alive]:
            del self._places[day]
        mark = {
            "source": SOURCE,
            "source_partition": self._partition,
            "at": horizon.at,
            "tick_offset": horizon.tick_offset,
        }
        name, value = codec.identity_key("barrier", mark), codec.encode("barrier", mark)
        return out + [Emission("cutoff", p, name, value) for p in range(self._partitions)]

    def _said(self, key: Key, content: dict[str, Any], at: int, version: int) -> Emission:
        unit_id, day, cutoff = key
        record = {
            "unit_id": unit_id,
            "work_date": day,
            "cutoff_at": cutoff,
            "partition": self._partition,
            "horizon_at": at,
            **content,
            "epoch": self._epoch,
            "version": version,
        }
        owner = unit_id.encode()
        return Emission("cutoff", partition_of(owner, self._partitions), owner, codec.encode("cutoff_judged", record))

    def changed(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Cutoffs that came or went since the last call."""
        for key in self._unstored:
            tally = self._tallies.get(key)
            yield STATE + _pack(key), None if tally is None else _pack((tally.mode, tally.zone))
        self._unstored.clear()

    def restore(self, key: bytes, value: bytes) -> None:
        """Take a cutoff back, with nobody at it yet."""
        self._tallies[_key(key[1:])] = Tally(*_place(value))
