"""What a supervised child is, what became of it, and its log file. No processes here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Literal

from hadir.errors import Misconfigured
from hadir.stack.waiting import Ready


class State(StrEnum):
    """
    Where a child stands.

    ``waiting`` for others, ``starting`` (runs, not ready), ``ready``, ``backoff`` (ended, will be started again),
    ``stopped`` on request, ``done`` (ended, its policy does not start it again), ``failed`` (given up).
    """

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    BACKOFF = "backoff"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Restart:
    """
    What happens when a child ends by itself.

    Attributes:
        mode: ``always``; ``on-failure``: only after an exit code other than 0; ``never``.
        first_s, most_s: pause before the first restart; doubled each time up to the most.
        healthy_s: ran as long as that: the next pause is the first again.
        most: restarts in a row (without a healthy run between) until it is given up; None: never given up.
    """

    mode: Literal["always", "on-failure", "never"] = "always"
    first_s: float = 0.3
    most_s: float = 15.0
    healthy_s: float = 20.0
    most: int | None = None

    def pause_s(self, in_a_row: int) -> float:
        """
        Seconds before restart number ``in_a_row`` (from 0).

        >>> [Restart().pause_s(n) for n in (0, 1, 2, 10)]
        [0.3, 0.6, 1.2, 15.0]
        """
        return float(min(self.most_s, self.first_s * 2 ** min(in_a_row, 30)))

    def again(self, code: int, in_a_row: int) -> bool:
        """Whether to start again after this exit code."""
        wanted = self.mode == "always" or (self.mode == "on-failure" and code != 0)
        return wanted and (self.most is None or in_a_row < self.most)


@dataclass(frozen=True, slots=True)
class Child:
    """
    One process to be kept running.

    Attributes:
        name: for people, files and ``after``; letters, digits, ``-``, ``_``, ``.``.
        argv: its command line.
        env: added to the supervisor's own environment.
        ready: asked until it says yes; None: ready as soon as it runs.
        announces: it says so itself, by ``hadir.readiness``, instead.
        once: a task that ends (a migration): counts for others when it is done, exit code 0, and not before. Give it a
            ``restart`` of ``never`` or ``on-failure``.
        after: names of children that must be ready (or done) before it is first started; stopped after it.
        uses: names of children that it waits for by itself, loading meanwhile; stopped after it.
        restart: when it ends by itself.
        ready_s: not ready by then: killed, and started again by ``restart``.
        stop_s: from SIGTERM to SIGKILL.
        cwd: its working folder; None: the supervisor's.
        held: not started with the others, only by ``start_child``.
    """

    name: str
    argv: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    announces: bool = False
    once: bool = False
    after: Sequence[str] = ()
    uses: Sequence[str] = ()
    restart: Restart = Restart()
    ready_s: float = 90.0
    stop_s: float = 20.0
    cwd: Path | None = None
    held: bool = False

    @property
    def outlived_by(self) -> tuple[str, ...]:
        """Those that are stopped after it."""
        return (*self.after, *self.uses)


def in_order(children: Iterable[Child]) -> list[Child]:
    """
    The children so that each comes after those it waits for.

    Raises:
        Misconfigured: a name twice, a name unfit for a file, an unknown name in ``after`` or ``uses``, or a circle.
    """
    left = list(children)
    names = [child.name for child in left]
    for name in names:
        if names.count(name) > 1:
            raise Misconfigured(f"two children are called {name}")
        if not name or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise Misconfigured(f"not a name for a child: {name!r}")
    ordered: list[Child] = []
    while left:
        free = [child for child in left if all(name in {c.name for c in ordered} for name in child.outlived_by)]
        if not free:
            stuck = {child.name: [name for name in child.outlived_by if name not in names] for child in left}
            unknown = {name: missing for name, missing in stuck.items() if missing}
            raise Misconfigured(
                f"unknown in 'after' or 'uses': {unknown}" if unknown else f"wait for each other: {sorted(stuck)}"
            )
        ordered += free
        left = [child for child in left if child not in free]
    return ordered


class BoundedLog:
    """
    A file that starts anew (``name.log.1`` and so on keep the older parts) when it grows beyond a size.

    A disk that cannot take more loses lines, counted in ``dropped``, and never blocks or ends the child.
    """

    def __init__(self, path: Path, most_bytes: int = 8 << 20, keep: int = 3) -> None:
        self._path, self._most, self._keep = path, most_bytes, keep
        self._file: BinaryIO | None = None
        self._size = 0
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Append; turns the file over first if it is full."""
        try:
            if self._file is None or self._size >= self._most:
                self._turn()
            assert self._file is not None
            self._file.write(data)
            self._file.flush()
            self._size += len(data)
        except OSError:
            self.dropped += len(data)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _turn(self) -> None:
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._size = self._path.stat().st_size if self._path.exists() else 0
        if self._size >= self._most:
            for number in range(self._keep - 1, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number}")
                if older.exists():
                    os.replace(older, self._path.with_name(f"{self._path.name}.{number + 1}"))
            os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))
            self._size = 0
        self._file = self._path.open("ab")
