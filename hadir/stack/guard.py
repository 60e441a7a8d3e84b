"""
No orphans: a small process that outlives its owner by a moment and kills what the owner left.

The owner keeps the writing end of a pipe, the guard reads it. However the owner ends, SIGKILL included, the kernel
closes the pipe, the guard wakes, and kills every process that carries the owner's mark in its environment, which
children and their children inherit. PR_SET_PDEATHSIG was not taken: it reaches only direct children, fires when the
*thread* that started them ends, and needs code between fork and exec in a threaded process.

A guard that was killed too leaves marked processes; the next owner of the same folder finds them by ``kill_marked``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

MARK = "HADIR_STACK"
"""Environment variable of every process started by the stack: ``<data folder>|<run>``."""


def marked(matches: Callable[[str], bool]) -> list[psutil.Process]:
    """Processes of this user, other than this one, whose mark matches."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK)
        except (psutil.Error, OSError):
            continue
        if mark is not None and matches(mark) and process.pid != os.getpid():
            found.append(process)
    return found


def kill_marked(matches: Callable[[str], bool], deadline_s: float = 10.0) -> int:
    """
    SIGKILL the marked processes and whatever they start meanwhile, until none is left.

    Returns:
        how many were killed.

    Cost: reads the environment of every process of the machine, about 10 ms per hundred.
    """
    killed: set[int] = set()
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        left = [p for p in marked(matches) if p.status() != psutil.STATUS_ZOMBIE]
        if not left:
            break
        for process in left:
            killed.add(process.pid)
            try:
                process.kill()
            except psutil.Error:
                continue
        time.sleep(0.02)  # not waited for: a child of this very process is for its own parent code to reap
    return len(killed)


class Guard:
    """
    Marks processes and sees to it that they do not outlive this one.

    Args:
        data: the data folder; processes that an earlier, dead owner of it left are killed by ``take_over``.
    """

    def __init__(self, data: Path) -> None:
        self._data = str(data.resolve())
        self.mark = f"{self._data}|{uuid.uuid4().hex[:12]}"
        argv = [sys.executable, "-m", "hadir.stack.guard", self.mark]
        root = str(Path(__file__).parents[2])
        env = {name: value for name, value in os.environ.items() if name != MARK}
        path = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
            env={**env, "PYTHONPATH": path},
        )

    def environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        """This process's environment, with the mark and ``extra``: for the children."""
        return {**os.environ, **(extra or {}), MARK: self.mark}

    def take_over(self) -> int:
        """Kill what earlier owners of the data folder left running; returns how many."""
        return kill_marked(lambda mark: mark.startswith(f"{self._data}|") and mark != self.mark)

    def close(self) -> None:
        """Let the guard kill what is still there, and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def main() -> None:
    """The guard's own process: wait for the pipe to close, then kill."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    mark = sys.argv[1]
    while sys.stdin.buffer.read(4096):
        pass
    kill_marked(lambda found: found == mark)


if __name__ == "__main__":
    main()
