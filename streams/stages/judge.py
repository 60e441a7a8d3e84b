"""
``judge``: one partition of ``staff_log`` -> ``attendance``, ``position``, ``presence``, ``flag`` and ``cutoff``.

A row is a function of the facts, the references and the horizon that stand before its version in the log. Which of
them are written is not (a batch is judged once), but whoever owns the partition writes at or after every record that
changes a row, and the row of a higher version tells more: the last one is right, whatever the batches, crashes or
owners. Hence the one subtlety here: a row equal to the one before is left out only when a single record touched it
since. With two it may have been another in between, and another owner may have written that. (``Presences`` and
``Flags`` keep to the same; which records touch them is counted apart, in ``STAY``.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import punches as punch_fold
from streams.folds import references as ref
from streams.folds.punches import Punch
from streams.folds.terminals import Delivery
from streams.folds.world import Change
from streams.folds.zones import DAY_MS, WIDEST_MS
from streams.rules.attendance import Judgement, judge, uses
from streams.rules.day import Plan
from streams.rules.position import Positions
from streams.stages import rows
from streams.stages.agenda import Agenda
from streams.stages.base import Emission, Record, Reject, Step
from streams.stages.cutoffs import STATE as CUTOFF
from streams.stages.cutoffs import Cutoffs
from streams.stages.flags import KEYS as OF_FLAGS
from streams.stages.flags import Flags
from streams.stages.memory import PERSONAL, Memory
from streams.stages.person import BOTH, COUNT, ONCE, PLACE, STAY, ZONE, Live, Person
from streams.stages.presences import KEYS as OF_PRESENCE
from streams.stages.presences import Presences
from streams.stages.stays import NEAR, Stays

LIVELY_DAYS = 2  # punches older than this behind the horizon are kept packed
NIGHT_MS = 5 * 3_600_000  # before midnight UTC it is 02.00 WIB and 04.00 WIT: time to pack and to let go
OF_A_UNIT = ("unit", "unit_mode", "schedule", "geofence")
EVERYBODY = ("shift", "policy", "calendar", "device", "period", *OF_A_UNIT)


class Judge:
    """See ``streams.stages.base.Stage``; ``partition`` of ``partitions``, ``epoch`` of the code."""

    stateful = True

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        self.partition = partition
        self.memory = Memory(partitions)
        self._agenda = Agenda(self.memory)
        self._stays = Stays(self.memory, self._agenda)
        self._presences = Presences(self.memory, self._stays, epoch, partition)
        self._flags = Flags(self.memory, self._stays, epoch, partition)
        self._positions = Positions(epoch, self._presences.see)
        self._cutoffs = Cutoffs(partition, partitions, epoch)
        self._ping = codec.header("ping")
        self._row = codec.header("attendance")
        self._tail = rows.tail(epoch, partition)
        self._head = -1
        self._out: list[Step] = []
        self._lively: dict[int, dict[Person, None]] = {}  # bucket -> people who have it unpacked

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
        elif name == "ping":  # as an older release wrote it
            row = self._positions.take(codec.encode(name, record))
            if row is not None:
                self._out.append(Emission("position", self.partition, *row))
        elif name == "suspicion":
            stay = self._flags.hear(record)
            if stay is not None:
                self._agenda.stay(stay.person, record["day"])
        elif name == "face_check":
            pass  # what it shares with others' comes back as a suspicion
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
            self._agenda.hurry(person, day)
        stay = self._stays.find(person.key)
        if stay is not None:
            self._stays.touch(stay, *[moment for moment in (was_at, now_at) if moment is not None])

    def _days_of(self, person: Person, at: int) -> set[int]:
        """Dates of open months to whose row a punch of that moment belongs."""
        days = set()
        for day in self.memory.world.work_dates(at):
            if day in self._agenda.open:
                due = self.memory.plan(person, day)
                if due is not None and due.spans(at):
                    days.add(day)
        return days

    def _take_device_state(self, record: dict[str, Any]) -> None:
        device_id = record["device_id"]
        delivery = Delivery(record["version"], record["silent_since"], record["delivered_through"])
        if self.memory.put_delivery(device_id, delivery):
            for person in self.memory.enrolled.get(device_id, ()):
                for day, live in person.live.items():
                    if live.asked:
                        self._agenda.touch(person, day)

    def _take_personal(self, name: str, record: dict[str, Any], raw: bytes) -> None:
        if name == "enrolment":
            self._meet(self.memory.person(record["employee_id"]), record["device_id"])
        person, change = self.memory.put_personal(name, record, raw)
        if change is None:
            return
        if name == "enrolment":
            self._agenda.settle(record["reference_offset"], name, person.id)
            self._agenda.touch_live(person, change)
        else:
            self._agenda.touch_begun(person, change, BOTH + PLACE if name == "assignment" else BOTH)

    def _take_world(self, name: str, record: dict[str, Any], raw: bytes) -> None:
        if name == "period" and self.memory.world.closes(record):
            self._agenda.finish(self._look)  # a month that closes is judged to its last record before it rests
        change = self.memory.put_world(name, record, raw)
        if change is None:
            return
        if name == "period":
            self._agenda.reopen(change)
        elif name == "device":
            self._agenda.settle(record["reference_offset"], name, change.subject)
            for person in self.memory.enrolled.get(change.subject, ()):
                self._agenda.touch_live(person, change)
            self._touch_places(change, [change.subject])
        elif name in OF_A_UNIT:
            self._agenda.touch_unit(change)
            if name == "geofence":
                self._touch_places(change, self.memory.hung.get(change.subject, ()), change.subject)
        else:
            self._agenda.everybody(change)

    def _meet(self, person: Person, device_id: str) -> None:
        """
        That a person punches at a terminal is known from now on; what moved it before passed him by.

        His punches there may have come first: ``route`` and ``distribute`` wait for each other nowhere.
        """
        if self._stays.find(person.key) is not None and person not in self.memory.enrolled.get(device_id, ()):
            for day in {bucket + near for bucket in person.punches for near in range(-NEAR, NEAR + 1)}:
                self._agenda.stay(person, day)

    def _touch_places(self, change: Change, devices: Iterable[str], staff: str = "") -> None:
        """
        Terminals hang elsewhere than was known: it concerns those who have a phone and may have punched there.

        Args:
            staff: of a unit whose people were touched by the same record already.
        """
        enrolled = {person: None for device_id in devices for person in self.memory.enrolled.get(device_id, ())}
        people = [person for person in enrolled if self._stays.find(person.key) is not None]
        for day in self._agenda.begun(change) if people else ():
            for person in people:
                place = ref.in_force(person.assignments, day)
                if place is None or place.unit_id != staff:
                    self._agenda.stay(person, day)

    def _take_barrier(self, record: dict[str, Any]) -> None:
        barriers = self.memory.barriers
        if not barriers.knows(record["source"], record["source_partition"]):
            raise InvalidFact("barrier of an unknown source")
        ref.tick(record)
        before = barriers.horizon
        if barriers.put(record["source"], record["source_partition"], record["at"], record["tick_offset"]):
            now = barriers.horizon
            assert now is not None
            self._agenda.advance(before, now)
            self._stays.advance(before, now)
            self._cutoffs.barrier()
            if before is None or (before.at + NIGHT_MS) // DAY_MS != (now.at + NIGHT_MS) // DAY_MS:
                self._pack_older_than(now.at // DAY_MS - LIVELY_DAYS)
                self._presences.rest(now.at // DAY_MS)
                self._flags.rest(now.at // DAY_MS)

    def _pack_older_than(self, day: int) -> None:
        for bucket in [b for b in self._lively if b < day]:
            for person in self._lively.pop(bucket):
                person.punches[bucket] = punch_fold.pack(person.punches[bucket])

    # -- out ----------------------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """Dates of people that wait to be judged, at most."""
        return self._agenda.waiting

    @property
    def spoken_through(self) -> int | None:
        """The horizon."""
        horizon = self.memory.barriers.horizon
        return None if horizon is None else horizon.at

    def drain(self, limit: int) -> list[Step]:
        """Rows of the people whose punches came, then of at most about ``limit`` dates that wait."""
        self._agenda.urgent(self._look)
        self._agenda.work(limit, self._look)
        if not self._agenda.judging:
            self._out += self._cutoffs.speak(self.memory.barriers.horizon, self._head)
        out, self._out = self._out, []
        return out

    def _look(self, person: Person, day: int, weight: int, in_job: bool) -> None:
        """
        Write what is known of a person's date, unless it is what was written and only one record touched it.

        Args:
            weight: what touched it since it was looked at last.
            in_job: a job is part of ``weight``; others under way may have touched it too.
        """
        agenda, memory = self._agenda, self.memory
        if day not in agenda.open:
            return
        if weight >= STAY:
            self._look_at_stay(person, day, weight // STAY + agenda.others(in_job, STAY))
            weight %= STAY
            if not weight:
                return
        if agenda.others(in_job):
            weight += ONCE
        due, horizon = memory.plan(person, day), memory.barriers.horizon
        if due is None or horizon is None or horizon.at < due.opens_at:
            between = weight & COUNT > 1 and weight >= (PLACE if due is None else ZONE)
            if day in person.rows or between:
                memory.set_day(person, day, None, None)
                self._write(person, day, rows.withdrawal())
            self._cutoffs.note(person.id, day, None, None, weight, -1 if horizon is None else horizon.at)
            return
        judgement, punches = self._judged(person, day, due, horizon.at)
        self._cutoffs.note(person.id, day, due, judgement, weight, horizon.at)
        said, digest = rows.attendance(due, judgement, punches)
        if weight & COUNT > 1 or person.rows.get(day) != digest:
            self._write(person, day, said)
        live = None
        if not due.state and judgement.in_punch is None:
            look_again = -1 if judgement.look_again is None else judgement.look_again
            live = Live(look_again, judgement.hangs_on_terminals and horizon.at >= due.cutoff)
            old = person.live.get(day)
            if look_again >= 0 and (old is None or old.look_again != look_again):
                agenda.wake(look_again, person, day)
        memory.set_day(person, day, digest, live)

    def _look_at_stay(self, person: Person, day: int, touches: int) -> None:
        """What a phone and what it shares say of a date."""
        stay = self._stays.find(person.key)
        if stay is None or self.memory.barriers.horizon is None or day < self._stays.oldest + NEAR:
            return
        sight, version = self._stays.sight(stay, day), codec.long_bytes(self._head)
        for log, part in (("presence", self._presences), ("flag", self._flags)):
            body = part.look(stay, day, sight, touches)
            if body is not None:
                self._out.append(Emission(log, self.partition, person.key, body + version))

    def _judged(self, person: Person, day: int, due: Plan, at: int) -> tuple[Judgement, list[Punch]]:
        """What is known of a date at a horizon, and the punches looked at."""
        if due.state:
            return judge(due, (), (), at), []
        punches = punch_fold.between(person.punches, *due.span)
        arrived = punches and uses(due, punches)[0] is not None
        return judge(due, punches, () if arrived else self.memory.terminals(person, day), at), punches

    def _write(self, person: Person, day: int, said: bytes) -> None:
        value = b"".join((self._row, person.text, rows.moment(day), said, self._tail, rows.moment(self._head)))
        self._out.append(Emission("attendance", self.partition, person.key, value))

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What changed since the last call, what waits included: a checkpoint need not wait for ``backlog`` to end."""
        return [*self._agenda.changed(), *self._presences.changed(), *self._flags.changed(), *self._cutoffs.changed()]

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece of state back."""
        kind = key[:1]
        if kind in OF_PRESENCE:
            self._presences.restore(key, value)
        elif kind in OF_FLAGS:
            self._flags.restore(key, value)
        elif kind == CUTOFF:
            self._cutoffs.restore(key, value)
        else:
            self.memory.restore(key, value)

    def restored(self, head: int) -> None:
        """Rebuild from what came back whatever is not kept."""
        self._head = head
        self._agenda.restored()
        self._recount()

    def _recount(self) -> None:
        """Who is awaited at which cutoff, of the dates that may still be spoken of; said again as soon as may be."""
        horizon = self.memory.barriers.horizon
        if horizon is None:
            return
        first = horizon.at // DAY_MS - LIVELY_DAYS
        for person in self.memory.roll:
            for day in person.rows:
                due = self.memory.plan(person, day) if day >= first and day in self._agenda.open else None
                if due is not None and due.opens_at <= horizon.at:
                    judgement, _ = self._judged(person, day, due, horizon.at)
                    self._cutoffs.note(person.id, day, due, judgement, 0, horizon.at)
        self._cutoffs.barrier()
