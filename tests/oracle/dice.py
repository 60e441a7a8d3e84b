"""Where a world's choices come from: a seed, or Hypothesis."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Protocol, TypeVar

from hypothesis import strategies as st

Thing = TypeVar("Thing")


class Dice(Protocol):
    """Where a world's choices come from."""

    def between(self, low: int, high: int) -> int:
        """A number, both ends included."""

    def pick(self, options: Sequence[Thing]) -> Thing:
        """One of these."""

    def chance(self, percent: int) -> bool:
        """True so often in a hundred."""


class SeededDice:
    """Dice thrown by a random generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """A number, both ends included."""
        return self._random.randint(low, high)

    def pick(self, options: Sequence[Thing]) -> Thing:
        """One of these."""
        return self._random.choice(options)

    def chance(self, percent: int) -> bool:
        """True so often in a hundred."""
        return self._random.randrange(100) < percent


@cache
def _number(low: int, high: int) -> st.SearchStrategy[int]:
    """Strategies made once: making them costs as much as drawing."""
    return st.integers(low, high)


class DrawnDice:
    """Dice thrown by Hypothesis: small numbers, first options and False are what it shrinks to."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def between(self, low: int, high: int) -> int:
        """A number, both ends included."""
        return self._draw(_number(low, high))

    def pick(self, options: Sequence[Thing]) -> Thing:
        """One of these."""
        return options[self._draw(_number(0, len(options) - 1))]

    def chance(self, percent: int) -> bool:
        """True so often in a hundred."""
        return self._draw(_number(0, 99)) >= 100 - percent
