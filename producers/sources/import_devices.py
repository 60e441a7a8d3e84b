"""The terminals that a file's punches come from: are they known, since when, in which zone, what is said of them."""

from __future__ import annotations

from typing import Any

from hadir.errors import Misconfigured
from hadir.reading import Reader
from producers.protocols.attlog_file import SOURCE
from producers.protocols.lines import DAY_MS
from producers.sources.import_order import ImportReport, Order
from producers.sources.region import Region, moment_of, utc_offset_s
from producers.sources.tally import Span
from schemas.codec import decode, header
from schemas.topics import partition_of, topics

RECORDED_BY = "import"
STATUS_TAIL = 200_000  # records of the terminal's partition searched for its newest status


async def read_region(reader: Reader) -> Region:
    """What ``reference`` says of terminals and their zones."""
    region = Region()
    async for batch in reader.batches(topics()["reference"].name("")):
        for entry in batch.entries:
            region.fold(entry.value)
    return region


def checked_devices(
    region: Region,
    report: ImportReport,
    spans: dict[str, Span],
    order: Order,
    zone: str | None,
    at: int,
) -> dict[str, Any] | None:
    """Refuse another zone than a record's, say what will be parked; the ``device`` record to write, or None."""
    only = order.device_id
    new = None
    for device_id in report.devices or ([only] if only is not None else []):
        records = region.records_of(device_id)
        span = spans.get(device_id)
        if order.zone is not None:
            _same_zone(device_id, records, order.zone, span, at)
        if span is None:
            continue
        first = min((r["valid_from"] for r in records), default=None)
        if first is not None and first <= span.first:
            continue
        if zone is None or device_id != only or any(r["recorded_by"] != RECORDED_BY for r in records):
            report.warnings.append(
                f"punches before {device_id}'s first day in devices.csv are parked until its valid_from is earlier"
            )
            continue
        new = _device(device_id, zone, span.first, first, at)
        if first is None:
            report.warnings.append(f"{device_id} was unknown and is entered now, with {zone} and without a unit")
    return new


def _same_zone(device_id: str, records: list[dict[str, Any]], zone: str, span: Span | None, at: int) -> None:
    moments = [at] if span is None else [moment_of(zone, day * DAY_MS) for day in span]
    for record in records:
        if any(utc_offset_s(zone, m) != utc_offset_s(record["timezone"], m) for m in moments):
            raise Misconfigured(
                f"{device_id} is entered with the zone {record['timezone']}, the command says {zone}: "
                "correct one of them, or its punches would be read in the wrong zone"
            )


def _device(device_id: str, zone: str, first_day: int, known_from: int | None, at: int) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "unit_id": "",
        "name": device_id,
        "protocol": SOURCE,
        "address": None,
        "network": None,
        "timezone": zone,
        "valid_from": first_day,
        "valid_to": None if known_from is None else known_from - 1,
        "void": False,
        "recorded_at": at,
        "recorded_by": RECORDED_BY,
        "reference_offset": -1,
    }


async def newest_status(reader: Reader, device_id: str, partitions: int) -> dict[str, Any] | None:
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
