"""
``python -m benchmarks.files [ROWS]``: a file of a million rows down the road of ``hadir import``, and what it takes.

Made, then imported with an outbox that acknowledges and keeps nothing (Kafka is measured elsewhere), each kind in
a process of its own: rows a second of both passes together, and the most memory that the process ever had. Leaves
``benchmarks/results/<date>-files.json`` for a million rows or more.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from benchmarks.system import stamp
from hadir import clock
from hadir.reading import Batch
from producers.sources.file_import import import_file
from producers.sources.import_order import Order
from producers.sources.tables import open_table
from producers.writing import Writer

ROWS = 1_000_000
SHEET_ROWS = 200_000  # a sheet takes ten times as long to make as a text
KINDS = ("attlog", "csv", "quoted", "xlsx")
PEOPLE = 5000
DEVICE = "BENCH1"
RESULTS = Path(__file__).parent / "results"


class _Sink:
    """Takes every record, and says so in the next turn of the loop."""

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[Any]:
        """See ``Sender``."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    async def settle(self) -> None:
        """Nothing waits."""


class _Empty:
    """Logs in which nothing lies."""

    async def batches(self, topic: str, *, since_ms: int | None = None, follow: bool = False) -> AsyncIterator[Batch]:
        """See ``Reader``."""
        yield Batch([], True)

    async def span(self, topic: str, partition: int, first: int, before: int) -> AsyncIterator[Batch]:
        """See ``Reader``."""
        yield Batch([], True)

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """See ``Reader``."""
        return {0: (0, 0)}


def make(kind: str, path: Path, rows: int) -> None:
    """A file of punches of ``PEOPLE`` people, in order of time."""
    first = datetime(2025, 1, 1, 6)  # noqa: DTZ001  (a terminal's wall clock)
    moments = ((number % PEOPLE + 1, first + timedelta(seconds=20 * number)) for number in range(rows))
    if kind == "xlsx":
        book = openpyxl.Workbook(write_only=True)
        page = book.create_sheet("Data")
        page.append(["AC-No.", "Name", "Time", "State"])
        for pin, at in moments:
            page.append([pin, f"Pegawai {pin}", at, "C/In"])
        book.save(path)
        return
    with path.open("w", encoding="utf-8") as file:
        if kind != "attlog":
            file.write("AC-No.,Name,Time,State\n")
        for pin, at in moments:
            if kind == "attlog":
                file.write(f"{pin:9}\t{at:%Y-%m-%d %H:%M:%S}\t1\t0\t1\t0\r\n")
            elif kind == "csv":
                file.write(f"{pin},Pegawai {pin},{at:%d/%m/%Y %H:%M:%S},C/In\n")
            else:
                file.write(f'"{pin}","Pegawai, {pin}","{at:%d/%m/%Y %H:%M:%S}","C/In"\n')


async def take(path: Path) -> dict[str, Any]:
    """Import it; what was counted, and what it took."""
    began = clock.system_ms()
    report = await import_file(
        open_table(path),
        Writer(_Sink(), 1),
        _Empty(),
        Order(DEVICE, "Asia/Jakarta"),
        now=clock.now_ms,
        partitions=1,
    )
    seconds = (clock.system_ms() - began) / 1000
    return {
        "rows": report.punches,
        "rejected": report.rejected,
        "seconds": seconds,
        "rows_per_s": round(report.punches / seconds),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "file_mb": round(path.stat().st_size / 1e6, 1),
    }


def main(rows: int) -> None:
    """Each kind in a process of its own: the most memory is a process's."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / kind
            make(kind, path, min(rows, SHEET_ROWS) if kind == "xlsx" else rows)
            argv = [sys.executable, "-m", "benchmarks.files", "--take", str(path)]
            found[kind] = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
            print(kind, json.dumps(found[kind]), flush=True)
    if rows >= ROWS:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{stamp()}-files.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        print(json.dumps(asyncio.run(take(Path(sys.argv[2])))))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)
