"""Drives all terminals and phones of a city: through a morning on the simulated clock, or all of it in one minute."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields

from hadir.clock import Clock
from producers.simulator.link import GONE, Counts, Refused
from producers.simulator.morning import make_morning
from producers.simulator.outings import Outing
from producers.simulator.pace import Pace
from producers.simulator.phone_app import PhoneApp, PhoneReport, session
from producers.simulator.terminal import MAX_LINES, Ack, Terminal
from producers.simulator.world import Behaviour, City, Morning, Punch

REPORT_S = 0.25
"""Machine seconds between two lines of progress."""
Action = tuple[int, Callable[[], Awaitable[object]]]


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a running city. ``punched`` lie in memories by now, ``delivered`` of them have an OK."""

    at_ms: int
    planned: int
    punched: int
    delivered: int
    online: int
    silent: int
    trouble: int


@dataclass
class RunReport:
    """
    What a run did. ``acks``: every punch's first OK, in order. ``undelivered``: (serial, PIN, wall clock) of punches in
    the memories of connected terminals that never got one: empty unless the gateway was gone at the end.
    ``still_silent``: serials that were silent at the end. ``phones``: what phones were told.
    """

    acks: list[Ack] = field(default_factory=list)
    undelivered: list[tuple[str, str, int]] = field(default_factory=list)
    still_silent: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    phones: PhoneReport = field(default_factory=PhoneReport)


@dataclass
class LoadReport:
    """What a load did: ``latencies_ms`` of every POST that got its OK, machine time; ``seconds`` from first to last."""

    punches: int = 0
    posts: int = 0
    refused: int = 0
    gone: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


async def run_city(
    city: City,
    gateway_url: str,
    clock: Clock,
    until: int | None,
    *,
    rate: float = 1.0,
    morning: Morning | None = None,
    outings: Sequence[Outing] = (),
    progress: Callable[[Progress], None] | None = None,
    actions: Sequence[Action] = (),
    poll_s: float = 60.0,
    report: RunReport | None = None,
) -> RunReport:
    """
    Let every terminal in service live its day, and every phone that is given.

    Args:
        city: the made city.
        gateway_url: of the ADMS gateway, without path.
        clock: the simulated clock, ``hadir.clock.now_ms``.
        until: moment at which the run ends, milliseconds since 1970 UTC; None: only by cancellation.
        rate: clock seconds per machine second, ``hadir.clock.rate()``.
        morning: the plan; made from the city if not given (the same every time).
        outings: of the phones that speak, ``make_outings``.
        progress: told four times a second, and once at the end.
        actions: (moment, coroutine function) to be run when the clock shows it, e.g. the roster change at 08:00.
        poll_s: clock seconds between a terminal's polls.
        report: to be filled as it goes, for whoever wants to look at the acks while the city runs on.

    An action that fails ends the run with its exception. Terminals and phones never fail, they come again.
    """
    morning = morning or make_morning(city)
    pace = Pace(clock, rate)
    report = RunReport() if report is None else report
    terminals = _terminals(city, morning, gateway_url, pace, report.acks.append, poll_s)
    mobile = session()
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(terminals, pace, len(morning.punches), progress))
            doing = [group.create_task(_act(pace, action)) for action in actions]
            running = [group.create_task(_start(t, n, pace, poll_s, until)) for n, t in enumerate(terminals)]
            phones = [PhoneApp(outing, gateway_url, mobile, pace, report.phones) for outing in outings]
            running += [group.create_task(phone.run(until)) for phone in phones]
            await asyncio.gather(*running, *doing)
            watch.cancel()
    finally:
        await mobile.close()
        for terminal in terminals:
            await terminal.link.close()
    now = clock() if until is None else until
    for terminal in terminals:
        _add(report.counts, terminal.link.counts)
        if terminal.behaviour.silent_until(now) is not None:
            report.still_silent.append(terminal.serial)
        else:
            report.undelivered += [(terminal.serial, *key) for key in terminal.owed(now)]
    if progress is not None:
        progress(_look(terminals, pace, len(morning.punches)))
    return report


