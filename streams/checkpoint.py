"""
Where a stage's state is put away: one compacted partition beside its input, written in transactions that fence.

Keys and values are the stage's. One key of our own, ``HEAD``, holds the offset of the last input folded; it is
written in the same transaction, so state and head never disagree.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidProducerEpoch, KafkaTimeoutError, ProducerFenced

from hadir.crashpoint import reach
from hadir.errors import Fenced
from hadir.tls import Broker, kafka_options

HEAD = b"\0head"
FETCH_BYTES = 4 * 1024 * 1024
STUCK_S = 60.0


@asynccontextmanager
async def reader(
    broker: Broker, topic: str, partition: int, *, committed_only: bool
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of one partition, without group, at its beginning."""
    consumer = AIOKafkaConsumer(
        **kafka_options(broker),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed_only else "read_uncommitted",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=2 * FETCH_BYTES,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition)])
        yield consumer
    finally:
        await consumer.stop()


async def read_between(
    broker: Broker,
    topic: str,
    partition: int,
    first: int,
    end: int | None = None,
    *,
    committed_only: bool = False,
    stuck_s: float = STUCK_S,
) -> AsyncIterator[list[Any]]:
    """
    Batches of one partition from offset ``first`` up to, not including, ``end`` (None: the end as it is now).

    Starts where the log starts when ``first`` was cut off already.

    Raises:
        KafkaTimeoutError, TimeoutError: nothing came for ``stuck_s``: a consumer that lived through a broker's end may
            wait for ever.
    """
    tp = TopicPartition(topic, partition)
    async with reader(broker, topic, partition, committed_only=committed_only) as consumer:
        begins = (await consumer.beginning_offsets([tp]))[tp]
        stop = (await consumer.end_offsets([tp]))[tp] if end is None else end
        consumer.seek(tp, max(first, begins))
        position = max(first, begins)
        clock = asyncio.get_running_loop().time
        moved_at = clock()
        while position < stop:
            fetched = await consumer.getmany(tp, timeout_ms=200)
            records = [r for r in fetched.get(tp, ()) if r.offset < stop]
            if records:
                yield records
            before, position = position, await asyncio.wait_for(consumer.position(tp), stuck_s)
            if position != before or records:
                moved_at = clock()
            elif clock() - moved_at > stuck_s:
                raise KafkaTimeoutError(f"{topic}/{partition} stays at {position} of {stop}")


class CheckpointStore:
    """The state partition of one stage's partition; opening it fences whoever wrote it before."""

    def __init__(self, broker: Broker, topic: str, partition: int, writer_id: str) -> None:
        self._broker = broker
        self._topic = topic
        self._partition = partition
        self._producer = AIOKafkaProducer(
            **kafka_options(broker),
            transactional_id=f"{writer_id}-{partition}",
            compression_type="snappy",
            max_batch_size=512 * 1024,
            transaction_timeout_ms=30_000,
        )

    async def open(self) -> None:
        """Take the partition over: a predecessor's open transaction is aborted, its next one fails."""
        await self._producer.start()

    async def close(self) -> None:
        """Disconnect; an open transaction is left to be aborted by the successor."""
        await self._producer.stop()

    async def read(self) -> AsyncIterator[list[tuple[bytes, bytes | None]]]:
        """All committed keys and values in order, ``HEAD`` among them; later ones replace earlier ones."""
        async for records in read_between(self._broker, self._topic, self._partition, 0, committed_only=True):
            yield [(record.key, record.value) for record in records]

    async def write(self, items: Iterable[tuple[bytes, bytes | None]], head: int) -> int:
        """
        Put changed keys and the head away in one transaction; returns how many keys.

        Raises:
            Fenced: another owner has opened the partition since.
        """
        count = 0
        try:
            await self._producer.begin_transaction()
            if held_s := reach("transaction.begun"):
                await asyncio.sleep(held_s)
            sent: list[asyncio.Future[Any]] = []
            batch = self._producer.create_batch()
            for key, value in (*items, (HEAD, str(head).encode())):
                count += 1
                if batch.append(key=key, value=value, timestamp=0) is None:
                    sent.append(await self._producer.send_batch(batch, self._topic, partition=self._partition))
                    batch = self._producer.create_batch()
                    batch.append(key=key, value=value, timestamp=0)
            sent.append(await self._producer.send_batch(batch, self._topic, partition=self._partition))
            await asyncio.gather(*sent)
            reach("transaction.sent")
            await self._producer.commit_transaction()
            reach("transaction.committed")
        except (ProducerFenced, InvalidProducerEpoch) as error:
            raise Fenced(f"{self._topic}/{self._partition} has another owner") from error
        return count
