"""A demonstration's run: the city lives, then what ClickHouse says is held against what everybody truly did."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from rich.console import Console
from rich.live import Live
from rich.text import Text

from hadir import clock
from hadir.cli import demo_phones, demo_report
from hadir.cli.demo_alerts import Hook, write_channel
from hadir.cli.demo_flags import compare_flags
from hadir.cli.demo_outcome import Outcome
from hadir.cli.system import LocalSystem
from hadir.settings import Settings
from producers.roster.load import run_import
from producers.simulator.alerts import expected_alerts
from producers.simulator.city import DAY, make_city
from producers.simulator.judge import World
from producers.simulator.morning import make_morning
from producers.simulator.outings import Outing, make_outings
from producers.simulator.roster_files import write_change, write_roster
from producers.simulator.run import Progress, RunReport, run_city
from producers.simulator.truth import write_truth
from producers.simulator.world import City, Morning, local_text

AGREE_S = 30.0  # machine seconds that the last rows may take to arrive


class Told(NamedTuple):
    """A made city, its morning, its phones', and the truth about everybody as ``truth.json`` has it."""

    city: City
    morning: Morning
    outings: tuple[Outing, ...]
    truth: dict[str, Any]


def think(folder: Path, people: int, terminals: int, seed: int, holiday: str) -> Told:
    """Make a city and write its roster, the change that comes later, and the truth into ``folder``."""
    city = make_city(seed, DAY, people, terminals, holiday=holiday)
    morning = make_morning(city)
    outings = make_outings(city, morning)
    write_roster(city, folder / "roster")
    write_change(city, folder / "change")
    world = World(city, morning)
    truth = write_truth(world, folder / "truth.json", outings, expected_alerts(world))
    return Told(city, morning, outings, truth)


class Demo:
    """The roster goes in, the city lives, the comparison; all that the city needs is up."""

    def __init__(self, console: Console, configured: Settings, told: Told, rate: float, hook: int) -> None:
        self._console = console
        self._settings = configured
        self._city, self._morning, self._outings, self._truth = told
        self._rate = rate
        self._first_judged_s: float | None = None
        write_channel(configured, hook)
        self._hook = Hook(hook, {unit.name: unit.unit_id for unit in self._city.units})

    async def run(self, system: LocalSystem, leave: bool) -> int:
        """Live, compare, and stay unless told to leave; 0 when everything agrees."""
        await run_import(self._settings.data / "roster", self._settings, dry_run=False)
        address = f"http://{self._settings.gateway_host}:{self._settings.gateway_port}"
        wall = f"http://{self._settings.wall_host}:{self._settings.wall_port}"
        self._console.print(f"wall {wall}   gateway {address}   ClickHouse {self._settings.clickhouse}   {_elapsed()}")
        clock.write_anchor(Path(os.environ["HADIR_CLOCK_ANCHOR"]), clock.system_ms())
        async with self._hook:
            lived, _ = await asyncio.gather(self._live(address), self._start_the_rest(system))
            agreed = await self._compare(lived)
            if not leave:
                await self._stay()
        return 0 if agreed else 1

    async def _live(self, address: str) -> RunReport:
        async def enrol() -> None:
            await run_import(self._settings.data / "change", self._settings, dry_run=False)

        with Live(console=self._console, refresh_per_second=8) as line:

            def show(now: Progress) -> None:
                text = f"{local_text(now.at_ms)[11:16]}  punches {now.delivered} of {now.planned}"
                text = f"{text}  terminals {now.online} online, {now.silent} silent"
                line.update(Text("\n".join([text, *self._hook.lines()])))

            lived = await run_city(
                self._city,
                address,
                clock.now_ms,
                self._morning.end_ms,
                rate=self._rate,
                morning=self._morning,
                outings=self._outings,
                progress=show,
                actions=[(self._city.later_at_ms, enrol)],
            )
        return lived

    async def _start_the_rest(self, system: LocalSystem) -> None:
        """See when the first person was judged, then let the others load."""
        while self._first_judged_s is None:
            if await asyncio.to_thread(demo_report.anybody_judged, self._settings):
                self._first_judged_s = _elapsed_s()
            await asyncio.sleep(0.2)
        await system.start()

    async def _compare(self, lived: RunReport) -> bool:
        day = date.fromisoformat(str(self._truth["day"]))
        end = time.monotonic() + AGREE_S
        while True:
            beside = await asyncio.to_thread(self._beside, lived)
            outcome = await asyncio.to_thread(demo_report.compare, self._settings, day, self._truth, beside)
            faults = [*outcome.disagreements, *(fault for one in beside for fault in one.faults)]
            if not faults or time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        self._console.print(outcome.table)
        for line in faults[:40]:
            self._console.print(f"[red]{line}[/red]")
        later = {(enrolment.serial, enrolment.pin) for enrolment in self._city.later_enrolments}
        acks = [ack for ack in lived.acks if (ack.serial, ack.pin) not in later]  # they wait for us, not we for them
        for verdict in demo_report.latencies(self._settings, day, acks):
            self._console.print(verdict)
        for one in beside:
            colour = "red" if one.faults else "green"
            self._console.print(f"[{colour}]{one.summary}[/{colour}]")
        self._console.print(f"first judged person {self._first_judged_s:.1f} s after the command")
        people = len(self._truth["people"])
        if outcome.agreed:
            self._console.print(f"[green]all {people} agree with the truth[/green], {_elapsed()}")
        else:
            self._console.print(f"[red]{len(outcome.disagreements)} of {people} disagree with the truth[/red]")
        return not faults

    def _beside(self, lived: RunReport) -> list[Outcome]:
        """What is held against the truth beside attendance: phones, presence, flags, alerts."""
        people = demo_phones.employee_ids(self._settings)
        return [
            demo_phones.compare(self._settings, people, self._truth, lived.phones),
            demo_phones.compare_presence(self._settings, people, self._city, self._truth, self._outings),
            compare_flags(self._settings, people, self._truth),
            self._hook.compare(self._truth),
        ]

    async def _stay(self) -> None:
        self._console.print(
            f"\nStays up; Ctrl-C ends it. Ask it from another shell:\n"
            f"  export HADIR_DATA={self._settings.data} HADIR_KAFKA={self._settings.kafka}\n"
            f"  export HADIR_CLICKHOUSE={self._settings.clickhouse}\n"
            f"  hadir day {self._truth['day']}"
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)
        await stop.wait()


def _elapsed_s() -> float:
    return clock.system_ms() / 1000 - psutil.Process().create_time()


def _elapsed() -> str:
    return f"{_elapsed_s():.1f} s after the command"
