"""Carries a schedule out: arms steps, sees who was hit where, stops, wakes, kills."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from hadir.stack.child import State
from tests.crash.places import AT_START, HOLD_S, Fault, Schedule
from tests.crash.system import Stack

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
LOOK_S = 0.02
NOTHING = int(signal.SIGCONT)  # an order that only holds somebody up
STAND_S = 3.0  # how long a process may take from taking its order to standing still


@dataclass(frozen=True, slots=True)
class Hit:
    """A blow that fell: what, when by the share of the morning, on which process."""

    fault: Fault
    at: float
    pid: int


@dataclass
class Blows:
    """
    A schedule being carried out against a running stack.

    Attributes:
        share: how much of the time for blows has passed; from 1.0 on nothing begins any more.
        fell: told of every kill, as soon as it is one.
        hits, missed: what fell and what did not come to it.
    """

    stack: Stack
    schedule: Schedule
    share: Callable[[], float]
    fell: Callable[[], None] = lambda: None
    hits: list[Hit] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def run(self) -> None:
        """Carry all of it out, side by side; returns when every blow has fallen or its time is over, all awake."""
        async with asyncio.TaskGroup() as tasks:
            for fault in self.schedule.faults:
                tasks.create_task(self._strike(fault))

    def _turn(self, name: str) -> asyncio.Lock:
        return self._turns.setdefault(name, asyncio.Lock())

    async def _strike(self, fault: Fault) -> None:
        while self.share() < fault.begin:
            await asyncio.sleep(LOOK_S)
        place = fault.place
        async with contextlib.AsyncExitStack() as turns:
            for name in sorted({place.victim, place.at}):
                await turns.enter_async_context(self._turn(name))
            if place.step:
                fell = await self._at_step(fault)
            else:
                fell = await self._anywhere(fault)
        if not fell:
            self.missed.append(fault)

    async def _anywhere(self, fault: Fault) -> bool:
        victim = fault.place.victim
        while self.stack.supervisor.state(victim) is not State.READY:
            if self.share() >= 1:
                return False
            await asyncio.sleep(LOOK_S)
        self._note(fault, self.stack.supervisor.pid(victim))
        await self._hit(victim, fault)
        return True

    async def _at_step(self, fault: Fault) -> bool:
        place, supervisor = fault.place, self.stack.supervisor
        other = place.at != place.victim and not place.held
        armed = self.stack.folder(place.at) / place.step
        hit = armed.with_name(f"{place.step}.hit")
        hit.unlink(missing_ok=True)
        written = armed.with_name(f"{place.step}.new")
        written.write_text(self._order(fault))
        os.rename(written, armed)
        if place.step in AT_START:
            with contextlib.suppress(ProcessLookupError):
                supervisor.kill(place.at)
        while not hit.exists():
            if self.share() >= 1:
                with contextlib.suppress(FileNotFoundError):
                    armed.unlink()
                    return False
            await asyncio.sleep(LOOK_S)
        try:
            pid = supervisor.pid(place.at)
        except ProcessLookupError:
            pid = 0
        self._note(fault, pid)
        if place.held:
            await asyncio.sleep(HOLD_S)
            await self._hit(place.victim, fault)
        elif other:
            await self._standing(pid)
            blow = asyncio.create_task(self._hit(place.victim, fault))
            await asyncio.sleep(0.3)
            self._wake(place.at)
            await blow
        elif fault.action == "stop":
            await asyncio.sleep(fault.stop_s)
            self._wake(place.victim)
        else:
            await self._gone(place.at, pid)
            self.fell()
        return True

    @staticmethod
    def _order(fault: Fault) -> str:
        """What whoever reaches the step does to itself: a signal, when, and how long it waits if it can."""
        place = fault.place
        if place.held:
            return f"{NOTHING} 0 {HOLD_S + 1}"
        if place.at != place.victim:
            return f"{int(signal.SIGSTOP)} 0 0"
        return f"{int(SIGNALS[fault.action])} {fault.later_s} 0"

    async def _hit(self, victim: str, fault: Fault) -> None:
        """From outside, now."""
        supervisor = self.stack.supervisor
        with contextlib.suppress(ProcessLookupError):
            pid = supervisor.pid(victim)
            supervisor.signal(victim, SIGNALS[fault.action])
            if fault.action == "stop":
                await asyncio.sleep(fault.stop_s)
                self._wake(victim)
            else:
                await self._gone(victim, pid)
                self.fell()

    def _wake(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.stack.supervisor.resume(name)

    async def _standing(self, pid: int) -> None:
        """Wait until a process has stopped itself."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            for _ in range(int(STAND_S / LOOK_S)):
                if process.status() == psutil.STATUS_STOPPED:
                    return
                await asyncio.sleep(LOOK_S)

    async def _gone(self, name: str, pid: int) -> None:
        """Wait until the supervisor has noticed, so that nobody signals what is dead."""
        for _ in range(int(STAND_S / LOOK_S)):
            with contextlib.suppress(ProcessLookupError):
                if self.stack.supervisor.pid(name) == pid:
                    await asyncio.sleep(LOOK_S)
                    continue
            return

    def _note(self, fault: Fault, pid: int) -> None:
        self.hits.append(Hit(fault, round(self.share(), 3), pid))
