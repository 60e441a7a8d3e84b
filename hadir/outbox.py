"""
The only way onto hadir's topics: idempotent, acknowledged by all replicas, partition given by the caller.

Records of one partition are gathered for ``linger_ms`` into one batch and appended straight to its buffer: aiokafka's
``send`` costs about 20 µs a record, appending 1.5. A record's future is that of its batch. Order within a partition is
that of the calls.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from hadir import metrics
from hadir.crashpoint import reach
from hadir.errors import Misconfigured, NotAcknowledged
from hadir.tls import Broker, kafka_options

BATCH_BYTES = 512 * 1024  # half of the consumers' usual fetch: one batch never fills a fetch alone
REOPEN_S = 0.5


class _Batch:
    """Records of one partition that share a request and a future."""

    __slots__ = ("builder", "bytes", "done", "records", "tp")

    def __init__(self, tp: TopicPartition, builder: Any, done: asyncio.Future[None]) -> None:
        self.tp = tp
        self.builder = builder
        self.done = done
        self.bytes = 0
        self.records = 0


def _look(future: asyncio.Future[None]) -> None:
    """``settle`` reports a failure too: a future that nobody looked at is no error."""
    if not future.cancelled():
        future.exception()


class Outbox:
    """
    Writes records to Kafka.

    After a failure all that was not acknowledged fails with ``NotAcknowledged``, the producer is replaced in the
    background, and until then ``send`` fails at once. Who may not lose anything awaits ``settle`` before promising.

    Attributes:
        failures: how often something was not acknowledged. ``settle`` and ``room`` tell of it once: where several share
            an outbox, the others look here.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        linger_ms: int = 20,
        client_id: str = "hadir",
        max_unacknowledged_bytes: int = 64 * 1024 * 1024,
        request_timeout_ms: int = 20_000,
    ) -> None:
        self._broker = broker
        self._settings: dict[str, Any] = {
            "client_id": client_id,
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": "snappy",  # aiokafka writes lz4 at level 9: six times the time for a tenth less
            "max_batch_size": BATCH_BYTES,
            "linger_ms": 0,
            "request_timeout_ms": request_timeout_ms,
        }
        self._linger_s = linger_ms / 1000
        self._bound = max_unacknowledged_bytes
        self._producer: AIOKafkaProducer | None = None
        self._open: dict[TopicPartition, _Batch] = {}
        self._queues: dict[TopicPartition, deque[_Batch]] = {}
        self._senders: dict[TopicPartition, asyncio.Task[None]] = {}
        self._unacknowledged: set[_Batch] = set()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._failure: NotAcknowledged | None = None
        self.failures = 0
        self._reopening: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.acknowledged = 0

    async def start(self) -> None:
        """Connect. Raises KafkaError when no broker answers."""
        self._loop = asyncio.get_running_loop()
        self._producer = await self._connect()

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**kafka_options(self._broker), **self._settings)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def stop(self) -> None:
        """Send what is gathered, wait for it, and disconnect; what fails now has failed its future already."""
        if self._reopening is not None:
            self._reopening.cancel()
        if self._producer is not None:
            await self._wait_settled()
            await self._producer.stop()
            self._producer = None

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[None]:
        """
        Hand one record over; the future resolves when Kafka has acknowledged its batch.

        The future fails with ``NotAcknowledged``: at once when the producer is being replaced or too much is waiting.
        """
        assert self._loop is not None, "start() first"
        if self._producer is None or self._reopening is not None or self._bytes > self._bound:
            refused: asyncio.Future[None] = self._loop.create_future()
            self._failure = NotAcknowledged("Kafka does not acknowledge")
            self.failures += 1
            refused.set_exception(self._failure)
            _look(refused)
            return refused
        tp = TopicPartition(topic, partition)
        batch = self._open.get(tp)
        if batch is None or batch.builder.append(timestamp=0, key=key, value=value) is None:
            if batch is not None:
                self._seal(batch)
            batch = _Batch(tp, self._producer.create_batch(), self._loop.create_future())
            batch.done.add_done_callback(_look)
            batch.builder.append(timestamp=0, key=key, value=value)
            self._open[tp] = batch
            self._unacknowledged.add(batch)
            if self._timer is None:
                self._timer = self._loop.call_later(self._linger_s, self._seal_all)
        size = len(key or b"") + len(value or b"") + 20
        batch.bytes += size
        batch.records += 1
        self._bytes += size
        return batch.done

    @property
    def unacknowledged_bytes(self) -> int:
        """Bytes handed over and not yet acknowledged."""
        return self._bytes

    async def room(self, below_bytes: int) -> None:
        """Wait until less than ``below_bytes`` wait for acknowledgement; raises NotAcknowledged after a failure."""
        while self._bytes >= below_bytes:
            self._raise_failure()
            self._changed.clear()
            await self._changed.wait()
        self._raise_failure()

    async def settle(self) -> None:
        """
        Wait until everything sent so far is acknowledged.

        Raises:
            NotAcknowledged: something sent since the last call was not; the next call starts afresh.
        """
        self._seal_all()
        waiting = [batch.done for batch in self._unacknowledged]
        if waiting:
            await asyncio.wait(waiting)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    async def _wait_settled(self) -> None:
        self._seal_all()
        if self._unacknowledged:
            await asyncio.wait([batch.done for batch in self._unacknowledged])

    def _seal_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for batch in list(self._open.values()):
            self._seal(batch)

    def _seal(self, batch: _Batch) -> None:
        """No more records into this batch: queue it behind its partition's earlier ones."""
        assert self._loop is not None
        self._open.pop(batch.tp, None)
        batch.builder.close()
        self._queues.setdefault(batch.tp, deque()).append(batch)
        if batch.tp not in self._senders:
            self._senders[batch.tp] = self._loop.create_task(self._send_queued(batch.tp))

    async def _send_queued(self, tp: TopicPartition) -> None:
        queue = self._queues[tp]
        try:
            while queue and self._producer is not None:
                batch = queue.popleft()
                if held_s := reach("outbox.sending"):
                    await asyncio.sleep(held_s)
                try:
                    sent = await self._producer.send_batch(batch.builder, tp.topic, partition=tp.partition)
                except (KafkaError, ValueError, AssertionError) as error:
                    self._fail(batch, error)
                    break
                sent.add_done_callback(lambda result, batch=batch: self._on_result(batch, result))
        finally:
            del self._senders[tp]

    def _on_result(self, batch: _Batch, result: asyncio.Future[Any]) -> None:
        if result.cancelled():
            self._fail(batch, NotAcknowledged("cancelled"))
        elif (error := result.exception()) is not None:
            self._fail(batch, error)
        else:
            self.acknowledged += batch.records
            metrics.SENT.labels(batch.tp.topic).inc(batch.records)
            self._forget(batch)
            if not batch.done.done():
                batch.done.set_result(None)

    def _forget(self, batch: _Batch) -> None:
        if batch in self._unacknowledged:
            self._unacknowledged.discard(batch)
            self._bytes -= batch.bytes
            self._changed.set()

    def _fail(self, batch: _Batch, error: BaseException) -> None:
        """One batch failed: its successors may be out of sequence, so all that waits fails and the producer goes."""
        metrics.NOT_SENT.labels(batch.tp.topic).inc()
        self._failure = NotAcknowledged(f"{batch.tp.topic}/{batch.tp.partition}: {type(error).__name__}")
        self.failures += 1
        for waiting in list(self._unacknowledged):
            self._forget(waiting)
            if not waiting.done.done():
                waiting.done.set_exception(NotAcknowledged(str(self._failure)))
        self._open.clear()
        self._queues.clear()
        if self._reopening is None and self._loop is not None:
            self._reopening = self._loop.create_task(self._reopen())

    async def _reopen(self) -> None:
        old, self._producer = self._producer, None
        if old is not None:
            # stop() would wait for batches that have failed already: only the connections matter now
            await old.client.close()
            old._sender._sender_task.cancel()
            old._closed = True
        while True:
            try:
                self._producer = await self._connect()
                break
            except (KafkaError, OSError, Misconfigured):  # the last: a certificate that is just being replaced
                await asyncio.sleep(REOPEN_S)
        self._reopening = None
