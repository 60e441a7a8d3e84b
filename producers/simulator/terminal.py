"""
A terminal as it behaves: it remembers every punch, delivers, polls, obeys, falls silent and comes back.

Its memory holds every punch of the plan up to now, whether connected or not, so a range query returns all of it. A
record counts as delivered only after the server's OK; until then the terminal comes again with it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hadir.clock import system_ms
from producers.simulator.link import GONE, Link, Refused
from producers.simulator.pace import Pace
from producers.simulator.wire import Command, attlog_lines, operlog_lines, parse_query
from producers.simulator.world import Behaviour, Punch, wall_ms

MAX_LINES = 200
"""Lines per POST; some firmware sends fewer, none sends a month at once."""
RESEND = 20
FOREVER_MS = 86_400_000
HAND_OVER_S = 60.0
"""Of the machine's seconds: how long a terminal tries to get rid of its last records when the run ends."""


@dataclass(frozen=True, slots=True)
class Ack:
    """
    A punch's first OK.

    ``device_time_ms``: the terminal's wall clock as if UTC. ``acked_at_ms`` by the simulated clock,
    ``acked_system_ms`` by the machine's, both milliseconds since 1970 UTC. ``via``: ``live``, ``resend`` or ``range``.
    """

    staff_no: str
    serial: str
    pin: str
    device_time_ms: int
    at_ms: int
    acked_at_ms: int
    acked_system_ms: int
    via: str


