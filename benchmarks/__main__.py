"""
``python -m benchmarks [NAME ...]``: measure, print, and leave ``benchmarks/results/<date>-<name>.json``.

Names: ``empty`` ``drain`` ``steady`` ``highest`` ``cutoff`` ``stock`` ``door`` ``wall`` (needs Chromium) ``year``; all
of them unless named. ``--short`` makes each a trial of the machinery, whose figures mean little and are not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import psutil

from benchmarks import door, empty_agent, wall, year
from benchmarks.system import (
    Bench,
    cutoff,
    drain,
    probe_ms,
    region_before_cutoff,
    region_now,
    running,
    stamp,
    steady,
    stock,
)
from hadir.stack.local import local_kafka

RESULTS = Path(__file__).parent / "results"
PEOPLE = 200_000
WARM_S = 120  # everybody's phone is new to the system in the first ten seconds of it, and Java's code is cold
WALL_PEOPLE = 5_000  # twelve minutes of punches, each by somebody else
DOOR_PEOPLE = 25_000  # at 1,000 terminals
HIGHEST = (15_000, 20_000, 25_000, 30_000, 35_000, 40_000, 45_000, 50_000)


def conditions() -> dict[str, Any]:
    """The machine, and how busy it was with other things."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "load_average_before": os.getloadavg(),
        "probe_ms": probe_ms(),
    }


def keep(name: str, result: Any, before: dict[str, Any], short: bool) -> None:
    """Print a result and leave it, unless it is of a trial, as a dated file."""
    text = json.dumps({"conditions": before, "result": result}, indent=1)
    if not short:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{stamp()}-{name}.json").write_text(text + "\n")
    print(name, text, flush=True)


async def highest(bench: Bench, seconds: float, warm_s: float) -> list[dict[str, Any]]:
    """Rates upwards until p99 passes a second; ``warm_s`` before the first of them."""
    found: list[dict[str, Any]] = []
    for rate in HIGHEST:
        result = await steady(bench, rate, seconds, 30.0 if found else warm_s)
        found.append({k: result[k] for k in ("rate", "sent_per_s", "punch_ms", "cores", "generator_cores")})
        if result["punch_ms"]["p99"] > 1000:
            break
    return found


async def main(names: list[str], short: bool) -> None:
    """Run what was asked for, each on a system of its own where it needs one."""

    def done(name: str, result: Any, before: dict[str, Any]) -> None:
        keep(name, result, before, short)

    people = 20_000 if short else PEOPLE
    with tempfile.TemporaryDirectory(prefix="hadir-bench-") as folder:
        home = Path(folder)
        if "empty" in names:
            before = conditions()
            with local_kafka(home / "empty") as kafka:
                done("empty", await empty_agent.measure(kafka.address, home / "empty"), before)
        if "door" in names:
            before = conditions()
            done("door", await door.measure(home / "door", region_now(DOOR_PEOPLE), 5 if short else 30), before)
        if "cutoff" in names:
            before = conditions()
            region = region_before_cutoff(2_000, 90) if short else region_before_cutoff(60_000, 240)
            async with running(home / "cutoff", region) as bench:
                done("cutoff", await cutoff(bench, 50 if short else 700), before)
        if "year" in names:
            before = conditions()
            done("year", year.measure(home / "year", 2_000 if short else 36_000, 40 if short else 262), before)
        if "wall" in names:
            before = conditions()
            async with running(home / "wall", region_now(WALL_PEOPLE)) as bench:
                done("wall", await wall.measure(bench, 10 if short else 120, 10 if short else 600), before)
        big = [name for name in ("steady", "stock", "drain") if name in names]
        if big:
            before = conditions()
            async with running(home / "big", region_now(people)) as bench:
                if "steady" in big:
                    done("steady", await steady(bench, 25_000, 20 if short else 600, 10 if short else WARM_S), before)
                if "stock" in big:
                    done("stock", await stock(bench, 10 if short else 60), conditions())
                if "drain" in big:
                    done("drain", await drain(bench, 300_000 if short else 4_000_000), conditions())
        if "highest" in names:
            before = conditions()
            async with running(home / "highest", region_now(people)) as bench:
                done("highest", await highest(bench, 10 if short else 60, 10 if short else WARM_S), before)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", default=["empty", "drain", "steady", "highest", "cutoff", "stock", "door", "wall"]
    )
    parser.add_argument("--short", action="store_true", help="a trial: small and quick")
    asked = parser.parse_args()
    asyncio.run(main(asked.names, asked.short))
