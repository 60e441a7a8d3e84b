"""``hadir setup``, ``hadir up`` and ``hadir down``."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hadir.cli.system import ROOT, environment, install
from hadir.errors import Misconfigured
from hadir.settings import settings
from hadir.stack.status import Status, read_status, stop

START_S = 180.0
OVER = ("ready", "done")


@click.command("setup")
def setup_command() -> None:
    """
    Fetch what Python packages do not bring: Kafka's jars (44 MB), once for all data folders of this machine.

    They are kept in ~/.cache/hadir (or XDG_CACHE_HOME/hadir). "hadir up" and "hadir demo" do the same when it has not
    been done; call it where the network is, before the machine goes where none is.
    """
    installed = asyncio.run(install(Console()))
    click.echo(f"Kafka 4.1.1 and Java {installed.runtime.major} are ready")


@click.command("up")
def up_command() -> None:
    """
    Start Kafka, ClickHouse, gateway, clock, stream processors and sink on this machine, and leave them running.

    Returns when all are ready; they go on without this shell until "hadir down". After a crash or a reboot "hadir up"
    goes on where it was. Data, logs (logs/NAME.log) and status lie in HADIR_DATA (default: .hadir in the current
    folder), so the other verbs are called in the same folder, or with the same HADIR_DATA.

    Terminals that speak ADMS are pointed at HADIR_GATEWAY_HOST and HADIR_GATEWAY_PORT (default 127.0.0.1:18080: only
    this machine; 0.0.0.0 lets others in).
    """
    configured = settings()
    known = read_status(configured.data)
    if known is not None and known.alive:
        raise Misconfigured(f"already up (process {known.pid}): hadir status")
    asyncio.run(install(Console()))
    configured.data.mkdir(parents=True, exist_ok=True)
    (configured.data / "logs").mkdir(exist_ok=True)
    with (configured.data / "logs" / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hadir.cli.system"],
            cwd=ROOT,
            env=_with_path(environment(configured)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _wait_ready(process)
    wall = f"wall http://{configured.wall_host}:{configured.wall_port}"
    click.echo(
        f"up: {wall}, gateway http://{configured.gateway_host}:{configured.gateway_port}, {configured.clickhouse}"
    )
    click.echo("next: hadir roster import DIR, then hadir status")


def _with_path(env: dict[str, str]) -> dict[str, str]:
    import os

    return os.environ | env


def _wait_ready(process: subprocess.Popen[bytes]) -> None:
    """Draw what is ready until all is. Raises Misconfigured when the supervisor or a child gives up."""
    data = settings().data
    end = time.monotonic() + START_S
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn()) as progress:
        bar = progress.add_task("starting", total=None)
        while True:
            found = read_status(data)
            mine = found if found is not None and found.pid == process.pid else None
            if mine is not None:
                ready = [child for child in mine.children if child.state in OVER]
                waits = ", ".join(child.name for child in mine.children if child not in ready)
                progress.update(bar, total=len(mine.children), completed=len(ready), description=waits or "ready")
                _look_for_failure(mine)
                if len(ready) == len(mine.children):
                    return
            if process.poll() is not None or time.monotonic() > end:
                raise Misconfigured(f"did not come up: see {data / 'logs' / 'supervisor.log'}")
            time.sleep(0.1)


def _look_for_failure(found: Status) -> None:
    for child in found.children:
        if child.state == "failed":
            log = settings().data / "logs" / f"{child.name}.log"
            last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
            raise Misconfigured("\n".join([f"{child.name} does not start: see {log}", *last]))


@click.command("down")
def down_command() -> None:
    """
    Stop everything that "hadir up" started; nothing that was accepted is lost.

    Terminals keep what they punch meanwhile and deliver it after the next "hadir up". Data stay in HADIR_DATA.
    """
    running = stop(settings().data)
    click.echo("down" if running else "was not up")
