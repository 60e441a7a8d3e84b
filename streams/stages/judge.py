"""
``judge``: one partition of ``staff_log`` -> ``attendance`` and ``position``.

A row is a function of the facts, the references and the horizon that stand before its version in the log. Which of
them are written is not (a batch is judged once), but whoever owns the partition writes at or after every record that
changes a row, and the row of a higher version tells more: the last one is right, whatever the batches, crashes or
owners. Hence the one subtlety here: a row equal to the one before is left out only when a single record touched it
since. With two it may have been another in between, and another owner may have written that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import punches as punch_fold
from streams.folds import references as ref
from streams.folds.horizon import Horizon
from streams.folds.punches import Punch
from streams.folds.terminals import Delivery
from streams.folds.wakeups import Wakeups
from streams.folds.world import Change
from streams.folds.zones import DAY_MS, WIDEST_MS, wall_of
from streams.rules.attendance import judge, uses
from streams.rules.position import Positions
from streams.stages import rows
from streams.stages.base import Emission, Record, Reject, Step
from streams.stages.memory import PERSONAL, Memory
from streams.stages.person import COUNT, ONCE, PLACE, SHOWN, Job, Jobs, Live, Person, Touches

LIVELY_DAYS = 2  # punches older than this behind the horizon are kept packed
FAR = 1 << 30  # days beyond any date
EVERYBODY = ("unit", "unit_mode", "shift", "policy", "calendar", "device", "period", "schedule")


class Judge:
    """See ``streams.stages.base.Stage``; ``partition`` of ``partitions``, ``epoch`` of the code."""

    stateful = True

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        self.partition = partition
        self.memory = Memory(partitions)
        self._positions = Positions(epoch)
        self._ping = codec.header("ping")
        self._row = codec.header("attendance")
        self._tail = rows.tail(epoch, partition)
        self._head = -1
        self._out: list[Step] = []
        self._hot: Touches = {}  # touched by a punch: written first
        self._cold: Touches = {}
        self._jobs: Jobs = deque()
        self._wakeups: Wakeups[tuple[Person, int]] = Wakeups()  # by moment
        self._settling: Wakeups[tuple[str, str, int]] = Wakeups()  # by reference offset
        self._lively: dict[int, dict[Person, None]] = {}  # bucket -> people who have it unpacked
        self._open: frozenset[int] = frozenset()  # dates of open months

    # -- in -----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no record of this log."""
        rejects: list[Reject] = []
        ping, take, partition, out = self._ping, self._positions.take, self.partition, self._out
        for record in records:
            value = record.value
            try:
                if value is not None and value[:5] == ping:
                    row = take(value)
                    if row is not None:
                        out.append(Emission("position", partition, row[0], row[1]))
                else:
                    name, content = codec.decode(value)
                    assert value is not None
                    self._take(name, content, value)
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
            self._head = record.offset
        return rejects

    def _take(self, name: str, record: dict[str, Any], raw: bytes) -> None:
        if name == "attributed_punch":
            self._take_punch(record)
        elif name == "barrier":
            self._take_barrier(record)
        elif name == "device_state":
            self._take_device_state(record)
        elif name == "ping":
            row = self._positions.take(raw)
            if row is not None:
                self._out.append(Emission("position", self.partition, *row))
        elif name in PERSONAL or (name == "schedule" and record["employee_id"]):
            self._take_personal(name, record, raw)
        elif name in EVERYBODY:
            self._take_world(name, record, raw)
        else:
            raise InvalidFact(f"{name} has no place in staff_log")

    def _take_punch(self, record: dict[str, Any]) -> None:
        at, device_time = record["occurred_at"], record["device_time"]
        if abs(at - device_time) > WIDEST_MS:
            raise InvalidFact("attributed_punch: occurred_at is further from device_time than any zone")
        person = self.memory.person(record["employee_id"])
        punch = Punch(at, intern(record["device_id"]), record["pin"], device_time, record["version"], record["active"])
        counts, old = self.memory.put_punch(person, punch)
        if not counts:
            return
        self._lively.setdefault(punch_fold.bucket_of(device_time), {})[person] = None
        was_at = old.occurred_at if old is not None and old.active else None
        now_at = at if punch.active else None
        if was_at == now_at:
            return  # another delivery represents it; no row shows which
        days: set[int] = set()
        for moment in (was_at, now_at):
            if moment is not None:
                days |= self._days_of(person, moment)
        for day in days:
            self._touch(self._hot, person, day, ONCE)

    def _days_of(self, person: Person, at: int) -> set[int]:
        """Dates of open months to whose row a punch of that moment belongs."""
        days = set()
        for day in self.memory.world.work_dates(at):
            if day in self._open:
                due = self.memory.plan(person, day)
                if due is not None and due.spans(at):
                    days.add(day)
        return days

    def _touch(self, where: Touches, person: Person, day: int, weight: int) -> None:
        key = (person, day)
        where[key] = where.get(key, 0) + weight

    def _take_device_state(self, record: dict[str, Any]) -> None:
        device_id = record["device_id"]
        delivery = Delivery(record["version"], record["silent_since"], record["delivered_through"])
        if self.memory.put_delivery(device_id, delivery):
            for person in self.memory.enrolled.get(device_id, ()):
                for day, live in person.live.items():
                    if live.asked:
                        self._touch(self._cold, person, day, ONCE)

    def _take_personal(self, name: str, record: dict[str, Any], raw: bytes) -> None:
        person, change = self.memory.put_personal(name, record, raw)
        if change is None:
            return
        if name == "enrolment":
            self._settle(record["reference_offset"], name, person.id)
            self._touch_live(person, change)
            return
        weight = ONCE + PLACE if name == "assignment" else ONCE
        for day in self._opened(change):
            self._touch(self._cold, person, day, weight)

    def _touch_live(self, person: Person, change: Change) -> None:
        for day in person.live:
            if change.first <= day <= change.last:
                self._touch(self._cold, person, day, ONCE)

    def _settle(self, offset: int, kind: str, subject: str) -> None:
        """Look at whom a record keeps undetermined again once the horizon has passed it."""
        horizon = self.memory.barriers.horizon
        if horizon is None or offset > horizon.tick_offset:
            self._settling.put(offset, (kind, subject, offset))

    def _opened(self, change: Change) -> list[int]:
        """Dates of open months that a change covers and that have begun in some zone in use."""
        world, horizon = self.memory.world, self.memory.barriers.horizon
        if horizon is None:
            return []
        today = max([wall_of(horizon.at, zone) // DAY_MS for zone in world.zones])
        return world.open_dates(change.first, min(change.last, today))

    def _take_world(self, name: str, record: dict[str, Any], raw: bytes) -> None:
        if name == "period":
            self._take_period(record, raw)
            return
        change = self.memory.put_world(name, record, raw)
        if change is None:
            return
        if name == "device":
            self._settle(record["reference_offset"], name, change.subject)
            for person in self.memory.enrolled.get(change.subject, ()):
                self._touch_live(person, change)
            return
        dates = self._opened(change)
        if dates:
            self._jobs.append(Job(name, change.subject, dates))

    def _take_period(self, record: dict[str, Any], raw: bytes) -> None:
        """A month that closes is judged to its last record before it rests; one that opens is judged whole."""
        world = self.memory.world
        if world.closes(record):
            while self._waiting:
                self._work(self._waiting)
        before = self._open
        change = self.memory.put_world("period", record, raw)
        if change is None:
            return
        self._open = frozenset(world.open_dates(-FAR, FAR))
        dates = [day for day in self._opened(change) if day not in before]
        if dates:
            self._jobs.append(Job("period", change.subject, dates))

    def _take_barrier(self, record: dict[str, Any]) -> None:
        barriers = self.memory.barriers
        if not barriers.knows(record["source"], record["source_partition"]):
            raise InvalidFact("barrier of an unknown source")
        ref.tick(record)
        before = barriers.horizon
        if barriers.put(record["source"], record["source_partition"], record["at"], record["tick_offset"]):
            assert barriers.horizon is not None
            self._advance(before, barriers.horizon)

    def _advance(self, before: Horizon | None, now: Horizon) -> None:
        touched: dict[tuple[Person, int], None] = {}
        for person, day in self._wakeups.until(now.at):
            live = person.live.get(day)
            if live is not None and 0 <= live.look_again <= now.at:
                touched[person, day] = None
        for kind, subject, offset in self._settling.until(now.tick_offset):
            for person, entry in self.memory.holders(kind, subject, offset):
                for day in person.live:
                    if entry.covers(day):
                        touched[person, day] = None
        for person, day in touched:  # by one record, the barrier, whatever it has brought about
            self._touch(self._cold, person, day, ONCE)
        for zone in self.memory.world.zones:
            last = wall_of(now.at, zone) // DAY_MS
            first = min(self._open, default=last + 1) if before is None else wall_of(before.at, zone) // DAY_MS + 1
            dates = [day for day in range(first, last + 1) if day in self._open]
            if dates:
                self._jobs.append(Job("open", zone, dates))
        if before is None or before.at // DAY_MS != now.at // DAY_MS:
            self._pack_older_than(now.at // DAY_MS - LIVELY_DAYS)

    def _pack_older_than(self, day: int) -> None:
        for bucket in [b for b in self._lively if b < day]:
            for person in self._lively.pop(bucket):
                person.punches[bucket] = punch_fold.pack(person.punches[bucket])

    # -- out ----------------------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """Dates of people that wait to be judged, at most."""
        return self._waiting

    @property
    def _waiting(self) -> int:
        people = len(self.memory.roll)
        steps = sum([(people - job.cursor) * len(job.dates) + 1 for job in self._jobs])
        return len(self._hot) + len(self._cold) + steps

    def drain(self, limit: int) -> list[Step]:
        """Rows of the people whose punches came, then of at most about ``limit`` dates that wait."""
        hot = self._hot
        if hot:
            self._hot = {}
            for (person, day), weight in hot.items():
                self._judge(person, day, weight + self._cold.pop((person, day), 0))
        self._work(limit)
        out, self._out = self._out, []
        return out

    def _work(self, limit: int) -> None:
        hot, cold = self._hot, self._cold
        while limit > 0:
            if cold:
                key = next(iter(cold))
                self._judge(*key, cold.pop(key) + hot.pop(key, 0))
                limit -= 1
            elif hot:
                key = next(iter(hot))
                self._judge(*key, hot.pop(key))
                limit -= 1
            elif self._jobs:
                limit -= self._step(self._jobs[0])
            else:
                return

    def _step(self, job: Job) -> int:
        """Judge a job's dates for one person more."""
        roll = self.memory.roll
        if job.cursor >= len(roll):
            self._jobs.popleft()
            return 1
        person = roll[job.cursor]
        job.cursor += 1
        for day in job.dates:
            if job.concerns(self.memory.plan(person, day)):
                self._judge(person, day, job.weight + self._cold.pop((person, day), 0), 1)
        return len(job.dates)

    def _judge(self, person: Person, day: int, weight: int, jobs: int = 0) -> None:
        """
        Write what is known of a person's date, unless it is what was written and only one record touched it.

        Args:
            weight: what touched it since it was judged last.
            jobs: how many of the jobs under way are in ``weight``; the others may have touched it too.
        """
        if day not in self._open:
            return
        if len(self._jobs) > jobs:
            weight += ONCE + SHOWN
        memory = self.memory
        due, horizon = memory.plan(person, day), memory.barriers.horizon
        if due is None or horizon is None or horizon.at < due.opens_at:
            between = weight & COUNT > 1 and weight >= (PLACE if due is None else SHOWN)
            if day in person.rows or between:
                memory.set_day(person, day, None, None)
                self._write(person, rows.withdrawal(person.text, day, self._tail))
            return
        if due.state:
            judgement, punches = judge(due, (), (), horizon.at), []
        else:
            punches = punch_fold.between(person.punches, *due.span)
            arrived = punches and uses(due, punches)[0] is not None
            judgement = judge(due, punches, () if arrived else memory.terminals(person, day), horizon.at)
        body = rows.attendance(person.text, day, due, judgement, punches, self._tail)
        digest = rows.digest(body)
        if weight & COUNT > 1 or person.rows.get(day) != digest:
            self._write(person, body)
        live = None
        if not due.state and judgement.in_punch is None:
            look_again = -1 if judgement.look_again is None else judgement.look_again
            live = Live(look_again, judgement.hangs_on_terminals and horizon.at >= due.cutoff)
            old = person.live.get(day)
            if look_again >= 0 and (old is None or old.look_again != look_again):
                self._wakeups.put(look_again, (person, day))
        memory.set_day(person, day, digest, live)

    def _write(self, person: Person, body: bytes) -> None:
        value = self._row + body + codec.long_bytes(self._head)
        self._out.append(Emission("attendance", self.partition, person.key, value))

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What changed since the last call, what waits included."""
        waits = dict(self._cold)
        for key, weight in self._hot.items():
            waits[key] = waits.get(key, 0) + weight
        return list(self.memory.changed(waits, self._jobs))

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece of state back."""
        self.memory.restore(key, value)

    def restored(self, head: int) -> None:
        """Rebuild from what came back whatever is not kept: who waits for which moment."""
        self._head = head
        memory = self.memory
        self._open = frozenset(memory.world.open_dates(-FAR, FAR))
        self._cold = memory.restored_touches
        self._jobs = deque(memory.restored_jobs)
        for person in memory.roll:
            for day, live in person.live.items():
                if live.look_again >= 0:
                    self._wakeups.put(live.look_again, (person, day))
            for enrolment in person.enrolments:
                self._settle(enrolment.offset, "enrolment", person.id)
        for device_id, entries in memory.world.devices.items():
            for entry in entries:
                self._settle(entry.offset, "device", device_id)
