"""Where consumer groups stand: committed offsets and how far behind the end they are."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from hadir.tls import Broker, kafka_options


class Lag(NamedTuple):
    """One partition of one group; ``committed`` is the next offset it will read, ``end`` the log's end."""

    group: str
    topic: str
    partition: int
    committed: int
    end: int

    @property
    def behind(self) -> int:
        """Records not yet committed."""
        return max(0, self.end - self.committed)


async def committed_offsets(broker: Broker, group: str) -> dict[tuple[str, int], int]:
    """Next offset that the group will read, by (topic, partition); absent where it never committed."""
    admin = AIOKafkaAdminClient(**kafka_options(broker))
    try:
        await admin.start()
        found = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {(tp.topic, tp.partition): position.offset for tp, position in found.items() if position.offset >= 0}


async def end_offsets(broker: Broker, partitions: dict[str, int]) -> dict[tuple[str, int], int]:
    """End of each partition of the named topics (topic -> number of partitions)."""
    consumer = AIOKafkaConsumer(**kafka_options(broker))
    try:
        await consumer.start()
        ends = await consumer.end_offsets([TopicPartition(t, p) for t, n in partitions.items() for p in range(n)])
    finally:
        await consumer.stop()
    return {(tp.topic, tp.partition): end for tp, end in ends.items()}


async def lags(broker: Broker, groups: dict[str, dict[str, int]]) -> list[Lag]:
    """Lag of each group (group -> its topics -> their partitions); what was never committed counts from 0."""
    everything = {topic: n for reads in groups.values() for topic, n in reads.items()}
    ends = await end_offsets(broker, everything)
    found = []
    for group, reads in groups.items():
        done = await committed_offsets(broker, group)
        found += [Lag(group, t, p, done.get((t, p), 0), ends[t, p]) for t, n in reads.items() for p in range(n)]
    return found
