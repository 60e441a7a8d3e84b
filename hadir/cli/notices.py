"""``hadir notify``: the channels on which alerts go out."""

from __future__ import annotations

import asyncio

import click
from rich.table import Table

from hadir.cli.screen import screen
from hadir.settings import settings
from notify.channels import Channel, path_of, read_channels
from notify.sending import AppriseSender
from notify.text import probe


@click.group("notify")
def notify_command() -> None:
    """
    The channels on which alerts go out.

    They stand in notify.toml in HADIR_DATA (docs/alerts.md), mode 0600; a change counts when the process notify starts.
    """


@notify_command.command("test")
@click.argument("names", nargs=-1, metavar="[CHANNEL]...")
def test(names: tuple[str, ...]) -> None:
    """
    Send a test message to each channel, or to those named, and say what happened.

    Exit code 1 when one of them did not take it.
    """
    found = read_channels(path_of(settings())).all
    unknown = set(names) - {channel.name for channel in found}
    if unknown:
        raise click.ClickException(f"no channel {', '.join(sorted(unknown))}")
    chosen = [channel for channel in found if not names or channel.name in names]
    if not chosen:
        click.echo(f"no channels: write {path_of(settings())} (docs/alerts.md)")
        return
    taken = asyncio.run(_send(chosen))
    table = Table("channel", "units", "language", "names", "test message")
    for channel in chosen:
        told = "taken" if taken[channel.name] else "[red]not taken[/red]"
        table.add_row(
            channel.name, ", ".join(sorted(channel.units)), channel.language, "yes" if channel.names else "no", told
        )
    screen().print(table)
    if not all(taken.values()):
        raise SystemExit(1)


async def _send(channels: list[Channel]) -> dict[str, bool]:
    senders = [AppriseSender(channel) for channel in channels]
    told = [
        sender.send(probe(channel.name, channel.language), "raise")
        for sender, channel in zip(senders, channels, strict=True)
    ]
    return dict(zip([channel.name for channel in channels], await asyncio.gather(*told), strict=True))
