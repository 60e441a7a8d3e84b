"""Makes a failing world small: takes records away while it still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from tests.oracle.records import World

Thing = TypeVar("Thing")


def smallest(world: World, fails: Callable[[World], bool]) -> World:
    """
    The world with as few records as this finds by taking halves, quarters … and single ones away.

    Much faster than Hypothesis' shrinking, which must throw the dice again. What is left may lack records that worlds
    have (a unit, a policy): if that changes why it fails, let ``fails`` ask for them.

    Args:
        fails: whether a world still shows the fault; true for ``world``.
    """
    before = -1
    while before != len(world.reference) + len(world.facts):
        before = len(world.reference) + len(world.facts)
        world = replace(world, phone_facts=_fewer(world.phone_facts, partial(_with, world, fails, "phone_facts")))
        world = replace(world, device_facts=_fewer(world.device_facts, partial(_with, world, fails, "device_facts")))
        world = replace(world, reference=_fewer(world.reference, partial(_with, world, fails, "reference")))
    return world


def _with(world: World, fails: Callable[[World], bool], part: str, few: list[Any]) -> bool:
    """Whether the world still fails with these few records in one of its parts."""
    return fails(replace(world, **{part: few}))


def _fewer(things: Sequence[Thing], fails: Callable[[list[Thing]], bool]) -> list[Thing]:
    """Fewer things that still fail, in their order."""
    kept = list(things)
    step = len(kept)
    while step:
        place = 0
        while place < len(kept):
            few = kept[:place] + kept[place + step :]
            if fails(few):
                kept = few
            else:
                place += step
        step //= 2
    return kept
