"""
The sink: batches from Kafka in, rows acknowledged by ClickHouse out. It knows nothing of Faust.

In this order: rows, dead letters, offsets; then ``write`` returns and the caller may acknowledge. Whatever breaks in
between is done again after a restart, and changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from hadir import metrics
from hadir.crashpoint import reach
from hadir.errors import InvalidFact, Misconfigured
from hadir.settings import Settings
from schemas.codec import decode
from streams.sink import erasure
from streams.sink.clickhouse import ClickHouse, Failed, Refused
from streams.sink.frames import Batch, Group, Lookup, PlacedRecord, Tails, Unroutable, lookups
from streams.sink.mapping import faults, topic_names

logger = logging.getLogger(__name__)

BLOCK_BYTES = 8 * 1024 * 1024  # of one insert, about 60,000 rows: more gain nothing, ClickHouse's memory stays flat
ROUND_BYTES = 32 * 1024 * 1024  # put together before the first of it is inserted: the bound of the sink's own memory
TRIES_BEFORE_A_LOOK = 3  # after so many failures in a row a block is decoded once: a broken record may kill the server
FLOOD = 50  # sound records refused one after another without a single one taken: the table is at fault, not they


class DeadLetter(NamedTuple):
    """A record that no table takes; ``value`` is None where the bytes may hold a name."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    reason: str


Dead = Callable[[DeadLetter], Awaitable[None]]
"""Sets a record aside; returns when Kafka has acknowledged it."""


class Written(NamedTuple):
    """What one ``write`` did: rows stored by table, and records set aside."""

    rows: dict[str, int]
    dead: int


