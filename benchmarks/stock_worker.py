"""The same rules on Faust's stock transport: one message an event, acknowledged by Faust. For comparison only."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import faust
import uvloop

from hadir.outbox import Outbox
from hadir.settings import settings
from schemas.topics import topics
from streams.runner import epoch_of
from streams.stages.base import Record
from streams.stages.judge import Judge

GROUP = "hadir.stock"
OUT = "stock"
"""Epoch of the topics that the comparison writes to."""


def make() -> faust.App:
    """An app that judges ``staff_log`` event by event and sends its rows elsewhere."""
    configured = settings()
    epoch = epoch_of(configured)
    folder = Path(configured.data).absolute() / f"stock-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        GROUP,
        broker=f"kafka://{configured.kafka}",
        datadir=str(folder),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        cython_optimizations=True,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=1.0,
        value_serializer="raw",
        key_serializer="raw",
    )
    outbox = Outbox(configured.kafka)
    stages: dict[int, Judge] = {}
    names = {log: topic.name(OUT) for log, topic in topics().items()}

    @app.agent(app.topic(topics()["staff_log"].name(epoch), value_type=bytes, key_type=bytes))  # type: ignore[untyped-decorator]
    async def judge(stream: Any) -> None:
        await outbox.start()
        async for event in stream.events():
            message = event.message
            stage = stages.get(message.partition)
            if stage is None:
                stage = stages[message.partition] = Judge(message.partition, configured.partitions, epoch)
            stage.fold([Record(message.offset, event.key, event.value)])
            for step in stage.drain(configured.slice_rows):
                if len(step):
                    log, partition, key, value = step  # type: ignore[misc]
                    outbox.send(names[log], partition, key, value)
            if outbox.unacknowledged_bytes > 16 << 20:
                await outbox.room(8 << 20)

    return app


if __name__ == "__main__":
    uvloop.install()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    faust.Worker(make(), loglevel="WARNING", loop=loop, redirect_stdouts=False, quiet=True).execute_from_commandline()
