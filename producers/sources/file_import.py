"""
``hadir import``: a file of punches (``attlog.dat``, CSV, a sheet) into ``device_log``, down the same road as a push.

The file is read twice, as a stream each time: looked at whole (counts, zones, terminals, rejects), then written in
chunks, each acknowledged before the next. So nothing is written of a file that can't be imported, a dry run is the
first half, and memory does not grow with the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from hadir import clock
from hadir.errors import InvalidFact, Misconfigured, NotAcknowledged, Undecodable
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings
from producers.protocols.adms import serial
from producers.protocols.attlog_file import SOURCE
from producers.protocols.delimited import Row
from producers.protocols.lines import Reject
from producers.sources.import_devices import RECORDED_BY, checked_devices, newest_status, read_region
from producers.sources.import_order import ImportReport, Order, parse_moment
from producers.sources.region import Region
from producers.sources.reject_file import RejectFile
from producers.sources.resume import NOWHERE, Progress, Reached
from producers.sources.tables import Table, chosen, open_table
from producers.sources.tally import Tally
from producers.writing import Writer, acknowledged
from schemas.codec import decode
from schemas.topics import topics

CHUNK = 5_000  # punches sent before their acknowledgement is awaited
PUNCH_BYTES = 256  # at most; a reject may be longer and counts for as many as fit into it
ACK_S = 30.0
LETTER_TAIL = 100_000  # dead letters searched for rejects that an earlier import of the file set aside
MOST_TERMINALS = 10_000  # looked up once each; a file of nonsense may name as many as it has rows
MOST_LETTERS = 10_000  # of one import: a wrong mapping makes a reject of every row, and the file is still there

Watched = Callable[[str, float], None]
"""Takes what is being done and how much of it is: 0 to 1."""


async def import_file(
    table: Table,
    writer: Writer | None,
    reader: Reader,
    order: Order,
    *,
    now: clock.Clock,
    partitions: int,
    progress: Progress | None = None,
    watched: Watched = lambda _doing, _part: None,
) -> ImportReport:
    """
    Import one file. The same file again changes nothing: a punch is (device, PIN, device time).

    Args:
        writer: None: a dry run, as ``order`` says.
        now: hadir's clock: ``received_at`` of all punches.
        progress: where an interrupted import of the same file left off.

    Returns:
        The report; everything in it is acknowledged. A terminal without a ``device`` record that covers the first
        punch gets one (no unit, protocol ``file``: it may not push), because its zone was just stated; otherwise all
        its punches would be parked. Not where the rows name their terminals: those must be known.

    Raises:
        Undecodable: a file that breaks off in the middle.
        Misconfigured: unknown zone, no serial number, a zone other than the record's, or a moment still to come.
        NotAcknowledged: Kafka stopped answering; the same import again goes on where acknowledged rows end.
    """
    _check(table, order)
    at = now()
    region = await read_region(reader)
    known = order.device_id is not None and bool(region.records_of(order.device_id))
    zone = order.zone or (region.zone(str(order.device_id), at) if known else None)
    through = None if order.complete_through is None else parse_moment(order.complete_through, zone or "UTC")
    if through is not None and through > at:
        raise Misconfigured("--complete-through lies ahead: a file can't vouch for what is still to come")
    reading = _Reading(table, order, region, at, watched)
    report = await _looked_at(reading)
    record = checked_devices(region, report, reading.tally.spans, order, zone, at)
    report.device_written = record is not None
    report.delivered_through = through
    if through is not None and report.rejected:
        report.warnings.append(
            f"{report.rejected} rows could not be read, yet the file was declared complete: look at them"
        )
    if order.dry_run or writer is None:
        return report

    if record is not None:
        await acknowledged([writer.reference("device", record)], ACK_S)
    await _write(reading, report, writer, reader, progress or Progress(None))
    if through is not None and order.device_id is not None:
        status = await newest_status(reader, order.device_id, partitions) or {"observed_at": 0, "state": "silent"}
        vouched = {"silent_since": None, "drift_ms": None, **status} | {
            "device_id": order.device_id,
            "observed_at": max(at, status["observed_at"] + 1),
            "delivered_through": through,
            "source": SOURCE,
        }
        await acknowledged([writer.fact("device_status", vouched)], ACK_S)
    if progress is not None:
        progress.clear()
    return report


def _check(table: Table, order: Order) -> None:
    """What can be said without reading a row."""
    if order.zone is not None and order.zone not in available_timezones():
        raise Misconfigured(f"{order.zone}: no such zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura")
    if order.device_id is not None:
        try:
            serial(order.device_id)
        except InvalidFact:
            raise Misconfigured("--device: a serial number has letters, digits, . _ - only") from None
    if not table.names_device and (order.device_id is None or order.zone is None):
        raise Misconfigured("--device and --timezone are needed: the rows of this file don't name their terminal")
    if order.complete_through is not None and order.device_id is None:
        raise Misconfigured("--complete-through needs --device: one terminal is vouched for at a time")


class _Reading:
    """One import's rows as punches and rejects; both passes read them the same way."""

    def __init__(self, table: Table, order: Order, region: Region, at: int, watched: Watched) -> None:
        self.table, self.order, self.at = table, order, at
        self.tally = Tally()
        self._watched = watched
        self._known: dict[str, bool] = {}
        self._region = region

    def outcomes(self, doing: str) -> Iterator[tuple[Row, dict[str, Any] | Reject | None]]:
        """Each row, and its punch, its reject, or None for one of a terminal that was not asked for."""
        table, at, only = self.table, self.at, self.order.device_id
        for row in table.rows(lambda part: self._watched(doing, part)):
            try:
                device = table.device(row) if table.names_device else only
                if only is not None and device != only:
                    yield row, None
                    continue
                if table.names_device and not self._is_known(str(device)):
                    raise Undecodable("a terminal that is not known: enter it in devices.csv first")
                yield row, table.read(row, str(device), at)
            except Undecodable as fault:
                yield row, Reject(row.number, table.letter(row), str(fault))
        self._watched(doing, 1.0)
        table.found.unchanged()

    def _is_known(self, device: str) -> bool:
        known = self._known.get(device)
        if known is None:
            known = bool(self._region.records_of(device))
            if len(self._known) < MOST_TERMINALS:
                self._known[device] = known
        return known


