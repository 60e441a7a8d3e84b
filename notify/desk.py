"""
From alerts to messages: one worker a channel, each message sent before it is noted, noted before the next.

A crash between the two repeats that message, at most one a channel. Whatever happens, an office hears at most once a
minute on a channel, and all channels together send at most the settings' number a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from hadir import metrics
from hadir.clock import Clock
from hadir.crashpoint import reach
from notify.channels import Channel, Channels
from notify.line import Alert, Cap, Key, Line, Message, key_of
from notify.names import Names
from notify.sending import Sender
from notify.text import text

log = logging.getLogger("hadir.notify")

DAY_MS = 86_400_000
REMEMBERED_MS = 7 * DAY_MS
NAP_S = 0.01
LEAVE_S = 10.0

Place = tuple[int, int]  # partition and offset of an alert


class Ledger(Protocol):
    """Where it is noted what became of an alert on a channel."""

    async def note(self, notice: Mapping[str, Any]) -> None:
        """Returns when it is durable, however long that takes."""
        ...


class Progress:
    """Through which offset of each partition everything is settled."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._open: dict[int, dict[int, int]] = {}

    def begin(self, place: Place, count: int) -> None:
        """A record whose ``count`` deliveries are to be settled."""
        partition, offset = place
        self._next[partition] = max(offset + 1, self._next.get(partition, 0))
        if count:
            self._open.setdefault(partition, {})[offset] = count

    def settle(self, place: Place) -> None:
        """One of its deliveries is."""
        partition, offset = place
        waiting = self._open[partition]
        waiting[offset] -= 1
        if not waiting[offset]:
            del waiting[offset]

    def settled(self) -> dict[int, int]:
        """Partition -> offset of the first record that is not settled."""
        return {p: min(self._open.get(p) or (end,)) for p, end in self._next.items()}


class Desk:
    """
    Args:
        senders: by channel's name.
        give_up_s: clock seconds after which an alert is not sent any more.
        now, rate: hadir's clock, and how many of its seconds pass in one of the machine's.
    """

    def __init__(
        self,
        channels: Channels,
        senders: Mapping[str, Sender],
        names: Names,
        ledger: Ledger,
        *,
        per_minute: int,
        give_up_s: int,
        now: Clock,
        rate: float = 1.0,
    ) -> None:
        self.progress = Progress()
        self._channels = channels
        self._senders = senders
        self._names = names
        self._ledger = ledger
        self._cap = Cap(per_minute)
        self._now = now
        self._rate = rate
        self._lines = {channel.name: Line(give_up_s * 1000) for channel in channels.all}
        self._changed = {channel.name: asyncio.Event() for channel in channels.all}
        self._told: dict[tuple[Key, str], tuple[int, int]] = {}  # highest revision noted, and when
        self._places: dict[tuple[Key, int, str], Place] = {}
        self._delivering: set[asyncio.Task[None]] = set()
        self._swept_at = 0

    def remember(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """What the ledger says, before the first alert."""
        for notice in notices:
            self._note_down(key_of(notice), notice["channel"], notice["revision"], notice["noted_at"])
            line = self._lines.get(notice["channel"])
            if notice["outcome"] == "sent" and line is not None:
                line.told(notice["unit_id"], notice["noted_at"])
                if notice["noted_at"] > self._now() - 60_000:
                    self._cap.take(notice["noted_at"])

    def _note_down(self, key: Key, channel: str, revision: int, at: int) -> None:
        held = self._told.get((key, channel), (-1, at))
        self._told[key, channel] = max(held[0], revision), at

    def take(self, place: Place, alert: Alert) -> None:
        """An alert from the log: it waits in the line of every channel that wants it and has not had it."""
        key, revision = key_of(alert), alert["revision"]
        wanting = [
            channel.name
            for channel in self._channels.all
            if channel.wants(alert["unit_id"])
            and revision > self._told.get((key, channel.name), (-1, 0))[0]
            and (key, revision, channel.name) not in self._places
        ]
        self.progress.begin(place, len(wanting))
        for name in wanting:
            self._places[key, revision, name] = place
            self._lines[name].put(alert)
            self._show(name)
            self._changed[name].set()
        self._sweep()

    def _sweep(self) -> None:
        """Forget what nobody will ask for again."""
        now = self._now()
        if now - self._swept_at > DAY_MS:
            self._swept_at = now
            old = [which for which, (_, at) in self._told.items() if at < now - REMEMBERED_MS]
            for which in old:
                del self._told[which]

    def _show(self, channel: str) -> None:
        metrics.NOTIFY_WAITING.labels(channel).set(len(self._lines[channel]))

    async def run(self) -> None:
        """Serve all channels until cancelled; a message that is under way is noted first."""
        try:
            await asyncio.gather(*(self._serve(channel) for channel in self._channels.all))
        finally:
            if self._delivering:
                await asyncio.wait(self._delivering, timeout=LEAVE_S)

    async def _serve(self, channel: Channel) -> None:
        line, changed = self._lines[channel.name], self._changed[channel.name]
        while True:
            changed.clear()
            now = self._now()
            for alert, outcome, tries in line.expired(now):
                await self._note(channel, alert, outcome, alert["kind"], tries)
            message, free = line.next(now), self._cap.free_at(now)
            if message is not None and free <= now:
                self._cap.take(now)
                task = asyncio.create_task(self._deliver(channel, line, message))
                self._delivering.add(task)
                task.add_done_callback(self._delivering.discard)
                await asyncio.shield(task)
                continue
            wake = line.next_at(now) if message is None else free
            pause = None if wake is None else max(NAP_S, (wake - now) / 1000 / self._rate)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), pause)

    async def _deliver(self, channel: Channel, line: Line, message: Message) -> None:
        called = await self._names.of(message.newest, channel.names)
        names = called.people if channel.names else None
        try:
            words = text(
                message, called.office, called.terminals, channel.language, names=names, wall=self._channels.wall
            )
        except Exception:  # one alert that can't be told must not keep all others
            log.exception("an alert of %s can't be put into words", message.newest["unit_id"])
            line.drop(message)
            for alert in message.alerts:
                await self._note(channel, alert, "given_up", message.kind, message.tries)
            return
        if not await self._senders[channel.name].send(words, message.kind):
            metrics.NOTIFY_FAILED.labels(channel.name).inc()
            line.failed(message, self._now())
            return
        reach("notice.sent")
        line.sent(message, self._now())
        for alert in reversed(message.alerts):  # the newest first: it stands for those before it
            outcome = "sent" if alert is message.newest else "merged"
            await self._note(channel, alert, outcome, message.kind, message.tries)
        reach("notice.noted")

    async def _note(self, channel: Channel, alert: Alert, outcome: str, kind: str, tries: int) -> None:
        key, revision, now = key_of(alert), alert["revision"], self._now()
        await self._ledger.note(
            {
                "unit_id": key[0],
                "work_date": key[1],
                "cutoff_at": key[2],
                "revision": revision,
                "channel": channel.name,
                "outcome": outcome,
                "kind": kind,
                "tries": tries,
                "noted_at": now,
            }
        )
        metrics.NOTICES.labels(channel.name, outcome).inc()
        self._note_down(key, channel.name, revision, now)
        self.progress.settle(self._places.pop((key, revision, channel.name)))
        self._show(channel.name)
