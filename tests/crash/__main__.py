"""
``python -m tests.crash``: schedules that together kill and stop every process at every step, held against the oracle.

Ends with 1 when anything differs, or when a step was never hit. Writes ``benchmarks/results/<date>-crash.md``.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import gettempdir

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from producers.simulator.run import Progress
from producers.simulator.world import local_text
from tests.crash import check
from tests.crash.places import Fault, Schedule, carried, schedules, wanted
from tests.crash.run import Outcome, run_schedule
from tests.crash.system import FULL, Scale

COUNT = 20
MINUTES = 60.0
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
SAMPLE_S = 1.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seed", default=1, show_default=True, help="Of the schedules and of the cities.")
@click.option("--only", multiple=True, type=int, help="Numbers of schedules to run; none: all.")
@click.option("--minutes", default=MINUTES, show_default=True, help="No schedule begins that could end later.")
@click.option("--keep/--no-keep", default=True, help="Leave the folder of a schedule that went wrong.")
@click.option("--result/--no-result", default=True, help="Write the dated result file.")
def main(seed: int, only: tuple[int, ...], minutes: float, keep: bool, result: bool) -> None:
    """Run the schedules, a line for each."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    outcomes = asyncio.run(_all(console, seed, set(only), minutes, keep))
    lines = _summary(seed, outcomes, whole=not only)
    for line in lines:
        console.print(line, markup=False, highlight=False)
    if result:
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{date.today().isoformat()}-crash.md"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        console.print(f"written: {path}")
    wrong = any(outcome.wrong for outcome in outcomes)
    unhit = not only and bool(_unhit(outcomes))
    raise SystemExit(1 if wrong or unhit else 0)


async def _all(console: Console, seed: int, only: set[int], minutes: float, keep: bool) -> list[Outcome]:
    """All schedules one after the other; what one did not come to is left to the next, at last to one of its own."""
    plan = [schedule for schedule in schedules(seed, COUNT) if not only or schedule.number in only]
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    missed: list[Fault] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("crash", total=len(plan))
        while plan or (missed and not only):
            slowest = max((outcome.seconds for outcome in outcomes), default=0.0)
            if time.monotonic() - begun + slowest > minutes * 60:
                break
            number = len(outcomes)
            schedule = plan.pop(0) if plan else Schedule(number, seed, ())

            def show(now: Progress, number: int = schedule.number) -> None:
                text = f"#{number:02} {local_text(now.at_ms)[11:16]}  {now.delivered} of {now.planned} punches"
                bar.update(task, description=text)

            data = Path(gettempdir()) / f"hadir-crash-{os.getpid()}" / f"{schedule.number:02}"
            outcome = await run_schedule(carried(schedule, missed), FULL, data, show, keep)
            missed = outcome.missed
            outcomes.append(outcome)
            bar.update(task, advance=1, description="crash")
            console.print(outcome.line, markup=False, highlight=False)
            for line in check.shortened(outcome.wrong):
                console.print(f"    {line}", markup=False, highlight=False, style="red")
            if keep and outcome.wrong:
                console.print(f"    logs: {data / 'logs'}", markup=False, highlight=False)
    return outcomes


def _unhit(outcomes: list[Outcome]) -> list[str]:
    """Places and actions that nothing has hit."""
    fell = {(hit.fault.place, hit.fault.action) for outcome in outcomes for hit in outcome.hits}
    return [f"{action} {place}" for place, action in wanted() if (place, action) not in fell]


def _summary(seed: int, outcomes: list[Outcome], whole: bool) -> list[str]:
    """The result file."""
    hits = [hit for outcome in outcomes for hit in outcome.hits]
    kills = sum(hit.fault.action == "kill" for hit in hits)
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    unhit = _unhit(outcomes)
    lines = [
        f"# Crash schedules, {date.today().isoformat()}",
        "",
        f"`python -m tests.crash --seed {seed}`, {platform.machine()}, {os.cpu_count()} cores; load of the last five "
        f"minutes {os.getloadavg()[1]:.1f}.",
        _scale(FULL),
        "",
        f"{len(outcomes)} schedules in {sum(o.seconds for o in outcomes) / 60:.0f} minutes: {len(hits)} blows fell "
        f"({kills} SIGKILL, {len(hits) - kills} SIGSTOP of 10 s and more); {wrong} schedules with a difference.",
        f"{len(wanted()) - len(unhit)} of {len(wanted())} places hit.",
        "",
        "| schedule | blows | two of | seconds | acknowledged | punches in log | rows written | pings taken | in log "
        "| alerts | messages | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for o in outcomes:
        get = o.figures.get
        lines.append(
            f"| {o.schedule.number:02} | {len(o.hits)} | {o.schedule.twin} | {o.seconds:.0f} | {get('acks', 0):.0f} | "
            f"{get('in_log', 0):.0f} | {get('rows', 0):.0f} | {get('pings', 0):.0f} | {get('in_phone_log', 0):.0f} | "
            f"{get('alerts', 0):.0f} | {get('messages', 0):.0f} | {'ok' if not o.wrong else f'{len(o.wrong)} wrong'} |"
        )
    for o in outcomes:
        if o.wrong:
            lines += [
                "",
                f"## Wrong in schedule {o.schedule.number:02}",
                "",
                *[f"- {x}" for x in check.shortened(o.wrong)],
            ]
    if whole and unhit:
        lines += ["", "## Never hit", "", *[f"- {text}" for text in unhit]]
    lines += ["", "## What fell, by place", "", "| place | kill | stop |", "|---|---|---|"]
    counts: dict[str, dict[str, int]] = {}
    for hit in hits:
        counts.setdefault(str(hit.fault.place), {"kill": 0, "stop": 0})[hit.fault.action] += 1
    lines += [f"| {place} | {count['kill']} | {count['stop']} |" for place, count in sorted(counts.items())]
    return lines


def _scale(scale: Scale) -> str:
    return (
        f"Each: {scale.people} people, {scale.terminals} terminals, {scale.begin} to {scale.end} at {scale.rate:.0f} "
        f"clock seconds a second, everything real and from nothing; then every table and message held against oracles."
    )


if __name__ == "__main__":
    main()
