"""What the runner and a stage say to each other. A stage does no I/O and reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """One record of the input partition: offset, key and bytes as Kafka holds them; append time in ms, UTC."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0


class Emission(NamedTuple):
    """
    One record to write: log by its short name (``schemas.topics``), partition, key, bytes in wire format.
    """

    log: str
    partition: int
    key: bytes
    value: bytes


class Settle(NamedTuple):
    """Stands between emissions: all before it must be acknowledged before the first after it is sent."""


class Reject(NamedTuple):
    """A record that the stage can't take, before it touched any state; ends in ``dead_letter``."""

    record: Record
    reason: str


Step = Emission | Settle


class Stage(Protocol):
    """
    A deterministic fold over one ordered partition.

    ``stateful`` stages are checkpointed by the runner; the others keep nothing beyond what ``drain`` hands out.
    """

    stateful: bool

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """
        Take a batch in, in order of offset.

        Returns the records it refused; any exception means that the state can't be trusted any more: the
        runner throws it away, restores, and finds the record that did it.
        """
        ...

    def drain(self, limit: int) -> list[Step]:
        """
        Hand out what is due: everything that the last batch asked for first, then at most about ``limit`` rows of
        work that waits (a cutoff, a changed policy). Versions are offsets of the last record folded.
        """
        ...

    @property
    def backlog(self) -> int:
        """How many evaluations still wait; the runner calls ``drain`` again until it is 0."""
        ...

    @property
    def spoken_through(self) -> int | None:
        """Moment (ms, UTC) through which all that it reads has spoken; None where it can't tell. For people only."""
        ...

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """State keys and packed values that changed since the last call; None deletes. Forgets them as handed out."""
        ...

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one packed piece of state back, in any order, before the first ``fold``."""
        ...

    def restored(self, head: int) -> None:
        """All pieces are back; ``head`` is the last offset folded into them, -1 when there were none."""
        ...


class AtOnce:
    """What stages share that write at each record all that it asks for: nothing waits, and time is not theirs."""

    def __init__(self) -> None:
        self._out: list[Step] = []

    def drain(self, limit: int) -> list[Step]:
        """All that the last batch asked for, in its order."""
        out, self._out = self._out, []
        return out

    @property
    def backlog(self) -> int:
        """Nothing waits."""
        return 0

    @property
    def spoken_through(self) -> int | None:
        """It can't tell."""
        return None


class Forgetful(AtOnce):
    """Of these, those that remember nothing."""

    stateful = False

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """Nothing is remembered."""
        return ()

    def restore(self, key: bytes, value: bytes) -> None:
        """Nothing is remembered."""

    def restored(self, head: int) -> None:
        """Nothing is remembered."""
