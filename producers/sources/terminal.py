"""
What the gateway knows of one terminal: contact, silence, drift, and how far it has delivered.

No I/O and no clock of its own: every call is given the moment (milliseconds UTC).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from producers.protocols.adms import SOURCE

RETRY_MS = 15_000  # a terminal polls when it is idle: one that polls again so much later has lost the command
RETRY_MAX_MS = 900_000
DRIFT_SAMPLES = 20
DRIFT_STEP_MS = 30_000
ANSWERING_MS = 120_000  # so long after a command was handed out, a post may be its answer and old
OUTSTANDING = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One range command as it was handed out: when, and how many posts had failed by then."""

    at: int
    faults: int


@dataclass(slots=True)
class Terminal:
    """
    One terminal of the allow-list. Moments are milliseconds UTC.

    Attributes:
        device_id: serial number.
        since: when the gateway began to listen to it.
        last_contact: the last request of any kind; None: none since then.
        state: as last established; None: not yet.
        silent_since: last contact before the silence.
        delivered_through: everything punched before is acknowledged by Kafka; None: unknown.
        posts: ATTLOG posts being worked on; each future ends with whether it was acknowledged.
        faults: ATTLOG posts that failed: not acknowledged, torn, refused.
        asked: range commands handed out and not answered, by id.
        answered: range commands whose answer is being checked.
    """

    device_id: str
    since: int
    last_contact: int | None = None
    state: Literal["online", "silent"] | None = None
    silent_since: int | None = None
    delivered_through: int | None = None
    posts: set[asyncio.Future[bool]] = field(default_factory=set)
    faults: int = 0
    asked: dict[str, Asked] = field(default_factory=dict)
    _heard: int | None = None
    _instant: int = 0
    _attempts: int = 0
    _next_ask: int = 0
    _lags: deque[int] = field(default_factory=lambda: deque(maxlen=DRIFT_SAMPLES))
    _told: tuple[Any, ...] | None = None
    _told_drift: int | None = None
    _observed_at: int = 0

    def contact(self, at: int, listened: int) -> None:
        """The terminal was heard. ``listened``: see ``check_silence``."""
        self.last_contact, self._heard = at, listened
        self.state, self.silent_since = "online", None

    def check_silence(self, listened: int, silent_ms: int) -> None:
        """
        Call it silent when nothing was heard for longer than ``silent_ms``.

        Args:
            listened: a clock (milliseconds) that stands still while the gateway does: its own standstill is no
                terminal's silence.
        """
        # heard in the moment between a standstill and its discovery, when that clock was still ahead
        self._heard = listened if self._heard is None else min(self._heard, listened)
        if self.state != "silent" and listened - self._heard > silent_ms:
            self.state = "silent"
            self.silent_since = self.since if self.last_contact is None else self.last_contact

    # -- completeness

    def wants_range(self, instant: int | None, at: int) -> bool:
        """
        Whether to hand out a range command now.

        Args:
            instant: the last moment after which the terminal must be asked (``Region.due``).

        Asked again after 15 s, then twice as long each time up to 15 minutes, until it has answered.
        """
        if instant is None or (self.delivered_through is not None and self.delivered_through >= instant):
            return False
        if instant != self._instant:
            self._instant, self._attempts, self._next_ask = instant, 0, 0
        return at >= self._next_ask

    def hand_out(self, command_id: str, at: int) -> None:
        """A range command was given to the terminal."""
        while len(self.asked) >= OUTSTANDING:
            del self.asked[next(iter(self.asked))]
        self.asked[command_id] = Asked(at, self.faults)
        self._next_ask = at + min(RETRY_MS << min(self._attempts, 10), RETRY_MAX_MS)
        self._attempts += 1

    def restarted(self) -> None:
        """The terminal has started anew: what it was asked is lost, and it may be asked at once."""
        self.asked.clear()
        self._next_ask = 0

    def take_answer(self, command_id: str) -> Asked | None:
        """The command that an answer belongs to; None: not ours, of an earlier run, or answered before."""
        return self.asked.pop(command_id, None)

    def vouch(self, asked: Asked) -> bool:
        """
        Take a command as fulfilled: all that was posted up to its answer is acknowledged.

        Returns:
            False when a post failed since it was handed out: the answer may lack records, so it is asked again.
        """
        if asked.faults != self.faults:
            return False
        self.delivered_through = max(self.delivered_through or 0, asked.at)
        for command_id in [c for c, other in self.asked.items() if other.at <= asked.at]:
            del self.asked[command_id]
        return True

    # -- drift

    def saw_punch(self, received_at: int, punched_at: int) -> None:
        """
        Measure the clock by a punch that was just made: not by what answers a range command.

        Args:
            punched_at: the terminal's time of the newest punch in a post, read in its zone.
        """
        newest = next(reversed(self.asked.values()), None)
        if newest is None or received_at - newest.at > ANSWERING_MS:
            self._lags.append(received_at - punched_at)

    @property
    def drift_ms(self) -> int | None:
        """Smallest lag of the last 20 posts: receive clock minus device clock; None: not measured."""
        return min(self._lags, default=None)

    # -- what is told

    def remember(self, status: dict[str, Any]) -> None:
        """Take over a ``device_status`` that an earlier run wrote (given in order of the log)."""
        self._observed_at = max(self._observed_at, status["observed_at"])
        if status["delivered_through"] is not None:
            self.delivered_through = max(self.delivered_through or 0, status["delivered_through"])
        if status["drift_ms"] is not None:
            self._told_drift = status["drift_ms"]
        self.state, self.silent_since = status["state"], status["silent_since"]
        self._told = (self.state, self.silent_since, self.delivered_through)

    def news(self) -> bool:
        """Whether something is to be told that no acknowledged status says."""
        if self.state is None:
            return False
        if self._told != (self.state, self.silent_since, self.delivered_through):
            return True
        drift = self.drift_ms
        return drift is not None and (self._told_drift is None or abs(drift - self._told_drift) > DRIFT_STEP_MS)

    def status(self, at: int) -> dict[str, Any]:
        """The ``device_status`` as of now; ``observed_at`` rises with every call, it is part of the identity."""
        self._observed_at = max(at, self._observed_at + 1)
        drift = self.drift_ms
        return {
            "device_id": self.device_id,
            "observed_at": self._observed_at,
            "state": self.state,
            "silent_since": self.silent_since,
            "delivered_through": self.delivered_through,
            "drift_ms": self._told_drift if drift is None else drift,
            "source": SOURCE,
        }

    def told(self, status: dict[str, Any]) -> None:
        """Kafka has acknowledged this status."""
        self._told = (status["state"], status["silent_since"], status["delivered_through"])
        self._told_drift = status["drift_ms"]
