"""``hadir reader``: accounts of leaders who ask ClickHouse themselves."""

from __future__ import annotations

import secrets
from zoneinfo import ZoneInfo

import click

from hadir import clock, queries
from hadir.access import leader_file
from hadir.settings import settings


@click.command("reader")
@click.argument("name")
@click.option(
    "--unit", "units", multiple=True, required=True, metavar="ID", help="A unit_id; those below it today are included."
)
def reader_command(name: str, units: tuple[str, ...]) -> None:
    """
    Write an account with which the head of an office asks ClickHouse, and sees his own units only.

    The account is a file for ClickHouse's users.d, which docker-compose.yml mounts; it counts at once. Its password is
    made here and shown once. After a reorganisation write it again: units founded since are not seen until then.

    \b
      hadir reader kadinkes --unit dinkes > clickhouse/access/users.d/leader-kadinkes.xml
    """
    configured = settings()
    today = clock.today(ZoneInfo(configured.timezone))
    with queries.connect(configured) as client:
        below = queries.units_below(client, units, today)
        known = {row["unit_id"] for row in queries.units(client)}
    strange = sorted(set(units) - known)
    if strange:
        raise click.ClickException(f"no such unit: {', '.join(strange)}")
    password = secrets.token_urlsafe(24)
    try:
        text = leader_file(name, password, below)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(text, nl=False)
    click.echo(f"{name}, {len(below)} units, password (shown once): {password}", err=True)
