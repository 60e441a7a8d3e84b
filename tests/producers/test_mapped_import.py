"""``hadir import`` of what programs export: terminals named by the rows, interruptions, dry runs, rejects as a file."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

import pytest

from hadir.errors import Misconfigured, NotAcknowledged
from producers.sources import file_import
from producers.sources.file_import import import_file
from producers.sources.import_order import ImportReport, Order
from producers.sources.resume import NOWHERE, Progress, Reached
from producers.sources.tables import open_table
from producers.writing import Writer
from tests.producers.conftest import SN, at, days, device
from tests.producers.memory import PARTITIONS, MemoryKafka

NOW = at("12:00:00", "2026-12-01")
HEADER = "Tanggal scan;PIN;Nama;Verifikasi;I/O;SN\n"


def line(pin: str, sn: str = SN, when: str = "20-11-2026 07:31:02", name: str = "Siti") -> str:
    """A row of a Fingerspot export."""
    return f"{when};{pin};{name};1;0;{sn}\n"


class Faulty(MemoryKafka):
    """Acknowledges so many facts and then nothing: the broker goes away while a file is written."""

    def __init__(self, most: int = 1 << 60) -> None:
        super().__init__()
        self.most = most

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[None]:
        if topic.endswith("device_log"):
            self.most -= 1
            if self.most < 0:
                self.mode = "fail"
        return super().send(topic, partition, key, value)


async def known(kafka: MemoryKafka, *serials: str) -> MemoryKafka:
    """A log that knows these terminals."""
    for serial in serials:
        await Writer(kafka, PARTITIONS).reference("device", device(serial))
    return kafka


async def run(
    kafka: MemoryKafka, path: Path, order: Order | None = None, progress: Progress | None = None, **options: Any
) -> ImportReport:
    """Import a file into Kafka in memory."""
    return await import_file(
        open_table(path),
        Writer(kafka, PARTITIONS),
        kafka,
        order or Order(),
        now=lambda: NOW,
        partitions=PARTITIONS,
        progress=progress,
        **options,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two terminals and one that nobody knows, with a name in the wrong column."""
    file = tmp_path / "scanlog.csv"
    bad = line("Budi Santoso", when="Siti Aminah")
    file.write_text(
        HEADER + line("1") + line("2", "CK2") + line("3", "NOBODY9") + bad + line("1", when="21-11-2026 16:02:00")
    )
    return file


async def test_rows_name_their_terminals(path: Path) -> None:
    """Each punch goes to its own; what is not known is a reject; nobody's name lies in dead_letter."""
    kafka = await known(MemoryKafka(), SN, "CK2")
    report = await run(kafka, path)
    assert report.form == "fingerspot: CSV with semicolons, utf-8, header in row 1"
    assert (report.punches, report.people, report.devices, report.days) == (3, 2, ["CK2", SN], 2)
    punches = kafka.records("device_log", "punch")
    assert sorted((p["device_id"], p["pin"]) for p in punches) == [("CK2", "2"), (SN, "1"), (SN, "1")]
    assert [(r.number, r.reason) for r in report.rejects] == [
        (4, "a terminal that is not known: enter it in devices.csv first"),
        (5, "not a PIN"),
    ]
    letters = kafka.records("dead_letter")
    assert [letter["value"] for letter in letters] == [
        b"3,20-11-2026 07:31:02,NOBODY9",
        f"?,?,{SN}".encode(),
    ]
    assert kafka.records("reference", "device") == [device(SN), device("CK2")]


