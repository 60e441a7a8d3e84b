"""Waiting for conditions, and free ports: small helpers of the stack."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar

Ready = Callable[[], Awaitable[bool]]
"""Asks once whether something is ready; answers within a few seconds and never raises for "not yet"."""

T = TypeVar("T")

PORTS = range(20_000, 32_000)
"""Below Linux's range for outgoing connections (32768 and up): a port given out here is not taken by somebody's
outgoing connection while its server is being restarted."""


async def until(ready: Ready, timeout_s: float, every_s: float = 0.03, alive: Callable[[], bool] | None = None) -> None:
    """
    Ask ``ready`` until it says yes.

    Args:
        ready: the condition.
        timeout_s: seconds until giving up.
        every_s: pause between two questions.
        alive: whether it is still worth asking (is the process there?).

    Raises:
        TimeoutError: the time is over, or ``alive`` said no.
    """
    async with asyncio.timeout(timeout_s):
        while not await ready():
            if alive is not None and not alive():
                raise TimeoutError("it ended before it was ready")
            await asyncio.sleep(every_s)


def run_async(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end from synchronous code, whether or not this thread already has a running loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    results: list[T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            results.append(asyncio.run(make()))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=body, name="run_async")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """
    Ports that nobody listens on at this moment, each a different one.

    Raises:
        OSError: a hundred tries found too few.
    """
    found: list[int] = []
    with ExitStack() as held:
        for port in random.sample(PORTS, 100):
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} free ports on {host}")
