"""``hadir roster import``: files to ``reference`` and ``person``, differences only, nothing if any line is faulty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hadir import clock
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings
from producers.roster.check import Check
from producers.roster.known import Known, content, key_of
from producers.roster.records import POLICY_FILE, SOURCES, Record, read, read_policies
from producers.roster.table import Faults, FaultyRoster, read_text
from producers.writing import Writer, acknowledged

CHUNK = 10_000  # records sent before their acknowledgement is awaited: bounds what the outbox holds
ACK_S = 60.0
FILES = tuple(dict.fromkeys([POLICY_FILE, *(source.file for source in SOURCES)]))


@dataclass(slots=True)
class Counts:
    """What became of the records of one type."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    voided: int = 0


@dataclass(slots=True)
class Report:
    """Outcome of an import: counts by record type, files found, whether anything was written at all."""

    counts: dict[str, Counts] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def written(self) -> int:
        """Records that differ from what was there."""
        return sum(c.new + c.changed + c.voided for c in self.counts.values())


async def import_roster(
    folder: Path, writer: Writer | None, reader: Reader, *, now: clock.Clock, recorded_by: str
) -> Report:
    """
    Import the roster files of a folder.

    Args:
        folder: holds files as in ``docs/roster.md``; what is missing there is left alone.
        writer: None for a dry run: everything is checked and counted, nothing written.
        now: hadir's clock; goes into ``recorded_at``.
        recorded_by: who imports: a user or the program's name.

    Returns:
        Counts of new, changed, unchanged and voided records by type; all written ones are acknowledged.

    Raises:
        FaultyRoster: any line is faulty; nothing was written, every fault is in the text.
        NotAcknowledged: Kafka stopped answering midway; the same import again writes what is left.
    """
    faults = Faults()
    texts = {name: text for name in FILES if (text := read_text(folder, name, faults)) is not None}
    if not texts and not faults.count:
        faults.add(str(folder), 0, f"none of {', '.join(FILES)} is here")
    known = Known()
    await known.load(reader)
    check = Check(known)
    check.faults = faults
    check.run(texts)
    if faults.count:
        raise FaultyRoster(faults)
    del check
    report = Report(files=list(texts), dry_run=writer is None)
    at = now()
    sent: set[asyncio.Future[Any]] = set()
    waiting, last = 0, ""
    for name, record in _records(texts, known):
        outcome = _outcome(known, name, record)
        counts = report.counts.setdefault(name, Counts())
        setattr(counts, outcome, getattr(counts, outcome) + 1)
        if writer is None or outcome == "unchanged":
            continue
        # a record must not be there before the person whom it names: the next import would make another id
        if waiting >= CHUNK or (last == "person" and name != "person"):
            await acknowledged(sent, ACK_S)
            sent, waiting = set(), 0
        record["recorded_at"] = at
        if name == "person":
            sent.add(writer.person(record))
        else:
            sent.add(writer.reference(name, record | {"recorded_by": recorded_by, "reference_offset": -1}))
        waiting, last = waiting + 1, name
    await acknowledged(sent, ACK_S)
    return report


def _records(texts: Mapping[str, str], known: Known) -> Iterator[Record]:
    """Every record of files that were found faultless, in the order of writing; a person once."""
    quiet = Faults()
    if POLICY_FILE in texts:
        for _, records in read_policies(texts[POLICY_FILE], quiet):
            yield from records
    people: set[str] = set()  # a move is a second row of the same person
    for source in SOURCES:
        for _, records in read(source, texts[source.file], known.employee_id, quiet) if source.file in texts else ():
            for name, record in records:
                if name == "person":
                    if record["employee_id"] in people:
                        continue
                    people.add(record["employee_id"])
                yield name, record
    assert not quiet.count, "a file changed its mind"


def _outcome(known: Known, name: str, record: dict[str, Any]) -> str:
    if name != "person":
        return known.compare(name, key_of(name, record), record)
    held = known.people.get(record["employee_id"])
    return "new" if held is None else "unchanged" if held == content(name, record) else "changed"


async def run_import(folder: Path, config: Settings, *, recorded_by: str = "roster import", dry_run: bool) -> Report:
    """
    ``import_roster`` on the Kafka of the settings. Raises what it raises, and KafkaError when no broker answers.
    """
    reader = KafkaReader(config)
    if dry_run:
        return await import_roster(folder, None, reader, now=clock.now_ms, recorded_by=recorded_by)
    outbox = Outbox(config, linger_ms=config.linger_ms, client_id="hadir-roster")
    await outbox.start()
    try:
        writer = Writer(outbox, config.partitions)
        return await import_roster(folder, writer, reader, now=clock.now_ms, recorded_by=recorded_by)
    finally:
        await outbox.stop()
