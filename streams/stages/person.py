"""One person as a partition of ``judge`` remembers him, and what waits to be judged."""

from __future__ import annotations

from typing import NamedTuple

from schemas.codec import long_bytes
from streams.folds.punches import Punches
from streams.folds.references import Assignment, Enrolment, Leave, Schedule
from streams.rules.day import Plan

# What touched a date since it was judged last, added up. A row that one record touched is compared with the one
# before; one that two touched is written, because it may have been another in between (see ``judge``).
ONCE = 1
COUNT = (1 << 16) - 1
ZONE = 1 << 16  # and it moved the date's midnight: there may be no row yet
PLACE = 1 << 32  # and an assignment came or went: there may be no row any more
# Counted by itself: what touched a date's `presence`. A punch or a terminal does not, a late ping touches nothing else.
STAY = 1 << 48
BOTH = ONCE + STAY


class Live(NamedTuple):
    """
    A date without an in-punch, of which time or a terminal may have more to say.

    Attributes:
        look_again: moment of horizon at which it may change by itself; -1: none.
        asked: past its cutoff and not complete: a terminal that delivers may change it.
    """

    look_again: int
    asked: bool


class Person:
    """
    A person's own records, punches, and what was last said of each date.

    Attributes:
        key: the employee id as bytes; ``text``: as Avro writes it.
        rows: date -> digest of the row as last judged.
        live: dates that may still change without a fact of the person's own.
        plans: date -> plan, of lately used dates, while ``generation`` is the world's.
    """

    __slots__ = (
        "assignments",
        "enrolments",
        "generation",
        "id",
        "key",
        "leaves",
        "live",
        "plans",
        "punches",
        "rows",
        "schedules",
        "text",
    )

    def __init__(self, employee_id: str) -> None:
        self.id = employee_id
        self.key = employee_id.encode()
        self.text = long_bytes(len(self.key)) + self.key
        self.assignments: list[Assignment] = []
        self.schedules: list[Schedule] = []
        self.leaves: list[Leave] = []
        self.enrolments: list[Enrolment] = []
        self.punches: Punches = {}
        self.rows: dict[int, int] = {}
        self.live: dict[int, Live] = {}
        self.plans: dict[int, Plan | None] = {}
        self.generation = -1


class Job:
    """
    Dates to be judged anew for everybody, one person after the other.

    Attributes:
        kind: ``open`` (a date begins in zone ``subject``), or the record that changed: ``period``, ``shift``,
            ``policy``, ``calendar``.
        cursor: people done.
        weight: how it touches a date.
    """

    __slots__ = ("cursor", "dates", "kind", "subject", "weight")

    def __init__(self, kind: str, subject: str, dates: list[int]) -> None:
        self.kind = kind
        self.subject = subject
        self.dates = dates
        self.cursor = 0
        # What touched dates while they were closed is unknown; a date that only begins has had no shift yet.
        self.weight = 2 * BOTH if kind == "period" else ONCE if kind == "open" else BOTH

    def concerns(self, plan: Plan | None) -> bool:
        """Whether a person's date can have been touched at all."""
        if self.kind == "shift":
            return plan is not None and plan.rostered == self.subject
        if self.kind == "open":
            return plan is not None and plan.zone == self.subject
        return True


Touches = dict[tuple[Person, int], int]
