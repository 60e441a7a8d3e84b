"""What could not be taken in, kept whole: what a record of ``dead_letter`` holds, and where it goes."""

from __future__ import annotations

from typing import NamedTuple

from schemas.codec import encode
from schemas.topics import topics


class Origin(NamedTuple):
    """Where a record was read, and its key."""

    topic: str
    partition: int
    offset: int
    key: bytes | None


NOWHERE = Origin("", -1, -1, None)
"""Of what came and was in no topic yet."""


class Letter(NamedTuple):
    """What ``Outbox.send`` takes: topic, partition, key and bytes."""

    topic: str
    partition: int
    key: bytes
    value: bytes


def letter(
    stage: str,
    reason: str,
    failed_at: int,
    value: bytes | None,
    origin: Origin = NOWHERE,
    *,
    schema: str = "",
    device_id: str = "",
) -> Letter:
    """
    A dead letter, ready to be sent.

    Args:
        stage: who could not take it.
        reason: why, for a person to read.
        failed_at: when, milliseconds since 1970 UTC.
        value: the original bytes; None: there were none, or they may hold a name.
        schema: what it should have been, where the bytes don't say.
        device_id: the terminal that sent it, where one did.
    """
    record = {
        "failed_at": failed_at,
        "stage": stage,
        "reason": reason,
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "schema": schema,
        "key": origin.key,
        "value": value,
        "device_id": device_id,
    }
    return Letter(topics()["dead_letter"].name(""), 0, origin.topic.encode(), encode("dead_letter", record))
