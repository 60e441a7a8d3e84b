"""How one person spends the morning: when to which terminal, or not at all, and that in words."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from producers.simulator.lookup import Roster
from producers.simulator.world import City, Enrolment, Shift, clock_s, covers, local_text, moment

ABSENT, LATE, TOO_LATE = 0.028, 0.077, 0.004
"""Shares of those due: who stays away, comes late, comes when the window is closed."""
FIRST_S = clock_s("06:00") + 20
FORCED: Mapping[str, tuple[int | None, str]] = {
    # case -> seconds after the shift's start (None: stays away), what is special
    "early_bird": (-2280, "came before the terminal fell silent"),
    "silent_came": (-180, "came while the terminal was silent"),
    "silent_late": (720, "came late while the terminal was silent"),
    "silent_absent": (None, "absent, at a terminal that falls silent"),
    "two_schools": (-720, "depends on a silent terminal, but used the other school's"),
    "two_schools_late": (-780, "came in time to the silent terminal, then late to the other school's"),
    "slow_absent": (None, "absent, at the terminal with the slow clock"),
    "slow_hides_lateness": (240, "truly late, but that terminal's clock says in time, and the clock is not corrected"),
    "slow_late": (1320, "late, by the slow clock as well"),
    "edge_opens": (-5400, "the first second of the window"),
    "edge_too_early": (-5401, "a second before the window opens, and never again"),
    "edge_grace": (59, "the last second of grace"),
    "edge_late": (60, "the first second past grace"),
    "edge_closes": (3600, "the last second of the window"),
    "edge_too_late": (3601, "a second after the window closed"),
    "supervisor_absent": (None, "absent, and also enrolled at a school whose terminal is silent"),
    "supervisor_came": (-1200, "also enrolled at a school whose terminal is silent"),
    "new_not_enrolled": (None, "at work, but not yet enrolled anywhere"),
    "only_retired_terminal": (None, "at work, but enrolled only on a terminal out of service"),
    "retired_terminal_absent": (None, "absent; the terminal out of service excuses nobody"),
    "enrolled_later": (-720, "came under a PIN that is enrolled at 08:00"),
    "elsewhere_later": (-720, "came to another office's terminal, entered there at 08:00: shown absent until then"),
    "moved_absent": (None, "absent; moved here, still enrolled at a terminal that is silent"),
    "moved_to_old_place": (-900, "moved here, went to the old office's terminal"),
    "leave_but_came": (-600, "on leave, came all the same"),
}


@dataclass(frozen=True, slots=True)
class Coming:
    """A person (or nobody known) at a terminal at a true moment; ``exact``: once only."""

    staff_no: str
    serial: str
    pin: str
    at_ms: int
    exact: bool


def comings_of(roster: Roster, staff_no: str, rng: random.Random) -> tuple[list[Coming], str]:
    """
    A person's comings of the night before and the morning, and what really happened in words.

    Pure but for ``rng``, from which the people of a city draw one after another. O(records of the person).
    """
    city, case = roster.city, roster.city.cases.get(staff_no, "")
    draw, delay = rng.random(), _delay(rng)
    assignment = roster.assignment(staff_no, city.day)
    if assignment is None:
        if case != "retired_comes":
            return [], "retired, still enrolled"
        at_ms = moment(city.day, clock_s("07:05") + round(draw * 1800))
        return _at(_home(roster, staff_no, ""), staff_no, at_ms), "retired, still enrolled, still comes"
    home = _home(roster, staff_no, assignment.unit_id)
    night, worked = _night(roster, staff_no, assignment.unit_id, home, draw, delay)
    shift, reason = roster.shift(staff_no, assignment.unit_id, city.day)
    if shift is None:
        return night, worked or {"day_off": "day off", "holiday": "public holiday"}.get(reason, reason)
    if shift.starts_s > clock_s("09:00"):
        return night, "; ".join(filter(None, (worked, f"on duty from {shift.starts_s // 3600:02d}:00")))
    paper = roster.leave(staff_no, city.day)
    if paper is not None and case != "leave_but_came":
        return night, f"away: {paper.kind}"
    return _day(roster, staff_no, shift, home, case, (draw, delay), rng)


def _day(
    roster: Roster,
    staff_no: str,
    shift: Shift,
    home: Enrolment | None,
    case: str,
    chance: tuple[float, int],
    rng: random.Random,
) -> tuple[list[Coming], str]:
    """The coming to a shift that starts this morning."""
    city = roster.city
    start = roster.start_ms(shift, city.day)
    after_s, note = FORCED[case] if case in FORCED else (_arrival_s(*chance, rng), "")
    if case not in FORCED and after_s is not None and home is not None and home.serial == city.roles["slow_clock"]:
        after_s = max(min(after_s, -300), 600 - shift.in_opens_before_s)
    if after_s is None or home is None:
        return [], note or "absent"
    at_ms = start + after_s * 1000
    if case not in FORCED:
        at_ms = max(at_ms, moment(city.day, FIRST_S))
    places = roster.enrolments(staff_no, city.day, with_later=True)
    others = [e for e in places if e.serial != home.serial]
    if case in ("two_schools", "moved_to_old_place"):
        home = others[0]
    elif case == "elsewhere_later":
        home = roster.later[staff_no][0]
    elif case not in FORCED and others and rng.random() < 0.2:
        home = rng.choice(others)
    plan = _at(home, staff_no, at_ms, exact=case in FORCED)
    if case == "two_schools_late":
        plan += _at(others[0], staff_no, start + 720_000, exact=True)
    came = f"came {local_text(at_ms)[11:19]} to {home.serial}"
    return plan, f"{came}: {note}" if note else came


def _arrival_s(draw: float, delay: int, rng: random.Random) -> int | None:
    """Seconds after the start of the shift: most people a quarter of an hour before it; None stays away."""
    early = round(rng.gauss(-900, 560))
    if draw < ABSENT:
        return None
    if draw < ABSENT + LATE:
        return min(60 + delay, 3500)
    if draw < ABSENT + LATE + TOO_LATE:
        return 3660 + delay % 900
    return max(-5380, min(early, 40))


def _delay(rng: random.Random) -> int:
    return round(rng.expovariate(1 / 540))


def _night(
    roster: Roster, staff_no: str, unit_id: str, home: Enrolment | None, draw: float, delay: int
) -> tuple[list[Coming], str]:
    """On duty last evening and off this morning: nearly all punch both times, some only once."""
    eve = roster.city.day - timedelta(days=1)
    if roster.assignment(staff_no, eve) is None or home is None:
        return [], ""
    shift, _ = roster.shift(staff_no, unit_id, eve)
    if shift is None or roster.end_ms(shift, eve) < moment(roster.city.day, 0):
        return [], ""
    came_s = 60 + delay if draw < 0.12 else -round(300 + draw * 1500)
    left_s = min(20 + delay, 3000)
    plan = _at(home, staff_no, roster.start_ms(shift, eve) + came_s * 1000) if draw < 0.95 else []
    if draw < 0.9 or draw >= 0.95:
        plan += _at(home, staff_no, roster.end_ms(shift, eve) + left_s * 1000)
    return plan, "worked last night"


def _home(roster: Roster, staff_no: str, unit_id: str) -> Enrolment | None:
    """The enrolment a person uses: at the own office if there is one."""
    held = roster.enrolments(staff_no, roster.city.day, with_later=True)
    own = [e for e in held if roster.devices[e.serial].unit_id == unit_id]
    return next(iter(own or held), None)


def _at(enrolment: Enrolment | None, staff_no: str, at_ms: int, *, exact: bool = False) -> list[Coming]:
    return [] if enrolment is None else [Coming(staff_no, enrolment.serial, enrolment.pin, at_ms, exact)]


def somebody_there(city: City, roster: Roster, serial: str, came: frozenset[str]) -> Enrolment | None:
    """An ordinary person who already came to that terminal, or None."""
    for enrolment in roster.at_terminal.get(serial, ()):
        ordinary = enrolment.staff_no in came and enrolment.staff_no not in city.cases
        if ordinary and covers(enrolment.valid_from, enrolment.valid_to, city.day):
            return enrolment
    return None
