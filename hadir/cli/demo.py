"""``hadir demo``: a made city comes to work, through everything that is real."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console

from hadir import clock
from hadir.cli.system import LocalSystem
from hadir.settings import Settings, settings
from hadir.stack.waiting import free_ports
from producers.simulator.city import DAY, PEOPLE, TERMINALS
from producers.simulator.morning import hours
from producers.simulator.units import CITY_NAME

STALE_S = 10.0  # machine seconds without a new row until the wall says that it is old; ticks come three a second
LATER = ("wall", "cross", "alert", "notify")  # nobody misses them before the cutoff, and two cores have enough to load
SILENT_S = 4.0  # machine seconds without a word until a terminal is silent: more than a busy machine's hiccup


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
    by office, then whether all agree. Alerts at the cutoff come to a web hook of the demo's own and are held against
    the truth as well.

    Without --exit it stays up afterwards, to be asked from another shell, until Ctrl-C. It uses free ports and
    HADIR_DATA/demo, which it empties at its start; a hadir of your own beside it is not touched.
    """
    console = Console(width=None if sys.stdout.isatty() else 180)
    folder = settings().data / "demo"
    _set_aside(folder)
    configured, hook = _configure(folder.absolute(), rate)
    made = people, terminals, seed, holiday
    raise SystemExit(asyncio.run(_run(console, configured, made, rate, leave, hook)))


def _set_aside(folder: Path) -> None:
    """What an earlier demo left goes while the new one loads: a morning's parts are thousands of files."""
    aside = folder.with_name(f"{folder.name}.old")
    if not aside.exists() and folder.exists():
        folder.rename(aside)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.Popen(["rm", "-rf", str(aside)])


def _configure(folder: Path, rate: float) -> tuple[Settings, int]:
    """Ports and the warped clock, for this process and all that it starts; and the port of the alerts' web hook."""
    kafka, controller, clickhouse, gateway, wall, hook = free_ports(6)
    start_ms, end_ms = hours(DAY)
    os.environ |= {
        "HADIR_DATA": str(folder),
        "HADIR_KAFKA": f"127.0.0.1:{kafka}",
        "HADIR_KAFKA_CONTROLLER_PORT": str(controller),
        "HADIR_KAFKA_QUICK": "true",
        "HADIR_CLICKHOUSE": f"http://127.0.0.1:{clickhouse}",
        "HADIR_GATEWAY_PORT": str(gateway),
        "HADIR_WALL_PORT": str(wall),
        "HADIR_WALL_NAME": CITY_NAME,
        "HADIR_WALL_STALE_S": str(STALE_S),
        "HADIR_CLOCK_RATE": str(rate),
        "HADIR_CLOCK_START": str(start_ms),
        "HADIR_CLOCK_UNTIL": str(end_ms),
        "HADIR_CLOCK_ANCHOR": str(folder / "run" / "clock-anchor"),
        "HADIR_GATEWAY_SILENT_S": str(int(SILENT_S * rate)),
        "HADIR_NOTIFY": "",
        "HADIR_NOTIFY_GIVE_UP_S": str(24 * 3600),  # of a clock that runs away from a busy machine
        "HADIR_NOTIFY_PER_MINUTE": "600",
    }
    settings.cache_clear()
    clock.reread_environment()
    return settings(), hook


async def _run(
    console: Console, configured: Settings, made: tuple[int, int, int, str], rate: float, leave: bool, hook: int
) -> int:
    """Start the processes, and while they load think of a city; 0 when everything agreed."""
    async with LocalSystem(configured, console, LATER) as system:
        from hadir.cli.demo_run import Demo, think  # here: the others start while this still loads

        told = await asyncio.to_thread(think, configured.data, *made)
        people, terminals, *_ = made
        truth = configured.data / "truth.json"
        console.print(f"{told.city.name}: {people} people, {terminals} terminals; the truth is in {truth}")
        await system.ready()
        return await Demo(console, configured, told, rate, hook).run(system, leave)
