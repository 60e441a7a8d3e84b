"""One partition's life: restore, fold, emit, check-point, acknowledge."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hadir import clock, metrics
from hadir.crashpoint import reach
from hadir.dead_letter import Origin, letter
from hadir.errors import NotAcknowledged
from hadir.outbox import Outbox
from hadir.tls import Broker
from schemas.topics import topics
from streams.checkpoint import HEAD, CheckpointStore, read_between
from streams.stages.base import Emission, Record, Reject, Settle, Stage

logger = logging.getLogger(__name__)

GOLDEN = 0.618  # spreads the partitions' checkpoints over the time between two, whatever their number
ROOM_BYTES = 32 * 1024 * 1024  # unacknowledged output beyond which a partition waits: half of the outbox's bound


@dataclass(frozen=True, slots=True)
class Input:
    """What a worker reads: stage's name, log, its topic and partition, and how to make the stage's machine."""

    stage: str
    topic: str
    partition: int
    make: Callable[[], Stage]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Settings that a worker needs; seconds and rows."""

    broker: Broker
    epoch: str
    checkpoint_s: float
    slice_rows: int


class PartitionWorker:
    """
    Folds one partition, in this order of commitment: output acknowledged, state and head put away, batch acknowledged.

    A batch waits in the line until its turn; ``position`` is the last offset folded, whatever Faust delivers again
    below it is passed over, whatever lies between is read by a consumer of its own.
    """

    def __init__(self, source: Input, outbox: Outbox, store: CheckpointStore | None, tuning: Tuning) -> None:
        self.source = source
        self._outbox = outbox
        self._store = store
        self._tuning = tuning
        self._line: deque[Any] = deque()
        self._folded: list[Any] = []
        self._wake = asyncio.Event()
        self._stage: Stage = source.make()
        self._skip: set[int] = set()
        self._checkpoint: asyncio.Task[None] | None = None
        self._checkpointed_at = 0.0
        self._hurried = False
        self._stagger = source.partition * GOLDEN % 1.0
        self.position = -1
        self._names = {log: topic.name(tuning.epoch) for log, topic in topics().items()}
        self._waits = metrics.BACKLOG.labels(source.stage, str(source.partition))
        self._horizon = metrics.HORIZON.labels(source.stage, str(source.partition))

    def put(self, event: Any) -> None:
        """A batch from Faust: ``event.value`` are its records."""
        self._line.append(event)
        self._wake.set()

    def hurry(self) -> list[Any]:
        """Faust waits: drop what has not begun, put away what has been folded, now; returns what was dropped."""
        dropped = list(self._line)
        self._line.clear()
        self._hurried = True
        self._wake.set()
        return dropped

    async def run(self) -> None:
        """Until cancelled. Any exception out of here must end the process."""
        loop = asyncio.get_running_loop()
        await self._restore()
        self._checkpointed_at = loop.time() - self._tuning.checkpoint_s * self._stagger
        while True:
            if not self._line and not self._stage.backlog and not self._hurried:
                self._wake.clear()
                due = self._checkpointed_at + self._tuning.checkpoint_s - loop.time() if self._folded else None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), None if due is None else max(due, 0.001))
            if self._checkpoint is not None and self._checkpoint.done():
                self._checkpoint.result()
            if self._line:
                await self._take(self._line.popleft())
            elif self._stage.backlog:
                await self._emit(self._stage.drain(self._tuning.slice_rows))
                await asyncio.sleep(0)
            if self._hurried and self._stage.backlog:
                self._folded.clear()  # work that waits is not in the state: these batches must come again
                self._hurried = False
            self._show()
            due_at = self._checkpointed_at + self._tuning.checkpoint_s
            if not self._stage.backlog and (self._hurried or (self._folded and loop.time() >= due_at)):
                await self._start_checkpoint(loop)

    def _show(self) -> None:
        """To the metrics: what still waits, and how far the partition knows that all has spoken."""
        self._waits.set(self._stage.backlog)
        through = self._stage.spoken_through
        if through is not None:
            self._horizon.set(through / 1000)

    async def close(self) -> None:
        """Let go of the partition; its state stays as last put away."""
        if self._checkpoint is not None:
            self._checkpoint.cancel()
            await asyncio.gather(self._checkpoint, return_exceptions=True)
        if self._store is not None:
            await self._store.close()

    async def _take(self, event: Any) -> None:
        first = event.value[0].offset
        if self._stage.stateful and first > self.position + 1:
            await self._catch_up(first)
        records = event.value
        if first <= self.position or self._skip:
            records = [r for r in records if r.offset > self.position and r.offset not in self._skip]
        await self._fold_safely(records)
        reach("batch.emitted")
        self.position = max(self.position, event.value[-1].offset)
        event.value = event.message.value = None  # 50,000 records until the checkpoint would burden the collector
        self._folded.append(event)

    async def _fold_safely(self, records: Sequence[Record]) -> None:
        if not records:
            return
        try:
            await self._fold(records)
        except NotAcknowledged:
            raise
        except Exception:
            logger.exception("%s/%d: a record broke the fold", self.source.topic, self.source.partition)
            await self._isolate(records)
        metrics.FOLDED.labels(self.source.stage).inc(len(records))

    async def _fold(self, records: Sequence[Record]) -> None:
        rejects = self._stage.fold(records)
        for reject in rejects:
            self._set_aside(reject)
        reach("batch.folded")
        await self._emit(self._stage.drain(self._tuning.slice_rows))

    async def _isolate(self, records: Sequence[Record]) -> None:
        """State can't be trusted: build it anew up to here, go on record by record, leave out what breaks it."""
        target = self.position
        await self._rebuild(target)
        for record in records:
            try:
                await self._fold([record])
            except NotAcknowledged:
                raise
            except Exception as error:
                self._skip.add(record.offset)
                self._set_aside(Reject(record, f"broke the fold: {type(error).__name__}"))
                await self._rebuild(record.offset)

    async def _rebuild(self, through: int) -> None:
        self._stage = self.source.make()
        if self._stage.stateful:
            if self._checkpoint is not None:
                await self._checkpoint
            await self._load()
            await self._catch_up(through + 1)

    async def _restore(self) -> None:
        started = asyncio.get_running_loop().time()
        if self._store is not None:
            await self._store.open()
            reach("state.opened")
            await self._load()
            reach("state.read")
        took = asyncio.get_running_loop().time() - started
        metrics.RESTORE_SECONDS.labels(self.source.stage, str(self.source.partition)).set(took)

    async def _load(self) -> None:
        """State as it was put away last; ``position`` becomes its head."""
        assert self._store is not None
        newest: dict[bytes, bytes | None] = {}
        async for items in self._store.read():
            newest.update(items)
            await asyncio.sleep(0)
        head = int(newest.pop(HEAD, None) or b"-1")
        for count, (key, value) in enumerate(newest.items()):
            if value is not None:
                self._stage.restore(key, value)
            if not count % 2000:
                await asyncio.sleep(0)
        self._stage.restored(head)
        self.position = head

    async def _catch_up(self, end: int) -> None:
        """Fold what lies between the state's head and what Faust delivers first."""
        topic, partition = self.source.topic, self.source.partition
        async for raw in read_between(self._tuning.broker, topic, partition, self.position + 1, end):
            records = [r for r in raw if r.offset not in self._skip]
            if records:
                await self._fold(records)
            self.position = raw[-1].offset
            await asyncio.sleep(0)
        self.position = max(self.position, end - 1)

    async def _emit(self, steps: Sequence[Emission | Settle]) -> None:
        send, names = self._outbox.send, self._names
        for step in steps:
            if len(step) == 0:
                await self._settle()
                reach("settle.done")
            else:
                log, partition, key, value = step
                send(names[log], partition, key, value)
        await self._outbox.room(ROOM_BYTES)

    async def _settle(self) -> None:
        """Wait until all output is acknowledged; the outbox is shared, so a failure told to another counts here too."""
        await self._outbox.settle()
        if self._outbox.failures:
            raise NotAcknowledged("something that was sent before")

    def _set_aside(self, reject: Reject) -> None:
        source, record = self.source, reject.record
        metrics.DEAD.labels(source.stage).inc()
        origin = Origin(source.topic, source.partition, record.offset, record.key)
        self._outbox.send(*letter(source.stage, reject.reason, clock.now_ms(), record.value, origin))

    async def _start_checkpoint(self, loop: asyncio.AbstractEventLoop) -> None:
        """Snapshot now; acknowledge, put away and ack while folding goes on. At most one at a time."""
        if self._checkpoint is not None:
            await self._checkpoint
        self._hurried = False
        self._checkpointed_at = loop.time()
        items = list(self._stage.changed()) if self._stage.stateful else []
        events, self._folded = self._folded, []
        self._checkpoint = asyncio.create_task(self._finish_checkpoint(items, self.position, events))
        self._checkpoint.add_done_callback(lambda task: self._wake.set())

    async def _finish_checkpoint(self, items: list[tuple[bytes, bytes | None]], head: int, events: list[Any]) -> None:
        with metrics.CHECKPOINT_SECONDS.labels(self.source.stage).time():
            await self._settle()
            reach("output.acknowledged")
            if self._store is not None and (items or events):
                count = await self._store.write(items, head)
                metrics.CHECKPOINT_KEYS.labels(self.source.stage).inc(count)
        for event in events:
            event.ack()
        reach("batch.acked")
