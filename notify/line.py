"""
What waits for one channel, and what goes next. Pure: moments are given, milliseconds UTC by hadir's clock.

A message tells one office's cutoff. Revisions that wait together are told together: the newest in full, and that
absences were withdrawn if any of them says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MINUTE_MS = 60_000
MOST_TRIES = 5  # a channel that delivers and never answers repeats itself no more often
FIRST_PAUSE_MS, LAST_PAUSE_MS = 15_000, 960_000  # four times as long after each failure

Alert = Mapping[str, Any]
Key = tuple[str, int, int]  # unit, work date, cutoff


def key_of(alert: Alert) -> Key:
    """Whose cutoff it is."""
    return alert["unit_id"], alert["work_date"], alert["cutoff_at"]


@dataclass(frozen=True)
class Message:
    """Revisions of one cutoff that are told together, oldest first."""

    alerts: tuple[Alert, ...]
    tries: int

    @property
    def newest(self) -> Alert:
        """The one that is told in full."""
        return self.alerts[-1]

    @property
    def kind(self) -> str:
        """``correction`` when any of them is."""
        return "correction" if any(alert["kind"] == "correction" for alert in self.alerts) else "raise"

    @property
    def withdrawn(self) -> frozenset[str]:
        """All whose absence they take back."""
        return frozenset(who for alert in self.alerts for who in alert["withdrawn"])


class Cap:
    """At most so many messages within a minute, over all channels."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._taken: deque[int] = deque()

    def free_at(self, now: int) -> int:
        """The moment from which one more may go."""
        while self._taken and self._taken[0] <= now - MINUTE_MS:
            self._taken.popleft()
        return now if len(self._taken) < self._per_minute else self._taken[0] + MINUTE_MS

    def take(self, now: int) -> None:
        """One goes."""
        self._taken.append(now)


@dataclass
class Line:
    """
    Args:
        give_up_ms: how long after it was raised an alert is still told.
    """

    give_up_ms: int
    _waiting: dict[Key, list[Alert]] = field(default_factory=dict)
    _tries: dict[Key, int] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)  # unit -> when something was last sent, or tried
    _failures: int = 0
    _pause_until: int = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, alert: Alert) -> None:
        """An alert to be told; one that waits already changes nothing."""
        waiting = self._waiting.setdefault(key_of(alert), [])
        if all(alert["revision"] != other["revision"] for other in waiting):
            waiting.append(alert)
            waiting.sort(key=lambda other: int(other["revision"]))

    def told(self, unit_id: str, at: int) -> None:
        """Something was sent to that office at that moment: the next waits for a minute."""
        self._told[unit_id] = max(at, self._told.get(unit_id, at))

    def expired(self, now: int) -> list[tuple[Alert, str, int]]:
        """Alerts that are too late by now, taken out: ``too_old`` when they were never tried, else ``given_up``."""
        gone = []
        for key, waiting in list(self._waiting.items()):
            tries = self._tries.get(key, 0)
            late = [alert for alert in waiting if alert["raised_at"] + self.give_up_ms <= now or tries >= MOST_TRIES]
            gone += [(alert, "given_up" if tries else "too_old", tries) for alert in late]
            self._leave(key, [alert for alert in waiting if alert not in late])
        return gone

    def _leave(self, key: Key, waiting: list[Alert]) -> None:
        if waiting:
            self._waiting[key] = waiting
        else:
            self._waiting.pop(key, None)
            self._tries.pop(key, None)

    def next(self, now: int) -> Message | None:
        """What may go now: of offices whose minute is over the one that has waited longest."""
        if now < self._pause_until:
            return None
        free = [key for key in self._waiting if self._told.get(key[0], now - MINUTE_MS) + MINUTE_MS <= now]
        if not free:
            return None
        key = min(free, key=lambda key: (self._tries.get(key, 0), self._waiting[key][0]["raised_at"], key))
        return Message(tuple(self._waiting[key]), self._tries.get(key, 0) + 1)

    def next_at(self, now: int) -> int | None:
        """The moment at which something may go or be too late; None: nothing waits."""
        if not self._waiting:
            return None
        turn = min(self._told.get(unit, now - MINUTE_MS) + MINUTE_MS for unit, _, _ in self._waiting)
        late: int = min(alert["raised_at"] + self.give_up_ms for waiting in self._waiting.values() for alert in waiting)
        return max(now, min(late, max(self._pause_until, turn)))

    def sent(self, message: Message, now: int) -> None:
        """It went out."""
        self._failures, self._pause_until = 0, 0
        self._done(message, now)
        self.drop(message)

    def drop(self, message: Message) -> None:
        """It waits no longer."""
        key = key_of(message.newest)
        self._leave(key, [alert for alert in self._waiting[key] if alert not in message.alerts])

    def failed(self, message: Message, now: int) -> None:
        """It did not, or nobody knows: the channel pauses, longer each time."""
        self._pause_until = now + min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 4**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._done(message, now)
        self._tries[key_of(message.newest)] = message.tries

    def _done(self, message: Message, now: int) -> None:
        for unit in [unit for unit, at in self._told.items() if at + MINUTE_MS <= now]:
            del self._told[unit]
        self.told(message.newest["unit_id"], now)
