"""
Where a process can be hit, and the schedules that together hit every place.

A *place* is a child and a step of its way from input to commitment (``hadir.crashpoint.reach``). For Kafka, which has
no hooks, it is the step at which somebody else stands: that child is stopped there, the broker is hit, it goes on.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Action = Literal["kill", "stop"]
ACTIONS: tuple[Action, ...] = ("kill", "stop")

COMMITMENT = ("batch.folded", "batch.emitted", "output.acknowledged", "batch.acked", "commit.begun", "commit.done")
STATE = ("transaction.begun", "transaction.sent", "transaction.committed", "state.opened", "state.read")
STEPS: dict[str, tuple[str, ...]] = {
    "gateway": (
        "attlog.read",
        "attlog.sent",
        "attlog.acknowledged",
        "range.asked",
        "range.answered",
        "status.sent",
        "status.told",
        "phone.read",
        "phone.sent",
        "phone.acknowledged",
    ),
    "clock": ("tick.due", "tick.sent", "tick.acknowledged"),
    "distribute": (*COMMITMENT, "settle.done"),
    "route": (*COMMITMENT, *STATE, "settle.done"),
    "cross": (*COMMITMENT, *STATE),
    "judge": (*COMMITMENT, *STATE),
    "alert": (*COMMITMENT, *STATE),
    "notify": ("notice.sent", "notice.noted"),
    "sink": (
        "batch.taken",
        "block.inserted",
        "rows.inserted",
        "offset.stored",
        "batch.acked",
        "commit.begun",
        "commit.done",
    ),
    "clickhouse": ("insert.begins", "insert.done"),
}
"""Every step of every child that has hooks; those that are reached when a process starts are in ``AT_START``."""

AT_START = ("state.opened", "state.read")
LATER_S: dict[tuple[str, str], tuple[float, float]] = {
    ("gateway", "attlog.sent"): (0.002, 0.03),
    ("gateway", "attlog.acknowledged"): (0.001, 0.01),
    ("gateway", "phone.sent"): (0.002, 0.03),
    ("clock", "tick.sent"): (0.001, 0.01),
    ("distribute", "batch.emitted"): (0.005, 0.04),
    ("distribute", "settle.done"): (0.001, 0.03),
    ("route", "batch.emitted"): (0.005, 0.04),
    ("route", "settle.done"): (0.001, 0.03),
    ("cross", "batch.emitted"): (0.005, 0.04),
    ("judge", "batch.emitted"): (0.005, 0.04),
    ("judge", "transaction.begun"): (0.001, 0.02),
    ("alert", "batch.emitted"): (0.005, 0.04),
    ("notify", "notice.sent"): (0.001, 0.03),
    ("clickhouse", "insert.begins"): (0.001, 0.03),
    ("sink", "batch.taken"): (0.001, 0.05),
}
"""Places that are also hit this many seconds later: on the wire, where no line of ours stands."""

HELD: tuple[tuple[str, str, str], ...] = (
    ("gateway", "gateway", "outbox.sending"),
    ("clock", "clock", "outbox.sending"),
    ("distribute", "distribute", "outbox.sending"),
    ("route", "route", "outbox.sending"),
    ("cross", "cross", "outbox.sending"),
    ("judge", "judge", "outbox.sending"),
    ("alert", "alert", "outbox.sending"),
    ("notify", "notify", "outbox.sending"),
    ("route", "route", "transaction.begun"),
    ("cross", "cross", "transaction.begun"),
    ("judge", "judge", "transaction.begun"),
    ("alert", "alert", "transaction.begun"),
    ("sink", "clickhouse", "insert.begins"),
    ("clickhouse", "clickhouse", "insert.begins"),
)
"""
Victim, and where one thing is held up for ``HOLD_S`` while everything else goes on; then the victim is hit. Whoever
promises something before what it rests on is durable has promised it by then.
"""
HOLD_S = 3.0
"""Longer than from one commit, checkpoint or flush to the next; shorter than the gateway's patience."""

BROKER: tuple[tuple[str, str], ...] = (
    ("gateway", "attlog.sent"),
    ("gateway", "phone.sent"),
    ("clock", "tick.sent"),
    ("distribute", "settle.done"),
    ("route", "batch.emitted"),
    ("route", "transaction.sent"),
    ("cross", "transaction.sent"),
    ("judge", "batch.emitted"),
    ("judge", "transaction.begun"),
    ("judge", "transaction.sent"),
    ("judge", "commit.begun"),
    ("alert", "transaction.sent"),
    ("notify", "notice.sent"),
    ("sink", "commit.begun"),
)
"""Where others stand when the broker is hit."""

RAISED = (0.36, 0.58)
LINKED = (0.0, 0.45)
SELDOM: dict[tuple[str, str], tuple[float, float]] = {
    ("alert", "outbox.sending"): RAISED,
    ("notify", "outbox.sending"): RAISED,
    ("notify", "notice.sent"): RAISED,
    ("notify", "notice.noted"): RAISED,
} | {("cross", step): LINKED for step in (*STEPS["cross"], "outbox.sending") if step not in AT_START}
"""
Steps that nobody comes to at any other time; armed then they would only keep other blows waiting. ``RAISED`` are the
shares of a whole morning in which most alerts are raised: schools have their cutoff at 07:01, offices at 07:31.
``LINKED`` those in which phones tell of things new to ``cross``: when they are first seen, and by a photo as one comes.
"""

