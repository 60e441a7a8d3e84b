"""The process: ``python -m notify`` reads alerts and tells them. One is enough, and one at a time it is to be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from hadir import clock, metrics, readiness
from hadir.dead_letter import Origin, letter
from hadir.errors import InvalidFact, Misconfigured, NotAcknowledged
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings, settings
from hadir.tls import Broker, kafka_options
from hadir.topics_admin import await_topics
from notify.channels import path_of, read_channels
from notify.desk import REMEMBERED_MS, Desk
from notify.names import Names, asker
from notify.sending import AppriseSender
from schemas import codec
from schemas.topics import code_epoch, topics

log = logging.getLogger("hadir.notify")

COMMIT_S = 1.0
AGAIN_S = 0.5


class KafkaLedger:
    """Notes into the compacted topic ``notice``."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._topic = topics()["notice"].name("")

    async def note(self, notice: Mapping[str, Any]) -> None:
        """Until Kafka has it: what was sent and is not noted would be sent again."""
        while True:
            try:
                key, value = codec.identity_key("notice", notice), codec.encode("notice", notice)
                await asyncio.shield(self._outbox.send(self._topic, 0, key, value))
                return
            except NotAcknowledged as fault:
                log.warning("notice not acknowledged, again: %s", fault)
                await asyncio.sleep(AGAIN_S)


async def read_ledger(reader: Reader, since_ms: int) -> list[dict[str, Any]]:
    """Notices appended since a moment of the machine's clock, oldest first."""
    found: list[dict[str, Any]] = []
    async for batch in reader.batches(topics()["notice"].name(""), since_ms=since_ms):
        for entry in batch.entries:
            with contextlib.suppress(InvalidFact):
                found.append(codec.decode(entry.value)[1])
    return found


@contextlib.asynccontextmanager
async def reading(broker: Broker, epoch: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of ``alert`` in the group whose lag ``hadir status`` shows."""
    consumer = AIOKafkaConsumer(
        topics()["alert"].name(epoch),
        **kafka_options(broker),
        group_id=f"hadir.notify.{epoch}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        heartbeat_interval_ms=2000,
        metadata_max_age_ms=5000,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read_alerts(consumer: AIOKafkaConsumer, desk: Desk, set_aside: Any, topic: str) -> None:
    """Hand alerts to the desk, and commit what is settled on all channels."""
    committed: dict[int, int] = {}
    while True:
        for tp, records in (await consumer.getmany(timeout_ms=int(COMMIT_S * 1000))).items():
            for record in records:
                place = tp.partition, record.offset
                try:
                    name, alert = codec.decode(record.value)
                    if name != "alert":
                        raise InvalidFact(f"{name} has no place in alert")
                except InvalidFact as error:
                    await set_aside(record, str(error))
                    desk.progress.begin(place, 0)
                    continue
                desk.take(place, alert)
        settled = desk.progress.settled()
        held = {tp.partition for tp in consumer.assignment()}
        fresh = {p: offset for p, offset in settled.items() if p in held and offset > committed.get(p, 0)}
        if fresh:
            await consumer.commit({TopicPartition(topic, p): offset for p, offset in fresh.items()})
            committed |= fresh


async def work(config: Settings, desk_of: Any, outbox: Outbox) -> None:
    """Until cancelled."""
    epoch = config.epoch or code_epoch()
    topic = topics()["alert"].name(epoch)
    await await_topics(config, [topic, topics()["notice"].name(""), topics()["dead_letter"].name("")])
    await outbox.start()
    desk: Desk = desk_of()
    desk.remember(await read_ledger(KafkaReader(config, patient=True), clock.system_ms() - REMEMBERED_MS))

    async def set_aside(record: Any, reason: str) -> None:
        metrics.DEAD.labels("notify").inc()
        origin = Origin(record.topic, record.partition, record.offset, record.key)
        await outbox.send(*letter("notify", reason, clock.now_ms(), record.value, origin))

    async with reading(config, epoch) as consumer:
        readiness.announce()
        await asyncio.gather(read_alerts(consumer, desk, set_aside, topic), desk.run())


async def serve(config: Settings) -> None:
    """Run until SIGTERM or SIGINT; a message under way is noted before."""
    channels = read_channels(path_of(config))
    log.info("channels: %s", ", ".join(channel.name for channel in channels.all) or "none")
    senders = {channel.name: AppriseSender(channel) for channel in channels.all}
    outbox = Outbox(config, linger_ms=0, client_id="hadir-notify")
    metrics.expose(config.metrics_port)

    def desk() -> Desk:
        return Desk(
            channels,
            senders,
            Names(asker(config)),
            KafkaLedger(outbox),
            per_minute=config.notify_per_minute,
            give_up_s=config.notify_give_up_s,
            now=clock.now_ms,
            rate=clock.rate(),
        )

    task = asyncio.create_task(work(config, desk, outbox))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await outbox.stop()


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        uvloop.run(serve(settings()))
    except Misconfigured as fault:
        log.critical("%s", fault)
        os._exit(78)
    except Exception:
        log.critical("ends", exc_info=True)
        os._exit(70)
    os._exit(0)  # a thread that hangs on a channel is not waited for


if __name__ == "__main__":
    main()
