"""
A Faust consumer that delivers one message per (partition, fetch).

Faust pays about 60 µs a message; here it pays them once a batch. What changes: ``getmany`` yields batches, and offsets
are committed batch by batch, first in, first out. What stays Faust's: groups,
rebalancing, flow control, agents, commits.
It leans on private names of faust-streaming 0.15.3 (``_wait_next_records``, ``_acked``, ``_acked_index``,
``_read_offset``, ``_unacked_messages``, ``_wait_for_ack``, ``_clean_unacked_messages``);
``tests/transport`` holds each of them to what is expected here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

from hadir.crashpoint import reach

DRAIN_S = 4.0  # below the session of 6 s: a rebalance waits for nobody longer
FETCH_TIMEOUT_S = 0.1  # a longer wait now and then comes back empty after its full length while records flow

GATHERED_BYTES = 1024 * 1024  # of this much the broker hands out at once


class BatchSchema(faust.Schema):
    """Hands the batch to the agent as it came from the broker."""

    def compile(self, app: Any, **_options: Any) -> Callable[..., Any]:
        """The decoder: none."""
        create_event = app.create_event

        async def decode(message: Message, *, propagate: bool = False) -> Any:
            return create_event(None, message.value, message.headers, message)

        return decode


class GatheringThread(driver.AIOKafkaConsumerThread):
    """
    Lets the broker gather records before it answers a fetch, so that fetches are few and full.

    A pause on this side would do the same to an idle worker, but make a busy one late: its next fetch is answered while
    it works, and then what came since waits for the one after.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_min_bytes = GATHERED_BYTES
        consumer._fetch_max_wait_ms = self.app.coalesce_ms
        return consumer


class BatchConsumer(driver.Consumer):
    """
    See the module.

    Attributes:
        on_drain: called when Faust starts to wait for unacknowledged batches (rebalance, shutdown): who
            acknowledges late should hurry; returns the messages that nobody will acknowledge any more.
    """

    on_drain: Callable[[], list[Message]] | None = None

    def _new_consumer_thread(self) -> GatheringThread:
        return GatheringThread(self, loop=self.loop, beacon=self.beacon)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._delivered: defaultdict[TP, deque[int]] = defaultdict(deque)

    @property
    def coordinator_ended(self) -> bool:
        """
        Whether aiokafka's membership of the group is over: left, or broken off.

        It breaks off for good when it looks for the coordinator while the metadata, just fetched from a broker that
        comes back, names no broker. Faust notices nothing: no partitions, no error, a process that looks well.
        """
        coordinator = getattr(getattr(self._thread, "_consumer", None), "_coordinator", None)
        task = getattr(coordinator, "_coordination_task", None)
        return task is not None and task.done()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        """Fetch once and yield each partition's records as one message."""
        records, active = await self._wait_next_records(FETCH_TIMEOUT_S)
        if records is None or self.should_stop:
            return
        generation = self.app.consumer_generation_id
        if not self.flow_active:
            # what was fetched belongs to nobody now: whoever gets the partition starts at what is committed
            await self.perform_seek()
            return
        for tp, batch in records.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if batch and (active is None or tp in active or tp in self._buffered_partitions):
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                read = self._read_offset[tp]
                if read is None or batch[-1].offset >= read:  # the same test by which Faust drops what it has read
                    self._delivered[tp].append(batch[-1].offset)
                    yield tp, self._to_batch(tp, batch)

    def _to_batch(self, tp: TP, records: Sequence[Any]) -> ConsumerMessage:
        last = records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            1,  # append time: hadir's topics have no other
            None,
            None,
            records,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """The offsets within a batch are no gaps, nor are those that compaction or transactions left out."""

    async def _commit(self, offsets: Any) -> bool:
        reach("commit.begun")
        done: bool = await super()._commit(offsets)
        reach("commit.done")
        return done

    def _new_offset(self, tp: TP) -> int | None:
        """Offset behind the acknowledged batches at the head of the line; None when its first is not."""
        line, acknowledged = self._delivered[tp], self._acked_index[tp]
        self._acked[tp].clear()
        newest = None
        while line and line[0] in acknowledged:
            newest = line.popleft()
            acknowledged.discard(newest)
        return None if newest is None else newest + 1

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return (tp for tp in list(self._delivered) if topics is None or tp in topics or tp.topic in topics)

    def _forget(self, tps: Any) -> None:
        for tp in tps:
            self._delivered.pop(tp, None)
            self._acked_index.pop(tp, None)
            self._acked.pop(tp, None)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """What was in line and not committed will be delivered again, here or elsewhere."""
        await super().on_partitions_revoked(revoked)
        self._forget(revoked)

    async def perform_seek(self) -> None:
        """Back to what is committed: the line starts anew."""
        self._forget(list(self._delivered))
        await super().perform_seek()

    async def seek(self, partition: TP, offset: int) -> None:
        """Deliver from ``offset``: this partition's line starts anew."""
        self._forget([partition])
        await super().seek(partition, offset)

    async def wait_empty(self) -> None:
        """
        Ask whoever acknowledges late to hurry, commit what is acknowledged soon; the rest will be delivered again.

        Faust waits for every batch without end. But the last one delivered is held by its stream until another comes,
        and none comes now: if it was given up, or hangs, the process would never join its group again.
        """
        for message in () if self.on_drain is None else self.on_drain():
            self._unacked_messages.discard(message)
        end = self.loop.time() + DRAIN_S
        while self._unacked_messages and not self.should_stop and self.loop.time() < end:
            await self.commit()
            await self._wait_for_ack(timeout=1)
            self._clean_unacked_messages()
        self._unacked_messages.clear()
        await self.commit_and_end_transactions()
