"""
What one partition of ``judge`` remembers, and how it is put away and taken up again.

State keys are one letter and a packed tuple: ``r`` a reference record as it came, ``p`` a person's punches of a date,
``d`` what was last said of a person's date and what still touches it, ``t`` a terminal's state, ``h`` a barrier,
``j`` the jobs under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import punches as punch_fold
from streams.folds import references as ref
from streams.folds.horizon import Barriers
from streams.folds.punches import Punch
from streams.folds.terminals import Delivery
from streams.folds.world import Change, World
from streams.rules.attendance import Terminal
from streams.rules.day import Plan, plan
from streams.stages.person import Job, Live, Person, Touches

PLANS = 4  # plans remembered per person: yesterday, today, tomorrow and one that was corrected
SHARED_PLANS = 10_000  # units, categories, shifts and dates that are looked at together
PERSONAL = ("assignment", "enrolment", "leave")  # and `schedule`, when it names a person

_pack = msgspec.msgpack.encode
# digest (0: no row), look_again (None: not live), asked, touches
_day = msgspec.msgpack.Decoder(tuple[int, int | None, bool, int]).decode
_person_and_date = msgspec.msgpack.Decoder(tuple[str, int]).decode
_device = msgspec.msgpack.Decoder(tuple[str]).decode
_jobs = msgspec.msgpack.Decoder(list[tuple[str, str, list[int]]]).decode


def state_key(kind: bytes, *parts: str | int) -> bytes:
    """Key of a piece of state."""
    return kind + _pack(parts)


class Memory:
    """People, the world around them, terminals and barriers of one partition."""

    def __init__(self, partitions: int) -> None:
        self.world = World()
        self.people: dict[str, Person] = {}
        self.roll: list[Person] = []  # the same, in order of appearance: a job walks along it
        self.barriers = Barriers(partitions)
        self.deliveries: dict[str, Delivery] = {}
        self.enrolled: dict[str, dict[Person, None]] = {}  # by device, everybody who ever was
        self.staff: dict[str, dict[Person, None]] = {}  # by unit, everybody who ever was
        self.hung: dict[str, dict[str, None]] = {}  # by unit, every device that ever did
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._plans_of = -1
        self._terminals: dict[tuple[str, bool], Terminal] = {}  # as they stand, by device and whether it is settled
        self._records: dict[bytes, bytes] = {}
        self._buckets: set[tuple[Person, int]] = set()
        self._days: set[tuple[Person, int]] = set()
        self._devices: set[str] = set()
        self._touched: set[tuple[Person, int]] = set()  # stored as touched
        self._jobs_stored = False
        self.restored_touches: Touches = {}
        self.restored_jobs: list[Job] = []

    def person(self, employee_id: str) -> Person:
        """The person of that id, from now on remembered."""
        person = self.people.get(employee_id)
        if person is None:
            person = self.people[employee_id] = Person(employee_id)
            self.roll.append(person)
        return person

    # -- folding ------------------------------------------------------------------------------------------------

    def put_personal(self, kind: str, record: Mapping[str, Any], raw: bytes) -> tuple[Person, Change | None]:
        """Take a reference record about one person in; no change: an older or the same copy."""
        person = self.person(record["employee_id"])
        entry: ref.Entry
        old: ref.Entry | None
        if kind == "assignment":
            counts, old = ref.put(person.assignments, entry := ref.assignment(record))
            self.staff.setdefault(record["unit_id"], {})[person] = None
        elif kind == "leave":
            counts, old = ref.put(person.leaves, entry := ref.leave(record))
        elif kind == "enrolment":
            counts, old = ref.put(person.enrolments, entry := ref.enrolment(record))
            self.enrolled.setdefault(record["device_id"], {})[person] = None
        else:
            counts, old = ref.put(person.schedules, entry := ref.schedule(record))
        if not counts:
            return person, None
        self._records[self._record_key(kind, record)] = raw
        person.plans.clear()
        covered = [e for e in (old, entry) if e is not None and not e.void]
        if not covered:
            return person, None
        return person, Change(min(e.first for e in covered), max(e.last for e in covered), kind, "")

    def put_world(self, kind: str, record: Mapping[str, Any], raw: bytes) -> Change | None:
        """Take a reference record about everybody in; None: nothing that could touch a row."""
        before = self.world.generation
        change = self.world.put(kind, record)
        if kind == "device":
            self.hung.setdefault(record["unit_id"], {})[record["device_id"]] = None
        if self.world.generation != before:
            self._records[self._record_key(kind, record)] = raw
        return change

    def put_punch(self, person: Person, punch: Punch) -> tuple[bool, Punch | None]:
        """Take a punch in; see ``streams.folds.punches.put``."""
        counts, old = punch_fold.put(person.punches, punch)
        if counts:
            self._buckets.add((person, punch_fold.bucket_of(punch.device_time)))
        return counts, old

    def put_delivery(self, device_id: str, delivery: Delivery) -> bool:
        """Take a terminal's state in; False: an older or the same one."""
        old = self.deliveries.get(device_id)
        if old is not None and old.version >= delivery.version:
            return False
        self._hold_delivery(device_id, delivery)
        self._devices.add(device_id)
        return True

    def _hold_delivery(self, device_id: str, delivery: Delivery) -> None:
        self.deliveries[device_id] = delivery
        for settled in (False, True):
            self._terminals.pop((device_id, settled), None)

    def set_day(self, person: Person, day: int, digest: int | None, live: Live | None) -> None:
        """Remember what was last said of a date; None: nothing stands there."""
        if digest is None:
            changed = person.rows.pop(day, None) is not None
        else:
            changed = person.rows.get(day) != digest
            person.rows[day] = digest
        if live is None:
            changed |= person.live.pop(day, None) is not None
        else:
            changed |= person.live.get(day) != live
            person.live[day] = live
        if changed or (person, day) in self._touched:
            self._days.add((person, day))

    def holders(self, kind: str, subject: str, offset: int) -> Iterator[tuple[Person, ref.Entry]]:
        """Whose terminals hang on an ``enrolment`` or ``device`` record, if it still is what it was at that offset."""
        if kind == "enrolment":
            person = self.people[subject]
            yield from ((person, entry) for entry in person.enrolments if entry.offset == offset)
        else:
            for entry in self.world.devices[subject]:
                if entry.offset == offset:
                    yield from ((person, entry) for person in self.enrolled.get(subject, ()))

    # -- looking up ---------------------------------------------------------------------------------------------

    def plan(self, person: Person, day: int) -> Plan | None:
        """What the person is due to do on a date; None: no assignment covers it."""
        plans = person.plans
        if person.generation != self.world.generation:
            plans.clear()
            person.generation = self.world.generation
        elif day in plans:
            return plans[day]
        elif len(plans) >= PLANS:
            plans.clear()
        found = None
        place = ref.in_force(person.assignments, day)
        if place is not None:
            own = ref.in_force(person.schedules, day)
            leave = ref.in_force(person.leaves, day)
            found = self._shared(place, own, leave, day)
        plans[day] = found
        return found

    def _shared(self, place: ref.Assignment, own: ref.Schedule | None, leave: ref.Leave | None, day: int) -> Plan:
        if self._plans_of != self.world.generation or len(self._plans) > SHARED_PLANS:
            self._plans.clear()
            self._plans_of = self.world.generation
        key = (
            day,
            place.unit_id,
            place.category,
            None if own is None else own.shift_on(day),
            None if leave is None else (leave.kind, leave.letter_no),
        )
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = plan(self.world, place, own, leave, day)
        return found

    def terminals(self, person: Person, day: int) -> list[Terminal]:
        """
        Terminals on which the person is enrolled that date, by id.

        An enrolment above the horizon's ``tick_offset`` counts as not settled wherever its terminal hangs. So does a
        terminal whose own record is: ``route`` may not have moved the punches that it makes readable.
        """
        horizon = self.barriers.horizon
        settled_until = -1 if horizon is None else horizon.tick_offset
        found: dict[str, bool] = {}
        for enrolment in person.enrolments:
            if enrolment.covers(day):
                settled = self._settled(enrolment, day, settled_until)
                if settled is not None:
                    found[enrolment.device_id] = settled and found.get(enrolment.device_id, True)
        return [self._terminal(device_id, found[device_id]) for device_id in sorted(found)]

    def _settled(self, enrolment: ref.Enrolment, day: int, until: int) -> bool | None:
        """Whether ``route`` has applied it and its terminal's own record; None: the terminal hangs nowhere that day."""
        if enrolment.offset > until:
            return False
        device = ref.in_force(self.world.devices.get(enrolment.device_id, ()), day)
        return None if device is None else device.offset <= until

    def _terminal(self, device_id: str, settled: bool) -> Terminal:
        """As it stands; whoever is enrolled on it shares it."""
        found = self._terminals.get((device_id, settled))
        if found is None:
            delivery = self.deliveries.get(device_id)
            since, through = (None, None) if delivery is None else (delivery.silent_since, delivery.delivered_through)
            found = self._terminals[device_id, settled] = Terminal(device_id, settled, since, through)
        return found

    # -- putting away and taking up -----------------------------------------------------------------------------

    @staticmethod
    def _record_key(kind: str, record: Mapping[str, Any]) -> bytes:
        return b"r" + kind.encode() + codec.identity_key(kind, record)

    def changed(self, touches: Touches, jobs: Iterable[Job]) -> Iterator[tuple[bytes, bytes | None]]:
        """What changed since the last call; ``touches`` and ``jobs`` are what still waits."""
        yield from self._records.items()
        self._records.clear()
        for person, key in self._buckets:
            yield state_key(b"p", person.id, key), punch_fold.pack(person.punches[key])
        self._buckets.clear()
        for device_id in self._devices:
            yield state_key(b"t", device_id), self.deliveries[device_id].packed()
        self._devices.clear()
        for packed, value in self.barriers.changed():
            yield b"h" + packed, value
        for person, day in self._days | touches.keys():
            digest, live, waits = person.rows.get(day, 0), person.live.get(day), touches.get((person, day), 0)
            if not digest and not waits and live is None:
                yield state_key(b"d", person.id, day), None
            else:
                look_again, asked = (None, False) if live is None else live
                yield state_key(b"d", person.id, day), _pack((digest, look_again, asked, waits))
        self._days.clear()
        self._touched = set(touches)
        stored = [(job.kind, job.subject, job.dates) for job in jobs]
        if stored or self._jobs_stored:
            yield state_key(b"j"), _pack(stored) if stored else None
        self._jobs_stored = bool(stored)

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        kind = key[:1]
        if kind == b"p":
            employee_id, bucket = _person_and_date(key[1:])
            self.person(employee_id).punches[bucket] = value
        elif kind == b"d":
            self._restore_day(key, value)
        elif kind == b"r":
            self._restore_record(value)
        elif kind == b"t":
            (device_id,) = _device(key[1:])
            self._hold_delivery(device_id, Delivery.unpacked(value))
        elif kind == b"h":
            self.barriers.restore(key[1:], value)
        elif kind == b"j":
            self.restored_jobs = [Job(*job) for job in _jobs(value)]
            self._jobs_stored = True
        else:
            raise InvalidFact(f"state key {key[:1]!r}")

    def _restore_day(self, key: bytes, value: bytes) -> None:
        employee_id, day = _person_and_date(key[1:])
        digest, look_again, asked, waits = _day(value)
        person = self.person(employee_id)
        if digest:
            person.rows[day] = digest
        if look_again is not None:
            person.live[day] = Live(look_again, asked)
        if waits:
            self.restored_touches[person, day] = waits
            self._touched.add((person, day))

    def _restore_record(self, value: bytes) -> None:
        kind, record = codec.decode(value)
        if kind in PERSONAL or (kind == "schedule" and record["employee_id"]):
            self.put_personal(kind, record, value)
        else:
            self.put_world(kind, record, value)
        self._records.clear()
