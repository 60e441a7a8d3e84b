"""Alerts in a few words, and what a desk needs: a ledger in memory, a sender that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from notify.channels import Channel, Channels
from notify.desk import Desk
from notify.names import Called, Names

CUTOFF = 1_795_393_860_000  # 2026-11-23 07:31 in Jakarta
MINUTE = 60_000
DAY = 20_780


def alert(revision: int = 0, unit: str = "dikbud", **changes: Any) -> dict[str, Any]:
    """One absent of thirteen, raised at 07:32 and a minute later with each revision."""
    return {
        "unit_id": unit,
        "work_date": DAY,
        "cutoff_at": CUTOFF,
        "revision": revision,
        "kind": "raise",
        "raised_at": CUTOFF + (revision + 1) * MINUTE,
        "provisional": False,
        "unit_mode": "in_force",
        "timezone": "Asia/Jakarta",
        "counts": {"not_here": 1, "present": 12},
        "people": [{"employee_id": "ani", "state": "not_here"}],
        "withdrawn": [],
        "missing": [],
        "unheard": [],
        "epoch": "e1",
        "version": 5,
        **changes,
    }


def channel(
    name: str = "bkd", units: tuple[str, ...] = ("*",), url: str = "json://127.0.0.1:1", **more: Any
) -> Channel:
    """A channel for all units."""
    return Channel(name, url, frozenset(units), **more)


class Book:
    """A ledger in memory. ``limit``: as if the process ended before anything more than so many could be noted."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.notices: list[dict[str, Any]] = []
        self.limit = limit

    async def note(self, notice: Mapping[str, Any]) -> None:
        if len(self.notices) >= self.limit:
            await asyncio.Event().wait()
        self.notices.append(dict(notice))

    def outcomes(self) -> list[tuple[str, int, str]]:
        """Channel, revision, outcome, in the order of noting."""
        return [(n["channel"], n["revision"], n["outcome"]) for n in self.notices]


class Told:
    """A sender: keeps what it is given; ``takes`` says whether it takes it."""

    def __init__(self, takes: Callable[[int], bool] = lambda n: True) -> None:
        self.texts: list[str] = []
        self.kinds: list[str] = []
        self._takes = takes

    async def send(self, text: str, kind: str) -> bool:
        self.texts.append(text)
        self.kinds.append(kind)
        return self._takes(len(self.texts))


class Clock:
    """A clock that runs by itself: each look is a second later, so that waiting needs no waiting."""

    def __init__(self, now: int = CUTOFF + MINUTE, step: int = 1000) -> None:
        self.now = now
        self.step = step

    def __call__(self) -> int:
        self.now += self.step
        return self.now


def desk(
    senders: Mapping[str, Any],
    book: Book,
    now: Callable[[], int],
    *channels: Channel,
    per_minute: int = 60,
    ask: Callable[[Any, bool], Called] = lambda alert, people: Called("Dinas Pendidikan", {}, {}),
    wall: str = "",
) -> Desk:
    """A desk whose clock runs a thousand times as fast as the machine's."""
    return Desk(
        Channels(channels or (channel(),), wall),
        senders,
        Names(ask),
        book,
        per_minute=per_minute,
        give_up_s=3600,
        now=now,
        rate=100_000.0,
    )