async def test_device_limits_a_file_that_names_terminals(path: Path) -> None:
    """The others are counted, not rejected; the one may then be vouched for."""
    kafka = await known(MemoryKafka(), SN, "CK2")
    report = await run(kafka, path, Order("CK2", complete_through="2026-11-30"))
    assert (report.punches, report.skipped, report.rejected) == (1, 4, 0)
    assert report.delivered_through == at("00:00:00", "2026-12-01")
    (status,) = kafka.records("device_log", "device_status")
    assert (status["device_id"], status["delivered_through"]) == ("CK2", at("00:00:00", "2026-12-01"))


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (Order(complete_through="2026-11-30"), "needs --device"),
        (Order(zone="Asia/Makassar"), "is entered with the zone Asia/Jakarta"),
        (Order("no such"), "--device"),
    ],
)
async def test_orders_that_do_not_fit_write_nothing(path: Path, order: Order, told: str) -> None:
    """A promise for nobody in particular, another zone, nonsense."""
    kafka = await known(MemoryKafka(), SN, "CK2")
    with pytest.raises(Misconfigured, match=told):
        await run(kafka, path, order)
    assert kafka.records("device_log") == kafka.records("dead_letter") == []


async def test_file_without_terminals_needs_to_be_told(tmp_path: Path) -> None:
    """Terminal and zone."""
    file = tmp_path / "x.csv"
    file.write_text("AC-No.,Time,State\n1,20/11/2026 07:31:02,C/In\n")
    kafka = MemoryKafka()
    with pytest.raises(Misconfigured, match="don't name their terminal"):
        await run(kafka, file, Order(SN))
    assert (await run(kafka, file, Order(SN, "Asia/Jakarta"))).device_written
    assert kafka.records("reference", "device")[0]["valid_from"] == days("2026-11-20")


async def test_dry_run_counts_and_writes_nothing(path: Path) -> None:
    """The report is that of the real run; what would be written is shown."""
    kafka = await known(MemoryKafka(), SN, "CK2")
    dry = await run(kafka, path, Order(dry_run=True))
    assert kafka.records("device_log") == kafka.records("dead_letter") == []
    assert [p["pin"] for p in dry.examples] == ["1", "2", "1"]
    assert dry == await run(kafka, path)


