"""
Who has a phone, and until when his dates are looked at: what presence and flags have in common (decisions 0009, 0010).

A person's signs are judged through the last of his own quarters of an hour before the horizon: what lies behind it
waits for the next. So a ping of now costs no more than keeping it, a row is a function of the facts, the references and
the horizon like every other, and not everybody's is written in the same minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from streams.folds import places
from streams.folds.horizon import Horizon
from streams.folds.places import Fix
from streams.folds.zones import DAY_MS
from streams.rules.day import Plan
from streams.stages.agenda import Agenda
from streams.stages.memory import Memory
from streams.stages.person import Person

KEPT_DAYS = 40  # a month and ten days to close it; rows of earlier dates stay as they are
QUARTER_MS = places.QUARTER_S * 1000
NEAR = 3  # days between a fix and any work date to whose shift it can belong

Thing = tuple[str, str]
"""Kind and value of what is shared."""


class Stay:
    """
    What is kept of a person with a phone.

    Attributes:
        second: at which his quarters of an hour, minutes and days begin.
        days: his fixes, by his own days.
        shared: date -> what others used as well -> version and who.
        rows, flags: date -> digest of the row as last judged; of flags only where one stood.
    """

    __slots__ = ("days", "flags", "person", "rows", "second", "shared")

    def __init__(self, person: Person) -> None:
        self.person = person
        self.second = places.second_of(crc32(person.key))
        self.days: places.Days = {}
        self.shared: dict[int, dict[Thing, tuple[int, tuple[str, ...]]]] = {}
        self.rows: dict[int, int] = {}
        self.flags: dict[int, int] = {}

    def through(self, at: int) -> int:
        """The last of his quarters of an hour that is over at a moment, ms UTC."""
        return at - (at - self.second * 1000) % QUARTER_MS


class Sight(NamedTuple):
    """A shift that has begun: its plan, until when it is judged (ms UTC), and the fixes from its in-window to there."""

    due: Plan
    until: int
    fixes: list[Fix]


class Stays:
    """Everybody with a phone in a partition; touches their dates as the horizon moves."""

    def __init__(self, memory: Memory, agenda: Agenda) -> None:
        self._memory = memory
        self._agenda = agenda
        self._held: dict[bytes, Stay] = {}
        self._by_second: dict[int, list[Stay]] = {}

    def __iter__(self) -> Iterator[Stay]:
        return iter(self._held.values())

    def find(self, key: bytes) -> Stay | None:
        """Of the employee id as bytes; None: nothing was seen of a phone of his."""
        return self._held.get(key)

    def of(self, person: Person) -> Stay:
        """The person's, from now on kept."""
        stay = self._held.get(person.key)
        if stay is None:
            stay = self._held[person.key] = Stay(person)
            self._by_second.setdefault(stay.second, []).append(stay)
        return stay

    @property
    def oldest(self) -> int:
        """The first day of which fixes are kept; before there is a horizon: of all."""
        horizon = self._memory.barriers.horizon
        return -1 if horizon is None else horizon.at // DAY_MS - KEPT_DAYS

    def touch(self, stay: Stay, *moments: int) -> None:
        """Signs of these moments came or went: the dates that were looked at without them are looked at again."""
        horizon = self._memory.barriers.horizon
        if horizon is not None and min(moments) < stay.through(horizon.at):
            for day in {day for moment in moments for day in self._dates(stay.person, moment)}:
                self._agenda.stay(stay.person, day)

    def _dates(self, person: Person, at: int) -> Iterator[int]:
        """Dates of open months to whose shift a sign of that moment belongs."""
        for day in self._memory.world.work_dates(at):
            if day in self._agenda.open:
                due = self._memory.plan(person, day)
                if due is not None and not due.state and due.in_opens <= at < due.end:
                    yield day

    def advance(self, before: Horizon | None, now: Horizon) -> None:
        """The horizon moved: the shifts of all whose quarter of an hour is over go on, or are over."""
        if before is None or now.at - before.at >= QUARTER_MS:
            passed = list(self._held.values())
        else:
            seconds = range(before.at // 1000 + 1, now.at // 1000 + 1)
            passed = [s for second in seconds for s in self._by_second.get(second % places.QUARTER_S, ())]
        for stay in passed:
            through = stay.through(now.at)
            if before is None:
                since, dates = -1, {day + near for day in stay.days for near in range(-NEAR, NEAR + 1)} | {*stay.shared}
            else:
                since = stay.through(before.at)
                reach = self._memory.world.work_dates
                dates = set(range(reach(since).start, reach(through).stop))
            for day in dates:
                if day in self._agenda.open:
                    due = self._memory.plan(stay.person, day)
                    if due is not None and not due.state and due.start < through and due.end > since:
                        self._agenda.stay(stay.person, day)

    def sight(self, stay: Stay, day: int) -> Sight | None:
        """What there is to judge of a date; None: no shift that has begun."""
        due, horizon = self._memory.plan(stay.person, day), self._memory.barriers.horizon
        if horizon is None or due is None or due.state:
            return None
        until = min(stay.through(horizon.at), due.end)
        if due.start >= until:
            return None
        return Sight(due, until, places.between(stay.days, due.in_opens // 1000, until // 1000, stay.second))
