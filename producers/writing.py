"""How producers hand records to the outbox: topic, partition and key by the record's type, and the wait for Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from hadir.dead_letter import letter
from hadir.errors import NotAcknowledged
from hadir.outbox import Outbox
from hadir.settings import Settings
from schemas.codec import encode, identity_key
from schemas.topics import partition_of, topics

ENTER_S = 60.0  # that Kafka has to acknowledge what a command enters
PIECE_BYTES = 512 * 1024  # of a dead letter: Kafka takes 1 MB a record


class Sender(Protocol):
    """What a producer needs of ``hadir.outbox.Outbox``; a future may be shared by several records."""

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[Any]:
        """Hand one record over; the future fails with NotAcknowledged."""
        ...

    async def settle(self) -> None:
        """Wait until everything sent so far is acknowledged; raises NotAcknowledged."""
        ...


class Writer:
    """
    Encodes records and sends each to its place.

    Args:
        partitions: of ``device_log`` and ``phone_log``, the setting of that name.
    """

    def __init__(self, sender: Sender, partitions: int) -> None:
        self.sender = sender
        self._partitions = partitions
        self._places: dict[str, tuple[bytes, int]] = {}
        self._names = {log: topic.name("") for log, topic in topics().items() if topic.kind == "source"}

    def fact(self, name: str, record: Mapping[str, Any]) -> asyncio.Future[Any]:
        """A ``punch``, ``device_event`` or ``device_status`` to ``device_log``. Raises InvalidFact."""
        key, partition = self._place(record["device_id"])
        return self.sender.send(self._names["device_log"], partition, key, encode(name, record))

    def phone_fact(self, name: str, record: Mapping[str, Any]) -> asyncio.Future[Any]:
        """A ``ping`` or ``face_check`` to ``phone_log``. Raises InvalidFact."""
        key, partition = self._place(record["employee_id"])
        return self.sender.send(self._names["phone_log"], partition, key, encode(name, record))

    def _place(self, subject: str) -> tuple[bytes, int]:
        """Key and partition of a terminal or a person."""
        place = self._places.get(subject)
        if place is None:
            key = subject.encode()
            place = self._places[subject] = (key, partition_of(key, self._partitions))
        return place

    def reference(self, name: str, record: Mapping[str, Any]) -> asyncio.Future[Any]:
        """A reference record (or ``tick``) to ``reference``. Raises InvalidFact."""
        return self.sender.send(self._names["reference"], 0, identity_key(name, record), encode(name, record))

    def person(self, record: Mapping[str, Any]) -> asyncio.Future[Any]:
        """A ``person`` to its compacted topic. Raises InvalidFact."""
        return self.sender.send(self._names["person"], 0, record["employee_id"].encode(), encode("person", record))

    def dead_letter(
        self, stage: str, reason: str, raw: bytes, *, schema: str, device_id: str, failed_at: int
    ) -> list[asyncio.Future[Any]]:
        """Original bytes to ``dead_letter``, whole: what Kafka would refuse as too large goes in numbered pieces."""
        pieces = [raw[i : i + PIECE_BYTES] for i in range(0, len(raw), PIECE_BYTES)] or [b""]
        sent = []
        for number, piece in enumerate(pieces, 1):
            about = reason if len(pieces) == 1 else f"{reason} (piece {number} of {len(pieces)})"
            piece_letter = letter(stage, about, failed_at, piece, schema=schema, device_id=device_id)
            sent.append(self.sender.send(*piece_letter))
        return sent


async def acknowledged(futures: Iterable[asyncio.Future[Any]], timeout_s: float) -> None:
    """
    Wait until Kafka has acknowledged all of them.

    The futures are never cancelled: other records share them.

    Raises:
        NotAcknowledged: one failed, or not all were there within ``timeout_s`` seconds of the machine.
    """
    waiting = set(futures)
    if not waiting:
        return
    done, late = await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_EXCEPTION)
    for future in done:
        if future.cancelled():
            raise NotAcknowledged("cancelled")
        if (error := future.exception()) is not None:
            raise error if isinstance(error, NotAcknowledged) else NotAcknowledged(type(error).__name__)
    if late:
        raise NotAcknowledged(f"not within {timeout_s} s")


async def enter(config: Settings, name: str, records: Iterable[Mapping[str, Any]], *, client_id: str) -> None:
    """
    Write reference records of one type, for a command, and wait until Kafka has acknowledged them.

    Raises:
        NotAcknowledged: Kafka did not; they may stand all the same, so look before they are entered again.
        KafkaError: no broker answers; nothing was written.
    """
    outbox = Outbox(config, linger_ms=config.linger_ms, client_id=client_id)
    await outbox.start()
    try:
        writer = Writer(outbox, config.partitions)
        await acknowledged([writer.reference(name, record) for record in records], ENTER_S)
    finally:
        await outbox.stop()
