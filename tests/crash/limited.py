"""
``python -m tests.crash.limited FILE COMMAND...``: the command, under the bound on file sizes that FILE names, if any.

A bound of 1 byte is a disk that is full for this process and no other.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path

FULL = 1


def main() -> None:
    """Set the soft bound, so that it can be lifted from outside, and become the command."""
    bound, command = Path(sys.argv[1]), sys.argv[2:]
    if bound.exists():
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(bound.read_text()), hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing says "too large", as a full disk says "no space"
    os.execvp(command[0], command)


def fill(bound: Path, pid: int) -> None:
    """The disk is full from now on: for this process and its successors."""
    bound.write_text(str(FULL))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL, resource.RLIM_INFINITY))


def empty(bound: Path, pid: int | None) -> None:
    """There is room again; ``pid`` None: no such process runs. Of one that has just ended the successor is free."""
    bound.unlink()
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
