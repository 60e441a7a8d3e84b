"""Reading hadir's topics without a group: from the start or a moment to the end, and live after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from hadir.errors import Misconfigured
from hadir.tls import Broker, kafka_options

_RETRY_S = 0.5
_WAIT_MS = 500
_FETCH_BYTES = 4 * 1024 * 1024


class Entry(NamedTuple):
    """One record: its partition, offset, key and bytes as Kafka holds them."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Batch(NamedTuple):
    """Records in order of offset within a partition; ``caught_up``: the end as of the start has been reached."""

    entries: list[Entry]
    caught_up: bool


class Reader(Protocol):
    """What is asked of a log; ``KafkaReader`` or, in tests, one in memory."""

    def batches(self, topic: str, *, since_ms: int | None = None, follow: bool = False) -> AsyncIterator[Batch]:
        """
        Batches of a topic.

        Args:
            since_ms: begin at the first record appended at or after this moment (Kafka's clock); None: at the start.
            follow: go on for ever after the end; otherwise the batch that has caught up is the last.
        """
        ...

    def span(self, topic: str, partition: int, first: int, before: int) -> AsyncIterator[Batch]:
        """The records of a partition from offset ``first`` up to, not including, ``before``."""
        ...

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """By partition: the first offset still there, and the next one to be written."""
        ...


class KafkaReader:
    """
    Reads with a plain consumer per call; connection losses are waited out.

    Args:
        patient: a process of the system waits for a broker and topics that are still to come; a command does not, it
            raises KafkaError or Misconfigured.
    """

    def __init__(self, broker: Broker, *, patient: bool = False) -> None:
        self._broker = broker
        self._patient = patient

    async def _consumer(self, topic: str) -> tuple[AIOKafkaConsumer, list[TopicPartition]]:
        while True:
            consumer = AIOKafkaConsumer(
                **kafka_options(self._broker),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=_FETCH_BYTES,
            )
            try:
                await consumer.start()
                # all topics: naming one might create it; consumer.partitions_for_topic knows only what was refreshed
                cluster = await consumer._client.fetch_all_metadata()
                partitions = cluster.partitions_for_topic(topic)
                if not partitions:
                    raise Misconfigured(f"no topic {topic}: hadir up creates it")
                return consumer, [TopicPartition(topic, p) for p in sorted(partitions)]
            except (KafkaError, OSError, Misconfigured):
                await consumer.stop()
                if not self._patient:
                    raise
                await asyncio.sleep(_RETRY_S)
            except BaseException:
                await consumer.stop()
                raise

    async def batches(self, topic: str, *, since_ms: int | None = None, follow: bool = False) -> AsyncIterator[Batch]:
        """See ``Reader``. Raises, unless patient: Misconfigured, no such topic; KafkaError, no broker."""
        consumer, partitions = await self._consumer(topic)
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            starts = await consumer.beginning_offsets(partitions)
            if since_ms is not None:
                found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
                starts = {tp: found[tp].offset if found[tp] else ends[tp] for tp in partitions}
            for tp in partitions:
                consumer.seek(tp, starts[tp])
            async for batch in _drain(consumer, partitions, ends, follow):
                yield batch
        finally:
            await consumer.stop()

    async def span(self, topic: str, partition: int, first: int, before: int) -> AsyncIterator[Batch]:
        """See ``Reader``. Raises, unless patient: Misconfigured, no such topic; KafkaError, no broker."""
        if first >= before:
            return
        consumer, _ = await self._consumer(topic)
        try:
            tp = TopicPartition(topic, partition)
            consumer.assign([tp])
            consumer.seek(tp, first)
            async for batch in _drain(consumer, [tp], {tp: before}, follow=False):
                yield Batch([entry for entry in batch.entries if entry.offset < before], batch.caught_up)
        finally:
            await consumer.stop()

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """See ``Reader``. Raises, unless patient: Misconfigured, no such topic; KafkaError, no broker."""
        consumer, partitions = await self._consumer(topic)
        try:
            first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
            return {tp.partition: (first[tp], end[tp]) for tp in partitions}
        finally:
            await consumer.stop()


async def _drain(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], ends: dict[TopicPartition, int], follow: bool
) -> AsyncIterator[Batch]:
    caught_up = False
    while True:
        if not caught_up:
            # position, not the last record seen: a log may end in markers that no consumer is shown
            caught_up = all([await consumer.position(tp) >= ends[tp] for tp in partitions])
            if caught_up:
                yield Batch([], True)
        if caught_up and not follow:
            return
        fetched = await consumer.getmany(*partitions, timeout_ms=_WAIT_MS)
        for tp, records in fetched.items():
            yield Batch([Entry(tp.partition, r.offset, r.key, r.value) for r in records], caught_up)
