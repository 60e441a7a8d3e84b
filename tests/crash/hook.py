"""The web hook to which the alerts of a schedule are told, and when each came."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from hadir.cli.demo_alerts import Hook
from hadir.stack.waiting import free_ports
from producers.simulator.world import City


class TimedHook(Hook):
    """
    ``async with TimedHook(city, now) as hook``; a message may call its office by its id, as it does without ClickHouse.

    Attributes:
        port: where it listens.
        came: (unit, moment by the city's clock, whether it says *Ralat*) of each message, in order of arrival.
    """

    def __init__(self, city: City, now: Callable[[], int]) -> None:
        (self.port,) = free_ports(1)
        super().__init__(self.port, {word: u.unit_id for u in city.units for word in (u.name, u.unit_id)})
        self._now = now
        self.came: list[tuple[str, int, bool]] = []

    async def _take(self, request: web.Request) -> web.Response:
        answer = await super()._take(request)
        message = self.messages[-1]  # nothing waits in between
        self.came.append((self.unit(message), self._now(), "Ralat " in message.splitlines()[0]))
        return answer
