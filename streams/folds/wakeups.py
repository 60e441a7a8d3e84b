"""Who must be looked at when the horizon reaches a moment: a bucket per moment, a heap of the moments."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Wakeups(Generic[T]):
    """
    Moments (or offsets) and what waits for each; nothing is ever taken out early, who wakes asks whether it still
    matters.

    >>> w = Wakeups[str]()
    >>> w.put(20, "b"); w.put(10, "a"); w.put(30, "c")
    >>> w.until(20)
    ['a', 'b']
    """

    __slots__ = ("_buckets", "_heap")

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._buckets: dict[int, list[T]] = {}

    def put(self, moment: int, item: T) -> None:
        """Wake ``item`` when the horizon reaches ``moment``."""
        bucket = self._buckets.get(moment)
        if bucket is None:
            self._buckets[moment] = [item]
            heapq.heappush(self._heap, moment)
        else:
            bucket.append(item)

    def until(self, moment: int) -> list[T]:
        """What waited for a moment up to this one, earliest first; gone from here."""
        due: list[T] = []
        while self._heap and self._heap[0] <= moment:
            due += self._buckets.pop(heapq.heappop(self._heap))
        return due

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._buckets.values()))
