"""Kafka in memory, as far as producers need it: a Sender whose acknowledgements can be withheld, and a Reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from hadir.errors import NotAcknowledged
from hadir.reading import Batch, Entry
from schemas.codec import decode
from schemas.topics import topics

PARTITIONS = 8


class MemoryKafka:
    """
    A log by topic and partition.

    ``mode``: ``ok`` acknowledges in the next turn of the loop, ``hold`` until ``release()``, ``fail`` never. Records
    are readable when acknowledged.
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.refused = 0
        self.logs: dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]] = {}
        self._held: list[tuple[asyncio.Future[None], str, int, bytes | None, bytes | None]] = []
        self._grown = asyncio.Event()

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.mode == "fail":
            self.refused += 1
            future.set_exception(NotAcknowledged("the broker is down"))
            future.exception()
        elif self.mode == "hold":
            self._held.append((future, topic, partition, key, value))
        else:
            self._append(topic, partition, key, value)
            asyncio.get_running_loop().call_soon(lambda: future.done() or future.set_result(None))
        return future

    def _append(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        self.logs.setdefault((topic, partition), []).append((key, value))
        self._grown.set()

    @property
    def held(self) -> int:
        """Records sent and not acknowledged."""
        return len(self._held)

    def release(self) -> None:
        """Acknowledge what was held."""
        self.mode = "ok"
        held, self._held = self._held, []
        for future, topic, partition, key, value in held:
            self._append(topic, partition, key, value)
            if not future.done():
                future.set_result(None)

    def lose(self) -> None:
        """Fail what was held."""
        held, self._held = self._held, []
        for future, *_ in held:
            future.set_exception(NotAcknowledged("lost"))
            future.exception()

    async def settle(self) -> None:
        """Nothing to wait for that futures do not say."""

    # -- reading

    def _partitions(self, topic: str) -> list[int]:
        count = next(t.partitions for t in topics().values() if t.name("") == topic) or PARTITIONS
        return list(range(count))

    async def batches(self, topic: str, *, since_ms: int | None = None, follow: bool = False) -> AsyncIterator[Batch]:
        at = {p: 0 for p in self._partitions(topic)}
        caught_up = False
        while True:
            self._grown.clear()
            for p, first in at.items():
                fresh = self.logs.get((topic, p), [])[first:]
                if fresh:
                    yield Batch([Entry(p, first + i, k, v) for i, (k, v) in enumerate(fresh)], caught_up)
                    at[p] = first + len(fresh)
            if not caught_up:
                caught_up = True
                yield Batch([], True)
            if not follow:
                return
            await self._grown.wait()

    async def span(self, topic: str, partition: int, first: int, before: int) -> AsyncIterator[Batch]:
        records = self.logs.get((topic, partition), [])[first:before]
        yield Batch([Entry(partition, first + i, k, v) for i, (k, v) in enumerate(records)], True)

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        return {p: (0, len(self.logs.get((topic, p), []))) for p in self._partitions(topic)}

    # -- for assertions

    def records(self, log: str, name: str | None = None) -> list[dict[str, Any]]:
        """Decoded records of a log, by type if one is named; partitions one after another."""
        topic = topics()[log].name("")
        found = [decode(v) for p in self._partitions(topic) for _, v in self.logs.get((topic, p), [])]
        return [record for kind, record in found if name in (None, kind)]
