"""``hadir import`` and ``hadir roster import``: files into the log."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hadir.cli.screen import screen
from hadir.errors import Misconfigured
from hadir.settings import settings
from producers.mappings import ready
from producers.roster.load import run_import as run_roster
from producers.roster.table import FaultyRoster
from producers.sources.file_import import run_import
from producers.sources.import_order import ImportReport, Order

NO_KAFKA = "Kafka does not answer at {}: is hadir up?"
SHOWN_REJECTS = 20
MAPPINGS = "mappings"


def _date(days: int | None) -> str:
    return "-" if days is None else (date(1970, 1, 1) + timedelta(days=days)).isoformat()


class _FileOrMappings(click.Path):
    """A file that is there, or the word ``mappings``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; ``mappings`` itself where no file has that name."""
        return (
            Path(value) if str(value) == MAPPINGS and not Path(value).exists() else super().convert(value, param, ctx)
        )


@click.command("import")
@click.option(
    "--device", metavar="SN", help="Serial number of the terminal; of a file that names terminals: take only this one."
)
@click.option("--timezone", metavar="ZONE", help="Of its clock: Asia/Jakarta, Asia/Makassar or Asia/Jayapura.")
@click.option(
    "--complete-through",
    metavar="T",
    help="You vouch that the file holds everything punched up to T, by the terminal's clock: 2026-11-30 (to the end of"
    " that day) or '2026-11-30 16:00'.",
)
@click.option(
    "--map", "mapping", metavar="NAME|FILE", help="A ready mapping, or your own; otherwise the header is looked at."
)
@click.option("--save-map", type=click.Path(dir_okay=False, path_type=Path), help="Write the mapping in use to a file.")
@click.option("--dry-run", is_flag=True, help="Read, count and show; write nothing to the log.")
@click.option(
    "--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Leave rejected rows in a CSV, with the reason."
)
@click.argument("file", type=_FileOrMappings(exists=True, dir_okay=False, path_type=Path))
def import_command(
    device: str | None,
    timezone: str | None,
    complete_through: str | None,
    mapping: str | None,
    save_map: Path | None,
    dry_run: bool,
    rejects: Path | None,
    file: Path,
) -> None:
    """
    Take in a file of punches, while hadir is up: a terminal's own attlog.dat, or what an attendance program exports as
    CSV or .xlsx (docs/importing.md). "hadir import mappings" lists the programs whose files are known.

    Says which form it recognised, then punches, people, days, repeats and rejected rows. Importing the same file again
    changes nothing; what was interrupted goes on where it stopped. Without --complete-through nobody is called absent
    on the strength of this file alone. Punches of PINs that nobody is enrolled under are parked ("hadir status");
    judged are months that are open (periods.csv).

    \b
      hadir import --device CKUH211960123 --timezone Asia/Jakarta \\
                   --complete-through 2026-11-30 attlog.dat
      hadir import --dry-run scanlog.xlsx
    """
    if str(file) == MAPPINGS and not file.exists():
        _list_mappings()
        return
    order = Order(device, timezone, complete_through, dry_run, rejects)
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    tasks = {doing: bar.add_task(doing, total=None, start=False) for doing in ("reading", "writing")}

    def watched(doing: str, part: float) -> None:
        bar.start_task(tasks[doing])
        bar.update(tasks[doing], completed=part, total=1.0 if part else None)

    try:
        with bar:
            report = asyncio.run(
                run_import(file, settings(), order, mapping=mapping, save_map=save_map, watched=watched)
            )
    except KafkaError:
        raise Misconfigured(NO_KAFKA.format(settings().kafka)) from None
    except OSError as error:
        raise Misconfigured(f"{error.filename or file}: {error.strerror or type(error).__name__}") from None
    except KeyboardInterrupt:
        raise click.ClickException(
            "interrupted; what was acknowledged stays, the same command goes on from there"
        ) from None
    _tell(report, dry_run)


def _list_mappings() -> None:
    table = Table("mapping", "of")
    for name, mapping in ready().items():
        table.add_row(name, mapping.about)
    screen().print(table)
    click.echo("Recognised by their header; --map NAME names one, --save-map FILE writes it for you to change.")


def _tell(report: ImportReport, dry_run: bool) -> None:
    """The summary, a figure a line."""
    click.echo(f"form      {report.form}")
    click.echo(f"punches   {report.punches} of {report.people} people (PINs)")
    if len(report.devices) > 1:
        click.echo(
            f"terminals {len(report.devices)}: {', '.join(report.devices[:10])}{' ...' * (len(report.devices) > 10)}"
        )
    click.echo(f"days      {report.days}, {_date(report.first_day)} to {_date(report.last_day)}")
    click.echo(
        f"repeats   {report.repeats} lines stood there before; {report.double_punches} second punches in a minute"
    )
    if report.skipped:
        click.echo(f"skipped   {report.skipped} rows of other terminals")
    click.echo(f"rejects   {report.rejected}")
    for reject in report.rejects[:SHOWN_REJECTS]:
        click.echo(f"  line {reject.number}: {reject.reason}")
    if report.rejected > SHOWN_REJECTS:
        click.echo(f"  and {report.rejected - SHOWN_REJECTS} more: --rejects FILE, or hadir dead-letters")
    if report.resumed_after:
        click.echo(f"resumed   after row {report.resumed_after}, where an earlier run was interrupted")
    for warning in report.warnings:
        click.echo(f"note      {warning}")
    if dry_run:
        _tell_examples(report)


def _tell_examples(report: ImportReport) -> None:
    table = Table("terminal", "PIN", "time", "in/out", "verify", "work code")
    for punch in report.examples:
        at = datetime.fromtimestamp(punch["device_time"] / 1000, UTC)
        codes = (str(punch[code]) if punch[code] != -1 else "-" for code in ("in_out_code", "verify_code"))
        shown = f"{at:%Y-%m-%d %H:%M}" if punch["minute_only"] else f"{at:%Y-%m-%d %H:%M:%S}"
        table.add_row(punch["device_id"], punch["pin"], shown, *codes, punch["work_code"] or "-")
    screen().print(table)
    more = [
        *(["a device record"] if report.device_written else []),
        *(["that the terminal is complete"] if report.delivered_through is not None else []),
    ]
    click.echo(
        f"dry run: nothing was written; {' and '.join([f'{report.punches} punches', *more])} would be. "
        "Look at the times above: day, month and hour must be right."
    )


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
