"""``hadir day`` and ``hadir explain``: what ClickHouse says."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import click
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error
from rich.console import Console
from rich.table import Column, Table

from hadir import queries
from hadir.cli.screen import screen
from hadir.errors import Misconfigured
from hadir.flag_words import NO_NAMES, Names, flag_words, others, state_words
from hadir.settings import settings
from hadir.words import PRESENCE, STATES, missing, say

ALWAYS = ("wajib", "hadir", "roster")
"""Counts by office that are shown even where they are 0; of the others a column is left out when nobody is in it."""


def connected() -> Client:
    """A client for the settings' ClickHouse. Raises Misconfigured when it does not answer."""
    try:
        return queries.connect(settings())
    except Error:
        raise Misconfigured(f"ClickHouse does not answer at {settings().clickhouse}: is hadir up?") from None


def the_date(text: str) -> date:
    """A date as typed. Raises a usage error."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text} is no date: YYYY-MM-DD") from None


@click.command("day")
@click.argument("day", metavar="DATE")
@click.option("--unit", metavar="ID", help="Only this unit: its unit_id in units.csv.")
@click.option("--people/--offices", default=None, help="Names, or counts by office. Default: names with --unit.")
def day_command(day: str, unit: str | None, people: bool | None) -> None:
    """
    A work date: counts by office, or with --unit the people of one.

    DATE is YYYY-MM-DD, the local date on which shifts start: a night shift belongs to the evening's date. Times are
    those of the unit's zone. The columns add up: wajib (due) is hadir + terlambat + ditunggu + belum hadir + tidak
    hadir + tk + belum dapat dipastikan; roster is wajib and all who are not due. A column with nobody in it is left
    out.

    \b
      hadir                   present: on time, within grace, or not measurable
      terlambat               late; whole minutes after the start, rounded up
      ditunggu                past the cutoff; terminals are still waited for
      belum hadir             not here, as far as all terminals have delivered
      tidak hadir, tk         absent when the in-window closed; tk when no paper
                              came in time either
      belum dapat dipastikan  cannot be said: a terminal has not delivered
                              ("hadir explain" says which)
    """
    work_date = the_date(day)
    console = screen()
    with closing(connected()) as client:
        if people or (people is None and unit):
            table = Table("unit", "name", Column("staff no", no_wrap=True), "state", "in", "out")
            for row in queries.day(client, work_date, unit):
                table.add_row(row["unit_name"], row["name"], row["staff_no"], say(row), row["in_time"], row["out_time"])
        else:
            rows = [r for r in queries.offices(client, work_date) if unit in (None, r["unit_id"])]
            counts = [c for c in rows[0] if isinstance(rows[0][c], int)] if rows else []
            columns = [c for c in counts if c in ALWAYS or any(row[c] for row in rows)]
            heads = [Column(c.replace("_", " "), justify="right") for c in columns]
            table = Table(Column("unit", no_wrap=True), *heads)
            for row in rows:
                table.add_row(row["unit_name"], *(str(row[c] or "") for c in columns))
            if rows:
                table.add_section()
                table.add_row("semua", *(str(sum(r[c] for r in rows)) for c in columns))
        if not table.row_count:
            where = f" in {unit}" if unit else ""
            click.echo(f"Nothing is known of {work_date}{where}: no roster for it, or its month is not open.")
            return
        console.print(table)


@click.command("explain")
@click.argument("employee")
@click.argument("day", metavar="DATE")
def explain_command(employee: str, day: str) -> None:
    """
    Why a person's work date is what it is: state, shift, policy, punches, and everything that was ever shown.

    EMPLOYEE is a staff number (NIP, NI PPPK or NIK), a part of a name, or hadir's own id; of several people who match
    the numbers are listed. DATE is YYYY-MM-DD. Punches of the day before and after are listed too, with the use made
    of each: in, out, none (looked at, not needed) or - (another date's). Where the phone said something during the
    shift, its windows: in the unit's place, outside of it, or not known. Signs of manipulation stand there with what a
    person decided about them ("hadir review"): evidence, no verdict.

    \b
      hadir explain 197503152000031002 2026-11-23
      hadir explain "siti rahayu" 2026-11-23
    """
    work_date = the_date(day)
    console = screen()
    with closing(connected()) as client:
        found = queries.find_people(client, employee)
        if len(found) != 1:
            for row in found[:20]:
                click.echo(f"{row['staff_no']}  {row['name']}  {row['employee_id']}")
            raise click.ClickException(f"{len(found)} people match {employee}")
        (person,) = found
        why = queries.explain(client, person["employee_id"], work_date)
        names = names_in(client, why.flags)
    console.print(f"{person['name']} ({person['staff_no']}), {work_date}", style="bold")
    if why.day is None:
        console.print("nothing is known of this date")
        return
    row = why.day
    console.print(f"{say(row)}  - {row['unit_name']} ({row['unit_mode']})")
    if row["shift_id"]:
        console.print(f"shift {row['shift_id']} {row['shift_start']}-{row['shift_end']}, cutoff {row['cutoff']}")
    if row["open_until"]:
        console.print(f"not final: decided at the latest {row['open_until']}")
    if row["missing"]:
        console.print(f"waits for: {missing(row)}")
    if why.policy:
        policy = why.policy
        console.print(f"policy {policy['policy_id']}, grace {policy['grace_s']} s: {policy['source']}")
    _punches(console, why)
    if why.presence:
        _presence(console, why.presence)
    for flag in why.flags:
        console.print(f"sign: {flag_words(flag, names=names)}")
        console.print(f"  {state_words(flag)}  - flag {flag['flag_id']}")
    _history(console, why)


def names_in(client: Client, flags: Iterable[queries.Row]) -> Names:
    """What the evidence of these flags names."""
    flags = list(flags)
    if not flags:
        return NO_NAMES
    people = {one for flag in flags for one in others(flag["evidence"])}
    return Names(queries.person_names(client, sorted(people)), queries.terminal_names(client))


def _punches(console: Console, why: queries.Explanation) -> None:
    used = {(p["device_id"], p["device_time"]): p["used_as"] for p in (why.day or {}).get("punches", ())}
    table = Table("terminal", "its clock", "received (UTC)", "used as", title="punches", title_justify="left")
    for punch in why.punches:
        table.add_row(
            punch["device_id"],
            f"{punch['device_time']:%Y-%m-%d %H:%M:%S}",
            f"{punch['received_at']:%Y-%m-%d %H:%M:%S}",
            used.get((punch["device_id"], punch["device_time"]), "-"),
        )
    if table.row_count:
        console.print(table)


def _presence(console: Console, stay: queries.Row) -> None:
    zone = ZoneInfo(stay["timezone"])
    table = Table("from", "to", "place", title="by phone", title_justify="left")
    for window in stay["windows"]:
        times = (f"{window[edge].astimezone(zone):%H:%M:%S}" for edge in ("from_at", "to_at"))
        table.add_row(*times, PRESENCE[window["place"]])
    console.print(table)
    sums = ", ".join(f"{PRESENCE[p]} {stay[f'{p}_m']:g} min" for p in PRESENCE)
    until = "" if stay["complete"] else f", so far until {stay['until_at'].astimezone(zone):%H:%M}"
    console.print(f"{sums}{until}; {stay['pings']} minutes with a ping")


def _history(console: Console, why: queries.Explanation) -> None:
    table = Table("shown from (UTC, machine's clock)", "state", "reason", title="was shown", title_justify="left")
    for shown in why.history:
        word = STATES.get(shown["state"], shown["state"])
        table.add_row(f"{shown['shown_from']:%Y-%m-%d %H:%M:%S.%f}"[:-3], word, shown["reason"])
    console.print(table)
