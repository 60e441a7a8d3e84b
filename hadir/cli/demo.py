"""``hadir demo``: a made city comes to work, through everything that is real."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from hadir import clock
from hadir.cli import demo_report
from hadir.cli.system import LocalSystem
from hadir.settings import Settings, settings
from hadir.stack.waiting import free_ports
from producers.roster.load import run_import
from producers.simulator.city import DAY, PEOPLE, TERMINALS, make_city
from producers.simulator.morning import make_morning
from producers.simulator.roster_files import write_change, write_roster
from producers.simulator.run import Progress, RunReport, run_city
from producers.simulator.truth import write_truth
from producers.simulator.units import CITY_NAME
from producers.simulator.world import City, Morning, local_text

LEAD_S = 2.0  # machine seconds from all being ready to the moment at which the city's clock shows its start
STALE_S = 10.0  # machine seconds without a new row until the wall says that it is old; ticks come three a second
SILENT_S = 4.0  # machine seconds without a word until a terminal is silent: more than a busy machine's hiccup
HELD = ("gateway", "clock", "wall")  # they live on the city's clock, which starts when everything else is ready
AGREE_S = 30.0  # machine seconds that the last rows may take to arrive


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="End by itself; the exit code says whether all agree.")
@click.option("--people", type=click.IntRange(160), default=PEOPLE, show_default=True, help="People on the roster.")
@click.option(
    "--terminals", type=click.IntRange(16), default=TERMINALS, show_default=True, help="Terminals in service."
)
@click.option(
    "--rate",
    type=click.FloatRange(1),
    default=180.0,
    show_default=True,
    help="Clock seconds in a second of the machine.",
)
@click.option("--seed", default=1, show_default=True, help="Another number, another city and morning.")
@click.option("--holiday", default="", metavar="NAME", help="A public holiday of this name falls on the day.")
def demo_command(leave: bool, people: int, terminals: int, rate: float, seed: int, holiday: str) -> None:
    """
    A made city's morning, 06:00 to 09:00 in about a minute.

    Every simulated terminal speaks its real protocol to the gateway; Kafka, the stream processors and ClickHouse are
    real. What everybody truly did is written down before; at the end it is held against what ClickHouse says: a table
    by office, then whether all agree.

    Without --exit it stays up afterwards, to be asked from another shell, until Ctrl-C. It uses free ports and
    HADIR_DATA/demo, which it empties at its start; a hadir of your own beside it is not touched.
    """
    console = Console(width=None if sys.stdout.isatty() else 180)
    folder = settings().data / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    city = make_city(seed, DAY, people, terminals, holiday=holiday)
    morning = make_morning(city)
    configured = _configure(folder, rate, morning)
    write_roster(city, folder / "roster")
    write_change(city, folder / "change")
    truth = write_truth(city, morning, folder / "truth.json")
    console.print(f"{city.name}: {people} people, {terminals} terminals; the truth is in {folder / 'truth.json'}")
    demo = Demo(console, configured, city, morning, truth, rate)
    raise SystemExit(asyncio.run(demo.run(leave)))


def _configure(folder: Path, rate: float, morning: Morning) -> Settings:
    """Ports and the warped clock, for this process and all that it starts."""
    kafka, controller, clickhouse, gateway, wall = free_ports(5)
    os.environ |= {
        "HADIR_DATA": str(folder.absolute()),
        "HADIR_KAFKA": f"127.0.0.1:{kafka}",
        "HADIR_KAFKA_CONTROLLER_PORT": str(controller),
        "HADIR_CLICKHOUSE": f"http://127.0.0.1:{clickhouse}",
        "HADIR_GATEWAY_PORT": str(gateway),
        "HADIR_WALL_PORT": str(wall),
        "HADIR_WALL_NAME": CITY_NAME,
        "HADIR_WALL_STALE_S": str(STALE_S),
        "HADIR_CLOCK_RATE": str(rate),
        "HADIR_CLOCK_START": str(morning.start_ms),
        "HADIR_CLOCK_UNTIL": str(morning.end_ms),
        "HADIR_GATEWAY_SILENT_S": str(int(SILENT_S * rate)),
        **_anchor(LEAD_S),
    }
    settings.cache_clear()
    clock.reread_environment()
    return settings()


def _anchor(seconds_ahead: float) -> dict[str, str]:
    """The moment of the machine's clock at which the city's shows its start, as a variable."""
    return {"HADIR_CLOCK_ANCHOR": str(clock.system_ms() + int(seconds_ahead * 1000))}


class Demo:
    """One run: the system, the city, the comparison."""

    def __init__(
        self,
        console: Console,
        configured: Settings,
        city: City,
        morning: Morning,
        truth: dict[str, object],
        rate: float,
    ) -> None:
        self._console = console
        self._settings = configured
        self._city = city
        self._morning = morning
        self._truth = truth
        self._rate = rate
        self._started = time.monotonic()
        self._first_judged_s: float | None = None

    async def run(self, leave: bool) -> int:
        """Start, live, compare, and stay unless told to leave; 0 when everything agrees."""
        async with LocalSystem(self._settings, self._console, HELD) as system:
            await system.ready()
            await run_import(Path(os.environ["HADIR_DATA"]) / "roster", self._settings, dry_run=False)
            os.environ |= (anchor := _anchor(LEAD_S))
            clock.reread_environment()
            await system.start(anchor)
            address = f"http://{self._settings.gateway_host}:{self._settings.gateway_port}"
            wall = f"http://{self._settings.wall_host}:{self._settings.wall_port}"
            self._console.print(
                f"wall {wall}   gateway {address}   ClickHouse {self._settings.clickhouse}   {self._elapsed()}"
            )
            lived = await self._live(address)
            agreed = await self._compare(lived)
            if not leave:
                await self._stay()
        return 0 if agreed else 1

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._started:.1f} s after the command"

    async def _live(self, address: str) -> RunReport:
        change = Path(os.environ["HADIR_DATA"]) / "change"

        async def enrol() -> None:
            await run_import(change, self._settings, dry_run=False)

        watch = asyncio.create_task(self._first_judged())
        with Live(console=self._console, refresh_per_second=8) as line:

            def show(now: Progress) -> None:
                text = f"{local_text(now.at_ms)[11:16]}  punches {now.delivered} of {now.planned}"
                line.update(Text(f"{text}  terminals {now.online} online, {now.silent} silent"))

            lived = await run_city(
                self._city,
                address,
                clock.now_ms,
                self._morning.end_ms,
                rate=self._rate,
                morning=self._morning,
                progress=show,
                actions=[(self._city.later_at_ms, enrol)],
            )
        await watch
        return lived

    async def _first_judged(self) -> None:
        """When the first person was judged, from the command on."""
        while self._first_judged_s is None:
            if await asyncio.to_thread(demo_report.anybody_judged, self._settings):
                self._first_judged_s = time.monotonic() - self._started
            await asyncio.sleep(0.2)

    async def _compare(self, lived: RunReport) -> bool:
        day = date.fromisoformat(str(self._truth["day"]))
        end = time.monotonic() + AGREE_S
        while True:
            outcome = await asyncio.to_thread(demo_report.compare, self._settings, day, self._truth)
            if outcome.agreed or time.monotonic() > end:
                break
            await asyncio.sleep(0.5)
        self._console.print(outcome.table)
        for line in outcome.disagreements[:20]:
            self._console.print(f"[red]{line}[/red]")
        for verdict in demo_report.latencies(self._settings, day, lived.acks):
            self._console.print(verdict)
        self._console.print(f"first judged person {self._first_judged_s:.1f} s after the command")
        people = len(self._truth["people"])  # type: ignore[arg-type]
        if outcome.agreed:
            self._console.print(f"[green]all {people} agree with the truth[/green], {self._elapsed()}")
        else:
            self._console.print(f"[red]{len(outcome.disagreements)} of {people} disagree with the truth[/red]")
        return outcome.agreed

    async def _stay(self) -> None:
        data = os.environ["HADIR_DATA"]
        self._console.print(
            f"\nStays up; Ctrl-C ends it. Ask it from another shell:\n"
            f"  export HADIR_DATA={data} HADIR_KAFKA={self._settings.kafka}\n"
            f"  export HADIR_CLICKHOUSE={self._settings.clickhouse}\n"
            f"  hadir day {self._truth['day']}"
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop.set)
        await stop.wait()
