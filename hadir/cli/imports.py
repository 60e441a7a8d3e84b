"""``hadir import`` and ``hadir roster import``: files into the log."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import click
from aiokafka.errors import KafkaError
from rich.table import Table

from hadir.cli.screen import screen
from hadir.errors import Misconfigured
from hadir.settings import settings
from producers.roster.load import run_import as run_roster
from producers.roster.table import FaultyRoster
from producers.sources.attlog_import import run_import as run_attlog

NO_KAFKA = "Kafka does not answer at {}: is hadir up?"
SHOWN_REJECTS = 20


def _date(days: int | None) -> str:
    return "-" if days is None else (date(1970, 1, 1) + timedelta(days=days)).isoformat()


@click.command("import")
@click.option("--device", required=True, metavar="SN", help="Serial number of the terminal that the file comes from.")
@click.option(
    "--timezone", required=True, metavar="ZONE", help="Of its clock: Asia/Jakarta, Asia/Makassar or Asia/Jayapura."
)
@click.option(
    "--complete-through",
    metavar="T",
    help="You vouch that the file holds everything punched up to T, by the terminal's clock: 2026-11-30 (to the end of"
    " that day) or '2026-11-30 16:00'.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(device: str, timezone: str, complete_through: str | None, file: Path) -> None:
    """
    Take in a terminal's own export (attlog.dat, with 5 or 6 columns), while hadir is up.

    Says which form it recognised, then punches, people, days, repeats and rejected lines. Importing the same file
    again changes nothing. Without --complete-through nobody is called absent on the strength of this file alone.
    Punches of PINs that nobody is enrolled under are parked ("hadir status"); judged are months that are open
    (periods.csv).

    \b
      hadir import --device CKUH211960123 --timezone Asia/Jakarta \\
                   --complete-through 2026-11-30 attlog.dat
    """
    try:
        report = asyncio.run(
            run_attlog(file, settings(), device_id=device, zone=timezone, complete_through=complete_through)
        )
    except KafkaError:
        raise Misconfigured(NO_KAFKA.format(settings().kafka)) from None
    click.echo(f"form      {report.form}")
    click.echo(f"punches   {report.punches} of {len(report.people)} people (PINs)")
    click.echo(f"days      {report.days}, {_date(report.first_day)} to {_date(report.last_day)}")
    click.echo(
        f"repeats   {report.repeats} lines stood there before; {report.double_punches} second punches in a minute"
    )
    click.echo(f"rejects   {len(report.rejects)}")
    for reject in report.rejects[:SHOWN_REJECTS]:
        click.echo(f"  line {reject.number}: {reject.reason}")
    if len(report.rejects) > SHOWN_REJECTS:
        click.echo(f"  and {len(report.rejects) - SHOWN_REJECTS} more: hadir dead-letters")
    for warning in report.warnings:
        click.echo(f"note      {warning}")


@click.group("roster")
def roster_command() -> None:
    """Who works where and when: units, terminals, people, enrolments, shifts, schedules, leave, holidays, policy."""


@roster_command.command("import", short_help="Take in the roster files of a folder.")
@click.option("--dry-run", is_flag=True, help="Check and count; write nothing.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def roster_import(folder: Path, dry_run: bool) -> None:
    """
    Take in the roster files of FOLDER (docs/roster.md says what they hold), while hadir is up.

    Every line is checked first; one fault and nothing is written. Only what differs from what is known is written, so
    the same files may come again and again. Files that are not there are left alone.
    """
    try:
        report = asyncio.run(run_roster(folder, settings(), dry_run=dry_run))
    except FaultyRoster as faulty:
        raise click.ClickException(str(faulty)) from None
    except KafkaError:
        raise Misconfigured(NO_KAFKA.format(settings().kafka)) from None
    table = Table("record", "new", "changed", "unchanged", "withdrawn")
    for name, count in report.counts.items():
        table.add_row(name, *(str(n) for n in (count.new, count.changed, count.unchanged, count.voided)))
    screen().print(table)
    click.echo(f"{report.written} records {'would be ' if dry_run else ''}written from {', '.join(report.files)}")
