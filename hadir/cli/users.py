"""``hadir user``: who may sign in at the wall."""

from __future__ import annotations

import sys

import click
from rich.table import Table

from hadir.cli.screen import screen
from hadir.settings import settings
from wall.board import EVERY
from wall.users import Accounts, make_user


@click.group("user")
def user_command() -> None:
    """
    Who may sign in at the wall, and whose names an account may see.

    Without an account the wall shows counts only. Accounts lie in HADIR_DATA/wall-users.json, passwords as scrypt
    hashes; a change counts at once, for those signed in too.
    """


@user_command.command("add")
@click.argument("name")
@click.option(
    "--unit", "units", multiple=True, metavar="ID", help="A unit_id; those below it are included. Repeatable."
)
@click.option("--all-units", is_flag=True, help="All units: mayor, Sekda, personnel agency.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def add(name: str, units: tuple[str, ...], all_units: bool, password_stdin: bool) -> None:
    """
    Add an account, or give an existing one a new password and units.

    \b
      hadir user add kadinkes --unit dinkes
      hadir user add sekda --all-units
    """
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    accounts = Accounts(settings().data)
    try:
        user = make_user(name, password, (EVERY,) if all_units else units)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    accounts.write(accounts.read() | {name: user})
    click.echo(f"{name} may see {'all units' if all_units else ', '.join(units)}")


@user_command.command("list")
def list_users() -> None:
    """Names and units."""
    table = Table("name", "units")
    for user in Accounts(settings().data).read().values():
        table.add_row(user.name, "all" if EVERY in user.units else ", ".join(user.units))
    if table.row_count:
        screen().print(table)
    else:
        click.echo("no accounts: the wall shows counts only")


@user_command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove an account; whoever is signed in with it is signed out."""
    accounts = Accounts(settings().data)
    users = accounts.read()
    if users.pop(name, None) is None:
        raise click.ClickException(f"no account {name}")
    accounts.write(users)
    click.echo(f"{name} removed")
