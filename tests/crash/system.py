"""The whole of hadir on this machine for one morning, every child with a folder of its own for crash points."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from aiokafka.errors import KafkaError

from hadir import clock
from hadir.cli.demo_alerts import write_channel
from hadir.cli.system import children, groups, install
from hadir.errors import NotAcknowledged
from hadir.lag import lags
from hadir.settings import Settings
from hadir.stack.child import Child, Restart
from hadir.stack.supervisor import Supervisor
from hadir.stack.waiting import free_ports
from producers.roster.load import run_import
from producers.simulator.city import DAY, make_city
from producers.simulator.judge import World
from producers.simulator.morning import make_morning
from producers.simulator.outings import Outing, make_outings
from producers.simulator.roster_files import write_change, write_roster
from producers.simulator.run import Progress, RunReport, run_city
from producers.simulator.truth import make_truth
from producers.simulator.world import City, Morning, clock_s, moment
from tests.crash.firm import firm_terminals
from tests.crash.hook import TimedHook

PARTITIONS = 4
SILENT_S = 6.0  # machine seconds without a word until a terminal is silent
LEAD_S = 0.5
ANCHOR = "clock.anchor"
HELD = ("gateway", "clock", "notify")
GIVE_UP_S = 24 * 3600  # clock seconds: a process that stands still for 10 s has missed half an hour of the morning
RUNS_ON = ("env", "-u", "HADIR_CLOCK_UNTIL")
"""Before a command: its clock does not stand in the end. `notify` waits by it before it tells an office again."""
QUICK = Restart(first_s=0.2, most_s=1.0)  # a schedule hits a child several times within its first healthy seconds
PHONE_POSTS = 1000  # the clock stands in the end: no phone's turn comes back then
HAND_OVER_S = 120.0  # machine seconds after the clock stands, until whoever still holds something is given up
SETTLE_S = 150.0
EPOCH = "crash"


@dataclass(frozen=True, slots=True)
class Scale:
    """
    How large and how fast a morning is.

    Attributes:
        begin, blows_until, end: local times HH:MM: the city's clock starts, no blow begins after, the clock stands. The
            last stretch gives terminals time to answer for themselves, however late they were let in.
        rate: clock seconds in one of the machine's.
    """

    people: int = 300
    terminals: int = 20
    begin: str = "06:00"
    blows_until: str = "08:50"
    end: str = "09:45"
    rate: float = 200.0


FULL = Scale()
SHORT = Scale(people=160, terminals=16, begin="07:22", blows_until="08:32", end="09:02", rate=220.0)


def make_settings(data: Path, **changes: Any) -> Settings:
    """Settings of a system of its own: folder, free ports, few partitions, frequent checkpoints."""
    kafka, controller, clickhouse, gateway, wall = free_ports(5)
    chosen: dict[str, Any] = {
        "data": data,
        "epoch": EPOCH,
        "partitions": PARTITIONS,
        "kafka": f"127.0.0.1:{kafka}",
        "kafka_controller_port": controller,
        "clickhouse": f"http://127.0.0.1:{clickhouse}",
        "gateway_port": gateway,
        "wall_port": wall,
        "checkpoint_s": 1.0,
        "notify_give_up_s": GIVE_UP_S,
        "gateway_phone_posts": PHONE_POSTS,
    }
    return Settings(**chosen | changes)


class Stack:
    """
    Supervisor and children: ``async with Stack(settings) as stack``.

    Args:
        twin: a stage that gets a second process, ``<stage>2``, held back until somebody starts it.
        change: has the last word on each child.
    """

    def __init__(
        self,
        settings: Settings,
        twin: str = "",
        held: Sequence[str] = (),
        change: Callable[[Child], Child] = lambda child: child,
    ) -> None:
        self.settings = settings
        self._twin = twin
        self._held = held
        self._change = change
        self.supervisor: Supervisor = None  # type: ignore[assignment]

    async def __aenter__(self) -> Stack:
        installed = await install(None)
        plan = await asyncio.to_thread(children, self.settings, installed)
        if self._twin:
            (stage,) = (child for child in plan if child.name == self._twin)
            plan.append(replace(stage, name=f"{self._twin}2", held=True))
        self.supervisor = Supervisor(self.settings.data.absolute(), [self._dressed(child) for child in plan])
        await self.supervisor.start()
        return self

    def _dressed(self, child: Child) -> Child:
        folder = self.folder(child.name)
        folder.mkdir(parents=True, exist_ok=True)
        restart = QUICK if child.restart.mode == "always" else child.restart
        env = child.env | {"HADIR_CRASH_DIR": str(folder)}
        held = child.held or child.name in self._held
        argv = [*RUNS_ON, *child.argv] if child.name == "notify" else child.argv
        return self._change(replace(child, argv=argv, env=env, restart=restart, held=held))

    def folder(self, name: str) -> Path:
        """Where a child looks for what it is to do to itself."""
        return self.settings.data.absolute() / "crash" / name

    async def ready(self, timeout_s: float = 150.0) -> None:
        """Wait until all that are not held are ready."""
        names = [name for name in self.supervisor.names if name not in self._held and not name.endswith("2")]
        await self.supervisor.ready(*names, timeout_s=timeout_s)

    async def settled(self, timeout_s: float = SETTLE_S) -> None:
        """
        Wait until every child is ready and nobody is behind, twice in a row.

        Raises:
            AssertionError: not in time; says who is behind.
        """
        found: list[str] = ["not looked yet"]
        calm = 0
        try:
            async with asyncio.timeout(timeout_s):
                while calm < 2:
                    found = await self._behind()
                    calm = 0 if found else calm + 1
                    await asyncio.sleep(0.4)
        except TimeoutError:
            raise AssertionError(f"not settled within {timeout_s:.0f} s: {'; '.join(found[:8])}") from None

    async def _behind(self) -> list[str]:
        supervisor = self.supervisor
        waits = [n for n in supervisor.names if supervisor.state(n) not in ("ready", "done", "stopped")]
        try:
            async with asyncio.timeout(10):
                found = await lags(self.settings.kafka, {g.id: g.reads for g in groups(self.settings)})
        except (KafkaError, TimeoutError, OSError) as error:
            return [*waits, f"Kafka: {type(error).__name__}"]
        return waits + [f"{lag.group} {lag.topic}/{lag.partition} {lag.behind} behind" for lag in found if lag.behind]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.supervisor.stop(deadline_s=8.0)


@dataclass
class Life:
    """
    A morning in a running stack: the made city, its truth, its phones, and who hears its alerts.

    Attributes:
        now, runs_on: the clock that all live by, and the same one that does not stand in the end.
    """

    stack: Stack
    city: City
    morning: Morning
    truth: dict[str, Any]
    outings: tuple[Outing, ...]
    scale: Scale
    now: clock.Clock = clock.system_ms
    runs_on: clock.Clock = clock.system_ms

    def __post_init__(self) -> None:
        self.hook = TimedHook(self.city, lambda: self.runs_on())

    @classmethod
    def make(cls, stack: Stack, scale: Scale, seed: int) -> Life:
        """A city for this seed; its truth is that of the moment at which the clock will stand."""
        city = make_city(seed, DAY, scale.people, scale.terminals)
        begin, end = (moment(city.day, clock_s(text)) for text in (scale.begin, scale.end))
        morning = replace(make_morning(city), start_ms=begin, end_ms=end)
        outings = make_outings(city, morning)
        return cls(stack, city, morning, make_truth(World(city, morning), outings), outings, scale)

    @property
    def blows_until_ms(self) -> int:
        """When the last blow may begin, by the city's clock."""
        return moment(self.city.day, clock_s(self.scale.blows_until))

    def share(self) -> float:
        """How much of the time for blows has passed, from 0 on."""
        return (self.now() - self.morning.start_ms) / (self.blows_until_ms - self.morning.start_ms)

    async def enter(self) -> None:
        """Import the roster, say where alerts go, start whoever lives by the clock, then the clock."""
        data = self.stack.settings.data
        write_channel(self.stack.settings, self.hook.port)
        write_roster(self.city, data / "roster")
        write_change(self.city, data / "change")
        await run_import(data / "roster", self.stack.settings, dry_run=False)
        anchor = data.absolute() / ANCHOR
        begin, end, rate = self.morning.start_ms, self.morning.end_ms, self.scale.rate
        self.now = clock.make_clock(rate, begin, anchor, end)
        self.runs_on = clock.make_clock(rate, begin, anchor)
        supervisor = self.stack.supervisor
        supervisor.update_environment(
            {
                "HADIR_CLOCK_RATE": str(rate),
                "HADIR_CLOCK_START": str(begin),
                "HADIR_CLOCK_ANCHOR": str(anchor),
                "HADIR_CLOCK_UNTIL": str(end),
                "HADIR_GATEWAY_SILENT_S": str(int(SILENT_S * rate)),
            }
        )
        for name in HELD:
            await supervisor.start_child(name)
        await supervisor.ready(*HELD, timeout_s=60)
        clock.write_anchor(anchor, clock.system_ms() + int(LEAD_S * 1000))

    async def live(self, progress: Callable[[Progress], None] | None = None) -> RunReport:
        """
        The city comes to work; returns when its clock stands and all have handed over what they held.

        Raises:
            TimeoutError: they have not, long after the clock stood.
        """
        settings = self.stack.settings
        later = max(self.city.later_at_ms, self.morning.start_ms)
        lasts_s = (self.morning.end_ms - self.now()) / 1000 / self.scale.rate
        with firm_terminals():
            async with asyncio.timeout(lasts_s + HAND_OVER_S):
                return await run_city(
                    self.city,
                    f"http://{settings.gateway_host}:{settings.gateway_port}",
                    self.now,
                    self.morning.end_ms,
                    rate=self.scale.rate,
                    morning=self.morning,
                    outings=self.outings,
                    progress=progress,
                    actions=[(later, self._enrol)],
                )

    async def _enrol(self) -> None:
        """The change of the roster in the middle of the morning; whoever enters it tries again until Kafka is there."""
        while True:
            try:
                await run_import(self.stack.settings.data / "change", self.stack.settings, dry_run=False)
            except (KafkaError, NotAcknowledged, OSError):
                await asyncio.sleep(0.5)
            else:
                return

    @property
    def day(self) -> Any:
        """The local date that is lived."""
        return self.city.day

    @property
    def eve(self) -> Any:
        """The date before."""
        return self.city.day - timedelta(days=1)
