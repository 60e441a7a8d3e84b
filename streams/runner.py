"""Runs a stage on Faust: an app, an agent that hands batches to partition workers, and the ends that must be deadly."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import faust
import uvloop
from faust.auth import Credentials, SASLCredentials, SSLCredentials
from faust.types import TP
from faust.types.tuples import Message

from hadir import metrics, readiness
from hadir.outbox import Outbox
from hadir.settings import Settings
from hadir.tls import kafka_context
from hadir.topics_admin import await_topics
from schemas.topics import code_epoch, topics
from streams.checkpoint import CheckpointStore
from streams.collector import collect_calmly
from streams.partition import Input, PartitionWorker, Tuning
from streams.stages.base import Stage
from streams.transport.consumer import BatchConsumer, BatchSchema
from streams.transport.records import make_records_light

logger = logging.getLogger(__name__)

MAX_POLL_RECORDS = 20_000  # decoding more in one go would hold up the heartbeats that share its thread

WATCH_S = 1.0
REBALANCE_S = 90.0  # a rebalance waits for members, at most their session, and for a broker
METADATA_MS = 5_000
"""Who joins just as a broker comes back may be told of no topics, and gets no partitions until it asks again."""

MakeStage = Callable[[str, int], Stage]
"""(log, partition) -> the machine of that partition."""


def epoch_of(settings: Settings) -> str:
    """The epoch in force: as set, or that of the code in this checkout."""
    return settings.epoch or code_epoch()


def _credentials(settings: Settings) -> Credentials | None:
    """What Faust's own consumer and producer show to Kafka, as ``kafka_options`` says it to all others."""
    context = kafka_context(settings)
    if context is None:
        return None
    if settings.kafka_security == "SSL":
        return SSLCredentials(context)
    return SASLCredentials(
        username=settings.kafka_user,
        password=settings.kafka_password,
        ssl_context=context,
        mechanism=settings.kafka_mechanism,
    )


def make_app(name: str, settings: Settings, group: str = "") -> faust.App:
    """
    A Faust app on the batch transport; its consumer group is that of the stage and epoch unless named.

    Short session (6 s) so that a killed worker's partitions move on at once; nothing declared, nothing served.
    """
    folder = Path(settings.data).absolute() / "faust" / f"{name}-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        group or f"hadir.{name}.{epoch_of(settings)}",
        broker=[f"batchkafka://{address}" for address in settings.kafka.split(",")],
        broker_credentials=_credentials(settings),
        datadir=str(folder),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_commit_interval=1.0,
        broker_max_poll_interval=300.0,
        broker_max_poll_records=MAX_POLL_RECORDS,
        stream_buffer_maxsize=16,
        stream_wait_empty=True,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MS,
        worker_redirect_stdouts=False,
    )
    app.coalesce_ms = settings.coalesce_ms
    return app


def die(reason: str, error: BaseException | None) -> None:
    """
    End the process at once: an agent that is dead in a living process would hold its partitions and commit nothing.

    Nothing is lost: what was not acknowledged is delivered again to whoever comes next.
    """
    logger.critical("%s: ending the process", reason, exc_info=error)
    logging.shutdown()
    os._exit(70)


def deadly(task: asyncio.Task[Any], what: str) -> None:
    """The end of this task, other than by cancelling, is the end of the process."""

    def check(done: asyncio.Task[Any]) -> None:
        if not done.cancelled():
            die(f"{what} ended", done.exception())

    task.add_done_callback(check)


class StageRunner:
    """
    All partitions of one stage in this process.

    Args:
        make: the machine of a partition.
        beside: name of another epoch to write into, with a consumer group of its own: the same input folded beside the
            epoch in force, without touching it.
    """

    def __init__(self, name: str, logs: Iterable[str], make: MakeStage, settings: Settings, beside: str = "") -> None:
        make_records_light()
        self.name = name
        self.app = make_app(name, settings, f"hadir.{name}.{beside}" if beside else "")
        self._settings = settings
        self._epoch = epoch_of(settings)
        self._logs = {topics()[log].name(self._epoch): log for log in logs}
        self._make = make
        self._outbox = Outbox(settings, linger_ms=settings.linger_ms, client_id=f"hadir-{name}")
        self._workers: dict[TP, tuple[PartitionWorker, asyncio.Task[None]]] = {}
        self._writes = beside or self._epoch
        self._tuning = Tuning(settings, self._writes, settings.checkpoint_s, settings.slice_rows)
        channel = self.app.topic(*self._logs, schema=BatchSchema())
        self.app.agent(channel, name=name)(self._consume)
        self.app.on_partitions_assigned.connect(self._on_assigned)
        self._started = False
        metrics.FOLDED.labels(name)  # 0 is a number too: a worker that nothing came to shows that

    async def _consume(self, stream: Any) -> None:
        try:
            if not self._started:
                self._started = True
                await self._outbox.start()
                consumer = self.app.consumer
                assert isinstance(consumer, BatchConsumer)
                consumer.on_drain = self._hurry
            async for event in stream.noack().events():
                self._worker(event.message.tp).put(event)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            die(f"agent {self.name} failed", error)

    def _worker(self, tp: TP) -> PartitionWorker:
        if tp not in self._workers:
            log, partition = self._logs[tp.topic], tp.partition
            source = Input(self.name, tp.topic, partition, lambda: self._make(log, partition))
            store = None
            if source.make().stateful:
                state = topics()[f"state.{self.name}"].name(self._writes)
                store = CheckpointStore(self._settings, state, partition, str(self.app.conf.id))
            worker = PartitionWorker(source, self._outbox, store, self._tuning)
            task = asyncio.create_task(worker.run())
            deadly(task, f"{self.name} {tp.topic}/{partition}")
            self._workers[tp] = worker, task
        return self._workers[tp][0]

    def _hurry(self) -> list[Message]:
        return [event.message for worker, _ in self._workers.values() for event in worker.hurry()]

    async def _on_assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        readiness.announce()
        for tp in [tp for tp in self._workers if tp not in assigned]:
            worker, task = self._workers.pop(tp)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await worker.close()

    def execute(self) -> None:
        """Run until told to stop."""
        run(self.app, self._settings, self._logs)


async def _watch(app: faust.App) -> None:
    """End the process when it takes no part in its group any more; a stop on request ends this too."""
    rebalancing_s = 0.0
    while True:
        await asyncio.sleep(WATCH_S)
        if app.should_stop:
            await asyncio.Event().wait()
        consumer = app._consumer
        if isinstance(consumer, BatchConsumer) and consumer.coordinator_ended:
            die("the membership of the group ended", None)
        rebalancing_s = rebalancing_s + WATCH_S if app.rebalancing else 0.0
        if rebalancing_s > REBALANCE_S:
            die(f"a rebalance took more than {REBALANCE_S:.0f} s", None)


def run(app: faust.App, settings: Settings, reads: Iterable[str]) -> None:
    """Wait for its topics, then run a Faust app in this process until SIGTERM or SIGINT, on uvloop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    metrics.expose(settings.metrics_port)
    uvloop.install()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(await_topics(settings, reads))
    deadly(loop.create_task(_watch(app)), "the watch")
    deadly(loop.create_task(collect_calmly()), "the garbage collector")
    worker = faust.Worker(app, loglevel="WARNING", loop=loop, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # or Faust sets the root logger to DEBUG, to spin at each message
    worker.execute_from_commandline()
