"""
Keeps a list of children running: order, readiness, restarts, logs, one status file, no orphans.

``async with Supervisor(data, children) as supervisor`` in a test or a demo, ``await Supervisor(...).run()`` as a
daemon.
Another process asks ``status.read_status(data)`` and ``status.stop(data)``.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TextIO

import psutil

from hadir.clock import system_ms
from hadir.errors import HadirError, Misconfigured
from hadir.stack import status
from hadir.stack.child import BoundedLog, Child, State, in_order
from hadir.stack.guard import Guard
from hadir.stack.keeper import OVER, WELL, Changes, Keeper


class ChildFailed(HadirError):
    """A child that was waited for has been given up; the text names its log. Ends the start."""


class Supervisor:
    """
    Runs the children of one data folder.

    Args:
        data: folder; logs go to ``logs/<name>.log``, the status and the lock to ``run/``.
        children: in any order; ``after`` decides.
        log_bytes: size at which a log file is turned over (three older parts are kept).

    Raises:
        Misconfigured: the children do not fit together (at once), or another supervisor has the folder (at ``start``).
    """

    def __init__(self, data: Path, children: Sequence[Child], log_bytes: int = 8 << 20) -> None:
        self.data = data.resolve()
        self._children = in_order(children)
        self._log_bytes = log_bytes
        self._changes = Changes()
        self._keepers: dict[str, Keeper] = {}
        self._lock: TextIO | None = None
        self._guard: Guard | None = None
        self._started_at = 0
        self._born = psutil.Process().create_time()

    async def start(self) -> None:
        """
        Take the folder, kill what a dead predecessor left, begin to start the children; returns before they are ready.

        Raises:
            Misconfigured: another supervisor has the folder.
        """
        self._take_lock()
        self._guard = guard = await asyncio.to_thread(Guard, self.data)
        await asyncio.to_thread(guard.take_over)
        self._started_at = system_ms()
        for child in self._children:
            log = BoundedLog(self.data / "logs" / f"{child.name}.log", self._log_bytes)
            environment = guard.environment(child.env)
            announcement = self.data / "run" / f"{child.name}.ready"
            self._keepers[child.name] = Keeper(
                child, log, announcement, environment, partial(self._all_well, child.after), self._changes, self._note
            )
        for keeper in self._keepers.values():
            if keeper.child.held:
                keeper.state = State.STOPPED
            else:
                await keeper.start()

    async def ready(self, *names: str, timeout_s: float = 120.0) -> None:
        """
        Wait until these children (none named: all) are ready or, if they are of the kind that ends, done.

        Raises:
            ChildFailed: one was given up. TimeoutError: the time is over.
        """
        wanted = [self._keepers[name] for name in names or self._keepers]

        def settled() -> bool:
            failed = [keeper for keeper in wanted if keeper.state is State.FAILED]
            return bool(failed) or all(keeper.state in WELL for keeper in wanted)

        async with asyncio.timeout(timeout_s):
            await self._changes.wait_for(settled)
        for keeper in wanted:
            if keeper.state is State.FAILED:
                log = self.data / "logs" / f"{keeper.child.name}.log"
                raise ChildFailed(f"{keeper.child.name} does not run (exit {keeper.last_exit}): see {log}")

    async def stop(self, deadline_s: float = 60.0) -> None:
        """
        Stop all children, dependents before those they depend on, and give the folder free.

        After the deadline whatever is left is killed. Safe to call twice.
        """
        try:
            async with asyncio.timeout(deadline_s):
                await asyncio.gather(*(self._stop_after_dependents(keeper) for keeper in self._keepers.values()))
        except TimeoutError:
            for keeper in self._keepers.values():
                keeper.signal(signal.SIGKILL)
            await asyncio.gather(*(keeper.stop() for keeper in self._keepers.values()))
        finally:
            for keeper in self._keepers.values():
                keeper.log.close()
            if self._guard is not None:
                await asyncio.to_thread(self._guard.close)
                self._guard = None
                self._note()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    async def run(self) -> None:
        """As a daemon: start, and stop at SIGTERM, SIGINT or SIGHUP. Raises Misconfigured as ``start``."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, asked.set)
        await self.start()
        try:
            await asked.wait()
        finally:
            await self.stop()

    async def __aenter__(self) -> Supervisor:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def state(self, name: str) -> State:
        """Where a child stands."""
        return self._keepers[name].state

    def restarts(self, name: str) -> int:
        """How often a child was started again after it had ended by itself or was killed."""
        return self._keepers[name].restarts

    def pid(self, name: str) -> int:
        """
        The process (and process group) of a running child.

        Raises:
            ProcessLookupError: it is not running.
        """
        process = self._keepers[name].running
        if process is None:
            raise ProcessLookupError(f"{name} is not running")
        return process.pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child's process group; raises ProcessLookupError if it is not running."""
        os.killpg(self.pid(name), number)

    def kill(self, name: str) -> None:
        """SIGKILL; its policy starts it again. ``crash`` also waits for that."""
        self.signal(name, signal.SIGKILL)

    def pause(self, name: str) -> None:
        """SIGSTOP: it stands still, its sockets open, and counts as running."""
        self.signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        self.signal(name, signal.SIGCONT)

    async def crash(self, name: str, timeout_s: float = 120.0) -> None:
        """SIGKILL a child and wait until it has been started again and is ready."""
        before = self.restarts(name)
        self.kill(name)
        await self.restarted(name, before, timeout_s)

    async def restarted(self, name: str, before: int, timeout_s: float = 120.0) -> None:
        """
        Wait until a child has been started again more than ``before`` times and is ready.

        Raises:
            ChildFailed: it was given up. TimeoutError: the time is over.
        """
        keeper = self._keepers[name]
        async with asyncio.timeout(timeout_s):
            await self._changes.wait_for(
                lambda: keeper.state in OVER or (keeper.restarts > before and keeper.state is State.READY)
            )
        if keeper.state in OVER:
            raise ChildFailed(f"{name} is not started again: {keeper.state} (exit {keeper.last_exit})")

    async def stop_child(self, name: str) -> None:
        """Stop one child (SIGTERM, its deadline, SIGKILL) and leave it so until ``start_child``."""
        await self._keepers[name].stop()

    async def start_child(self, name: str) -> None:
        """Start a child that was held, stopped, done or given up; ``ready`` waits for it."""
        await self._keepers[name].start()

    def update_environment(self, changes: dict[str, str]) -> None:
        """Variables for whatever is started from now on."""
        for keeper in self._keepers.values():
            keeper.environment.update(changes)

    @property
    def names(self) -> list[str]:
        """All children, in the order of starting."""
        return list(self._keepers)

    def _take_lock(self) -> None:
        (self.data / "run").mkdir(parents=True, exist_ok=True)
        lock = status.lock_path(self.data).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            found = status.read_status(self.data)
            raise Misconfigured(f"{self.data} is already up (process {found.pid if found else 'unknown'})") from None
        self._lock = lock

    def _all_well(self, names: Sequence[str]) -> bool:
        return all(self._keepers[name].state in WELL for name in names)

    async def _stop_after_dependents(self, keeper: Keeper) -> None:
        dependents = [other for other in self._keepers.values() if keeper.child.name in other.child.outlived_by]
        await self._changes.wait_for(lambda: all(other.state in OVER for other in dependents))
        await keeper.stop()

    def _note(self) -> None:
        """Write the status file."""
        if self._lock is not None:
            rows = tuple(keeper.row() for keeper in self._keepers.values())
            up = self._guard is not None
            status.write_status(self.data, status.Status(os.getpid(), self._born, self._started_at, up, rows))
