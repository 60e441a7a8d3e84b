"""Reading a stretch of a log: whole, bounded, and never for ever."""

from __future__ import annotations

import uuid

import pytest
from aiokafka.errors import KafkaTimeoutError

from hadir.outbox import Outbox
from hadir.topics_admin import ensure_topics
from schemas.topics import topics
from streams.checkpoint import read_between

pytestmark = pytest.mark.kafka


@pytest.fixture
async def topic(kafka: str) -> str:
    """A topic whose partition 0 holds ten records, the numbers 0 to 9."""
    epoch = uuid.uuid4().hex[:8]
    await ensure_topics(kafka, epoch, 4)
    name = topics()["staff_log"].name(epoch)
    outbox = Outbox(kafka)
    await outbox.start()
    for n in range(10):
        outbox.send(name, 0, b"k", str(n).encode())
    await outbox.stop()
    return name


async def values(kafka: str, topic: str, first: int, end: int | None, stuck_s: float = 20.0) -> list[int]:
    """What is read."""
    found = []
    async for records in read_between(kafka, topic, 0, first, end, stuck_s=stuck_s):
        found += [int(record.value) for record in records]
    return found


async def test_stretch_is_read_whole(kafka: str, topic: str) -> None:
    """From its first up to, not including, its end; without one to the end as it is now."""
    assert await values(kafka, topic, 3, 7) == [3, 4, 5, 6]
    assert await values(kafka, topic, 8, None) == [8, 9]
    assert await values(kafka, topic, 10, 10) == []


async def test_stretch_that_does_not_come_is_given_up(kafka: str, topic: str) -> None:
    """What is there is handed out; then an error, which ends the process, instead of a wait without end."""
    with pytest.raises(KafkaTimeoutError, match="stays at 10 of 12"):
        await values(kafka, topic, 0, 12, stuck_s=1.0)
