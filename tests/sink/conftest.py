"""Fixtures of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streams.sink.frames import Batch
from streams.sink.writer import DeadLetter, Sink, Written
from tests.clickhouse.fixtures import Tables, migrated, tables
from tests.sink import made

__all__ = ["migrated", "tables"]


class Bench:
    """A started sink over empty tables, and the dead letters it wrote."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.letters: list[DeadLetter] = []
        self.sink = Sink(tables.settings, made.EPOCH, self._keep)

    async def _keep(self, letter: DeadLetter) -> None:
        self.letters.append(letter)

    async def write(self, *batches: Batch) -> Written:
        """Write some batches at once."""
        return await self.sink.write(batches)


@pytest.fixture
async def bench(tables: Tables) -> AsyncIterator[Bench]:
    """See ``Bench``."""
    made_bench = Bench(tables)
    await made_bench.sink.start()
    yield made_bench
    await made_bench.sink.stop()