class Terminal:
    """
    One terminal, run by one task.

    Args:
        serial: its number, its only identity.
        behaviour: clock, silences, what it keeps back, operations.
        punches: the whole plan of its day, in order of ``at_ms``.
        base_url: of the gateway, without path.
        pace: the simulated clock.
        on_ack: told of every punch's first OK.
        poll_s: clock seconds between polls; the server's ``Delay`` counts if it is longer.
    """

    def __init__(
        self,
        serial: str,
        behaviour: Behaviour,
        punches: Sequence[Punch],
        base_url: str,
        pace: Pace,
        on_ack: Callable[[Ack], None] = lambda ack: None,
        poll_s: float = 60.0,
    ) -> None:
        self.serial = serial
        self.behaviour = behaviour
        self.link = Link(base_url, serial)
        self.delivered: set[tuple[str, int]] = set()
        self._punches = punches
        self._moments = [punch.at_ms for punch in punches]
        self._pace = pace
        self._on_ack = on_ack
        self._poll_s = poll_s
        self._sent = 0  # every record before this index was delivered in order
        self._operated = 0
        self._resent = 0
        self._poll_ms = 0
        self._todo: deque[Command] = deque()
        self._answers: list[str] = []

    @property
    def online(self) -> bool:
        """Shaken hands and not let go since."""
        return self.link.options is not None

    def in_memory(self, at_ms: int) -> int:
        """How many punches the terminal holds at a moment."""
        return bisect_right(self._moments, at_ms)

    def owed(self, at_ms: int) -> list[tuple[str, int]]:
        """(PIN, wall clock) of what it held at a moment and nobody has said OK to."""
        held = ((p.pin, p.device_time_ms) for p in self._punches[: self.in_memory(at_ms)])
        return [key for key in held if key not in self.delivered]

    async def run(self, until_ms: int | None) -> None:
        """
        Behave until the clock shows ``until_ms`` (None: for ever), then hand over what is left, if connected.

        Everything that goes wrong on the line is tried again after the server's ``ErrorDelay``; nothing is raised but
        cancellation.
        """
        try:
            while until_ms is None or self._pace.now() < until_ms:
                wake = await self._step()
                await self._pace.until(wake if until_ms is None else min(wake, until_ms))
            await self._hand_over()
        finally:
            await self.link.close()

    async def deliver(self, punches: Sequence[Punch], via: str) -> None:
        """POST records in pieces; each piece's punches are acknowledged as its OK comes."""
        for begin in range(0, len(punches), MAX_LINES):
            piece = punches[begin : begin + MAX_LINES]
            await self.link.post_attlog(attlog_lines(piece), len(piece))
            self._note(piece, via)

    async def _step(self) -> int:
        """One round; the moment of the next. A silence waits for what was punched before it, and for nothing else."""
        now = self._pace.now()
        silent_until = self.behaviour.silent_until(now)
        if silent_until is not None and not self._owes_from_before(now):
            await self.link.close()
            return now + FOREVER_MS if silent_until == -1 else silent_until
        try:
            if not self.online:
                await self._greet()
            await self._deliver_due(kept_back_too=silent_until is not None)
            if silent_until is not None:
                return now
            await self._operate(now)
            if now >= self._poll_ms or self._todo or self._answers:
                await self._poll()
        except Refused:
            return self._pace.now() + self._error_delay_ms()
        except GONE:
            delay_ms = self._error_delay_ms()
            await self.link.close()
            return self._pace.now() + delay_ms
        return self._next_ms()

    async def _greet(self) -> None:
        options = await self.link.handshake()
        self._poll_ms = 0
        if options.stamp == "0":
            self._sent = 0  # the server has nothing: it gets everything again

    async def _deliver_due(self, *, kept_back_too: bool = False) -> None:
        now = self._speaks_until()
        due = self._sent
        if kept_back_too:
            due = max(due, self.in_memory(now))
        while due < len(self._punches) and self.behaviour.release_ms(self._moments[due]) <= now:
            due += 1
        while self._sent < due:
            piece = self._punches[self._sent : min(due, self._sent + MAX_LINES)]
            await self.deliver(piece, "live")
            self._sent += len(piece)
        resend = self.behaviour.resend_at_ms
        if self._resent < len(resend) and resend[self._resent] <= now:
            await self.deliver(self._punches[max(0, self._sent - RESEND) : self._sent], "resend")
            self._resent += 1

    async def _operate(self, now: int) -> None:
        operations = self.behaviour.operations
        while self._operated < len(operations) and operations[self._operated].at_ms <= now:
            operation = operations[self._operated]
            shown = wall_ms(operation.at_ms, self.behaviour.clock_offset_s)
            body = operlog_lines(shown, operation.code, operation.pin)
            await self.link.post_operlog(body, body.count("\n"))
            self._operated += 1

    async def _poll(self) -> None:
        """Ask for commands and carry them out. What fails halfway is done again from the command that failed."""
        if self._pace.now() >= self._poll_ms:
            first = self._poll_ms == 0
            self._todo.extend(await self.link.poll(self._info() if first else ""))
            delay_s = 0 if self.link.options is None else self.link.options.delay_s
            self._poll_ms = self._pace.now() + round(max(self._poll_s, delay_s) * 1000)
        while self._todo:
            if self.behaviour.silent_until(self._pace.now()) is not None:
                return  # the silence has begun meanwhile: an answer now would vouch for what is not sent before its end
            self._answers.append(await self._obey(self._todo[0]))
            self._todo.popleft()
        if self._answers:
            await self.link.post_results("\n".join(self._answers) + "\n")
            self._answers.clear()

    async def _obey(self, command: Command) -> str:
        asked = parse_query(command.text)
        code = 0
        if asked is not None:
            held = self._punches[: self.in_memory(self._pace.now())]
            await self.deliver([p for p in held if asked[0] <= p.device_time_ms <= asked[1]], "range")
        elif command.name not in ("INFO", "CHECK"):
            code = -1
        return f"ID={command.command_id}&Return={code}&CMD={command.name}"

    def _info(self) -> str:
        """Firmware, users, fingers, records, address, algorithm: what a terminal says of itself."""
        people = len({punch.pin for punch in self._punches})
        return (
            f"Ver%206.60%20Apr%2013%202022,{people},{people},{self.in_memory(self._pace.now())},10.0.0.9,10,7,12,0,101"
        )

    def _note(self, punches: Sequence[Punch], via: str) -> None:
        acked_at_ms, acked_system_ms = self._pace.now(), system_ms()
        for punch in punches:
            key = (punch.pin, punch.device_time_ms)
            if key not in self.delivered:
                self.delivered.add(key)
                self._on_ack(
                    Ack(
                        punch.staff_no,
                        self.serial,
                        punch.pin,
                        punch.device_time_ms,
                        punch.at_ms,
                        acked_at_ms,
                        acked_system_ms,
                        via,
                    )
                )

    def _speaks_until(self) -> int:
        """Now, or the last moment before the silence in which now lies, however late this machine comes to look."""
        now = self._pace.now()
        return min(
            [begin - 1 for begin, end in self.behaviour.silences if begin <= now and (end is None or now < end)],
            default=now,
        )

    def _owes_from_before(self, now: int) -> bool:
        if self._sent >= len(self._punches):
            return False
        return any(begin <= now and self._moments[self._sent] < begin for begin, _ in self.behaviour.silences)

    def _error_delay_ms(self) -> int:
        return 1000 * (30 if self.link.options is None else self.link.options.error_delay_s)

    def _next_ms(self) -> int:
        """The earliest of: next poll, next record to be let go, next operation, next resend, next silence."""
        times = [self._poll_ms]
        if self._sent < len(self._punches):
            times.append(self.behaviour.release_ms(self._moments[self._sent]))
        times += [op.at_ms for op in self.behaviour.operations[self._operated : self._operated + 1]]
        times += self.behaviour.resend_at_ms[self._resent : self._resent + 1]
        times += [begin for begin, _ in self.behaviour.silences if begin > self._pace.now()]
        return min(times)

    async def _hand_over(self) -> None:
        """At the end: deliver even what would have been kept back, in at most ``HAND_OVER_S``; not if silent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S):
                await self._hand_over_all()

    async def _hand_over_all(self) -> None:
        while (held := self.in_memory(self._pace.now())) > self._sent:
            if self.behaviour.silent_until(self._pace.now()) is not None:
                return
            try:
                if not self.online:
                    await self._greet()
                piece = self._punches[self._sent : min(held, self._sent + MAX_LINES)]
                await self.deliver(piece, "live")
                self._sent += len(piece)
            except Refused:
                await self._pace.until(self._pace.now() + self._error_delay_ms())
            except GONE:
                await self.link.close()
                await self._pace.until(self._pace.now() + self._error_delay_ms())
