"""What units, terminals and people are called, asked of ClickHouse at the moment of sending: no log carries a name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from typing import NamedTuple

from hadir import queries
from hadir.settings import Settings
from hadir.words import RANK
from notify.line import Alert

log = logging.getLogger("hadir.notify")

ASK_S = 5.0
SAID = frozenset(("not_here", "absent", "unexplained", "undetermined", "awaited"))


class Called(NamedTuple):
    """Names for one message; ``people``: state -> names, empty where nobody is named."""

    office: str
    terminals: dict[str, str]
    people: dict[str, list[str]]


class _Known(NamedTuple):
    """Names of units and terminals on a day, by id; replaced whole, for several threads look at it."""

    day: date
    units: dict[str, str]
    terminals: dict[str, str]


Ask = Callable[[Alert, bool], Called]


class Names:
    """Asks, and does without when there is no answer: an alert is worth more than a name."""

    def __init__(self, ask: Ask, ask_s: float = ASK_S) -> None:
        self._ask = ask
        self._ask_s = ask_s

    async def of(self, alert: Alert, people: bool) -> Called:
        """Names for an alert; ``people``: those of persons too."""
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._ask, alert, people), self._ask_s)
        except Exception as error:
            log.warning("no names from ClickHouse: %s", type(error).__name__)
            return Called(alert["unit_id"], {}, {})


def asker(settings: Settings) -> Ask:
    """Asks the views; what units and terminals are called on a date is asked once for all."""
    known = _Known(date.min, {}, {})

    def ask(alert: Alert, people: bool) -> Called:
        nonlocal known
        day = date(1970, 1, 1) + timedelta(days=alert["work_date"])
        unit_id, device_ids = alert["unit_id"], [t["device_id"] for t in alert["missing"]]
        held, named = known, dict[str, str]()
        fresh = day == held.day and unit_id in held.units and all(d in held.terminals for d in device_ids)
        if people or not fresh:
            with closing(queries.connect(settings)) as client:
                if not fresh:
                    units = {unit_id: unit_id} | queries.unit_names(client, day)
                    terminals = {d: d for d in device_ids} | queries.terminal_names(client)
                    known = held = _Known(day, units, terminals)
                if people:
                    named = queries.person_names(client, [p["employee_id"] for p in alert["people"]])
        return Called(held.units[unit_id], held.terminals, by_state(alert, named))

    return ask


def by_state(alert: Alert, named: dict[str, str]) -> dict[str, list[str]]:
    """Names of those who are absent or in doubt, by state in the order of the screen."""
    found: dict[str, list[str]] = {}
    for state in RANK:
        names = [named[p["employee_id"]] for p in alert["people"] if p["state"] == state and p["employee_id"] in named]
        if names and state in SAID:
            found[state] = sorted(names)
    return found
