"""What can go wrong with a simulated ZK terminal, on command."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from producers.simulator.zk.wire import Code


class Fault(StrEnum):
    """One thing that terminals do to their readers; by its name on the command line."""

    CLOSE = "close-mid-chunk"
    GARBAGE = "garbage"
    SILENCE = "silence"
    RESTART = "restart"
    GROWS = "count-grows"
    SHRINKS = "count-shrinks"


MEANING = {
    Fault.CLOSE: "half of an answer that brings data, then the line is closed",
    Fault.GARBAGE: "bytes that are no packet, instead of an answer",
    Fault.SILENCE: "no answer, the line stays open",
    Fault.RESTART: "every line closed, nobody listens for a while, all sessions gone",
    Fault.GROWS: "somebody punches after the records were counted",
    Fault.SHRINKS: "the oldest record goes after the records were counted",
}
USUAL = {
    Fault.CLOSE: None,
    Fault.GARBAGE: Code.DATA_WRRQ,
    Fault.SILENCE: Code.DATA_WRRQ,
    Fault.RESTART: Code.DATA_WRRQ,
    Fault.GROWS: Code.GET_FREE_SIZES,
    Fault.SHRINKS: Code.GET_FREE_SIZES,
}
"""At which request a fault comes if nothing else is asked; None: at the first answer that brings data."""


@dataclass
class _Planned:
    fault: Fault
    at: int | None
    left: int


@dataclass
class Faults:
    """Faults that are still to come, in the order in which they were planned."""

    _planned: list[_Planned] = field(default_factory=list)

    def plan(self, fault: Fault, times: int = 1, at: int | None = None) -> None:
        """Let a fault come at the next ``times`` requests of a kind (``at``: a ``Code``; None: the usual one)."""
        self._planned.append(_Planned(fault, USUAL[fault] if at is None else at, times))

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._planned.clear()

    def strike(self, code: int, *, brings_data: bool) -> Fault | None:
        """The fault that comes at this request, if any; counts it."""
        for planned in self._planned:
            if planned.at == code or (planned.at is None and brings_data):
                planned.left -= 1
                if planned.left == 0:
                    self._planned.remove(planned)
                return planned.fault
        return None
