"""
``python -m producers.simulator``: the made city by hand, without ``hadir demo``.

``write FOLDER`` writes ``roster/``, ``change/`` and ``truth.json``; ``run URL`` lets the terminals live their morning
on ``hadir.clock`` (``HADIR_CLOCK_RATE``, ``_START``, ``_ANCHOR``); ``load URL`` delivers all of it within a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

from hadir import clock
from producers.simulator.city import DAY, PEOPLE, TERMINALS, make_city
from producers.simulator.judge import World
from producers.simulator.morning import make_morning
from producers.simulator.outings import make_outings
from producers.simulator.roster_files import write_change, write_roster
from producers.simulator.run import LoadReport, Progress, deliver_all, run_city
from producers.simulator.truth import write_truth
from producers.simulator.world import City, local_text


def main(argv: list[str] | None = None) -> int:
    """Run one of the three verbs; 1 if a punch of a connected terminal was not delivered."""
    asked = _parser().parse_args(argv)
    city = make_city(asked.seed, date.fromisoformat(asked.day), asked.people, asked.terminals, holiday=asked.holiday)
    if asked.verb == "write":
        return _write(city, Path(asked.folder))
    if asked.verb == "load":
        report = asyncio.run(deliver_all(city, asked.url, spread_s=asked.spread, lines=asked.lines))
        print(json.dumps(_summary(report)))
        return 0
    morning = make_morning(city)
    done = asyncio.run(
        run_city(
            city,
            asked.url,
            clock.now_ms,
            morning.end_ms,
            rate=clock.rate(),
            morning=morning,
            outings=make_outings(city, morning),
            progress=_show,
        )
    )
    print(file=sys.stderr)
    phones = {"pings": len(done.phones.pings), "face_checks": len(done.phones.face_checks)}
    told = {"delivered": len(done.acks), "undelivered": len(done.undelivered), **asdict(done.counts), **phones}
    print(json.dumps(told))
    return 1 if done.undelivered else 0


def _write(city: City, folder: Path) -> int:
    write_roster(city, folder / "roster")
    write_change(city, folder / "change")
    truth = write_truth(World(city, make_morning(city)), folder / "truth.json")
    print(json.dumps(truth["total"]))
    return 0


def _show(now: Progress) -> None:
    line = f"{local_text(now.at_ms)[11:19]}  {now.delivered}/{now.planned} punches delivered"
    line += f"  {now.online} terminals online, {now.silent} silent, {now.trouble} troubles"
    print(f"\r{line:<100}", end="", file=sys.stderr, flush=True)


def _summary(report: LoadReport) -> dict[str, float]:
    times = sorted(report.latencies_ms)
    at = {f"p{share}_ms": times[min(len(times) - 1, len(times) * share // 100)] for share in (50, 99)} if times else {}
    whole = {"punches": report.punches, "posts": report.posts, "refused": report.refused, "gone": report.gone}
    return {**whole, "seconds": report.seconds, **at}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m producers.simulator", description=(__doc__ or "").strip())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--day", default=DAY.isoformat(), help="local date of the morning, YYYY-MM-DD")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--terminals", type=int, default=TERMINALS)
    parser.add_argument("--holiday", default="", help="name of a public holiday that falls on the day")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("write", help="roster files and truth").add_argument("folder")
    verbs.add_parser("run", help="a morning on the simulated clock").add_argument("url")
    load = verbs.add_parser("load", help="the whole morning at once")
    load.add_argument("url")
    load.add_argument("--spread", type=float, default=60.0, help="machine seconds")
    load.add_argument("--lines", type=int, default=200, help="lines per POST")
    return parser


if __name__ == "__main__":
    sys.exit(main())
