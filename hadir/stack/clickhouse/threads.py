"""Merges in the background yield to inserts and queries, and to whatever else runs on the machine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

MERGES = "MergeMutate"
"""How ClickHouse names the threads that merge."""
NICE = 10
LOOK_S = 5.0


def calm_merges(seen: set[int]) -> None:
    """
    Give the merging threads of this process a lower priority.

    ClickHouse's own setting for it (``os_threads_nice_value_merge_mutate``) does nothing without a privilege that
    lowering does not need.

    Args:
        seen: threads looked at already; more are added.
    """
    for task in Path("/proc/self/task").iterdir():
        thread = int(task.name)
        if thread in seen:
            continue
        try:
            if (task / "comm").read_text().strip() == MERGES:
                os.setpriority(os.PRIO_PROCESS, thread, NICE)
                seen.add(thread)
        except OSError:  # it has ended meanwhile
            continue


async def keep_merges_calm() -> None:
    """Look for new ones until cancelled; nothing where there is no ``/proc``."""
    seen: set[int] = set()
    while Path("/proc/self/task").is_dir():
        calm_merges(seen)
        await asyncio.sleep(LOOK_S)
