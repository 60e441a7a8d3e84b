"""Awaiting a condition in tests: ``hadir.stack.waiting.until`` with a failure that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from hadir.stack import waiting

EVERY_S = 0.1


async def until(
    condition: Callable[[], Awaitable[bool] | bool], *, timeout_s: float, what: str, every_s: float = EVERY_S
) -> None:
    """
    Ask again and again, a little pause between, until true.

    Args:
        condition: plain or async; one that hangs is cancelled when the time is over.
        what: what is waited for, for the one who reads the failure.

    Raises:
        AssertionError: not within ``timeout_s``; names ``what``.
    """

    async def ask() -> bool:
        answer = condition()
        return answer if isinstance(answer, bool) else await answer

    try:
        await waiting.until(ask, timeout_s, every_s)
    except TimeoutError:
        raise AssertionError(f"not within {timeout_s} s: {what}") from None


def wait_until(condition: Callable[[], bool], *, timeout_s: float, what: str, every_s: float = EVERY_S) -> None:
    """``until`` for tests that are not async; the condition may block, and is not interrupted when the time is over."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, f"not within {timeout_s} s: {what}"
        time.sleep(every_s)
