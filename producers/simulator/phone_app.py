"""
A phone as it behaves: it remembers what it saw, sends it in batches, keeps it until it is told that it is taken.

Speaks ``POST /v1/phone`` as docs/phones.md has it. While it is offline it goes on looking; what it saw comes later.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from producers.simulator.link import GONE, TIMEOUT_S
from producers.simulator.outings import Fix, Outing, Shot
from producers.simulator.pace import Pace

AT_ONCE = 100
"""Items to a post: what an app sends that is careful with a bad line; the server takes five times as many."""
RETRY_MS = 30_000
HAND_OVER_S = 60.0
"""Of the machine's seconds: how long a phone tries to get rid of its last items when the run ends."""
SOCKETS = 24
"""Connections of all phones together: they share one as phones share a mobile network's address."""


@dataclass
class PhoneReport:
    """
    What the phones were told: (staff number, moment) of every ping and every face check that was taken, each once;
    ``posts``, those that got no 200 (``refused``) or no answer (``gone``), and items that were ``faulty``.
    """

    pings: set[tuple[str, int]] = field(default_factory=set)
    face_checks: set[tuple[str, int]] = field(default_factory=set)
    posts: int = 0
    refused: int = 0
    gone: int = 0
    faulty: int = 0


def session() -> aiohttp.ClientSession:
    """One for all phones; to be closed by whoever opens it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=SOCKETS, keepalive_timeout=600),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    )


class PhoneApp:
    """
    One phone, run by one task.

    Args:
        outing: what it sees, and when it can send.
        base_url: of the gateway, without path.
        shared: the session of all phones.
        report: told of everything that was taken.
    """

    def __init__(
        self, outing: Outing, base_url: str, shared: aiohttp.ClientSession, pace: Pace, report: PhoneReport
    ) -> None:
        self.outing = outing
        self._url = base_url.rstrip("/") + "/v1/phone"
        self._session = shared
        self._pace = pace
        self._report = report
        self._seen: list[Fix | Shot] = sorted([*outing.fixes, *outing.shots], key=lambda item: item.at_ms)
        self._sent = 0  # every item before this index was answered

    async def run(self, until_ms: int | None) -> None:
        """Send every five minutes until the clock shows ``until_ms`` (None: for ever), then what is left, if it can."""
        at_ms = self._seen[0].at_ms - 1 if self._seen else self._pace.now()
        while True:
            at_ms = self.outing.next_send(at_ms)  # none is left out, however late this machine comes to it
            if until_ms is not None and at_ms > until_ms:
                break
            await self._pace.until(at_ms)
            if self.outing.speaks(at_ms):
                await self._empty(at_ms)
        assert until_ms is not None
        await self._pace.until(until_ms)
        if self.outing.speaks(until_ms):
            with suppress(TimeoutError):
                async with asyncio.timeout(HAND_OVER_S):
                    await self._empty(until_ms)

    async def _empty(self, seen_by_ms: int) -> None:
        """Send what was seen by a moment until all of it is answered, however often that takes."""
        while self._sent < len(self._seen) and self._seen[self._sent].at_ms <= seen_by_ms:
            due = [item for item in self._seen[self._sent : self._sent + AT_ONCE] if item.at_ms <= seen_by_ms]
            wait_ms = await self._post(due)
            if wait_ms:
                await asyncio.sleep(wait_ms / 1000 / self._pace.rate)  # the clock may stand still by now
                continue
            self._sent += len(due)
            if self.outing.resends:  # as when the answer was lost; whatever comes of it, the first was answered
                await self._post(due)

    async def _post(self, items: list[Fix | Shot]) -> int:
        """One batch; 0 when it was answered, else the milliseconds after which to come again."""
        self._report.posts += 1
        headers = {"Authorization": f"Bearer {self.outing.phone.token}"}
        try:
            async with self._session.post(self._url, json=self._body(items), headers=headers) as response:
                answer = await response.json() if response.status == 200 else None
                retry = response.headers.get("Retry-After", "")
        except GONE:
            self._report.gone += 1
            return RETRY_MS
        if answer is None:
            self._report.refused += 1
            return int(retry) * 1000 if retry.isdigit() else RETRY_MS
        faulty = {one["index"] for one in answer["refused"]}
        self._report.faulty += len(faulty)
        for n, item in enumerate(items):
            if n not in faulty:
                taken = self._report.pings if isinstance(item, Fix) else self._report.face_checks
                taken.add((self.outing.phone.staff_no, item.at_ms))
        return 0

    def _body(self, items: list[Fix | Shot]) -> dict[str, Any]:
        now = self._pace.now()
        return {
            "install_id": self.outing.phone.install_id,
            "boot_id": self.outing.boot_id,
            "sent_at": now,
            "elapsed_ms": now - self.outing.booted_ms,
            "imei": self.outing.imei,
            "items": [self._item(item) for item in items],
        }

    def _item(self, item: Fix | Shot) -> dict[str, Any]:
        elapsed_ms = item.at_ms - self.outing.booted_ms
        if isinstance(item, Fix):
            return {
                "type": "ping",
                "fixed_at": item.at_ms,
                "elapsed_ms": elapsed_ms,
                "lat": item.lat,
                "lon": item.lon,
                "accuracy_m": item.accuracy_m,
                "mock": item.mock,
                "battery": item.battery,
            }
        return {
            "type": "face",
            "taken_at": item.at_ms,
            "elapsed_ms": elapsed_ms,
            "match": item.match,
            "liveness": item.liveness,
            "model": "simulated/1",
            "photo_sha256": item.photo_sha256,
            "mock": self.outing.part == "mock_location",
        }
