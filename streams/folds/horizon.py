"""How far everything is known to have been routed: the lowest of the barriers of all source partitions."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

SOURCES = ("device_log", "phone_log")


class Horizon(NamedTuple):
    """
    The moment, and the offset in ``reference``, behind which nothing is still under way.

    Attributes:
        at: milliseconds, UTC.
        tick_offset: every reference record below it has been applied by ``route``.
    """

    at: int
    tick_offset: int


class Barriers:
    """Highest barrier of each source partition; the horizon is None until all ``2 * partitions`` were heard of."""

    __slots__ = ("_changed", "_expected", "_seen", "horizon", "partitions")

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.horizon: Horizon | None = None
        self._expected = len(SOURCES) * partitions
        self._seen: dict[tuple[str, int], Horizon] = {}
        self._changed: set[tuple[str, int]] = set()

    def knows(self, source: str, partition: int) -> bool:
        """Whether there is such a source partition."""
        return source in SOURCES and 0 <= partition < self.partitions

    def put(self, source: str, partition: int, at: int, tick_offset: int) -> bool:
        """Take a barrier in; True when the horizon moved."""
        key = (source, partition)
        old = self._seen.get(key)
        new = Horizon(at, tick_offset) if old is None else Horizon(max(at, old.at), max(tick_offset, old.tick_offset))
        if new == old:
            return False
        self._seen[key] = new
        self._changed.add(key)
        return self._lower()

    def _lower(self) -> bool:
        if len(self._seen) < self._expected:
            return False
        lowest = Horizon(min(h.at for h in self._seen.values()), min(h.tick_offset for h in self._seen.values()))
        moved = lowest != self.horizon
        self.horizon = lowest
        return moved

    def changed(self) -> list[tuple[bytes, bytes]]:
        """Packed barriers that changed since the last call."""
        out = [(msgspec.msgpack.encode(key), msgspec.msgpack.encode(self._seen[key])) for key in self._changed]
        self._changed.clear()
        return out

    def restore(self, key: bytes, value: bytes) -> None:
        """Take a packed barrier back."""
        self._seen[msgspec.msgpack.decode(key, type=tuple[str, int])] = msgspec.msgpack.decode(value, type=Horizon)
        self._lower()
