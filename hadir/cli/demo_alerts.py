"""The demo's own web hook: where its alerts arrive, through apprise, as they would anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from hadir.cli.demo_outcome import Count, Outcome
from hadir.settings import Settings
from notify.channels import FILE
from producers.simulator.alerts import alert_faults

PATH = "/alerts"
SHOWN = 3
MARKS = ("[SEMENTARA] ", "Ralat ")


def write_channel(settings: Settings, port: int) -> None:
    """The file of channels: one, for all offices."""
    path: Path = settings.data / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    wall = f"http://{settings.wall_host}:{settings.wall_port}"
    path.write_text(f'wall = "{wall}"\n[channels.demo]\nurl = "json://127.0.0.1:{port}{PATH}"\nunits = ["*"]\n')


class Hook:
    """``async with Hook(port, units)``: takes messages; ``units``: name -> unit id."""

    def __init__(self, port: int, units: Mapping[str, str]) -> None:
        self._port = port
        self._units = units
        self._runner: web.AppRunner | None = None
        self.messages: list[str] = []

    async def __aenter__(self) -> Hook:
        app = web.Application()
        app.router.add_post(PATH, self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        content: Any = await request.json()
        self.messages.append(str(content["message"]))
        return web.Response(text="ok\n")

    def lines(self) -> list[str]:
        """How many came, and the first lines of the last few."""
        heads = [message.splitlines()[0] for message in self.messages[-SHOWN:]]
        return [f"alerts {len(self.messages)}", *heads] if self.messages else []

    def unit(self, message: str) -> str:
        """Whose a message is: the office that it names."""
        head = message
        for mark in MARKS:
            head = head.removeprefix(mark)
        named = [name for name in self._units if head.startswith(f"{name} ")]
        return self._units[max(named, key=len)] if named else f"nobody's: {head[:40]}"

    def told(self) -> set[str]:
        """Offices that were told anything."""
        return {self.unit(message) for message in self.messages}

    def corrected(self) -> set[str]:
        """Offices that were told a *Ralat*."""
        return {self.unit(message) for message in self.messages if "Ralat " in message.splitlines()[0]}

    def compare(self, truth: Mapping[str, Any]) -> Outcome:
        """Hold what came against which offices must, and which may, have heard."""
        told, corrected, expected = self.told(), self.corrected(), truth["alerts"]
        must, may = set(expected["must"]), {*expected["must"], *expected["may"]}
        units = {
            unit: Count(unit in told, unit in must, unit in (may if unit in told else told)) for unit in told | must
        }
        about = f"alerts: {len(told)} offices told, {len(corrected)} of them a Ralat, in {len(self.messages)} messages"
        return Outcome(about, alert_faults(expected, told, corrected), {"diberi tahu": units})
