"""``hadir import``: what is written, what is said, and that twice is once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from hadir.errors import Misconfigured, NotAcknowledged, Undecodable
from producers.sources.file_import import import_file
from producers.sources.import_order import ImportReport, Order, parse_moment
from producers.sources.tables import open_table
from producers.writing import Writer
from tests.producers.conftest import SN, at, days, device, noted
from tests.producers.memory import PARTITIONS, MemoryKafka

NOW = at("12:00:00", "2026-12-01")
FILE = (
    b"        1\t2026-11-20 07:31:02\t1\t0\t1\t0\r\n"
    b"        1\t2026-11-20 07:31:05\t1\t0\t1\t0\r\n"
    b"        2\t2026-11-20 16:02:00\t1\t0\t1\t0\r\n"
    b"        2\t2026-11-20 16:02:00\t1\t0\t1\t0\r\n"
    b"        2\t2026-11-31 16:02:00\t1\t0\t1\t0\r\n"
    b"        2\t2026-11-23 16:02:00\t1\t1\t1\t0\r\n"
)


async def run(kafka: MemoryKafka, body: bytes = FILE, **changes: Any) -> ImportReport:
    """Import into Kafka in memory."""
    options = {"device_id": SN, "zone": "Asia/Jakarta", "complete_through": None} | changes
    now = options.pop("now", lambda: NOW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attlog.dat"
        path.write_bytes(body)
        writer = Writer(kafka, PARTITIONS)
        return await import_file(open_table(path), writer, kafka, Order(**options), now=now, partitions=PARTITIONS)


@pytest.fixture
async def kafka() -> MemoryKafka:
    """A log that knows the terminal."""
    memory = MemoryKafka()
    await Writer(memory, PARTITIONS).reference("device", device())
    return memory


async def test_report_says_what_was_found(kafka: MemoryKafka):
    """Form, punches, people, days, repeats, double punches, rejects with line numbers."""
    report = await run(kafka)
    assert report.form.startswith("6 columns")
    assert (report.punches, report.people, report.days) == (5, 2, 2)
    assert (report.first_day, report.last_day) == (days("2026-11-20"), days("2026-11-23"))
    assert (report.repeats, report.double_punches) == (1, 1)
    assert [(r.number, r.reason) for r in report.rejects] == [(5, "no such date")]
    assert (report.device_written, report.warnings) == (False, [])
    punches = kafka.records("device_log", "punch")
    assert [(p["pin"], p["in_out_code"], p["source"], p["received_at"]) for p in punches] == [
        ("1", 0, "file", NOW),
        ("1", 0, "file", NOW),
        ("2", 0, "file", NOW),
        ("2", 0, "file", NOW),
        ("2", 1, "file", NOW),
    ]
    (letter,) = kafka.records("dead_letter")
    assert (letter["stage"], letter["reason"], letter["device_id"]) == ("import", "line 5: no such date", SN)


async def test_twice_doubles_nothing(kafka: MemoryKafka):
    """The same file again: the same identities and digests, no second device record, no second dead letter."""
    await run(kafka, device_id="NEW1")
    first = kafka.records("device_log", "punch")
    await run(kafka, device_id="NEW1", now=lambda: NOW + 60_000)
    punches = kafka.records("device_log", "punch")
    identity = ("device_id", "pin", "device_time", "digest")
    assert {tuple(p[f] for f in identity) for p in punches} == {tuple(p[f] for f in identity) for p in first}
    assert len(kafka.records("dead_letter")) == 1
    assert len([d for d in kafka.records("reference", "device") if d["device_id"] == "NEW1"]) == 1


async def test_complete_through_vouches_after_the_punches(kafka: MemoryKafka):
    """The status comes behind all punches in their partition, and repeats what was known of the connection."""
    writer = Writer(kafka, PARTITIONS)
    silent = {
        "device_id": SN,
        "observed_at": at("09:00:00"),
        "state": "silent",
        "silent_since": at("08:55:00"),
        "delivered_through": None,
        "drift_ms": 7,
        "source": "adms",
    }
    await writer.fact("device_status", silent)
    report = await run(kafka, complete_through="2026-11-30")
    assert report.delivered_through == at("00:00:00", "2026-12-01")
    assert "1 rows could not be read" in report.warnings[0]
    last = kafka.records("device_log")[-1]
    assert last == silent | {
        "observed_at": NOW,
        "delivered_through": at("00:00:00", "2026-12-01"),
        "source": "file",
    }


async def test_no_status_when_the_punches_are_not_acknowledged(kafka: MemoryKafka):
    """Kafka refuses the punches: nothing is vouched for."""
    kafka.mode = "fail"
    with pytest.raises(NotAcknowledged):
        await run(kafka, complete_through="2026-11-30")
    assert kafka.records("device_log", "device_status") == []


async def test_unknown_terminal_is_entered_with_the_stated_zone():
    """Without a device record all would be parked: one is made, without a unit, and it may not push."""
    kafka = MemoryKafka()
    report = await run(kafka, zone="Asia/Makassar")
    assert report.device_written
    assert "was unknown and is entered now" in report.warnings[0]
    (record,) = kafka.records("reference", "device")
    assert record == device(
        unit_id="",
        name=SN,
        protocol="file",
        timezone="Asia/Makassar",
        valid_from=days("2026-11-20"),
        recorded_at=NOW,
        recorded_by="import",
    )


async def test_older_file_of_an_entered_terminal_extends_it():
    """A second file from before: a second record for the days before the first."""
    kafka = MemoryKafka()
    await run(kafka)
    report = await run(kafka, FILE.replace(b"2026-11", b"2026-10"))
    assert report.device_written
    spans = [(d["valid_from"], d["valid_to"]) for d in kafka.records("reference", "device")]
    assert spans == [(days("2026-11-20"), None), (days("2026-10-20"), days("2026-11-19"))]


async def test_punches_before_the_roster_s_first_day_are_said():
    """The roster says since when the terminal hangs there: the import does not overrule it, it warns."""
    kafka = MemoryKafka()
    await Writer(kafka, PARTITIONS).reference("device", device(valid_from=days("2026-11-22")))
    report = await run(kafka)
    assert not report.device_written
    assert "are parked" in report.warnings[0]
    assert len(kafka.records("reference", "device")) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"zone": "Asia/Jayapura"}, "is entered with the zone Asia/Jakarta"),
        ({"zone": "Asia/Jakart"}, "no such zone"),
        ({"device_id": "no such"}, "--device"),
        ({"complete_through": "2026-12-01 12:01"}, "still to come"),
    ],
)
async def test_refused_and_nothing_written(kafka: MemoryKafka, changes: dict[str, Any], message: str):
    """Another zone than the record's, nonsense, or a promise about the future: nothing is written."""
    with pytest.raises(Misconfigured, match=message):
        await run(kafka, **changes)
    assert kafka.records("device_log") == []
    assert len(kafka.records("reference")) == 1


