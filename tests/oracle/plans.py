"""Orders in which a world's facts may reach the pipeline."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.oracle.oracle import Entry, Fact, attribution_rows
from tests.oracle.records import World


class Plan(NamedTuple):
    """Arguments of a pump, in its order: ``pump(*plan)``."""

    reference_records: list[Entry]
    device_facts: list[Fact]
    phone_facts: list[Fact]
    seed: int


def plans(world: World, seed: int, count: int = 5, faithful: bool = False) -> Iterator[Plan]:
    """
    Ways to tell a world: the facts in other orders and several times over; ``reference`` always in its own order.

    The first plan is the world as it stands, the second backwards, the others shuffled with repetitions.

    Args:
        seed: decides all; handed on to the pump, plus the number of the plan.
        count: how many.
        faithful: keep the producers' promise that a status follows the punches it vouches for. The rows in the end
            don't need it; laws about what is shown on the way do.
    """
    for number in range(count):
        dice = random.Random(seed * 1000 + number)
        device_facts, phone_facts = list(world.device_facts), list(world.phone_facts)
        if number == 1:
            device_facts.reverse()
            phone_facts.reverse()
        elif number > 1:
            device_facts = _shuffled_with_repetitions(device_facts, dice)
            phone_facts = _shuffled_with_repetitions(phone_facts, dice)
        if faithful:
            device_facts = vouched(world, device_facts)
        yield Plan(list(world.reference), device_facts, phone_facts, seed + number)


def _shuffled_with_repetitions(facts: Sequence[Fact], dice: random.Random) -> list[Fact]:
    told = list(facts)
    told += [fact for fact in facts if dice.random() < 0.3]
    dice.shuffle(told)
    return told


def vouched(world: World, facts: Sequence[Fact]) -> list[Fact]:
    """The same facts, with every status put behind the punches that its ``delivered_through`` vouches for."""
    rows = attribution_rows(world.device_facts, world.reference)
    ordered: list[Fact] = []
    waiting = list(facts)
    for fact in facts:
        if fact not in waiting:
            continue
        through = fact[1]["delivered_through"] if fact[0] == "device_status" else None
        if through is not None:
            for other in [f for f in waiting if f[0] == "punch" and f[1]["device_id"] == fact[1]["device_id"]]:
                row = rows[(other[1]["device_id"], other[1]["pin"], other[1]["device_time"])]
                if row["occurred_at"] is None or row["occurred_at"] < through:
                    waiting.remove(other)
                    ordered.append(other)
        waiting.remove(fact)
        ordered.append(fact)
    return ordered


def interleaving(plan: Plan) -> list[tuple[str, int]]:
    """
    An order in which a pump may take the three logs' records: (``reference`` | ``device`` | ``phone``, index).

    Made from the plan's seed; each log keeps its own order. Styles: reference first, facts first, mixed, in bursts.
    """
    dice = random.Random(plan.seed)
    logs = {"reference": len(plan.reference_records), "device": len(plan.device_facts), "phone": len(plan.phone_facts)}
    style = dice.choice(["reference first", "facts first", "mixed", "mixed", "bursts"])
    if style == "reference first":
        names = ["reference"] * logs["reference"] + ["device"] * logs["device"] + ["phone"] * logs["phone"]
    elif style == "facts first":
        names = ["device"] * logs["device"] + ["phone"] * logs["phone"] + ["reference"] * logs["reference"]
    else:
        names = []
        left = dict(logs)
        while any(left.values()):
            name = dice.choice([n for n, count in left.items() if count])
            burst = min(left[name], 1 if style == "mixed" else dice.randint(1, 12))
            names += [name] * burst
            left[name] -= burst
    taken = dict.fromkeys(logs, 0)
    order = []
    for name in names:
        order.append((name, taken[name]))
        taken[name] += 1
    return order
