"""The sink's Faust app: gathers every topic's batches, writes them together, then acknowledges."""

from __future__ import annotations

import asyncio
from typing import Any

from faust.types import TP
from faust.types.tuples import Message

from hadir import clock, metrics, readiness
from hadir.crashpoint import reach
from hadir.dead_letter import Origin, letter
from hadir.lag import committed_offsets
from hadir.outbox import Outbox
from hadir.settings import Settings
from streams.checkpoint import read_between
from streams.runner import deadly, die, epoch_of, make_app, run
from streams.sink.frames import Batch
from streams.sink.mapping import PATIENCE, SWIFT, topic_names
from streams.sink.writer import DeadLetter, Sink
from streams.transport.consumer import BatchConsumer, BatchSchema
from streams.transport.records import make_records_placed

FLUSH_RECORDS = 50_000  # as many as one insert takes in well under a second


def _split(line: list[Any], most: int) -> tuple[list[Any], list[Any]]:
    """The first batches, together about ``most`` records, and the rest."""
    count = 0
    for index, event in enumerate(line):
        if count >= most:
            return line[:index], line[index:]
        count += len(event.value)
    return line, []


class SinkRunner:
    """
    One process of the sink.

    Starts each partition at the lower of Kafka's committed offset and what ClickHouse says it holds, so a ClickHouse
    that lost its last rows, or all of them, is filled again.
    """

    def __init__(self, settings: Settings) -> None:
        make_records_placed()
        self.app = make_app("sink", settings)
        self._settings = settings
        self._epoch = epoch_of(settings)
        self._outbox = Outbox(settings, linger_ms=settings.linger_ms, client_id="hadir-sink")
        self._sink = Sink(settings, self._epoch, self._set_aside)
        self._swift = {topic for topic, log in topic_names(self._epoch).items() if log in SWIFT}
        self._line: list[Any] = []
        self._patient: list[Any] = []
        self._patient_until = 0.0
        self._held: dict[tuple[str, int], int] = {}
        self._unchecked: set[TP] = set()
        self._checked: set[TP] = set()
        self._wake = asyncio.Event()
        self._started = False
        self._names = list(topic_names(self._epoch))
        self.app.agent(self.app.topic(*self._names, schema=BatchSchema()), name="sink")(self._consume)
        self.app.on_partitions_assigned.connect(self._on_assigned)

    async def _consume(self, stream: Any) -> None:
        try:
            if not self._started:
                self._started = True
                await self._outbox.start()
                await self._sink.start()
                self._held = await self._sink.start_offsets()
                readiness.announce()
                consumer = self.app.consumer
                assert isinstance(consumer, BatchConsumer)
                consumer.on_drain = self._hurry
                deadly(asyncio.create_task(self._flush_forever()), "the sink's flushing")
            async for event in stream.noack().events():
                (self._line if event.message.topic in self._swift else self._patient).append(event)
                self._wake.set()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            die("agent sink failed", error)

    def _hurry(self) -> list[Message]:
        """Faust waits for what has begun; what has not may come again."""
        dropped = self._line + self._patient
        self._line, self._patient = [], []
        self._wake.set()
        return [event.message for event in dropped]

    async def _on_assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        self._unchecked = assigned - self._checked
        self._wake.set()

    async def _flush_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            started = loop.time()
            while self._unchecked:
                tp = self._unchecked.pop()
                await self._catch_up(tp)
                self._checked.add(tp)
            events = self._take(started)
            if events:
                reach("batch.taken")
                await self._sink.write([self._batch(event.message.tp, event.value) for event in events])
                for event in events:
                    event.ack()
                reach("batch.acked")
            if self._line or self._patient:
                self._wake.set()
            # an insert costs the same for ten rows as for ten thousand: let them gather
            await asyncio.sleep(max(0.0, self._settings.flush_ms / 1000 - (loop.time() - started)))

    def _take(self, now: float) -> list[Any]:
        """What to write now, at most about ``FLUSH_RECORDS``; what may wait comes along when its time is over."""
        taken, self._line = _split(self._line, FLUSH_RECORDS)
        count = sum(len(event.value) for event in taken)
        if now >= self._patient_until or sum(len(event.value) for event in self._patient) >= FLUSH_RECORDS:
            patient, self._patient = _split(self._patient, FLUSH_RECORDS - count)
            taken += patient
            if not self._patient:
                self._patient_until = now + PATIENCE * self._settings.flush_ms / 1000
        return taken

    @staticmethod
    def _batch(tp: TP, records: Any) -> Batch:
        return Batch(tp.topic, tp.partition, records)

    async def _catch_up(self, tp: TP) -> None:
        """Read what Kafka says is done and ClickHouse did not hold when this process began."""
        offsets = await committed_offsets(self._settings, str(self.app.conf.id))
        committed = offsets.get((tp.topic, tp.partition), 0)
        held = self._held.get((tp.topic, tp.partition), 0)
        if held < committed:
            async for records in read_between(self._settings, tp.topic, tp.partition, held, committed):
                await self._sink.write([self._batch(tp, records)])

    async def _set_aside(self, refused: DeadLetter) -> None:
        """A record that ClickHouse refuses for good: kept whole, acknowledged before its offset is committed."""
        metrics.DEAD.labels("sink").inc()
        origin = Origin(refused.topic, refused.partition, refused.offset, refused.key)
        await self._outbox.send(*letter("sink", refused.reason, clock.now_ms(), refused.value, origin))

    def execute(self) -> None:
        """Run until told to stop."""
        run(self.app, self._settings, self._names)
