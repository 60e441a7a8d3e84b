"""Dead letters go back where they came from, whole; those that can't are counted with the reason."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from hadir.redrive import redrive, refusal
from hadir.settings import Settings
from hadir.topics_admin import ensure_topics
from schemas.topics import topics
from streams.checkpoint import read_between

KNOWN = {"hadir.device_log"}


def letter(**fields: Any) -> dict[str, Any]:
    """A row of v_dead_letter."""
    return {"topic": "hadir.device_log", "partition": 1, "offset": 7, "key": b"k", "value": b"v"} | fields


@pytest.mark.parametrize(
    ("fields", "word"),
    [({}, ""), ({"offset": -1}, "never reached"), ({"value": None}, "not kept"), ({"topic": "hadir.x.old"}, "epoch")],
)
def test_what_can_not_go_back_is_said(fields: dict[str, Any], word: str) -> None:
    """One reason each; none for a record that lies on a topic of today."""
    assert word in refusal(letter(**fields), KNOWN)
    assert bool(word) == bool(refusal(letter(**fields), KNOWN))


@pytest.mark.kafka
async def test_bytes_come_back_to_their_partition_in_order(kafka: str) -> None:
    """Key and value as they were, the empty key too."""
    epoch = uuid.uuid4().hex[:8]
    await ensure_topics(kafka, epoch, 4)
    staff = topics()["staff_log"].name(epoch)
    letters = [
        letter(topic=staff, partition=2, offset=9, key=b"b", value=b"\x00\xff"),
        letter(topic=staff, partition=2, offset=3, key=None, value=b"first"),
        letter(topic=staff, partition=2, offset=5, value=None),
    ]
    configured: dict[str, Any] = {"kafka": kafka, "epoch": epoch, "linger_ms": 0}
    done = await redrive(Settings(**configured), letters)
    assert done.sent == 2
    assert list(done.left.values()) == [1]
    found = [(r.key, r.value) async for records in read_between(kafka, staff, 2, 0) for r in records]
    assert found == [(None, b"first"), (b"b", b"\x00\xff")]
