"""Merging threads get a lower priority, the others keep theirs."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hadir.stack.clickhouse.threads import MERGES, NICE, calm_merges

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="priorities by thread need Linux's /proc")


def priority(thread: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, thread)


def test_merging_threads_alone_are_calmed() -> None:
    """Told apart by the name that ClickHouse gives them; each is looked at once."""
    go, named = threading.Event(), threading.Barrier(3)

    def work(name: str) -> None:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
        named.wait(10)
        go.wait(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in (MERGES, "TCPHandler")]
    for thread in threads:
        thread.start()
    named.wait(10)
    merging, serving = (thread.native_id or 0 for thread in threads)
    try:
        before = priority(serving)
        seen: set[int] = set()
        calm_merges(seen)
        assert merging in seen
        assert (priority(merging), priority(serving)) == (NICE, before)
        os.setpriority(os.PRIO_PROCESS, merging, NICE + 1)
        calm_merges(seen)
        assert priority(merging) == NICE + 1
    finally:
        go.set()
        for thread in threads:
            thread.join(10)
