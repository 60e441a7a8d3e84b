"""The life of one supervised child: wait for others, start, copy its output, watch, start again, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hadir import readiness
from hadir.clock import system_ms
from hadir.stack.child import BoundedLog, Child, State
from hadir.stack.status import ChildStatus
from hadir.stack.waiting import until

OVER = (State.STOPPED, State.DONE, State.FAILED)
"""No process runs and none will be started by itself."""
WELL = (State.READY, State.DONE)
"""Those that depend on it may start."""


class Changes:
    """One condition for the whole supervisor: whatever changes wakes whoever waits."""

    def __init__(self) -> None:
        self._condition = asyncio.Condition()

    async def tell(self) -> None:
        """Something has changed."""
        async with self._condition:
            self._condition.notify_all()

    async def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds`` says so; it is asked at every change."""
        async with self._condition:
            await self._condition.wait_for(holds)


@dataclass(slots=True)
class Keeper:
    """
    Keeps one child.

    Attributes:
        child, log: what to run and where its output goes.
        announcement: file by which a child that announces itself does so.
        environment: the whole environment of the process.
        may_start: whether all that it waits for is there.
        changed: called after each change of state.
        restarts: started again after it ended by itself; ``in_a_row``: without a healthy run in between.
        wanted: whether it should run.
    """

    child: Child
    log: BoundedLog
    announcement: Path
    environment: dict[str, str]
    may_start: Callable[[], bool]
    changes: Changes
    note: Callable[[], None]
    state: State = State.WAITING
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    in_a_row: int = 0
    last_exit: int | None = None
    started_at: int | None = None
    ready_at: int | None = None
    wanted: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def running(self) -> asyncio.subprocess.Process | None:
        """Its process, if one is there."""
        return self.process if self.process is not None and self.process.returncode is None else None

    async def start(self) -> None:
        """Want it to run; nothing if it does."""
        if self.wanted:
            return
        if self.task is not None:
            await asyncio.gather(self.task, return_exceptions=True)
        self.wanted, self.in_a_row = True, 0
        await self._move(State.WAITING)
        self.task = asyncio.create_task(self._keep(), name=f"keep {self.child.name}")

    async def stop(self) -> None:
        """SIGTERM to its group, SIGKILL after its ``stop_s``; returns when it is over. A paused one is woken first."""
        self.wanted = False
        await self.changes.tell()
        process = self.running
        if process is not None:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            try:
                async with asyncio.timeout(self.child.stop_s):
                    await process.wait()
            except TimeoutError:
                self.signal(signal.SIGKILL)
        if self.task is not None:
            await asyncio.gather(self.task, return_exceptions=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process group, if it runs."""
        process = self.running
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def row(self) -> ChildStatus:
        """What the status file says of it."""
        process = self.running
        return ChildStatus(
            name=self.child.name,
            state=self.state.value,
            pid=process.pid if process is not None else None,
            restarts=self.restarts,
            last_exit=self.last_exit,
            started_at=self.started_at,
            ready_at=self.ready_at,
        )

    async def _keep(self) -> None:
        await self.changes.wait_for(lambda: self.may_start() or not self.wanted)
        policy = self.child.restart
        while self.wanted:
            begun = time.monotonic()
            self.last_exit = code = await self._live()
            if not self.wanted:
                break
            if time.monotonic() - begun >= policy.healthy_s:
                self.in_a_row = 0
            if not policy.again(code, self.in_a_row):
                self.wanted = False
                await self._move(State.DONE if code == 0 and policy.mode != "always" else State.FAILED)
                return
            await self._move(State.BACKOFF)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(policy.pause_s(self.in_a_row)):
                    await self.changes.wait_for(lambda: not self.wanted)
            self.in_a_row += 1
            self.restarts += self.wanted
        await self._move(State.STOPPED)

    async def _live(self) -> int:
        """Start the process, report readiness, copy its output; returns its exit code (negative: the signal)."""
        child = self.child
        environment = self.environment
        if child.announces:
            self.announcement.unlink(missing_ok=True)
            environment = environment | {readiness.VARIABLE: str(self.announcement)}
        outlet, inlet = os.pipe()  # its own pipe: what grandchildren hold open must not delay noticing its end
        try:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=inlet,
                stderr=inlet,
                env=environment,
                cwd=child.cwd,
                start_new_session=True,
            )
        except OSError as error:
            os.close(outlet)
            self.log.write(f"hadir: {child.argv[0]} cannot be started: {error}\n".encode())
            return 127
        finally:
            os.close(inlet)
        self.process, self.started_at, self.ready_at = process, system_ms(), None
        await self._move(State.STARTING)
        copy = asyncio.create_task(self._copy(outlet))
        watch = asyncio.create_task(self._watch(process))
        try:
            return await process.wait()
        finally:
            watch.cancel()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what it started must not run on beside its successor
            await asyncio.wait([copy, watch], timeout=5.0)  # a slow disk, or a grandchild that holds the pipe
            copy.cancel()
            self.process = None

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        if self.child.once:
            return
        ready = self._announced if self.child.announces else self.child.ready
        if ready is not None:
            try:
                await until(ready, self.child.ready_s, alive=lambda: process.returncode is None)
            except TimeoutError:
                if process.returncode is None:
                    self.log.write(f"hadir: not ready after {self.child.ready_s} s: killed\n".encode())
                    self.signal(signal.SIGKILL)
                return
        self.ready_at = system_ms()
        await self._move(State.READY)

    async def _announced(self) -> bool:
        return self.announcement.exists()

    async def _copy(self, outlet: int) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(outlet, "rb", 0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while data := await reader.read(1 << 16):
                self.log.write(data)
        finally:
            transport.close()

    async def _move(self, state: State) -> None:
        self.state = state
        self.note()
        await self.changes.tell()
