"""``hadir import``: a terminal's own export (``attlog.dat``) into ``device_log``, down the same road as a push."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hadir import clock
from hadir.errors import InvalidFact, Misconfigured
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings
from producers.protocols.adms import serial
from producers.protocols.attlog_file import SOURCE, Form, parse
from producers.protocols.lines import DAY_MS, Reject
from producers.sources.region import Region, moment_of, utc_offset_s
from producers.writing import Writer, acknowledged
from schemas.codec import decode, header
from schemas.topics import partition_of, topics

CHUNK = 5_000  # punches sent before their acknowledgement is awaited
ACK_S = 30.0
STATUS_TAIL = 200_000  # records of the terminal's partition searched for its newest status
LETTER_TAIL = 100_000  # dead letters searched for rejects that an earlier import of the file set aside
TWICE_MS = 60_000  # the same PIN again within a minute: "did it register?"
RECORDED_BY = "import"


@dataclass(slots=True)
class ImportReport:
    """
    What an import found and did.

    Attributes:
        form: which layout the file was recognised as.
        punches: readable lines, all written.
        people: PINs, sorted.
        first_day, last_day: local dates of the first and last punch, days since 1970; None without punches.
        days: local dates with a punch.
        repeats: lines whose PIN and time stood in the file before; they fold into one punch.
        double_punches: punches of a PIN within a minute after its last one.
        rejects: lines that can't be read; they are in ``dead_letter``.
        device_written: a ``device`` record was made, because the terminal was unknown or known for later dates only.
        delivered_through: moment vouched for, milliseconds UTC; None: none.
        warnings: what the operator should know.
    """

    form: Form
    punches: int
    people: list[str]
    first_day: int | None
    last_day: int | None
    days: int
    repeats: int
    double_punches: int
    rejects: list[Reject]
    device_written: bool = False
    delivered_through: int | None = None
    warnings: list[str] = field(default_factory=list)


def parse_moment(text: str, zone: str) -> int:
    """
    ``--complete-through``: ``2026-05-13`` (to the end of that day), ``2026-05-13 16:00`` or ISO with an offset.

    Returns:
        Milliseconds UTC. A time without an offset is read in ``zone``.

    Raises:
        Misconfigured: not a moment.

    >>> parse_moment("2026-05-13 16:00", "Asia/Jakarta")
    1778662800000
    """
    try:
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time())
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{text}: not a date, nor a date and time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1000


async def import_attlog(
    body: bytes,
    writer: Writer,
    reader: Reader,
    *,
    device_id: str,
    zone: str,
    complete_through: int | None,
    now: clock.Clock,
    partitions: int,
) -> ImportReport:
    """
    Import one file. The same file again changes nothing: a punch is (device, PIN, device time).

    Args:
        body: the file.
        device_id: serial number of the terminal that it comes from.
        zone: IANA zone of that terminal's clock; must agree with its ``device`` record where there is one.
        complete_through: the operator vouches that the file holds everything punched before (milliseconds UTC).
        now: hadir's clock: ``received_at`` of all punches.

    Returns:
        The report; everything in it is acknowledged. A terminal without a ``device`` record that covers the first
        punch gets one (no unit, protocol ``file``: it may not push), because its zone was just stated; otherwise all
        its punches would be parked.

    Raises:
        Undecodable: neither form of ``attlog.dat``.
        Misconfigured: unknown zone, no serial number, a zone other than the record's, or a moment still to come.
        NotAcknowledged: Kafka stopped answering; the same import again completes it.
    """
    if zone not in available_timezones():
        raise Misconfigured(f"{zone}: no such zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura")
    try:
        serial(device_id)
    except InvalidFact:
        raise Misconfigured("--device: a serial number has letters, digits, . _ - only") from None
    at = now()
    if complete_through is not None and complete_through > at:
        raise Misconfigured("--complete-through lies ahead: a file can't vouch for what is still to come")
    parsed = parse(body, device_id, at)
    report = _report(parsed.form, parsed.punches, parsed.rejects)
    region = await _region(reader)
    await _know_device(region, writer, report, device_id, zone, at)

    for start in range(0, len(parsed.punches), CHUNK):
        await acknowledged({writer.fact("punch", p) for p in parsed.punches[start : start + CHUNK]}, ACK_S)
    await _set_aside(parsed.rejects, writer, reader, device_id, at)
    if complete_through is not None:
        status = await _newest_status(reader, device_id, partitions) or {"observed_at": 0, "state": "silent"}
        record = {"silent_since": None, "drift_ms": None, **status} | {
            "device_id": device_id,
            "observed_at": max(at, status["observed_at"] + 1),
            "delivered_through": complete_through,
            "source": SOURCE,
        }
        await acknowledged([writer.fact("device_status", record)], ACK_S)
        report.delivered_through = complete_through
        if parsed.rejects:
            report.warnings.append(
                f"{len(parsed.rejects)} lines could not be read, yet the file was declared complete: look at them"
            )
    return report


def _report(form: Form, punches: list[dict[str, Any]], rejects: list[Reject]) -> ImportReport:
    days = {p["device_time"] // DAY_MS for p in punches}
    seen: set[tuple[str, int]] = set()
    last: dict[str, int] = {}
    doubles = 0
    for p in sorted(punches, key=lambda p: p["device_time"]):
        mark = (p["pin"], p["device_time"])
        if mark not in seen:
            doubles += p["device_time"] - last.get(p["pin"], -TWICE_MS - 1) <= TWICE_MS
            last[p["pin"]] = p["device_time"]
            seen.add(mark)
    return ImportReport(
        form=form,
        punches=len(punches),
        people=sorted({p["pin"] for p in punches}),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        days=len(days),
        repeats=len(punches) - len(seen),
        double_punches=doubles,
        rejects=rejects,
    )


async def _region(reader: Reader) -> Region:
    region = Region()
    async for batch in reader.batches(topics()["reference"].name("")):
        for entry in batch.entries:
            region.fold(entry.value)
    return region


async def _know_device(
    region: Region, writer: Writer, report: ImportReport, device_id: str, zone: str, at: int
) -> None:
    """Refuse another zone than the record's; write a record where none covers the first punch."""
    records = region.records_of(device_id)
    for record in records:
        if any(utc_offset_s(zone, m) != utc_offset_s(record["timezone"], m) for m in _moments(report, zone, at)):
            raise Misconfigured(
                f"{device_id} is entered with the zone {record['timezone']}, the command says {zone}: "
                "correct one of them, or its punches would be read in the wrong zone"
            )
    if report.first_day is None:
        return
    first = min((r["valid_from"] for r in records), default=None)
    if first is not None and first <= report.first_day:
        return
    if any(r["recorded_by"] != RECORDED_BY for r in records):
        report.warnings.append(
            f"punches before {device_id}'s first day in devices.csv are parked until its valid_from is earlier"
        )
        return
    record = {
        "device_id": device_id,
        "unit_id": "",
        "name": device_id,
        "protocol": SOURCE,
        "timezone": zone,
        "valid_from": report.first_day,
        "valid_to": None if first is None else first - 1,
        "void": False,
        "recorded_at": at,
        "recorded_by": RECORDED_BY,
        "reference_offset": -1,
    }
    await acknowledged([writer.reference("device", record)], ACK_S)
    report.device_written = True
    if first is None:
        report.warnings.append(f"{device_id} was unknown and is entered now, with {zone} and without a unit")


