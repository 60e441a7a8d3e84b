"""What a partition of ``judge`` has yet to look at: dates touched by records, jobs for everybody, moments to come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from streams.folds.horizon import Horizon
from streams.folds.references import in_force
from streams.folds.wakeups import Wakeups
from streams.folds.world import Change
from streams.folds.zones import DAY_MS, wall_of
from streams.stages.memory import Memory
from streams.stages.person import BOTH, ONCE, STAY, ZONE, Job, Person, Touches

FAR = 1 << 30  # days beyond any date

Look = Callable[[Person, int, int, bool], None]  # person, date, what touched it, as part of a job


class Agenda:
    """
    Touches, jobs and wake-ups; which dates may have rows at all.

    Attributes:
        open: dates of open months.
    """

    __slots__ = ("_cold", "_hot", "_jobs", "_memory", "_settling", "_stays", "_wakeups", "open")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._hot: Touches = {}
        self._cold: Touches = {}
        self._stays: Touches = {}  # of presence and flags alone: an office at its cutoff doesn't wait for them
        self._jobs: deque[Job] = deque()
        self._wakeups: Wakeups[tuple[Person, int]] = Wakeups()  # by moment
        self._settling: Wakeups[tuple[str, str, int]] = Wakeups()  # by reference offset
        self.open: frozenset[int] = frozenset()

    # -- what comes ---------------------------------------------------------------------------------------------

    def hurry(self, person: Person, day: int) -> None:
        """A punch touched a date: it is looked at first."""
        key = (person, day)
        self._hot[key] = self._hot.get(key, 0) + ONCE

    def touch(self, person: Person, day: int, weight: int = ONCE) -> None:
        """Something else touched a date: it is looked at in its turn."""
        key = (person, day)
        self._cold[key] = self._cold.get(key, 0) + weight

    def stay(self, person: Person, day: int) -> None:
        """A ping or a quarter of an hour touched a date's presence; of two it matters no more how many there were."""
        key = (person, day)
        held = self._stays.get(key, 0)
        if held < 2 * STAY:
            self._stays[key] = held + STAY

    def touch_begun(self, person: Person, change: Change, weight: int) -> None:
        """A record of a person's own touched the dates that it covers."""
        for day in self.begun(change):
            self.touch(person, day, weight)

    def touch_live(self, person: Person, change: Change) -> None:
        """A record touched what terminals may say of a person: only dates without an in-punch hang on that."""
        for day in person.live:
            if change.first <= day <= change.last:
                self.touch(person, day)

    def touch_unit(self, change: Change) -> None:
        """A record of a unit's touched its people on the dates on which they are its."""
        weight = STAY if change.kind == "geofence" else BOTH + ZONE if change.kind == "unit" else BOTH
        dates = self.begun(change)
        for person in self._memory.staff.get(change.subject, ()):
            for day in dates:
                place = in_force(person.assignments, day)
                if place is not None and place.unit_id == change.subject:
                    self.touch(person, day, weight)

    def everybody(self, change: Change) -> None:
        """A record touched everybody on the dates that it covers."""
        dates = self.begun(change)
        if dates:
            self._jobs.append(Job(change.kind, change.subject, dates))

    def begun(self, change: Change) -> list[int]:
        """Dates of open months that a change covers and that have begun in some zone ever in use."""
        world, horizon = self._memory.world, self._memory.barriers.horizon
        if horizon is None:
            return []
        today = max([wall_of(horizon.at, zone) // DAY_MS for zone in world.zones])
        return world.open_dates(change.first, min(change.last, today))

    def reopen(self, change: Change) -> None:
        """A month opened or closed; one that opens is looked at whole."""
        before = self.open
        self.open = frozenset(self._memory.world.open_dates(-FAR, FAR))
        dates = [day for day in self.begun(change) if day not in before]
        if dates:
            self._jobs.append(Job("period", change.subject, dates))

    def wake(self, moment: int, person: Person, day: int) -> None:
        """Look at a date when the horizon reaches a moment."""
        self._wakeups.put(moment, (person, day))

    def settle(self, offset: int, kind: str, subject: str) -> None:
        """Look at whom an ``enrolment`` or ``device`` keeps undetermined once the horizon has passed it."""
        horizon = self._memory.barriers.horizon
        if horizon is None or offset > horizon.tick_offset:
            self._settling.put(offset, (kind, subject, offset))

    def advance(self, before: Horizon | None, now: Horizon) -> None:
        """The horizon moved: moments have come, records have settled, dates have begun."""
        touched: dict[tuple[Person, int], None] = {}
        for person, day in self._wakeups.until(now.at):
            live = person.live.get(day)
            if live is not None and 0 <= live.look_again <= now.at:
                touched[person, day] = None
        for kind, subject, offset in self._settling.until(now.tick_offset):
            for person, entry in self._memory.holders(kind, subject, offset):
                for day in person.live:
                    if entry.covers(day):
                        touched[person, day] = None
        for person, day in touched:  # by one record, the barrier, whatever it has brought about
            self.touch(person, day)
        for zone in self._memory.world.zones:
            last = wall_of(now.at, zone) // DAY_MS
            first = min(self.open, default=last + 1) if before is None else wall_of(before.at, zone) // DAY_MS + 1
            dates = [day for day in range(first, last + 1) if day in self.open and self._begins(zone, day)]
            if dates:
                self._jobs.append(Job("open", zone, dates))

    def _begins(self, zone: str, day: int) -> bool:
        """Whether a unit that ever had staff lies in a zone on a date: UTC is nobody's, and begins at 07.00 WIB."""
        return any([self._memory.world.zone_of(unit_id, day) == zone for unit_id in self._memory.staff])

    # -- what goes ----------------------------------------------------------------------------------------------

    @property
    def judging(self) -> int:
        """Dates of people whose attendance waits, at most."""
        people = len(self._memory.roll)
        steps = sum([(people - job.cursor) * len(job.dates) + 1 for job in self._jobs])
        return len(self._hot) + len(self._cold) + steps

    @property
    def waiting(self) -> int:
        """Dates of people that wait, at most."""
        return self.judging + len(self._stays)

    def others(self, in_job: bool, least: int = ONCE) -> bool:
        """Whether a job that may have touched a date too, and with at least that weight, is still under way."""
        if len(self._jobs) <= in_job:
            return False
        return any([job.weight >= least for job in islice(self._jobs, in_job, None)])  # in a job: it is the first

    def _touched(self, key: tuple[Person, int], weight: int) -> int:
        """``weight`` and all else that touched a date: who looks at its presence looks for all that touched it."""
        weight += self._hot.pop(key, 0) + self._cold.pop(key, 0)
        return weight + self._stays.pop(key, 0) if weight >= STAY else weight

    def urgent(self, look: Look) -> None:
        """Look at every date that a punch touched."""
        hot, self._hot = self._hot, {}
        for key, weight in hot.items():
            look(*key, self._touched(key, weight), False)

    def work(self, limit: int, look: Look) -> None:
        """Look at about so many of the others, attendance first: a slice ends with a person."""
        while limit > 0:
            if self._cold:
                for key in list(islice(self._cold, limit)):
                    look(*key, self._touched(key, 0), False)
                    limit -= 1
            elif self._jobs:
                limit -= self._step(self._jobs[0], look)
            elif self._stays:
                for key in list(islice(self._stays, limit)):
                    look(*key, self._touched(key, self._stays.pop(key)), False)
                    limit -= 1
            else:
                return

    def _step(self, job: Job, look: Look) -> int:
        roll = self._memory.roll
        if job.cursor >= len(roll):
            self._jobs.popleft()
            return 1
        person = roll[job.cursor]
        job.cursor += 1
        for day in job.dates:
            if job.concerns(self._memory.plan(person, day)):
                look(person, day, self._touched((person, day), job.weight), True)
        return len(job.dates)

    def finish(self, look: Look) -> None:
        """Look at everything that waits."""
        self.urgent(look)
        while self.waiting:
            self.work(self.waiting, look)

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> list[tuple[bytes, bytes | None]]:
        """What the memory has to put away, and with it what waits."""
        waits = dict(self._cold)
        for lane in (self._hot, self._stays):
            for key, weight in lane.items():
                waits[key] = waits.get(key, 0) + weight
        return list(self._memory.changed(waits, self._jobs))

    def restored(self) -> None:
        """All pieces of the memory are back: take up what waits, and find out who waits for which moment."""
        memory = self._memory
        self.open = frozenset(memory.world.open_dates(-FAR, FAR))
        self._cold = memory.restored_touches
        self._jobs = deque(memory.restored_jobs)
        for person in memory.roll:
            for day, live in person.live.items():
                if live.look_again >= 0:
                    self.wake(live.look_again, person, day)
            for enrolment in person.enrolments:
                self.settle(enrolment.offset, "enrolment", person.id)
        for device_id, entries in memory.world.devices.items():
            for entry in entries:
                self.settle(entry.offset, "device", device_id)
