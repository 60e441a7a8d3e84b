"""``hadir devices``: every terminal, where it hangs, whether it speaks, how far it has delivered."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Column, Table

from hadir import queries
from hadir.cli.screen import screen
from hadir.cli.show import connected
from hadir.settings import settings

NO_FILE = "file"
"""Protocol of a terminal of which only files come: nobody waits for it to speak."""


@click.command("devices")
@click.option("--unit", metavar="ID", help="Only terminals that hang at this unit: its unit_id in units.csv.")
@click.option("--silent", is_flag=True, help="Only those that should speak and do not.")
def devices_command(unit: str | None, silent: bool) -> None:
    """
    Terminals by unit: state, clock, last punch, and through when all their punches are here.

    Times are those of the unit's zone. Ends with 1 when with --silent there is one.

    \b
      state      online; silent since its last word; never heard of; retired
                 (no unit on record today); files (only imported)
      clock      seconds by which its clock is ahead (+) or behind (-)
      complete   every punch before this moment is here; what comes later
                 cannot be judged as absence
    """
    with closing(connected()) as client:
        rows = [row for row in queries.devices(client, silent=silent) if unit is None or row["unit_id"] == unit]
    table = Table(
        "unit", "terminal", Column("serial", no_wrap=True), "protocol", "state", "clock", "last punch", "complete"
    )
    for row in rows:
        zone = ZoneInfo(row["timezone"] or settings().timezone)
        table.add_row(
            row["unit_name"] or row["unit_id"],
            row["device_name"],
            row["device_id"],
            row["protocol"],
            state(row, zone),
            "" if row["drift_ms"] is None else f"{row['drift_ms'] / 1000:+.0f} s",
            "" if row["last_punch_time"] is None else f"{row['last_punch_time']:%Y-%m-%d %H:%M}",
            local(row["delivered_through"], zone),
        )
    console = screen()
    console.print(table)
    missed = sum(row["missed"] for row in rows)
    console.print(f"{len(rows)} terminals, {missed} of them should speak and do not")
    if silent and missed:
        raise SystemExit(1)


def state(row: dict[str, Any], zone: ZoneInfo) -> str:
    """What there is to say of a terminal's connection, in words."""
    if not row["in_service"]:
        return "retired" if row["known"] else "unknown serial"
    if row["protocol"] == NO_FILE:
        return "files"
    if row["state"] == "online":
        return "online"
    if row["state"] == "silent" and row["silent_since"] is not None:
        return f"silent since {local(row['silent_since'], zone)}"
    return "never heard of"


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment of ClickHouse in a terminal's zone; empty where there is none."""
    return "" if moment is None else f"{moment.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"
