"""
Python's garbage collector in a process that holds millions of long-lived objects and must not stop.

Left to itself it would walk through all of a worker's state now and then: seconds in which no punch is judged. State
has no cycles, so once looked at while young it is never looked at again, until the process has nothing else to do.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time

logger = logging.getLogger(__name__)

LOOK_S = 1.0  # the young objects of a second are looked through in some 20 ms under full load
IDLE = 0.05  # of one core: below it a stop of seconds hurts nobody
FULL_S = 3600.0


class Collector:
    """Replaces the automatic collection of this process; all of it is looked through at most every ``full_s``."""

    def __init__(self, full_s: float = FULL_S) -> None:
        gc.disable()
        self._full_s = full_s
        self._full_at = time.monotonic() + full_s
        self._cpu_s = time.process_time()

    def look(self) -> bool:
        """
        Free the cycles among objects made since the last call and set the others aside; call it once a second.

        Returns whether everything was looked through: when that is due and the process was idle since the last call.
        """
        cpu_s = time.process_time()
        idle = cpu_s - self._cpu_s < IDLE * LOOK_S
        full = idle and time.monotonic() >= self._full_at
        if full:
            gc.unfreeze()
            logger.info("garbage collector: %d objects freed in a full collection", gc.collect())
            self._full_at = time.monotonic() + self._full_s
        else:
            gc.collect(0)
        gc.freeze()
        self._cpu_s = time.process_time()
        return full


async def collect_calmly() -> None:
    """Until cancelled."""
    collector = Collector()
    while True:
        await asyncio.sleep(LOOK_S)
        collector.look()