async def test_zone_of_the_same_hours_is_accepted(kafka: MemoryKafka):
    """Asia/Pontianak is WIB as well."""
    assert (await run(kafka, zone="Asia/Pontianak")).punches == 5


async def test_withdrawn_record_counts_as_none():
    """A void device record is as if never entered."""
    kafka = MemoryKafka()
    writer = Writer(kafka, PARTITIONS)
    await writer.reference("device", device())
    await writer.reference("device", device(**{**noted(), "void": True}))
    assert (await run(kafka)).device_written


async def test_other_file_is_undecodable(kafka: MemoryKafka):
    """A photo is no attlog.dat."""
    with pytest.raises(Undecodable):
        await run(kafka, b"\xff\xd8\xff\xe0" * 100)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-13", at("00:00:00", "2026-05-14")),
        ("2026-05-13 16:00", at("16:00:00", "2026-05-13")),
        ("2026-05-13T16:00:00+07:00", at("16:00:00", "2026-05-13")),
        ("2026-05-13T09:00:00+00:00", at("16:00:00", "2026-05-13")),
    ],
)
def test_parse_moment(text: str, moment: int):
    """A date alone means to its end."""
    assert parse_moment(text, "Asia/Jakarta") == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "13-05-2026"])
def test_parse_moment_refuses(text: str):
    """Not a moment."""
    with pytest.raises(Misconfigured):
        parse_moment(text, "Asia/Jakarta")


@pytest.mark.parametrize(
    ("name", "columns", "punches", "pins"), [("jakarta-2022-12.dat", 6, 384, 13), ("solution-2026-04.dat", 5, 560, 18)]
)
async def test_real_files(name: str, columns: int, punches: int, pins: int):
    """The two real exports go down the road whole."""
    folder = os.environ.get("HADIR_TERMINAL_LOGS")
    if not folder:
        pytest.skip("HADIR_TERMINAL_LOGS is not set: THE TWO REAL TERMINAL LOGS WERE NOT IMPORTED")
    kafka = MemoryKafka()
    report = await run(kafka, (Path(folder) / name).read_bytes())
    assert (report.form[:9], report.punches, report.people, report.rejects) == (f"{columns} columns", punches, pins, [])
    assert len(kafka.records("device_log", "punch")) == punches
    assert report.double_punches > 0
