"""Waiting on a clock that may run faster than the machine's."""

from __future__ import annotations

import asyncio

from hadir.clock import Clock


class Pace:
    """
    A clock and how many of its seconds pass in one of the machine's.

    Waits are cut into naps of at most half a second, so a clock that stops, jumps or changes its rate strands nobody.
    """

    NAP_S = 0.5

    def __init__(self, clock: Clock, rate: float = 1.0) -> None:
        self.now = clock
        self.rate = rate

    async def until(self, at_ms: int) -> None:
        """Return once the clock shows ``at_ms`` (milliseconds since 1970 UTC) or later; gives way at least once."""
        while True:
            left_ms = at_ms - self.now()
            await asyncio.sleep(min(max(left_ms, 0) / 1000 / self.rate, self.NAP_S))
            if self.now() >= at_ms:
                return
