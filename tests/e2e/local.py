"""A hadir of its own on this machine, used as a person uses it: by the command line."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import psutil
from clickhouse_connect.driver.client import Client

from hadir import queries
from hadir.cli.system import MEASURED, Group, groups
from hadir.lag import committed_offsets, end_offsets
from hadir.settings import Settings
from hadir.stack import guard, status
from tests.waiting import wait_until

T = TypeVar("T")
HADIR = (sys.executable, "-c", "from hadir.cli import main; main()")
EPOCH = "e2e"  # fixed: a source file that is edited while the tests run must not begin another


def _row_of_ports(count: int) -> range:
    """So many free ports in a row, where no other test looks for one."""
    for first in random.sample(range(12_000, 17_900), 100):
        row = range(first, first + count)
        with ExitStack() as held:
            try:
                for port in row:
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return row
    raise OSError(f"no {count} free ports in a row")


class Hadir:
    """
    One data folder, twelve ports, and what a user would have in the environment.

    Ticks come every second instead of every minute, so that nothing waits a minute for an enrolment to settle.
    """

    def __init__(self, folder: Path) -> None:
        kafka, controller, clickhouse, gateway, wall, self.metrics, *_ = _row_of_ports(5 + len(MEASURED))
        self.data = folder / "data"
        chosen: dict[str, Any] = {
            "data": self.data,
            "epoch": EPOCH,
            "partitions": 2,
            "kafka": f"127.0.0.1:{kafka}",
            "kafka_controller_port": controller,
            "clickhouse": f"http://127.0.0.1:{clickhouse}",
            "gateway_port": gateway,
            "wall_port": wall,
            "metrics_port": self.metrics,
            "tick_s": 1,
            "checkpoint_s": 0.3,
        }
        self.settings = Settings(**chosen)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("HADIR_", "COLUMNS"))} | {
            f"HADIR_{name.upper()}": str(value) for name, value in chosen.items()
        }
        self.folder = folder

    def run(self, *arguments: str, code: int = 0, timeout_s: float = 120.0) -> str:
        """``hadir ARGUMENTS``, somewhere else than in the checkout: its output; the exit code must be as said."""
        done = subprocess.run(
            [*HADIR, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == code, f"hadir {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def ask(self, question: Callable[[Client], T]) -> T:
        """Something of ``hadir.queries``."""
        with closing(queries.connect(self.settings)) as client:
            return question(client)

    def day(self, day: str, unit: str | None = None) -> dict[str, dict[str, Any]]:
        """Everybody's row of ``v_person_day``, by name."""
        return {row["name"]: row for row in self.ask(lambda c: queries.day(c, date.fromisoformat(day), unit))}

    def punches(self) -> dict[str, int]:
        """How many different punches are stored, by terminal."""
        sql = "SELECT device_id, count() FROM v_punch GROUP BY device_id"
        return {device: int(count) for device, count in self.ask(lambda c: c.query(sql).result_rows)}

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until all that lies in Kafka now, and all that follows from it, is judged and stored."""
        by_stage = {group.stage: group for group in groups(self.settings)}
        for stage in ("distribute", "route", "cross", "judge", "alert", "sink"):
            self._passed(by_stage[stage], timeout_s)

    def _passed(self, group: Group, timeout_s: float) -> None:
        kafka = self.settings.kafka
        ends = asyncio.run(end_offsets(kafka, group.reads))

        def passed() -> bool:
            done = asyncio.run(committed_offsets(kafka, group.id))
            return all(done.get(tp, 0) >= end for tp, end in ends.items())

        wait_until(passed, timeout_s=timeout_s, what=f"{group.stage} has passed {ends}")

    @property
    def supervisor(self) -> psutil.Process:
        """The process that ``hadir up`` left behind."""
        found = status.read_status(self.data)
        assert found is not None
        assert found.alive
        return psutil.Process(found.pid)

    def left(self) -> list[str]:
        """Processes of this data folder that still run, by command line."""
        mark = f"{self.data.resolve()}|"
        left = []
        for process in guard.marked(lambda text: text.startswith(mark)):
            try:
                if process.status() != psutil.STATUS_ZOMBIE:
                    left.append(" ".join(process.cmdline()))
            except psutil.NoSuchProcess:
                continue
        return left


@contextmanager
def running(folder: Path) -> Iterator[Hadir]:
    """Up when the block begins; everything of it gone when it ends, whatever happened."""
    hadir = Hadir(folder)
    try:
        yield hadir
    finally:
        status.stop(hadir.data)
