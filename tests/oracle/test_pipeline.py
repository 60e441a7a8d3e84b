"""The pipeline's pure core against the oracle: other code, written by another hand from the same text, equal rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle import flags, oracle
from tests.oracle.dice import SeededDice
from tests.oracle.plans import plans
from tests.oracle.presence import presence_rows
from tests.oracle.records import World
from tests.oracle.world import SETTLED, Size, build, city
from tests.stages.harness import Result, pump


def offsets_as_told(world: World) -> World:
    """The world with ``reference`` offsets counted from 0 without gaps, as a log hands them out."""
    return replace(world, reference=[(n, kind, record) for n, (_, kind, record) in enumerate(world.reference)])


def run(world: World, seed: int, crash: float, zombies: float) -> list[str]:
    """Pump a world through the stages in several orders; lines where the rows are not the oracle's."""
    expected = oracle.attendance_rows(world.facts, world.reference, world.horizon)
    owners = oracle.attribution_rows(world.facts, world.reference)
    stays = presence_rows(world.facts, world.reference, world.horizon)
    signs = flags.flag_rows(world.facts, world.reference, world.horizon)
    found = []
    for plan in plans(world, seed, count=3):
        reference = [(kind, record) for _, kind, record in plan.reference_records]
        result: Result = pump(reference, plan.device_facts, plan.phone_facts, plan.seed, crash=crash, zombies=zombies)
        assert result.rejects == []
        found += oracle.differences(expected, oracle.of_open_months(result.rows, world.reference))
        found += oracle.differences(owners, result.attributions)
        found += oracle.differences(stays, oracle.of_open_months(result.presences, world.reference))
        found += flags.differences(signs, oracle.of_open_months(result.flags, world.reference))
    return found


@pytest.mark.parametrize("block", range(4))
def test_rows_are_the_oracles_whatever_the_order(block: int) -> None:
    """Small nasty worlds, three orders each, with repetitions: every column of every row, and every punch's owner."""
    for seed in range(block * 40, block * 40 + 40):
        world = offsets_as_told(build(SeededDice(seed), Size(), SETTLED))
        assert run(world, seed, 0.0, 0.0) == [], f"seed {seed}"


def test_rows_are_the_oracles_under_crashes_and_two_owners() -> None:
    """The same with stages that crash and are restored, and with predecessors that write on."""
    for seed in range(1000, 1040):
        world = offsets_as_told(build(SeededDice(seed), Size(), SETTLED))
        assert run(world, seed, 0.2, 0.2) == [], f"seed {seed}"


def test_a_small_city_is_the_oracles() -> None:
    """Forty people, eight terminals, eight days."""
    world = offsets_as_told(city(7))
    assert run(world, 7, 0.05, 0.05) == []
