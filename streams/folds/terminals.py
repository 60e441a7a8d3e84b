"""
What is remembered of a terminal's connection: merged by ``route`` from its statuses, held by ``judge`` as it came.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Status(NamedTuple):
    """
    Statuses of one terminal, merged: a function of their set.

    Attributes:
        observed_at: of the newest one; -1: none yet.
        silent: by the newest one (of several of the same moment: the silent one).
        silent_since: by the newest one, UTC; None: not said.
        delivered_through: highest of all, UTC; None: unknown.
    """

    observed_at: int = -1
    silent: bool = False
    silent_since: int | None = None
    delivered_through: int | None = None

    def merged(self, observed_at: int, state: str, silent_since: int | None, delivered_through: int | None) -> Status:
        """With one more status; the moment breaks no tie by order of arrival."""
        news = (observed_at, state == "silent", -1 if silent_since is None else silent_since)
        held = (self.observed_at, self.silent, -1 if self.silent_since is None else self.silent_since)
        through = self.delivered_through
        if delivered_through is not None and (through is None or delivered_through > through):
            through = delivered_through
        if news > held:
            return Status(observed_at, news[1], silent_since, through)
        return self._replace(delivered_through=through)

    def says(self) -> tuple[bool, int | None, int | None]:
        """What others are told; a status that changes none of it is not passed on."""
        return self.silent, self.silent_since, self.delivered_through

    def packed(self) -> bytes:
        """As bytes."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def unpacked(value: bytes) -> Status:
        """From bytes."""
        return msgspec.msgpack.decode(value, type=Status)


class Delivery(NamedTuple):
    """
    What ``route`` said last of a terminal.

    Attributes:
        version: offset in ``device_log``; the highest wins.
        silent_since: UTC; None: not known to be silent.
        delivered_through: complete through this moment, UTC; None: unknown.
    """

    version: int
    silent_since: int | None
    delivered_through: int | None

    def packed(self) -> bytes:
        """As bytes."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def unpacked(value: bytes) -> Delivery:
        """From bytes."""
        return msgspec.msgpack.decode(value, type=Delivery)
