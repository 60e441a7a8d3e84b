"""``run/supervisor.json``: what a supervisor says of itself and its children; how another process asks it to stop."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from hadir.errors import HadirError
from hadir.stack import guard


class StillUp(HadirError):
    """A supervisor did not end in time. Ends the command; it may be tried again."""


@dataclass(frozen=True, slots=True)
class ChildStatus:
    """One child; times are the machine's clock, milliseconds since 1970 UTC; a negative exit is a signal's number."""

    name: str
    state: str
    pid: int | None
    restarts: int
    last_exit: int | None
    started_at: int | None
    ready_at: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """
    A supervisor. ``born`` is its process's start in seconds, which tells it from another process with the same id.

    ``up`` is what the file says; whether it is true is for ``alive``.
    """

    pid: int
    born: float
    started_at: int
    up: bool
    children: tuple[ChildStatus, ...]

    @property
    def alive(self) -> bool:
        """Whether this very supervisor runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.born) < 0.05
            return self.up and same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def status_path(data: Path) -> Path:
    """The status file of a data folder."""
    return data / "run" / "supervisor.json"


def lock_path(data: Path) -> Path:
    """The lock file of a data folder; the lock, not the file, says that a supervisor is there."""
    return data / "run" / "supervisor.lock"


def write_status(data: Path, status: Status) -> None:
    """Replace the status file in one step: a reader sees the old or the new one."""
    path = status_path(data)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(status), indent=1) + "\n")
    os.replace(part, path)


def read_status(data: Path) -> Status | None:
    """What was last written; None if nothing readable is there."""
    try:
        found = json.loads(status_path(data).read_text())
        return Status(**{**found, "children": tuple(ChildStatus(**child) for child in found["children"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def stop(data: Path, timeout_s: float = 60.0) -> bool:
    """
    Ask the supervisor of a data folder to stop, wait until it has, and kill what a dead one left.

    Returns:
        whether one was running.

    Raises:
        StillUp: it has not ended in time.
    """
    found = read_status(data)
    running = found is not None and found.alive
    if found is not None and running:
        os.kill(found.pid, signal.SIGTERM)
        end = time.monotonic() + timeout_s
        while found.alive:
            if time.monotonic() > end:
                raise StillUp(f"process {found.pid} of {data} has not ended after {timeout_s} s")
            time.sleep(0.05)
            found = read_status(data) or found
    mark = f"{data.resolve()}|"
    guard.kill_marked(lambda text: text.startswith(mark))
    return running