async def _looked_at(reading: _Reading) -> ImportReport:
    """The first pass: everything is read and counted; rejects go to their file."""
    tally, table = reading.tally, reading.table
    with RejectFile(reading.order.rejects) as left:
        for count, (row, outcome) in enumerate(reading.outcomes("reading"), 1):
            if outcome is None:
                tally.skipped += 1
            elif isinstance(outcome, Reject):
                tally.reject(outcome)
                left.add(outcome, row)
            else:
                tally.add(outcome, table.strange(row, outcome))
            if count % CHUNK == 0:
                await asyncio.sleep(0)  # an interruption is heard
    spans = tally.spans
    report = ImportReport(
        form=table.form,
        punches=tally.punches,
        people=tally.people,
        devices=sorted(spans),
        first_day=min((span.first for span in spans.values()), default=None),
        last_day=max((span.last for span in spans.values()), default=None),
        days=len(tally.days),
        repeats=tally.repeats,
        double_punches=tally.doubles,
        rejected=tally.rejected,
        rejects=tally.rejects,
        skipped=tally.skipped,
        examples=tally.examples,
        warnings=[*table.notes, *tally.approximate],
    )
    if tally.words:
        words = ", ".join(f"{word} ({count})" for word, count in tally.words.items())
        report.warnings.append(f"words without a code in the mapping, taken as none: {words}")
    if table.mapping is not None and tally.swapped:
        report.warnings.append("no date is beyond the 12th of its month: are day and month the right way round?")
    if tally.rejected > MOST_LETTERS:
        report.warnings.append(f"only the first {MOST_LETTERS} rejects go to dead_letter: is the mapping right?")
    return report


