"""
A simulated terminal whose silence is firm, however late it got through before.

``producers.simulator.terminal.Terminal`` goes on delivering through a silence when it owes something from before, and
the truth counts that as delivered. But it hands over *all* it holds then, also what was punched in the silence. Nobody
sees that while the gateway answers at once; when it was away as the silence began, the truth no longer holds. Here a
silent terminal holds back what came after, and what it was asked in its last exchange is never answered.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

from producers.simulator import run
from producers.simulator.terminal import MAX_LINES, Terminal
from producers.simulator.wire import Command


class FirmTerminal(Terminal):
    """See the module."""

    def in_memory(self, at_ms: int) -> int:
        """How many punches it holds that it could hand over at a moment: in a silence those from before."""
        for begin, end in self.behaviour.silences:
            if begin <= at_ms and (end is None or at_ms < end):
                return bisect_left(self._moments, begin)
        return super().in_memory(at_ms)

    async def _deliver_due(self, *, kept_back_too: bool = False) -> None:
        if not kept_back_too:
            await super()._deliver_due()
            return
        held = self.in_memory(self._pace.now())
        while self._sent < held:
            piece = self._punches[self._sent : min(held, self._sent + MAX_LINES)]
            await self.deliver(piece, "live")
            self._sent += len(piece)

    async def _obey(self, command: Command) -> str:
        if self.behaviour.silent_until(self._pace.now()) is not None:
            raise OSError("silent by now")
        return await super()._obey(command)


@contextmanager
def firm_terminals() -> Iterator[None]:
    """Cities that begin to run in this block have such terminals."""
    before = vars(run)["Terminal"]
    vars(run)["Terminal"] = FirmTerminal
    try:
        yield
    finally:
        vars(run)["Terminal"] = before
