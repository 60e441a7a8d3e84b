"""
Asks ClickHouse for what the wall shows, once for all who look on.

A cheap question says whether the sink has written anything; only then the board is made anew, at most every
``EVERY_S``. ClickHouse out of reach is no reason to end: the last board stays, and its age is shown.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from threading import Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from hadir import clock, metrics, queries
from hadir.settings import Settings
from hadir.words import clock as clock_text
from wall.board import Arrival, Board, tile

T = TypeVar("T")
log = logging.getLogger("wall")

EVERY_S = 0.25
FLAGS_EVERY_S = 10.0
"""A sign of manipulation is found by quarters of an hour: nobody waits for its count within a second."""
KEPT = 40
"""Arrivals kept for who comes later; a screen shows fewer."""


class Source:
    """
    The board as it is now, and answers to single questions.

    Args:
        settings: of ClickHouse and the region's zone.
        publish: told of each new board, on the event loop.
        flags_every_s: how old the count of signs on a new board may be.
    """

    def __init__(
        self, settings: Settings, publish: Callable[[Board], None], flags_every_s: float = FLAGS_EVERY_S
    ) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._publish = publish
        self._client: Client | None = None
        self._lock = Lock()
        self._marker: datetime | None = None
        self._date: date | None = None
        self._known: set[tuple[str, str]] = set()
        self._arrivals: deque[Arrival] = deque(maxlen=KEPT)
        self._seen_until: datetime | None = None
        self._version = 0
        self._flags: dict[str, int] = {}
        self._flags_until = 0.0
        self._flags_every_s = flags_every_s
        self.board: Board | None = None

    def today(self) -> date:
        """The date of the region by hadir's clock."""
        return clock.today(self._zone)

    def now_text(self) -> str:
        """The region's time by hadir's clock, ``HH.MM``."""
        return f"{datetime.fromtimestamp(clock.now_ms() / 1000, self._zone):%H.%M}"

    def age_s(self) -> float | None:
        """Seconds of the machine since anything was last written to ClickHouse; None: nothing is known."""
        return None if self._marker is None else clock.system_ms() / 1000 - self._marker.timestamp()

    async def ask(self, question: Callable[[Client], T]) -> T:
        """Something of ``hadir.queries``, in a thread. Raises clickhouse_connect's ``Error``."""
        return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: Callable[[Client], T]) -> T:
        with self._lock:
            if self._client is None:
                self._client = queries.connect(self._settings)
            try:
                return question(self._client)
            except Error:
                with closing(self._client):
                    self._client = None
                raise

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            began = time.monotonic()
            try:
                await self.look()
            except Error as error:
                log.warning("ClickHouse does not answer: %s", type(error).__name__)
            await asyncio.sleep(max(0.05, EVERY_S - (time.monotonic() - began)))

    async def look(self) -> bool:
        """Make the board anew if there is anything new; returns whether."""
        marker = await self.ask(queries.marker)
        today = self.today()
        if marker == self._marker and today == self._date:
            return False
        with metrics.WALL_BOARD_SECONDS.time():
            self.board = await self.ask(lambda client: self._make(client, today))
        self._marker = marker
        self._publish(self.board)
        return True

    def _make(self, client: Client, today: date) -> Board:
        if today != self._date:
            self._date, self._seen_until = today, None
            self._known.clear()
            self._arrivals.clear()
        if time.monotonic() >= self._flags_until:
            self._flags = queries.open_flags(client)
            self._flags_until = time.monotonic() + self._flags_every_s
        tiles = {r["unit_id"]: tile(r, self._flags.get(r["unit_id"], 0)) for r in queries.offices(client, today)}
        devices = [d for d in queries.devices(client) if d["expected"]]
        silent = [self._silent(d) for d in devices if d["missed"]]
        self._arrived(client, today)
        self._version += 1
        return Board(
            self._version,
            today.isoformat(),
            tiles,
            dict(Counter(d["unit_id"] for d in devices)),
            silent,
            tuple(self._arrivals),
            len(self._known) - len(self._arrivals),
            self._flags,
        )

    def _arrived(self, client: Client, today: date) -> None:
        for row in queries.arrivals(client, today, self._seen_until, KEPT):
            self._seen_until = row["written_at"]
            key = (str(row["employee_id"]), row["in_time"])
            if key not in self._known:
                self._known.add(key)
                office = row["unit_name"] or row["unit_id"]
                at = clock_text(row["in_time"])
                self._arrivals.append(Arrival(row["unit_id"], office, row["name"] or "", at, int(row["late_m"])))

    def _silent(self, device: dict[str, Any]) -> dict[str, str]:
        since = device["silent_since"]
        return {
            "device": device["device_id"],
            "name": device["device_name"],
            "unit": device["unit_id"],
            "office": device["unit_name"],
            "since": "" if since is None else clock_text(f"{since.astimezone(self._zone):%Y-%m-%d %H:%M}"),
        }
