"""``hadir simulate``: devices that nobody has at hand, with their own protocols."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import click

from producers.simulator.zk.faults import MEANING, Fault
from producers.simulator.zk.memory import RECORD_BYTES, make_marks, make_people
from producers.simulator.zk.server import Server
from producers.simulator.zk.terminal import ROOM, Make, Terminal

FAULTS = "".join(f"\n      {fault.value:<18}{MEANING[fault]}" for fault in Fault)


@click.group("simulate")
def simulate_command() -> None:
    """Devices that nobody has at hand, with their own protocols."""


@simulate_command.command(
    "terminal",
    short_help="A ZK terminal that can be pulled.",
    help=f"""
    A ZK terminal with made-up people and punches, on this machine's loopback, until Ctrl-C (docs/zk.md).

    \b
      hadir simulate terminal --port 4370 --people 50 --punches 20000 --every 5

    \b
    Faults, each as often as it is named, at the first chance:{FAULTS}
    """,
)
@click.option("--port", type=click.IntRange(0, 65535), default=4370, show_default=True, help="0: a free one.")
@click.option("--udp", is_flag=True, help="Datagrams instead of TCP.")
@click.option("--people", type=click.IntRange(1, 10_000), default=20, show_default=True, help="People on its list.")
@click.option("--punches", type=click.IntRange(0, ROOM), default=1000, show_default=True, help="Punches it remembers.")
@click.option(
    "--record-size",
    type=click.Choice([str(size) for size in RECORD_BYTES]),
    default="40",
    show_default=True,
    help="Bytes of a record; nobody knows what 49 hold.",
)
@click.option("--key", type=click.IntRange(0, 2**32 - 1), default=0, help="Communication key; 0: none is asked for.")
@click.option("--serial", default=Make.serial, show_default=True, help="Serial number.")
@click.option("--packet-bytes", type=click.IntRange(16, 0x10000), default=Make.packet_bytes, show_default=True)
@click.option("--gap-ms", type=click.IntRange(0), default=0, show_default=True, help="Pause between packets.")
@click.option("--offset-s", default=0.0, show_default=True, help="How much its clock is ahead of UTC+7.")
@click.option("--drift-ppm", default=0.0, show_default=True, help="Microseconds that its clock gains in a second.")
@click.option("--every", type=click.FloatRange(0.01), metavar="S", help="Somebody punches every S seconds.")
@click.option("--impossible-date", is_flag=True, help="One record is of 30 February.")
@click.option("--fault", "faults", multiple=True, type=click.Choice([fault.value for fault in Fault]))
def terminal_command(
    port: int,
    udp: bool,
    people: int,
    punches: int,
    record_size: str,
    key: int,
    serial: str,
    packet_bytes: int,
    gap_ms: int,
    offset_s: float,
    drift_ppm: float,
    every: float | None,
    impossible_date: bool,
    faults: tuple[str, ...],
) -> None:
    """Put the terminal together and run it."""
    make = Make(
        serial=serial,
        key=key,
        record_bytes=int(record_size),
        packet_bytes=packet_bytes,
        gap_s=gap_ms / 1000,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
    )
    terminal = Terminal(make, make_people(people))
    terminal.marks = make_marks(terminal.people, punches, terminal.clock.wall_ms())
    if impossible_date:
        terminal.spoil(terminal.people[0])
    for fault in faults:
        terminal.faults.plan(Fault(fault))
    try:
        asyncio.run(_run(terminal, port, udp=udp, every=every))
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror or error}") from None


async def _run(terminal: Terminal, port: int, *, udp: bool, every: float | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Server(terminal, port=port, udp=udp) as server:
        held = f"{len(terminal.people)} people, {len(terminal.marks)} punches of {terminal.make.record_bytes} bytes"
        click.echo(f"{terminal.make.serial} listens on {server.host}:{server.port}/{'udp' if udp else 'tcp'}: {held}")
        turn = 0
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)
            if not stop.is_set():
                await terminal.punch(terminal.people[turn % len(terminal.people)])
                turn += 1
