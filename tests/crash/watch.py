"""Looks now and then, and after every kill, whether a group has committed beyond what is put away."""

from __future__ import annotations

import asyncio
import contextlib

from aiokafka.errors import KafkaError
from clickhouse_connect.driver.exceptions import Error

from hadir.settings import Settings
from tests.crash.check import commits_behind

EVERY_S = 3.0
PATIENCE_S = 8.0


class Watch:
    """``async with Watch(settings) as watch``; ``looks`` succeeded, ``lines`` say what was wrong."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.looks = 0
        self.lines: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._now = asyncio.Event()

    def look_now(self) -> None:
        """Somebody was killed: look before it is back."""
        self._now.set()

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._now.wait()
            self._now.clear()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    self.lines += await commits_behind(self._settings)
                self.looks += 1
            except (KafkaError, Error, OSError, TimeoutError):
                continue  # somebody is being killed
