"""Every rule is listed, says where it stands in law, shows an example that holds, and leaves its arguments alone."""

from __future__ import annotations

import copy
import doctest
import importlib
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import streams.folds
import streams.rules
from streams.folds import references as ref
from streams.folds.world import World
from streams.rules import RULES, attendance, attribution, day, examples
from tests.stages import records as r

NO_RULES = {"examples", "evidence"}  # builders for doctests; what rules of manipulation share


def modules(package: ModuleType) -> list[str]:
    """Names of a package's modules."""
    return [f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__)]


def named(rule: str) -> Any:
    """A rule by its line in ``RULES``."""
    module, *path = rule.split(".")
    found: Any = importlib.import_module(f"streams.rules.{module}")
    for name in path:
        found = getattr(found, name)
    return found


def test_every_rule_file_has_a_line_in_the_registry() -> None:
    """A file in ``streams/rules`` that no line of ``RULES`` names: add a line, or name it in ``NO_RULES``."""
    files = {name.rpartition(".")[2] for name in modules(streams.rules)}
    assert files - NO_RULES == {rule.split(".")[0] for rule in RULES}


@pytest.mark.parametrize("rule", RULES)
def test_rule_names_its_legal_source(rule: str) -> None:
    """The docstring has a line ``Source:``."""
    assert "Source: " in (named(rule).__doc__ or "")


@pytest.mark.parametrize("name", [*modules(streams.folds), *modules(streams.rules)])
def test_examples_in_docstrings_hold(name: str) -> None:
    """Doctests of folds and rules."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_rules_leave_their_arguments_alone() -> None:
    """Given twice the same, they say twice the same, and nothing that was passed in has changed."""
    due, punches = examples.plan(), [examples.punch("07:20"), examples.punch("16:01")]
    terminals = [attendance.Terminal("A", True)]
    before = copy.deepcopy((punches, terminals))
    for given in (punches, []):
        said = [attendance.judge(due, given, terminals, examples.moment("09:00")) for _ in range(2)]
        assert said[0] == said[1]
    assert (punches, terminals) == before

    world, place = World(), ref.assignment(r.assignment()[1])
    for kind, record in r.office():
        if kind in ("unit", "unit_mode", "shift", "schedule", "policy"):
            world.put(kind, record)
    state = copy.deepcopy((place, world.units, world.shifts, world.policies))
    planned = [day.plan(world, place, None, None, r.day("2026-11-23")) for _ in range(2)]
    assert planned[0].cutoff == planned[1].cutoff == r.at("2026-11-23 07:30")
    assert (place, world.units, world.shifts, world.policies) == state

    devices, pins = [ref.device(r.device()[1])], [ref.enrolment(r.enrolment()[1])]
    owners = [attribution.owner(devices, pins, r.wall("2026-11-23 07:30")) for _ in range(2)]
    assert owners[0] == owners[1] == attribution.Owner("ani", "", r.at("2026-11-23 07:30"), -1)
