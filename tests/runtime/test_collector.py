"""The collector of a worker: young cycles go at once, state is left alone, everything is looked through when idle."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from streams.collector import IDLE, LOOK_S, Collector


class Node:
    """Something that can be in a cycle."""

    def __init__(self) -> None:
        self.other: Node | None = None


@pytest.fixture(autouse=True)
def _automatic_again() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def cycle() -> Node:
    node, other = Node(), Node()
    node.other, other.other = other, node
    return node


def busy() -> None:
    end = time.process_time() + 2 * IDLE * LOOK_S
    while time.process_time() < end:
        pass


def test_young_cycles_are_freed_at_each_look() -> None:
    """And by nothing else: no automatic collection comes before it."""
    collector = Collector()
    gone = weakref.ref(cycle())
    assert gone() is not None
    assert not collector.look()
    assert gone() is None


def test_survivors_are_set_aside_until_all_is_looked_through() -> None:
    """A busy process never walks through what it holds, however long ago the last time was."""
    collector = Collector(full_s=0.0)
    busy()
    kept = cycle()
    was = weakref.ref(kept)
    assert not collector.look()
    assert gc.get_freeze_count() > 0
    del kept
    busy()
    assert not collector.look()
    assert was() is not None
    assert collector.look()
    assert was() is None


def test_idle_process_waits_until_a_full_look_is_due() -> None:
    """Idle alone is no reason."""
    assert not Collector(full_s=3600.0).look()
