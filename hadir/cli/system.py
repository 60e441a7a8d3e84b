"""The processes of a local hadir: what they are, in which order they start, how one sees that they are ready."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from rich.console import Console

from hadir.cli.answering import (
    clickhouse_answers,
    gateway_answers,
    kafka_address,
    kafka_answers,
    wall_answers,
)
from hadir.errors import Misconfigured
from hadir.settings import Settings
from hadir.stack import kafka
from hadir.stack.child import Child, Restart
from hadir.stack.supervisor import Supervisor
from schemas.topics import code_epoch, topics
from streams.sink.mapping import logs as sunk_logs

STAGES = ("distribute", "route", "cross", "judge", "alert")
MEASURED = ("gateway", "clock", *STAGES, "sink", "wall", "notify")
"""Processes with metrics; their ports are ``HADIR_METRICS_PORT`` and those that follow, in this order."""
ROOT = Path(__file__).parents[2]


class Group(NamedTuple):
    """A consumer group: its id and the topics it reads, with their partitions."""

    stage: str
    id: str
    reads: dict[str, int]


def groups(settings: Settings) -> list[Group]:
    """The consumer groups of the epoch in force."""
    epoch = settings.epoch or code_epoch()
    reads = {
        "distribute": ("reference",),
        "route": ("device_log", "phone_log"),
        "cross": ("link",),
        "judge": ("staff_log",),
        "alert": ("cutoff",),
        "sink": sunk_logs(),
        "notify": ("alert",),
    }
    return [
        Group(
            stage,
            f"hadir.{stage}.{epoch}",
            {topics()[log].name(epoch): topics()[log].partitions or settings.partitions for log in logs},
        )
        for stage, logs in reads.items()
    ]


def environment(settings: Settings) -> dict[str, str]:
    """
    The settings as variables, for children: what this process was given, and the epoch, so that all of them work in the
    same one even if a file of the code changes while they start.
    """
    return {
        f"HADIR_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if name in settings.model_fields_set and name != "data"
    } | {
        "HADIR_DATA": str(settings.data.absolute()),
        "HADIR_EPOCH": settings.epoch or code_epoch(),
        "PYTHONUNBUFFERED": "1",
    }


def children(settings: Settings, installed: kafka.KafkaInstall) -> list[Child]:
    """
    Everything that runs on one machine.

    ``prepare`` makes topics and tables at each start and ends; it waits for the servers by itself, loaded when they
    answer, because all others wait for what it makes. Workers, gateway and clock wait for Kafka by themselves as well;
    all are stopped before the servers that they use: without them they could only try until they are killed.
    """
    data = settings.data.absolute()
    host, port = kafka_address(settings)
    config = kafka.KafkaConfig(
        data / "kafka", port, settings.kafka_controller_port, host=host, quick=settings.kafka_quick
    )
    _, click_house, click_house_port = settings.clickhouse_address
    env = environment(settings)

    def python(name: str, module: str, *arguments: str, **rest: object) -> Child:
        argv = [sys.executable, "-m", module, *arguments]
        port = settings.metrics_port + MEASURED.index(name) if settings.metrics_port and name in MEASURED else 0
        own = env | {"HADIR_METRICS_PORT": str(port)}
        return Child(name, argv, own, cwd=ROOT, **rest)  # type: ignore[arg-type]

    found = [
        Child("kafka", kafka.prepare(installed, config), ready=kafka_answers(settings)),
        python(
            "clickhouse",
            "hadir.stack.clickhouse",
            *("--path", str(data / "clickhouse"), "--host", click_house),
            *("--port", str(click_house_port), "--user", settings.clickhouse_user),
            ready=clickhouse_answers(settings),
        ),
        python(
            "prepare",
            "hadir.cli.prepare",
            uses=("kafka", "clickhouse"),
            once=True,
            restart=Restart("on-failure", most=5),
        ),
        python(
            "gateway",
            "producers.sources.gateway",
            uses=("kafka",),
            ready=gateway_answers(settings),
        ),
        python("clock", "producers.sources.clock_ticks", uses=("kafka",), announces=True),
        python("distribute", "streams.agents", "distribute", uses=("kafka",), announces=True),
        python("route", "streams.agents", "route", uses=("kafka",), announces=True),
        python("cross", "streams.agents", "cross", uses=("kafka",), announces=True),
        python("judge", "streams.agents", "judge", uses=("kafka",), announces=True),
        python("alert", "streams.agents", "alert", uses=("kafka",), announces=True),
        python("sink", "streams.agents", "sink", after=("kafka", "clickhouse", "prepare"), announces=True),
        python("wall", "wall", after=("clickhouse", "prepare"), ready=wall_answers(settings)),
        python("notify", "notify", uses=("kafka", "clickhouse"), announces=True),
    ]
    return found


async def install(console: Console | None) -> kafka.KafkaInstall:
    """Kafka's jars and Java; the first time with downloads and a progress bar."""
    return await asyncio.to_thread(kafka.install, None, console)


class LocalSystem:
    """All processes under one supervisor in this process: ``async with LocalSystem(settings, console) as system``."""

    def __init__(self, settings: Settings, console: Console | None = None, held: Collection[str] = ()) -> None:
        """``held``: children that ``start`` starts later."""
        self._settings = settings
        self._console = console
        self._held = held
        self._supervisor: Supervisor | None = None

    @property
    def supervisor(self) -> Supervisor:
        """Its supervisor, within the block."""
        assert self._supervisor is not None
        return self._supervisor

    async def __aenter__(self) -> LocalSystem:
        installed = await install(self._console)
        plan = await asyncio.to_thread(children, self._settings, installed)
        plan = [replace(child, held=child.name in self._held) for child in plan]
        self._supervisor = Supervisor(self._settings.data.absolute(), plan)
        await self._supervisor.start()
        return self

    async def ready(self, timeout_s: float = 120.0) -> None:
        """Wait until all that are not held are ready. Raises ChildFailed, TimeoutError."""
        names = [name for name in self.supervisor.names if name not in self._held]
        await self.supervisor.ready(*names, timeout_s=timeout_s)

    async def start(self, timeout_s: float = 60.0) -> None:
        """Start what was held; wait until ready."""
        for name in self._held:
            await self.supervisor.start_child(name)
        await self.supervisor.ready(*self._held, timeout_s=timeout_s)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            await self._supervisor.stop()


async def daemon(settings: Settings) -> None:
    """Run until told to stop: what ``hadir up`` leaves behind. Raises Misconfigured when one runs already."""
    installed = await install(None)
    plan = await asyncio.to_thread(children, settings, installed)
    await Supervisor(settings.data.absolute(), plan).run()


if __name__ == "__main__":
    from hadir.settings import settings as configured

    try:
        asyncio.run(daemon(configured()))
    except Misconfigured as fault:
        sys.exit(str(fault))
    os._exit(0)
