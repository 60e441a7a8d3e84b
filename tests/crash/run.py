"""One schedule from nothing to the verdict."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hadir.stack.supervisor import ChildFailed
from producers.simulator.run import Progress, RunReport
from tests.crash import check, check_alerts, check_notices, check_phones
from tests.crash.blows import Blows, Hit
from tests.crash.logs import Logs, read_logs
from tests.crash.places import Fault, Schedule
from tests.crash.system import HELD, Life, Scale, Stack, make_settings
from tests.crash.watch import Watch
from tests.oracle.oracle import horizon_of

FAILURES = (AssertionError, ChildFailed, TimeoutError)


@dataclass
class Outcome:
    """
    What a schedule did.

    Attributes:
        wrong: lines; empty: everything held.
        figures: name -> number.
    """

    schedule: Schedule
    hits: list[Hit] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def line(self) -> str:
        """The schedule in a line."""
        told = ", ".join(f"{name} {value:.0f}" for name, value in self.figures.items())
        verdict = "ok" if not self.wrong else f"{len(self.wrong)} WRONG"
        hits = f"{len(self.hits)} hit" + (f" ({len(self.missed)} not)" if self.missed else "")
        twin = f", two of {self.schedule.twin}" if self.schedule.twin else ""
        return f"#{self.schedule.number:02} {hits}{twin}: {verdict} in {self.seconds:.0f} s; {told}"


async def run_schedule(
    schedule: Schedule,
    scale: Scale,
    data: Path,
    progress: Callable[[Progress], None] | None = None,
    keep: bool = False,
) -> Outcome:
    """
    Start everything in ``data``, live the morning under the schedule's blows, wait until all is calm, check.

    Args:
        keep: leave the folder when something was wrong.
    """
    outcome = Outcome(schedule)
    begun = time.monotonic()
    shutil.rmtree(data, ignore_errors=True)
    try:
        async with Stack(make_settings(data), schedule.twin, HELD) as stack:
            await stack.ready()
            life = await asyncio.to_thread(Life.make, stack, scale, schedule.seed + schedule.number)
            async with life.hook:
                await life.enter()
                outcome.figures["up_s"] = time.monotonic() - begun
                await _live(life, outcome, progress)
    except FAILURES as error:
        outcome.wrong.append(f"{type(error).__name__}: {error}")
    except ExceptionGroup as several:  # while blows still fell
        failures, others = several.split(FAILURES)
        if others is not None:
            raise others from None
        outcome.wrong += [f"{type(error).__name__}: {error}" for error in failures.exceptions]
    finally:
        outcome.seconds = time.monotonic() - begun
        if not (keep and outcome.wrong):
            shutil.rmtree(data, ignore_errors=True)
    return outcome


async def _live(life: Life, outcome: Outcome, progress: Callable[[Progress], None] | None) -> None:
    stack, settings = life.stack, life.stack.settings
    if outcome.schedule.twin:
        await stack.supervisor.start_child(f"{outcome.schedule.twin}2")
    watch = Watch(settings)
    blows = Blows(stack, outcome.schedule, life.share, watch.look_now)
    try:
        async with watch, asyncio.TaskGroup() as tasks:
            striking = tasks.create_task(blows.run())
            report = await life.live(progress)
            await striking
    finally:
        outcome.hits, outcome.missed = blows.hits, blows.missed
    ended = time.monotonic()
    await stack.settled()
    outcome.figures["settled_s"] = time.monotonic() - ended
    outcome.wrong += watch.lines
    await _check(life, outcome, report)
    outcome.figures["looks"] = watch.looks


async def _check(life: Life, outcome: Outcome, report: RunReport) -> None:
    """Every check; what one finds does not keep the others from looking."""
    settings = life.stack.settings
    logs = await read_logs(settings)
    wrong = outcome.wrong
    wrong += check.nothing_lost(report, life.morning, logs)
    wrong += check.copies_made(logs, settings)
    wrong += check.nothing_set_aside(logs)
    wrong += await check.commits_behind(settings)
    expected = await asyncio.to_thread(check.Expected.of, logs)
    wrong += check.nobody_absent_in_haste(expected, logs, life.morning)
    wrong += await asyncio.to_thread(check.rows_follow, expected, settings)
    wrong += await asyncio.to_thread(check.facts_stored, logs, settings)
    wrong += await asyncio.to_thread(check.versions_agree, logs, settings)
    wrong += await asyncio.to_thread(check.truth_shown, life)
    wrong += check_phones.nothing_lost(report.phones, life.outings, life.morning.end_ms, logs)
    wrong += await asyncio.to_thread(check_phones.rows_follow, logs, settings)
    wrong += await _check_alerts(life, outcome, expected, logs)
    horizon = horizon_of(logs.reference)
    if horizon is None or horizon.at != life.morning.end_ms:
        wrong.append(f"the last tick is {horizon}, the clock stands at {life.morning.end_ms}")
    outcome.figures |= {
        "acks": len(report.acks),
        "punches": len(logs.punches),
        "in_log": sum(name == "punch" for name, _ in logs.facts),
        "pings": len(report.phones.pings),
        "in_phone_log": len(logs.of_kind("ping")),
        "presence": len(expected.presence),
        "flagged": len(expected.flags),
        "alerts": len(logs.derived["alert"]),
        "messages": len(life.hook.came),
        "rows": len(logs.derived["attendance"]),
        "refused": report.counts.refused,
        "gone": report.counts.gone,
    }


async def _check_alerts(life: Life, outcome: Outcome, expected: check.Expected, logs: Logs) -> list[str]:
    """From the recount of each cutoff to what the channel was told."""
    settings, alerts, ledger = life.stack.settings, logs.derived["alert"], logs.derived["notice"]
    horizon = life.morning.end_ms
    lines = check_alerts.last_words(expected.attendance.values(), logs.cutoff, horizon)
    lines += check_alerts.recounted(logs.cutoff, alerts, settings.partitions)
    lines += check_alerts.ends_right(logs.cutoff, alerts, horizon)
    lines += await asyncio.to_thread(check.told_stored, logs, settings)
    crashes = life.stack.supervisor.restarts("notify")
    outcome.figures["notify_restarts"] = crashes
    return lines + check_notices.told(alerts, ledger, life.hook.came, crashes)