class Sink:
    """
    Moves records of the logs in ``mapping`` to ClickHouse.

    Args:
        epoch: names the derived topics.
        dead: sets a record aside; a record of ``dead_letter`` itself never comes there, it is only logged.
    """

    def __init__(self, settings: Settings, epoch: str, dead: Dead) -> None:
        self._clickhouse = ClickHouse(settings)
        self._epoch = epoch
        self._dead = dead
        self._logs = topic_names(epoch)
        self._lookups: dict[str, Lookup] = {}
        self._tails: dict[int, Tails] = {}
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """
        Connect, waiting for ClickHouse if need be, and hold its tables against the mapping.

        Raises:
            Misconfigured: a table or column is missing; the text says what to do.
        """
        await self._clickhouse.open()
        found = await self._clickhouse.rows(
            "SELECT table, name, default_kind FROM system.columns WHERE database = currentDatabase()"
        )
        columns: dict[str, dict[str, str]] = {}
        for row in found:
            columns.setdefault(row["table"], {})[row["name"]] = row["default_kind"]
        wrong = faults(columns)
        if wrong:
            raise Misconfigured("; ".join(wrong))
        self._lookups = lookups(self._epoch, columns)

    async def stop(self) -> None:
        """Wait for a ``write`` under way, then disconnect."""
        await self.flush()
        await self._clickhouse.close()

    async def flush(self) -> None:
        """Wait until every ``write`` called so far has returned."""
        async with self._turn:
            pass

    async def start_offsets(self) -> dict[tuple[str, int], int]:
        """(topic, partition) -> the first offset that may not be stored yet; partitions never written are not there."""
        rows = await self._clickhouse.rows(
            "SELECT topic, partition, max(offset) AS next FROM sink_offset GROUP BY topic, partition"
        )
        return {(row["topic"], row["partition"]): row["next"] for row in rows}

    async def write(self, batches: Iterable[Batch]) -> Written:
        """
        Store everything in these batches; returns when all of it can be queried and its offsets are written down.

        One at a time, in the order of the calls: offsets are never written down ahead of an earlier batch. While
        ClickHouse is away this waits: hand over no more, and memory stays where it is.

        Raises:
            Misconfigured: the tables do not fit or refuse sound records; nothing of this call may be acknowledged.
        """
        async with self._turn:
            written = Written({}, 0)
            ends: dict[tuple[str, int], int] = {}
            for part in _rounds(batches):
                written = await self._store(part, written)
                for batch in part:
                    key = batch.topic, batch.partition
                    ends[key] = max(ends.get(key, 0), batch.records[-1].offset + 1)
            reach("rows.inserted")
            if ends:
                lines = "".join(f"{topic}\t{partition}\t{offset}\n" for (topic, partition), offset in ends.items())
                statement = "INSERT INTO sink_offset (topic, partition, offset) FORMAT TabSeparated"
                await self._clickhouse.insert(statement, lines.encode(), "sink_offset")
                reach("offset.stored")
            return written

    async def _store(self, batches: Sequence[Batch], before: Written) -> Written:
        groups, unroutable, erased = self._sort(batches)
        blocks = [block for group in groups for block in _blocks(group)]
        results = await asyncio.gather(*(self._insert(block) for block in blocks), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if erased:
            await erasure.erase(self._clickhouse, erased)
        for record, reason in unroutable:
            await self._set_aside(record, reason)
        rows = dict(before.rows)
        dead = before.dead + len(unroutable)
        for block, refused in zip(blocks, results, strict=True):
            assert isinstance(refused, int)
            table = block.target.table
            rows[table] = rows.get(table, 0) + len(block.bodies) - refused
            dead += refused
        return Written(rows, dead)

    def _sort(self, batches: Sequence[Batch]) -> tuple[list[Group], list[Unroutable], list[erasure.Tombstone]]:
        groups: dict[str, dict[bytes, Group]] = {}
        unroutable: list[Unroutable] = []
        erased: list[erasure.Tombstone] = []
        for topic, partition, records in batches:
            if topic not in self._lookups:
                raise Misconfigured(f"the sink does not read {topic}")
            if self._logs[topic] == "person":
                records, tombstones, broken = erasure.spell_out(records)
                erased += tombstones
                unroutable += broken
            if partition not in self._tails:
                self._tails[partition] = Tails(partition)
            found = groups.setdefault(topic, {})
            unroutable += self._tails[partition].extend(self._lookups[topic], records, found)
        return [group for found in groups.values() for group in found.values()], unroutable, erased

    async def _insert(self, block: Group) -> int:
        """Store a block; returns how many of its records were refused and set aside."""
        target = block.target
        try:
            await self._clickhouse.insert(target.statement, block.container(), target.table, TRIES_BEFORE_A_LOOK)
        except (Failed, Refused) as error:
            logger.warning("block of %d rows for %s: %s", len(block.bodies), target.table, error)
            return await self._take_apart(block)
        reach("block.inserted")
        metrics.SINK_ROWS.labels(target.table).inc(len(block.bodies))
        return 0

    async def _take_apart(self, block: Group) -> int:
        """Find the records that cannot be stored: first those that do not decode, then by halves."""
        sound = Group(block.target)
        refused = 0
        for count, (body, record) in enumerate(zip(block.bodies, block.records, strict=True)):
            try:
                decode(record.value)
            except InvalidFact as error:
                await self._set_aside(record, str(error))
                refused += 1
            else:
                sound.bodies.append(body)
                sound.records.append(record)
            if not count % 1000:
                await asyncio.sleep(0)
        return refused + await _Halves(self._clickhouse, self._set_aside).insert(sound)

    async def _set_aside(self, record: PlacedRecord, reason: str) -> None:
        logger.warning("%s/%d@%d set aside: %s", record.topic, record.partition, record.offset, reason)
        log = self._logs[record.topic]
        if log == "dead_letter":
            metrics.DEAD.labels("sink").inc()
            return  # it stays in its topic; a letter about a letter would never end
        value = None if log == "person" else record.value
        await self._dead(DeadLetter(record.topic, record.partition, record.offset, record.key, value, reason))


class _Halves:
    """Inserts what is refused as a whole by halves, down to the records that ClickHouse does not take."""

    def __init__(self, clickhouse: ClickHouse, set_aside: Callable[[PlacedRecord, str], Awaitable[None]]) -> None:
        self._clickhouse = clickhouse
        self._set_aside = set_aside
        self._taken = 0
        self._waiting: list[tuple[PlacedRecord, str]] = []

    async def insert(self, block: Group) -> int:
        """Number of records refused; all are set aside. Raises Misconfigured when every record is refused."""
        await self._descend(block)
        for record, reason in self._waiting:
            await self._set_aside(record, reason)
        return len(self._waiting)

    async def _descend(self, block: Group) -> None:
        target, count = block.target, len(block.bodies)
        if not count:
            return
        try:
            await self._clickhouse.insert(target.statement, block.container(), target.table)
        except Refused as error:
            if count > 1:
                await self._descend(block.part(0, count // 2))
                await self._descend(block.part(count // 2, count))
                return
            self._waiting.append((block.records[0], f"{target.table} refuses it: {error}"))
            if not self._taken and len(self._waiting) >= FLOOD:
                raise Misconfigured(f"{target.table} refuses sound records, {FLOOD} in a row: {error}") from error
            return
        self._taken += count
        metrics.SINK_ROWS.labels(target.table).inc(count)


def _rounds(batches: Iterable[Batch]) -> Iterable[list[Batch]]:
    """Batches in lots of about ``ROUND_BYTES``; a batch larger than that is cut."""
    lot: list[Batch] = []
    size = 0
    for topic, partition, records in batches:
        first = 0
        for place, record in enumerate(records):
            size += len(record.value or b"")
            if size >= ROUND_BYTES:
                yield [*lot, Batch(topic, partition, records[first : place + 1])]
                lot, size, first = [], 0, place + 1
        if first < len(records):
            lot.append(Batch(topic, partition, records[first:] if first else records))
    if lot:
        yield lot


def _blocks(group: Group) -> Iterable[Group]:
    """A group in blocks of about ``BLOCK_BYTES``."""
    if group.size <= BLOCK_BYTES:
        return [group]
    rows = max(1, len(group.bodies) * BLOCK_BYTES // group.size)
    return [group.part(first, first + rows) for first in range(0, len(group.bodies), rows)]
