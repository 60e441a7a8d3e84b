"""
``alert``: one partition of ``cutoff`` -> ``alert``. Keyed by unit: here an office's partitions come together.

Everything is decided at a record of the log and by nothing else, so that whoever folds it again finds the same alerts
under the same revisions. A partition's barrier says that what stands before it is all that it has to say of cutoffs
until then; the clock's ticks, copied into this log, say how long the others have been waited for.

State keys: ``o`` an office's cutoff, ``u`` when a unit was alerted last, ``b`` a partition's barrier, ``t`` the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds.references import tick
from streams.rules.cutoff import ABSENT, DOUBT, MINUTE_MS, STALE_MS, WAIT_MS, News, news
from streams.stages.base import AtOnce, Emission, Record, Reject
from streams.stages.cutoffs import SOURCE, Key

_pack = msgspec.msgpack.encode
_key = msgspec.msgpack.Decoder(tuple[str, int, int]).decode


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What a partition said of a cutoff last; ``missing``: terminal, silent since, delivered through, people."""

    version: int
    unit_mode: str
    timezone: str
    counts: dict[str, int]
    people: dict[str, str]
    missing: list[tuple[str, int | None, int | None, int]]


class Office(msgspec.Struct, array_like=True):
    """
    A unit's cutoff.

    Attributes:
        heard_at: time of the log when it was first spoken of.
        revision: of the last alert; -1: none.
        provisional: whether that was.
        absent: people said to be absent in any of them, but for those withdrawn.
    """

    heard_at: int
    revision: int = -1
    provisional: bool = False
    absent: frozenset[str] = frozenset()
    parts: dict[int, Part] = {}


_office = msgspec.msgpack.Decoder(Office).decode