def _moments(report: ImportReport, zone: str, at: int) -> list[int]:
    if report.first_day is None or report.last_day is None:
        return [at]
    return [moment_of(zone, report.first_day * DAY_MS), moment_of(zone, report.last_day * DAY_MS)]


async def _set_aside(rejects: list[Reject], writer: Writer, reader: Reader, device_id: str, at: int) -> None:
    """Rejects to ``dead_letter``, but for those that an earlier import of the same lines has put there."""
    if not rejects:
        return
    topic = topics()["dead_letter"].name("")
    first, end = (await reader.bounds(topic))[0]
    there: set[tuple[str, bytes | None]] = set()
    async for batch in reader.span(topic, 0, max(first, end - LETTER_TAIL), end):
        for entry in batch.entries:
            letter = decode(entry.value)[1]
            if letter["stage"] == RECORDED_BY and letter["device_id"] == device_id:
                there.add((letter["reason"], letter["value"]))
    sent: set[asyncio.Future[Any]] = set()
    for reject in rejects:
        reason = f"line {reject.number}: {reject.reason}"
        if (reason, reject.raw) not in there:
            sent.update(
                writer.dead_letter(RECORDED_BY, reason, reject.raw, schema="punch", device_id=device_id, failed_at=at)
            )
    await acknowledged(sent, ACK_S)


async def _newest_status(reader: Reader, device_id: str, partitions: int) -> dict[str, Any] | None:
    """What was last said of the terminal's connection: an import knows nothing and repeats it."""
    topic = topics()["device_log"].name("")
    partition = partition_of(device_id.encode(), partitions)
    first, end = (await reader.bounds(topic))[partition]
    mark, key = header("device_status"), device_id.encode()
    newest = None
    async for batch in reader.span(topic, partition, max(first, end - STATUS_TAIL), end):
        for entry in batch.entries:
            if entry.key == key and entry.value is not None and entry.value.startswith(mark):
                newest = decode(entry.value)[1]
    return newest


async def run_import(
    path: Path, config: Settings, *, device_id: str, zone: str, complete_through: str | None = None
) -> ImportReport:
    """
    ``import_attlog`` of a file on the Kafka of the settings; ``complete_through`` as typed (``parse_moment``).

    Raises what it raises, OSError for the file, and KafkaError when no broker answers.
    """
    body = path.read_bytes()
    if zone not in available_timezones():
        raise Misconfigured(f"{zone}: no such zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura")
    through = None if complete_through is None else parse_moment(complete_through, zone)
    outbox = Outbox(config, linger_ms=config.linger_ms, client_id="hadir-import")
    await outbox.start()
    try:
        return await import_attlog(
            body,
            Writer(outbox, config.partitions),
            KafkaReader(config),
            device_id=device_id,
            zone=zone,
            complete_through=through,
            now=clock.now_ms,
            partitions=config.partitions,
        )
    finally:
        await outbox.stop()
