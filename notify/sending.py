"""
The only place that speaks to the world outside: ``apprise`` with a limit of time, and without a word in any log.

A message that was under way when the time was over may have arrived: whoever tries again may repeat it, and how often
is bounded (``line.MOST_TRIES``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import Protocol

import apprise

from hadir.errors import Misconfigured
from notify.channels import Channel

SEND_S = 30.0
KINDS = {"raise": apprise.NotifyType.WARNING, "correction": apprise.NotifyType.INFO}

logging.getLogger("apprise").disabled = True  # what it says of a failure may hold the address
logging.getLogger("urllib3.connectionpool").disabled = True  # and what this says of a request


class Sender(Protocol):
    """Sends to one channel."""

    async def send(self, text: str, kind: str) -> bool:
        """Whether it was taken; False also when nobody knows."""
        ...


class AppriseSender:
    """
    One channel by ``apprise``.

    Raises:
        Misconfigured: an address that no service of apprise knows.
    """

    def __init__(self, channel: Channel, send_s: float = SEND_S) -> None:
        self._service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="hadir", app_desc="hadir", async_mode=False))
        if not self._service.add(channel.url):
            raise Misconfigured(f"channel {channel.name}: no service knows this kind of address")
        self._send_s = send_s
        self._under_way: asyncio.Future[bool] | None = None

    async def send(self, text: str, kind: str) -> bool:
        """
        Send, or give up waiting after ``send_s`` seconds of the machine.

        One that hangs is not followed by another before it has ended: it would be a thread more each time.
        """
        if self._under_way is not None and not self._under_way.done():
            return False
        loop = asyncio.get_running_loop()
        done = self._under_way = loop.create_future()

        def settle(taken: bool) -> None:
            if not done.done():
                done.set_result(taken)

        def work() -> None:
            try:
                taken = bool(self._service.notify(body=text, notify_type=KINDS[kind], body_format="text"))
            except Exception:  # a plugin's own fault is a failure like any other; its text may hold the address
                taken = False
            with contextlib.suppress(RuntimeError):  # the process has ended meanwhile
                loop.call_soon_threadsafe(settle, taken)

        threading.Thread(target=work, name="notify", daemon=True).start()
        try:
            return await asyncio.wait_for(asyncio.shield(done), self._send_s)
        except TimeoutError:
            return False
