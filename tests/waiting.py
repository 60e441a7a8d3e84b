"""Awaiting a condition in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[bool]], *, timeout_s: float, what: str) -> None:
    """Ask again and again, a little pause between, until true; AssertionError naming ``what`` after ``timeout_s``."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not await condition():
        assert loop.time() < end, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.1)
