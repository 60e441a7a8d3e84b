"""The command line: one module a verb, loaded only when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from hadir.errors import HadirError

VERBS = {
    "setup": "hadir.cli.servers",
    "up": "hadir.cli.servers",
    "down": "hadir.cli.servers",
    "status": "hadir.cli.status",
    "day": "hadir.cli.show",
    "explain": "hadir.cli.show",
    "dead-letters": "hadir.cli.show",
    "import": "hadir.cli.imports",
    "roster": "hadir.cli.imports",
    "demo": "hadir.cli.demo",
}


class Verbs(click.Group):
    """Finds a verb's module when it is called, so that ``--help`` costs no import of Kafka."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a first day with hadir."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in VERBS:
            return None
        module = import_module(VERBS[name])
        command: click.Command = getattr(module, name.replace("-", "_") + "_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """hadir's own errors are told in one line, everything else with its trace."""
        try:
            return super().invoke(ctx)
        except HadirError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """
    hadir: who is at work, who is late, and what cannot be said yet.

    "hadir demo" shows a made city's morning. "hadir up" starts a hadir of your own on this machine; then
    "hadir roster import" tells it who works where, and terminals may deliver. Settings: HADIR_... (docs/settings.md).
    """
