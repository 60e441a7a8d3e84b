"""``hadir status``: processes, lag, freshness, silent terminals, parked PINs, dead letters."""

from __future__ import annotations

import asyncio
from contextlib import closing
from zoneinfo import ZoneInfo

import click
from aiokafka.errors import KafkaError
from clickhouse_connect.driver.exceptions import Error
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hadir import queries
from hadir.cli.devices import state
from hadir.cli.screen import screen
from hadir.cli.system import groups
from hadir.clock import system_ms
from hadir.lag import Lag, lags
from hadir.settings import settings
from hadir.stack.status import read_status

SHOWN = 15
UNDELIVERED_H = 24


@click.command("status")
@click.option("--partitions", is_flag=True, help="Show the lag of every partition, not only of those behind.")
def status_command(partitions: bool) -> None:
    """
    How hadir is, from the processes to the data.

    \b
      process       state, restarts, last exit; logs are HADIR_DATA/logs/NAME.log
      lag           records that a stage has yet to commit; a few are usual
      newest row    how long ago ClickHouse was written to; ticks keep it young
      terminals     in service and not connected: what they hold is yet to come
      parked PINs   punches that are nobody's: enrol the PIN (enrolments.csv) and
                    they find their owner
      alerts        given up on a channel within a day: "hadir notify test"
      dead letters  what could not be taken in: "hadir dead-letters"

    Exit code 1 when Kafka or ClickHouse does not answer, or a process is not at work.
    """
    console = screen()
    well = [_processes(console), _lag(console, partitions), _rows(console)]
    if not all(well):
        raise SystemExit(1)


def _processes(console: Console) -> bool:
    """Processes under this machine's supervisor; True without one, they may run elsewhere."""
    found = read_status(settings().data)
    if found is None or not found.alive:
        console.print("not up on this machine (no supervisor)", style="red")
        return True
    table = Table("process", "state", "pid", "up for", "restarts", "last exit")
    for child in found.children:
        since = "" if child.started_at is None else _age((system_ms() - child.started_at) / 1000)
        table.add_row(
            child.name,
            Text(child.state, "green" if child.state in ("ready", "done") else "red"),
            str(child.pid or ""),
            since if child.pid else "",
            str(child.restarts or ""),
            "" if child.last_exit is None else str(child.last_exit),
        )
    console.print(table)
    return all(child.state in ("ready", "done") for child in found.children)


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _lag(console: Console, partitions: bool) -> bool:
    try:
        found = asyncio.run(_read_lag())
    except KafkaError:
        console.print(f"Kafka does not answer at {settings().kafka}", style="red")
        return False
    table = Table("group", "topic", "partition", "behind", "at")
    for lag in found:
        if partitions or lag.behind:
            table.add_row(lag.group, lag.topic, str(lag.partition), str(lag.behind), f"{lag.committed} of {lag.end}")
    if table.row_count:
        console.print(table)
    console.print(f"lag: {sum(lag.behind for lag in found)} records behind in {len(found)} partitions")
    return True


async def _read_lag() -> list[Lag]:
    return await lags(settings(), {group.id: group.reads for group in groups(settings())})


def _rows(console: Console) -> bool:
    try:
        client = queries.connect(settings())
    except Error:
        console.print(f"ClickHouse does not answer at {settings().clickhouse}", style="red")
        return False
    with closing(client):
        age = queries.newest_age_s(client)
        console.print("newest row: " + ("none yet" if age is None else f"{_age(age)} ago"))
        silent = queries.devices(client, silent=True)
        console.print(f"terminals not connected: {len(silent)} of {len(queries.devices(client))}")
        for row in silent[:SHOWN]:
            told = state(row, ZoneInfo(settings().timezone))
            console.print(f"  {row['device_id']}  {row['device_name']} ({row['unit_name']}): {told}")
        parked = queries.parked(client)
        console.print(f"parked PINs: {len(parked)}")
        for row in parked[:SHOWN]:
            console.print(f"  {row['device_id']} PIN {row['pin']}: {row['punches']} punches, {row['reason']}")
        for row in queries.undelivered(client, UNDELIVERED_H):
            console.print(f"alerts not delivered: {row['alerts']} on channel {row['channel']}", style="red")
        letters = queries.dead_letters(client, 1000)
        console.print(f"dead letters: {len(letters)}{'+' if len(letters) == 1000 else ''}")
    return True
