"""What the runtime costs by itself: a stage that does nothing, one process, CPU per event."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from hadir.lag import committed_offsets
from hadir.outbox import Outbox
from hadir.settings import settings
from hadir.topics_admin import ensure_topics
from schemas.topics import topics
from streams.runner import StageRunner
from streams.stages.base import Record, Reject, Step

EVENTS = 1_000_000
PARTITIONS = 8
SIZE = 110  # bytes of a ping on the wire


class Empty:
    """Takes everything and does nothing."""

    stateful = True
    backlog = 0
    spoken_through = None

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        return []

    def drain(self, limit: int) -> list[Step]:
        return []

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        return ()

    def restore(self, key: bytes, value: bytes) -> None:
        """Nothing was put away."""

    def restored(self, head: int) -> None:
        """Nothing was put away."""


async def measure(bootstrap: str, data: Path) -> dict[str, float]:
    """
    Start one worker, let it idle, hand it a million records, wait until all is committed.

    Returns:
        ``cpu_us_per_event``: the worker's CPU from idle to all committed; ``events_per_s`` over the same time, which
        includes writing them; ``rss_mb``.
    """
    epoch = uuid.uuid4().hex[:8]
    await ensure_topics(bootstrap, epoch, PARTITIONS)
    topic = topics()["staff_log"].name(epoch)
    env = os.environ | {
        "HADIR_KAFKA": bootstrap,
        "HADIR_EPOCH": epoch,
        "HADIR_PARTITIONS": str(PARTITIONS),
        "HADIR_DATA": str(data),
    }
    outbox = Outbox(bootstrap)
    await outbox.start()
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.empty_agent", env=env)
    process = psutil.Process(worker.pid)

    async def committed(at_least: int) -> None:
        while sum((await committed_offsets(bootstrap, f"hadir.judge.{epoch}")).values()) < at_least:
            assert worker.returncode is None, "the worker ended"
            await asyncio.sleep(0.1)

    try:
        for i in range(PARTITIONS):
            outbox.send(topic, i, b"k", b"\0")
        await committed(PARTITIONS)
        before, started = sum(process.cpu_times()[:2]), time.monotonic()
        value = b"\0" * SIZE
        for i in range(EVENTS):
            outbox.send(topic, i % PARTITIONS, b"k" * 36, value)
            if not i % 20_000:
                await outbox.room(8 * 1024 * 1024)
                await asyncio.sleep(0)
        await committed(PARTITIONS + EVENTS)
        return {
            "cpu_us_per_event": (sum(process.cpu_times()[:2]) - before) / EVENTS * 1e6,
            "events_per_s": EVENTS / (time.monotonic() - started),
            "rss_mb": process.memory_info().rss / 1e6,
        }
    finally:
        worker.kill()
        await worker.wait()
        await outbox.stop()


if __name__ == "__main__":
    StageRunner("judge", ["staff_log"], lambda log, partition: Empty(), settings()).execute()
