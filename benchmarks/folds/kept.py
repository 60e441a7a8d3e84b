"""
What a partition keeps of phones, and how long the next owner takes it up: ``python -m benchmarks.folds.kept``.

Everybody has a phone and a fix every three minutes of each shift, as long as fixes are kept. Figures, not a test.
"""

from __future__ import annotations

import argparse
from functools import partial

from rich.progress import track

from benchmarks.folds.measure import City, put_away, restored_elsewhere, timed, world
from streams.stages.stays import KEPT_DAYS

EVERY_S = 180
FIRST_S, LAST_S = 25_200, 57_600  # 07.00 to 16.00 local
IN_NOVEMBER = 30  # the one month that is open in this world


def main() -> None:
    """Live the days, put everything away, take it up in another process."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=500, help="of one partition")
    options.add_argument("--days", type=int, default=min(KEPT_DAYS, IN_NOVEMBER))
    options.add_argument("--partitions", type=int, default=4)
    chosen = options.parse_args()
    city = City(chosen.people, chosen.partitions)
    run, rounds = city.feed.run, (LAST_S - FIRST_S) // EVERY_S
    run(city.feed.records(world(chosen.people)))
    for day in track(range(chosen.days - 1), "days"):
        live(city, day, rounds)
    timed("judge: a day of phones, per fix", chosen.people * rounds, partial(live, city, chosen.days - 1, rounds))
    restored_elsewhere(put_away(city, chosen.days), chosen.partitions)


def live(city: City, day: int, rounds: int) -> None:
    """A shift: a tick an hour, each person's fixes, and the tick in which it is over."""
    an_hour = 3600 // EVERY_S
    city.feed.run(city.tick(day, 0))
    for first in range(0, rounds, an_hour):
        begins = FIRST_S + first * EVERY_S
        city.feed.run(city.pings(day, begins, EVERY_S, min(an_hour, rounds - first)))
        city.feed.run(city.tick(day, begins + 3600))


if __name__ == "__main__":
    main()