class Alert(AtOnce):
    """See ``streams.stages.base.Stage``; ``partition`` of ``partitions``, ``epoch`` of the code."""

    stateful = True

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        super().__init__()
        self.partition = partition
        self._partitions = partitions
        self._epoch = epoch
        self._head = -1
        self._now = -1
        self._through = [-1] * partitions
        self._offices: dict[Key, Office] = {}
        self._alerted: dict[str, int] = {}
        self._waiting: set[Key] = set()
        self._changed: set[bytes] = set()

    # -- in -----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no record of this log."""
        rejects = []
        for record in records:
            self._head = record.offset
            try:
                self._take(*codec.decode(record.value))
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
        return rejects

    def _take(self, name: str, content: dict[str, Any]) -> None:
        if name == "cutoff_judged":
            self._take_part(content)
        elif name == "barrier":
            self._take_barrier(content)
        elif name == "tick":
            tick(content)
            self._take_tick(content["at"])
        else:
            raise InvalidFact(f"{name} has no place in cutoff")

    def _take_part(self, content: dict[str, Any]) -> None:
        partition = self._known(content["partition"])
        key = content["unit_id"], content["work_date"], content["cutoff_at"]
        if key[2] <= self._now - STALE_MS:
            return  # said again by a replay
        office = self._offices.get(key)
        if office is None:
            office = self._offices[key] = Office(max(self._now, content["horizon_at"]), parts={})
        held = office.parts.get(partition)
        if held is not None and held.version >= content["version"]:
            return
        office.parts[partition] = Part(
            content["version"],
            content["unit_mode"],
            content["timezone"],
            content["counts"],
            {person["employee_id"]: person["state"] for person in content["people"]},
            [(t["device_id"], t["silent_since"], t["delivered_through"], t["people"]) for t in content["missing"]],
        )
        self._touch(key)
        self._waiting.add(key)

    def _take_barrier(self, content: dict[str, Any]) -> None:
        if content["source"] != SOURCE:
            raise InvalidFact("barrier of an unknown source")
        partition = self._known(content["source_partition"])
        tick(content)
        if content["at"] > self._through[partition]:
            self._through[partition] = content["at"]
            self._changed.add(b"b" + _pack(partition))
            self._decide()

    def _known(self, partition: int) -> int:
        if not 0 <= partition < self._partitions:
            raise InvalidFact("no such partition")
        return partition

    def _take_tick(self, at: int) -> None:
        if at <= self._now:
            return
        self._now = at
        self._changed.add(b"t")
        for key in [key for key in self._offices if key[2] <= at - STALE_MS]:
            del self._offices[key]
            self._waiting.discard(key)
            self._touch(key)
        for unit in [unit for unit, last in self._alerted.items() if last <= at - MINUTE_MS]:
            del self._alerted[unit]
            self._changed.add(b"u" + unit.encode())
        self._decide()

    def _touch(self, key: Key) -> None:
        self._changed.add(b"o" + _pack(key))

    # -- what follows -------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Look at every cutoff of which something may have to be said, the latest first; no tick yet: no time yet."""
        if self._now < 0:
            return
        for key in sorted(self._waiting, key=lambda key: (-key[2], key)):
            if self._settled(key, self._offices[key]):
                self._waiting.discard(key)

    def _settled(self, key: Key, office: Office) -> bool:
        """Say what is to be said; False: it must be looked at again, whatever comes."""
        unit_id, _, cutoff = key
        unheard = [p for p, through in enumerate(self._through) if through < cutoff]
        early = office.revision < 0 and self._now < max(cutoff, office.heard_at) + WAIT_MS
        if early and unheard:
            return False
        people: dict[str, str] = {}
        for p in sorted(office.parts):
            people |= office.parts[p].people
        if early and "awaited" in people.values():
            return False
        told = news(office.absent if office.revision >= 0 else None, office.provisional, people, not unheard)
        if told is None:
            return not unheard
        if unit_id in self._alerted:
            return False
        self._raise(key, office, told, people, unheard)
        return not unheard

    def _raise(self, key: Key, office: Office, told: News, people: dict[str, str], unheard: list[int]) -> None:
        unit_id, day, cutoff = key
        office.revision += 1
        office.provisional = bool(unheard) or any([state in DOUBT for state in people.values()])
        absent = {who for who, state in people.items() if state in ABSENT}
        office.absent = frozenset((office.absent | absent) - set(told.withdrawn))
        self._alerted[unit_id] = self._now
        self._touch(key)
        self._changed.add(b"u" + unit_id.encode())
        newest = max(office.parts.items(), key=lambda item: (item[1].version, item[0]))[1]
        record = {
            "unit_id": unit_id,
            "work_date": day,
            "cutoff_at": cutoff,
            "revision": office.revision,
            "kind": told.kind,
            "raised_at": self._now,
            "provisional": office.provisional,
            "unit_mode": newest.unit_mode,
            "timezone": newest.timezone,
            "counts": _sums(part.counts for part in office.parts.values()),
            "people": [
                {"employee_id": who, "state": people[who]} for who in sorted(people) if people[who] in ABSENT | DOUBT
            ],
            "withdrawn": list(told.withdrawn),
            "missing": list(_missing(office.parts.values())),
            "unheard": unheard,
            "epoch": self._epoch,
            "version": self._head,
        }
        self._out.append(Emission("alert", self.partition, unit_id.encode(), codec.encode("alert", record)))

    # -- out ----------------------------------------------------------------------------------------------------

    @property
    def spoken_through(self) -> int | None:
        """Through which all partitions have spoken of their cutoffs."""
        lowest = min(self._through)
        return None if lowest < 0 else lowest

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What changed since the last call."""
        names, self._changed = self._changed, set()
        return [(name, self._packed(name)) for name in names]

    def _packed(self, name: bytes) -> bytes | None:
        kind, rest = name[:1], name[1:]
        if kind == b"t":
            return _pack(self._now)
        if kind == b"b":
            return _pack(self._through[msgspec.msgpack.decode(rest)])
        if kind == b"u":
            last = self._alerted.get(rest.decode())
            return None if last is None else _pack(last)
        office = self._offices.get(_key(rest))
        return None if office is None else _pack(office)

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        kind, rest = key[:1], key[1:]
        if kind == b"t":
            self._now = msgspec.msgpack.decode(value)
        elif kind == b"b":
            self._through[msgspec.msgpack.decode(rest)] = msgspec.msgpack.decode(value)
        elif kind == b"u":
            self._alerted[rest.decode()] = msgspec.msgpack.decode(value)
        elif kind == b"o":
            self._offices[_key(rest)] = _office(value)
        else:
            raise InvalidFact(f"state key {kind!r}")

    def restored(self, head: int) -> None:
        """Whatever is looked at once more than it must be gives no other alert."""
        self._head = head
        self._waiting = set(self._offices)


def _sums(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    sums = Counter[str]()
    for one in counts:
        sums.update(one)
    return dict(sorted(sums.items()))


def _missing(parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
    """Terminals that keep somebody in doubt: of what partitions know of one the newest, and all who hang on it."""
    found: dict[str, tuple[tuple[int, int], int]] = {}
    for part in parts:
        for device_id, since, through, people in part.missing:
            (old_since, old_through), before = found.get(device_id, ((-1, -1), 0))
            known = (
                max(old_since, -1 if since is None else since),
                max(old_through, -1 if through is None else through),
            )
            found[device_id] = known, before + people
    for device_id in sorted(found):
        (since, through), people = found[device_id]
        yield {
            "device_id": device_id,
            "silent_since": None if since < 0 else since,
            "delivered_through": None if through < 0 else through,
            "people": people,
        }