async def deliver_all(
    city: City,
    gateway_url: str,
    *,
    morning: Morning | None = None,
    spread_s: float = 60.0,
    lines: int = MAX_LINES,
    retry_s: float = 0.5,
) -> LoadReport:
    """
    Deliver every terminal's whole morning, silent or not, within ``spread_s`` machine seconds: a load on the gateway.

    Args:
        city: the made city.
        gateway_url: of the ADMS gateway, without path.
        morning: the plan; made from the city if not given.
        spread_s: the POSTs of a terminal are spread evenly over this time; 0: as fast as answers come.
        lines: per POST; 1 is what a terminal in ``Realtime`` does.
        retry_s: machine seconds before a refused POST comes again.
    """
    morning = morning or make_morning(city)
    report = LoadReport()
    terminals = _terminals(city, morning, gateway_url, Pace(lambda: morning.end_ms), lambda ack: None, 60.0)
    plans = _by_serial(morning)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.TaskGroup() as group:
        for n, terminal in enumerate(terminals):
            plan = plans[terminal.serial]
            pieces = [plan[i : i + lines] for i in range(0, len(plan), lines)]
            step = spread_s / max(1, len(pieces))
            group.create_task(_unload(terminal, pieces, begin + step * n / len(terminals), step, retry_s, report))
    report.seconds = loop.time() - begin
    return report


async def _unload(
    terminal: Terminal, pieces: list[list[Punch]], first: float, step: float, retry_s: float, report: LoadReport
) -> None:
    loop = asyncio.get_running_loop()
    try:
        for n, piece in enumerate(pieces):
            await asyncio.sleep(max(0.0, first + n * step - loop.time()))
            while True:
                sent = loop.time()
                try:
                    if not terminal.online:
                        await terminal.link.handshake()
                        sent = loop.time()
                    await terminal.deliver(piece, "live")
                    break
                except Refused:
                    report.refused += 1
                except GONE:
                    report.gone += 1
                    await terminal.link.close()
                await asyncio.sleep(retry_s)
            report.latencies_ms.append((loop.time() - sent) * 1000)
            report.punches += len(piece)
            report.posts += 1
    finally:
        await terminal.link.close()


def _by_serial(morning: Morning) -> dict[str, list[Punch]]:
    plans: dict[str, list[Punch]] = defaultdict(list)
    for punch in morning.punches:
        plans[punch.serial].append(punch)
    return plans


def _terminals(
    city: City, morning: Morning, url: str, pace: Pace, on_ack: Callable[[Ack], None], poll_s: float
) -> list[Terminal]:
    plans = _by_serial(morning)
    return [
        Terminal(d.serial, morning.behaviours.get(d.serial, Behaviour()), plans[d.serial], url, pace, on_ack, poll_s)
        for d in city.devices
        if d.covers(city.day)
    ]


async def _start(terminal: Terminal, n: int, pace: Pace, poll_s: float, until: int | None) -> None:
    """Terminals were not switched on in the same second: their polls lie apart."""
    await pace.until(pace.now() + round(n * 37 % 135 / 135 * poll_s * 1000))
    await terminal.run(until)


async def _act(pace: Pace, action: Action) -> None:
    at_ms, act = action
    await pace.until(at_ms)
    await act()


async def _watch(
    terminals: Sequence[Terminal], pace: Pace, planned: int, progress: Callable[[Progress], None] | None
) -> None:
    while progress is not None:
        progress(_look(terminals, pace, planned))
        await asyncio.sleep(REPORT_S)


def _look(terminals: Sequence[Terminal], pace: Pace, planned: int) -> Progress:
    now = pace.now()
    return Progress(
        now,
        planned,
        sum(t.in_memory(now) for t in terminals),
        sum(len(t.delivered) for t in terminals),
        sum(t.online for t in terminals),
        sum(t.behaviour.silent_until(now) is not None for t in terminals),
        sum(t.link.counts.refused + t.link.counts.gone for t in terminals),
    )


def _add(total: Counts, part: Counts) -> None:
    for each in fields(Counts):
        setattr(total, each.name, getattr(total, each.name) + getattr(part, each.name))