async def _write(reading: _Reading, report: ImportReport, writer: Writer, reader: Reader, progress: Progress) -> None:
    """The second pass: what was not acknowledged before, chunk by chunk, and after each how far it has come."""
    end = sum(after for _, after in (await reader.bounds(topics()["device_log"].name(""))).values())
    reached = progress.load()
    if reached.end > end:
        report.warnings.append("device_log is not the one of the interrupted import: all rows were written")
        reached = NOWHERE
    report.resumed_after = reached.row
    letters = _Letters(writer, reader, reading)
    sent: set[asyncio.Future[Any]] = set()
    waiting = written = 0
    try:
        for count, (row, outcome) in enumerate(reading.outcomes("writing"), 1):
            if count % CHUNK == 0:
                await asyncio.sleep(0)  # an interruption is heard, also where nothing is sent
            if row.number <= reached.row or outcome is None:
                continue
            if isinstance(outcome, Reject):
                sent.update(await letters.futures(outcome))
                waiting += len(outcome.raw) // PUNCH_BYTES
            else:
                sent.add(writer.fact("punch", outcome))
                written += 1
            waiting += 1
            if waiting >= CHUNK:
                await acknowledged(sent, ACK_S)
                progress.save(Reached(row.number, end + written))
                sent.clear()
                waiting = 0
        await acknowledged(sent, ACK_S)
    except NotAcknowledged as error:
        raise NotAcknowledged(f"{error}: the same command again goes on where acknowledged rows end") from None


class _Letters:
    """Rejects to ``dead_letter``, but for those that an earlier import of the same rows has put there."""

    def __init__(self, writer: Writer, reader: Reader, reading: _Reading) -> None:
        self._writer, self._reader, self._at = writer, reader, reading.at
        self._device = reading.order.device_id or ""
        self._there: set[int] | None = None
        self._count = 0

    async def futures(self, reject: Reject) -> list[asyncio.Future[Any]]:
        """What is to be acknowledged; nothing for a reject that lies there, or is one too many."""
        self._count += 1
        if self._count > MOST_LETTERS:
            return []
        if self._there is None:
            self._there = await self._read()
        reason = f"line {reject.number}: {reject.reason}"
        if hash((reason, reject.raw)) in self._there:
            return []
        return self._writer.dead_letter(
            RECORDED_BY, reason, reject.raw, schema="punch", device_id=self._device, failed_at=self._at
        )

    async def _read(self) -> set[int]:
        topic = topics()["dead_letter"].name("")
        first, end = (await self._reader.bounds(topic))[0]
        there = set()
        async for batch in self._reader.span(topic, 0, max(first, end - LETTER_TAIL), end):
            for entry in batch.entries:
                letter = decode(entry.value)[1]
                if letter["stage"] == RECORDED_BY and letter["device_id"] == self._device:
                    there.add(hash((letter["reason"], letter["value"])))
        return there


async def run_import(
    path: Path,
    config: Settings,
    order: Order,
    *,
    mapping: str | None = None,
    save_map: Path | None = None,
    watched: Watched = lambda _doing, _part: None,
) -> ImportReport:
    """
    ``import_file`` on the Kafka of the settings.

    Args:
        mapping: name of a ready mapping, or a file with one; None: the file's header is looked at.
        save_map: where the mapping in use is written.

    Raises what it raises, OSError for the files, and KafkaError when no broker answers.
    """
    if order.rejects is not None and order.rejects.absolute() == path.absolute():
        raise Misconfigured("--rejects would write over the file itself")
    table = open_table(path, None if mapping is None else chosen(mapping))
    _check(table, order)
    if save_map is not None:
        if table.mapping is None:
            raise Misconfigured("--save-map: an attlog.dat has no mapping")
        save_map.write_text(table.mapping.text, encoding="utf-8")
    if order.dry_run:
        return await import_file(
            table, None, KafkaReader(config), order, now=clock.now_ms, partitions=config.partitions, watched=watched
        )
    kept = table.mapping.text if table.mapping is not None else table.form
    progress = Progress(
        config.data,
        table.found.digest,
        kept,
        order.device_id or "",
        order.zone or "",
        config.kafka,
        topics()["device_log"].name(""),
    )
    outbox = Outbox(config, linger_ms=config.linger_ms, client_id="hadir-import")
    await outbox.start()
    try:
        return await import_file(
            table,
            Writer(outbox, config.partitions),
            KafkaReader(config),
            order,
            now=clock.now_ms,
            partitions=config.partitions,
            progress=progress,
            watched=watched,
        )
    finally:
        await outbox.stop()
