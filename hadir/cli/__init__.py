"""The command line: one module a verb, loaded only when it is called."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any, NamedTuple

import click

from hadir.errors import HadirError


class Verb(NamedTuple):
    """Where a verb lives, and what ``hadir --help`` says of it without loading that."""

    module: str
    short: str


VERBS = {
    "setup": Verb("hadir.cli.servers", "Fetch Kafka's jars, once for this machine."),
    "up": Verb("hadir.cli.servers", "Start a hadir of your own on this machine."),
    "down": Verb("hadir.cli.servers", "Stop it; nothing that was accepted is lost."),
    "status": Verb("hadir.cli.status", "How it is: processes, lag, silent terminals, parked PINs."),
    "devices": Verb("hadir.cli.devices", "Terminals: who speaks, whose clock is off, what is complete."),
    "day": Verb("hadir.cli.show", "A work date: counts by office, or people by name."),
    "explain": Verb("hadir.cli.show", "Why a person's work date is what it is."),
    "review": Verb("hadir.cli.review", "Signs of manipulation: read them, and decide."),
    "dead-letters": Verb("hadir.cli.dead_letters", "What could not be taken in, why, and the way back."),
    "import": Verb("hadir.cli.imports", "Take in a file of punches: attlog.dat, CSV, xlsx."),
    "roster": Verb("hadir.cli.imports", "Who works where and when."),
    "phone": Verb("hadir.cli.phones", "Tokens of phones: issue, rotate, revoke, list."),
    "user": Verb("hadir.cli.users", "Who may sign in at the wall."),
    "reader": Verb("hadir.cli.readers", "An account for a leader who asks ClickHouse himself."),
    "notify": Verb("hadir.cli.notices", "The channels on which alerts go out."),
    "simulate": Verb("hadir.cli.simulate", "Devices that nobody has at hand, with their own protocols."),
    "demo": Verb("hadir.cli.demo", "A made city's morning, held against the truth."),
}
LIBRARIES = ("aiokafka", "clickhouse_connect", "urllib3")
"""What they log of a server that is not there is said once, by the verb."""


class Verbs(click.Group):
    """Finds a verb's module when it is called, so that ``--help`` costs no import of Kafka."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a first day with hadir."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in VERBS:
            return None
        module = import_module(VERBS[name].module)
        command: click.Command = getattr(module, name.replace("-", "_") + "_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a verb, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.short) for name, verb in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """hadir's own errors are told in one line, everything else with its trace."""
        for library in LIBRARIES:
            logging.getLogger(library).setLevel(logging.CRITICAL)
        try:
            return super().invoke(ctx)
        except HadirError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """
    hadir: who is at work, who is late, and what cannot be said yet.

    To see it: "hadir demo". A hadir of your own, in this order:

    \b
      hadir up                        start everything on this machine
      hadir roster import DIR         who works where (docs/roster.md)
      hadir import ... attlog.dat     what a terminal has (or it pushes by itself)
      hadir day 2026-11-23            who was there

    Settings are environment variables, HADIR_... (docs/settings.md).
    """