TWINS: dict[int, str] = {2: "judge", 4: "alert", 6: "route", 8: "cross", 10: "sink", 13: "judge", 17: "distribute"}
"""Schedules in which a stage has two processes, and the first sleeps beyond its session."""
TWIN_STEPS = ("batch.emitted", "output.acknowledged", "transaction.begun", "transaction.sent", "batch.acked")
TWIN_STOP_S = 16.0
STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """
    Attributes:
        victim: the child that is hit.
        at: the child whose step it is; with Kafka somebody else.
        step: of ``hadir.crashpoint``; empty: any moment.
        later: hit a moment after the step, not at it.
        held: whoever reached the step waits there alone, and the victim is hit ``HOLD_S`` later.
    """

    victim: str
    at: str
    step: str
    later: bool = False
    held: bool = False

    def __str__(self) -> str:
        where = f"{self.at} {self.step}" if self.at != self.victim else self.step
        when = " + a moment" if self.later else f" held for {HOLD_S:.0f} s" if self.held else ""
        return f"{self.victim} @ {where or 'any moment'}{when}"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One blow.

    Attributes:
        place, action: what happens where.
        begin: share of the morning (0 to 1) after which the place is armed.
        later_s: seconds from the step to the blow.
        stop_s: how long it stands still, machine seconds.
    """

    place: Place
    action: Action
    begin: float = 0.0
    later_s: float = 0.0
    stop_s: float = STOP_S

    def __str__(self) -> str:
        return f"{self.action} {self.place}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens in one morning; ``twin``: the stage that has a second process, if any."""

    number: int
    seed: int
    faults: tuple[Fault, ...]
    twin: str = ""


def places() -> list[Place]:
    """Every place that all schedules together must hit, each by ``kill`` and by ``stop``."""
    found = [Place(child, child, step) for child, steps in STEPS.items() for step in steps]
    found += [Place(child, child, step, True) for child, step in LATER_S]
    found += [Place(victim, at, step, held=True) for victim, at, step in HELD]
    found += [Place(child, child, "") for child in STEPS]
    found += [Place("kafka", child, step) for child, step in BROKER] + [Place("kafka", "kafka", "")]
    return found


def wanted() -> list[tuple[Place, Action]]:
    """Every place with each action."""
    return [(place, action) for place in places() for action in ACTIONS]


def schedules(seed: int, count: int) -> list[Schedule]:
    """
    So many schedules that share ``wanted`` among them, the same for the same arguments.

    Blows on one child lie apart, so that it is back before the next; those on Kafka are spread evenly.
    """
    rng = random.Random(f"{seed}:crash")
    hands: list[list[tuple[Place, Action]]] = [[] for _ in range(count)]
    by_victim: dict[str, list[tuple[Place, Action]]] = {}
    for place, action in wanted():
        by_victim.setdefault(place.victim, []).append((place, action))
    turn = 0
    for blows in by_victim.values():
        rng.shuffle(blows)
        for blow in blows:
            hands[turn % count].append(blow)
            turn += 1
    found = []
    for number, hand in enumerate(hands):
        twin = TWINS.get(number, "")
        own = random.Random(f"{seed}:{number}:crash")
        found.append(Schedule(number, seed, tuple(spread(hand, own) + _twin_faults(twin, own)), twin))
    return found


def spread(hand: Sequence[tuple[Place, Action]], rng: random.Random) -> list[Fault]:
    """Give each blow its time: any order, evenly apart, so that no two begin together."""
    order = list(hand)
    rng.shuffle(order)
    faults = []
    for n, (place, action) in enumerate(order):
        later_s = round(rng.uniform(*LATER_S[place.at, place.step]), 4) if place.later else 0.0
        begin = (n + rng.uniform(0.1, 0.7)) / max(1, len(order)) * 0.85
        if (place.at, place.step) in SELDOM:
            begin = rng.uniform(*SELDOM[place.at, place.step])
        faults.append(Fault(place, action, round(begin, 3), later_s))
    return faults


def carried(schedule: Schedule, missed: Iterable[Fault]) -> Schedule:
    """The schedule with what earlier ones did not come to, from the beginning of the morning."""
    left = [fault for fault in missed if not _is_twin(fault)]
    more = tuple(replace(fault, begin=round(n / len(left) * 0.6, 3)) for n, fault in enumerate(left))
    return replace(schedule, faults=(*more, *schedule.faults))


def _twin_faults(twin: str, rng: random.Random) -> list[Fault]:
    if not twin:
        return []
    steps = [step for step in TWIN_STEPS if step in STEPS[twin]]
    step = rng.choice(steps or list(STEPS[twin]))
    first = Fault(Place(twin, twin, step), "stop", 0.15, stop_s=TWIN_STOP_S)
    return [first, Fault(Place(f"{twin}2", f"{twin}2", ""), "kill", 0.7)]


def _is_twin(fault: Fault) -> bool:
    return fault.stop_s == TWIN_STOP_S or fault.place.victim.endswith("2")