async def test_rejects_are_left_as_a_file_without_formulas(path: Path, tmp_path: Path) -> None:
    """Line, reason, the whole row: it lies beside the file it came from, and no cell becomes a formula."""
    path.write_text(HEADER + line("=cmd|' /C calc'!A0", name="@SUM(A1)") + line("1") + '"open\n')
    left = tmp_path / "rejects.csv"
    await run(await known(MemoryKafka(), SN), path, Order(dry_run=True, rejects=left))
    rows = list(csv.reader(left.read_text(encoding="utf-8-sig").splitlines()))
    assert [row[:2] for row in rows] == [
        ["line", "reason"],
        ["2", "not a PIN"],
        ["4", "a quotation mark that is not closed, or text behind one"],
    ]
    assert rows[1][3:5] == ["'=cmd|' /C calc'!A0", "'@SUM(A1)"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert list(tmp_path.glob("*.part")) == []


async def test_rejects_of_a_run_that_failed_are_not_left_half(path: Path, tmp_path: Path) -> None:
    """What was there before stays."""
    left = tmp_path / "rejects.csv"
    left.write_text("before")
    table = open_table(path)
    path.write_text(path.read_text() + line("9"))
    with pytest.raises(Misconfigured, match="was changed"):
        await import_file(
            table,
            None,
            await known(MemoryKafka(), SN),
            Order(dry_run=True, rejects=left),
            now=lambda: NOW,
            partitions=PARTITIONS,
        )
    assert left.read_text() == "before"
    assert list(tmp_path.glob("*.part")) == []


async def test_flood_of_rejects_does_not_fill_dead_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping that is wrong makes one of every row."""
    monkeypatch.setattr(file_import, "MOST_LETTERS", 3)
    file = tmp_path / "x.csv"
    file.write_text(HEADER + line("no pin") * 9)
    kafka = await known(MemoryKafka(), SN)
    report = await run(kafka, file)
    assert (report.rejected, len(kafka.records("dead_letter"))) == (9, 3)
    assert "is the mapping right?" in report.warnings[-1]


async def test_long_rejects_wait_for_their_acknowledgement_sooner(tmp_path: Path) -> None:
    """What is on its way to Kafka is bounded in bytes, not in rows alone: lines of junk are long."""
    file = tmp_path / "attlog.dat"
    file.write_bytes(b"1\t2026-11-20 07:31:02\t1\t0\t0\n" + (b"x" * 60_000 + b"\n") * 200)
    kafka = MemoryKafka()
    waiting, most = 0, 0
    send = kafka.send

    def watched(topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[None]:
        nonlocal waiting, most
        sent = send(topic, partition, key, value)
        waiting += len(value or b"")
        most = max(most, waiting)
        sent.add_done_callback(lambda _: lower(len(value or b"")))
        return sent

    def lower(size: int) -> None:
        nonlocal waiting
        waiting -= size

    kafka.send = watched  # type: ignore[method-assign]
    report = await run(kafka, file, Order(SN, "Asia/Jakarta"))
    assert (report.punches, report.rejected, len(kafka.records("dead_letter"))) == (1, 200, 200)
    assert most < 2_000_000


@pytest.mark.parametrize("acknowledged", range(0, 13))
async def test_interrupted_anywhere_and_run_again_is_whole(
    acknowledged: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker goes after any row: the second run begins behind what was acknowledged, and nothing is missing."""
    monkeypatch.setattr(file_import, "CHUNK", 3)
    file = tmp_path / "x.csv"
    file.write_text(HEADER + "".join(line(str(n)) + line("no pin") * (n % 4 == 1) for n in range(12)))
    kafka = await known(Faulty(acknowledged), SN)
    progress = Progress(tmp_path / "data", "this very import")
    if acknowledged < 12:
        with pytest.raises(NotAcknowledged, match="goes on where acknowledged rows end"):
            await run(kafka, file, progress=progress)
        there = {p["pin"] for p in kafka.records("device_log", "punch")}
        reached = progress.load()
        assert {str(n) for n in range(12) if 2 + n + (n + 2) // 4 <= reached.row} <= there
        kafka.mode, kafka.most = "ok", 1 << 60
    sent_before = len(kafka.records("device_log", "punch"))
    reached = progress.load()
    report = await run(kafka, file, progress=progress)
    punches = kafka.records("device_log", "punch")
    assert {p["pin"] for p in punches} == {str(n) for n in range(12)}
    assert (report.punches, report.rejected, report.resumed_after) == (12, 3, reached.row)
    assert len(punches) - sent_before == sum(2 + n + (n + 2) // 4 > reached.row for n in range(12))
    assert len({letter["reason"] for letter in kafka.records("dead_letter")}) == len(kafka.records("dead_letter")) == 3
    assert progress.load() == NOWHERE


async def test_another_log_is_written_from_the_beginning(path: Path, tmp_path: Path) -> None:
    """The topics were made anew in between: what an old state file says of them is not believed."""
    progress = Progress(tmp_path / "data", "this very import")
    progress.save(Reached(4, 1_000_000))
    kafka = await known(MemoryKafka(), SN, "CK2")
    report = await run(kafka, path, progress=progress)
    assert (report.resumed_after, len(kafka.records("device_log", "punch"))) == (0, 3)
    assert "not the one of the interrupted import" in report.warnings[-1]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"row": "x", "end": 1}', '{"row": -1, "end": 1}', '{"row": true, "end": 0}']
)
def test_state_file_that_is_torn_counts_as_none(text: str, tmp_path: Path) -> None:
    """Everything is written again: that is harmless."""
    progress = Progress(tmp_path, "x")
    progress.save(Reached(5, 5))
    (state,) = (tmp_path / "imports").iterdir()
    state.write_text(text)
    assert progress.load() == NOWHERE
    assert Progress(None, "x").load() == NOWHERE
    progress.clear()
    assert list((tmp_path / "imports").iterdir()) == []


async def test_how_far_it_is_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the bar: reading to its end, then writing to its end."""
    told: list[tuple[str, float]] = []
    kafka = await known(MemoryKafka(), SN, "CK2")
    await run(kafka, path, watched=lambda doing, part: told.append((doing, part)))
    assert [doing for doing, part in told if part == 1.0] == ["reading", "writing"]
    assert all(0 <= part <= 1 for _, part in told)
