"""
Steps at which a test may kill or stop a process: ``reach("transaction.sent")``. Does nothing unless a test asks.

With ``HADIR_CRASH_DIR`` set (read once), a file in that folder named like a step arms it. Whoever reaches the step
first takes the file away and does to itself what it says: a signal's number, seconds until then (0: here and now), and
seconds for which whoever reached it should wait meanwhile, if it can; all others go on.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

_FOLDER = os.environ.get("HADIR_CRASH_DIR", "")


def _pass_by(step: str) -> float:
    """Off: what runs in production."""
    return 0.0


def _look(step: str) -> float:
    armed = Path(_FOLDER, step)
    hit = armed.with_name(f"{step}.hit")
    try:
        os.rename(armed, hit)  # only one process succeeds, and only once
    except FileNotFoundError:
        return 0.0
    number, later_s, hold_s = hit.read_text().split()
    if float(later_s):
        threading.Timer(float(later_s), os.kill, (os.getpid(), int(number))).start()
    else:
        signal.pthread_kill(threading.get_ident(), int(number))  # this thread goes no further than here
    return float(hold_s)


reach: Callable[[str], float] = _look if _FOLDER else _pass_by
