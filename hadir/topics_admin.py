"""Creates hadir's topics before anything runs: Faust and producers declare nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from hadir.errors import Misconfigured
from schemas.topics import topics

_FOREVER = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
_COMPACT = {
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    # state is rewritten every few seconds: small segments let the cleaner keep a restore short
    "segment.bytes": str(64 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.3",
}


async def await_topics(bootstrap: str, names: Iterable[str], every_s: float = 0.2) -> None:
    """Wait, as long as it takes, until a broker answers and knows all these topics."""
    missing = set(names)
    await _listened_at(bootstrap, every_s)
    while missing:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            while missing := missing - set(await admin.list_topics()):
                await asyncio.sleep(every_s)
        except (KafkaError, OSError):
            await asyncio.sleep(every_s)
        finally:
            await admin.close()


async def _listened_at(bootstrap: str, every_s: float) -> None:
    """Wait until something listens at the first address: aiokafka would call each attempt an error."""
    host, _, port = bootstrap.partition(",")[0].rpartition(":")
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
            return writer.close()
        except OSError:
            await asyncio.sleep(every_s)


async def ensure_topics(bootstrap: str, epoch: str, partitions: int, replication: int = 1) -> list[str]:
    """
    Create what is missing; returns the names created.

    Raises:
        Misconfigured: a topic is there with another number of partitions (fixed while an epoch lives).
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = {t.name(epoch): t for t in topics().values()}
        present = {d["topic"]: len(d["partitions"]) for d in await admin.describe_topics() if d["topic"] in wanted}
        for name, count in present.items():
            if count != (wanted[name].partitions or partitions):
                raise Misconfigured(f"topic {name} has {count} partitions; HADIR_PARTITIONS says otherwise")
        missing = [
            NewTopic(
                name,
                topic.partitions or partitions,
                replication,
                topic_configs=_COMPACT if topic.compacted else _FOREVER,
            )
            for name, topic in wanted.items()
            if name not in present
        ]
        if missing:
            answer = await admin.create_topics(missing)
            for error in answer.topic_errors:
                if error[1] and for_code(error[1]) is not TopicAlreadyExistsError:
                    raise Misconfigured(f"topic {error[0]}: {for_code(error[1]).__name__}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()
