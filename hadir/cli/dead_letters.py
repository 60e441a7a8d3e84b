"""``hadir dead-letters``: what could not be taken in, and the way back for it."""

from __future__ import annotations

import asyncio
from contextlib import closing

import click
from aiokafka.errors import KafkaError
from rich.table import Table

from hadir import queries
from hadir.cli.screen import screen
from hadir.cli.show import connected
from hadir.errors import Misconfigured
from hadir.redrive import redrive
from hadir.settings import settings

ALL = 1_000_000


@click.group("dead-letters", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, newest first.")
@click.pass_context
def dead_letters_command(ctx: click.Context, limit: int) -> None:
    """
    What could not be taken in, and why: every record is kept whole, in Kafka and in the view v_dead_letter.

    Stage is who set it aside (gateway, import, distribute, route, judge, sink), where is topic/partition@offset of a
    record that had reached Kafka, times how often the same was set aside. A line of a file that was corrected is simply
    imported again; a record that a fault of hadir's refused goes back with "hadir dead-letters redrive".
    """
    if ctx.invoked_subcommand is not None:
        return
    table = Table("last (UTC)", "stage", "terminal", "reason", "where", "bytes", "times")
    with closing(connected()) as client:
        for row in queries.dead_letters(client, limit):
            where = f"{row['topic']}/{row['partition']}@{row['offset']}" if row["offset"] >= 0 else "-"
            size = len(row["value"] or b"")
            table.add_row(
                f"{row['last_failed_at']:%m-%d %H:%M:%S}",
                row["stage"],
                row["device_id"],
                row["reason"],
                where,
                str(size),
                str(row["times"]),
            )
    if table.row_count:
        screen().print(table)
    else:
        click.echo("no dead letters")


@dead_letters_command.command("redrive")
@click.option("--stage", metavar="NAME", help="Only what this stage set aside.")
@click.option("--reason", metavar="TEXT", help="Only where the reason contains this.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def redrive_command(stage: str | None, reason: str | None, yes: bool) -> None:
    """
    Send records back to where they came from, after what refused them was mended.

    Their original bytes are written to their topic again and take the ordinary road; what is taken in twice changes
    nothing. Their dead letters stay listed: they say what happened.
    """
    with closing(connected()) as client:
        letters = [
            row
            for row in queries.dead_letters(client, ALL)
            if stage in (None, row["stage"]) and (reason or "") in row["reason"]
        ]
    if not letters:
        click.echo("no such dead letters")
        return
    if not yes:
        click.confirm(f"Send {len(letters)} records back?", abort=True)
    try:
        done = asyncio.run(redrive(settings(), letters))
    except KafkaError:
        raise Misconfigured(f"Kafka does not answer at {settings().kafka}: is hadir up?") from None
    click.echo(f"{done.sent} sent back")
    for why, count in done.left.items():
        click.echo(f"{count} left: {why}")
