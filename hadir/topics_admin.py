"""Creates hadir's topics before anything runs: Faust and producers declare nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from hadir.errors import Misconfigured
from hadir.tls import Broker, kafka_options
from schemas.topics import topics

CONNECT_S = 5.0  # a machine that is switched off does not even refuse
_FOREVER = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}
_COMPACT = {
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    # state is rewritten every few seconds: small segments let the cleaner keep a restore short
    "segment.bytes": str(64 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.3",
}


async def await_topics(broker: Broker, names: Iterable[str], every_s: float = 0.2) -> None:
    """Wait, as long as it takes, until a broker answers and knows all these topics."""
    missing = set(names)
    await _listened_at(kafka_options(broker)["bootstrap_servers"], every_s)
    while missing:
        admin = AIOKafkaAdminClient(**kafka_options(broker), request_timeout_ms=5000)
        try:
            await admin.start()
            while missing := missing - set(await admin.list_topics()):
                await asyncio.sleep(every_s)
        except (KafkaError, OSError):
            await asyncio.sleep(every_s)
        finally:
            await admin.close()


async def _listened_at(bootstrap: str, every_s: float) -> None:
    """Wait until something listens at one of the addresses: aiokafka would call each attempt an error."""
    while not await _listens(bootstrap):
        await asyncio.sleep(every_s)


async def _listens(bootstrap: str) -> bool:
    for address in bootstrap.split(","):
        host, _, port = address.rpartition(":")
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return True
    return False


async def lets_in(broker: Broker) -> bool:
    """Whether a broker answers us, with the certificate and password of the settings."""
    options = kafka_options(broker)
    if not await _listens(options["bootstrap_servers"]):
        return False
    admin = AIOKafkaAdminClient(**options, request_timeout_ms=5000)
    try:
        await admin.start()
        return True
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()


async def ensure_topics(broker: Broker, epoch: str, partitions: int, replication: int = 1) -> list[str]:
    """
    Create what is missing; returns the names created.

    Raises:
        Misconfigured: a topic is there with another number of partitions (fixed while an epoch lives).
    """
    admin = AIOKafkaAdminClient(**kafka_options(broker))
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
