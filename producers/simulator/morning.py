"""
The plan of a morning: who puts a finger where and when, and how the terminals behave.

From 06:00 to 09:00 local; what the terminals wrote down before 06:00 (last night's shift coming on duty) lies in their
memories. Everything is decided here, before the start, and nothing depends on what the pipeline does.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from producers.simulator.comings import Coming, comings_of, somebody_there
from producers.simulator.lookup import Roster
from producers.simulator.world import (
    Behaviour,
    City,
    Morning,
    Operation,
    Punch,
    clock_s,
    moment,
    rng_for,
    wall_ms,
)

STARTS, ENDS = "06:00", "09:00"
SLOW_CLOCK_S = -7 * 60
GUARD_S = 300
"""Nobody punches just before a terminal falls silent: whether it still got out would be a coin's toss. Seconds."""
SILENCES: Mapping[str, tuple[str, str | None]] = {
    "silent_for_good": ("06:41", None),
    "silent_back_1": ("06:52", "07:48"),
    "silent_back_2": ("07:12", "08:14"),
    "silent_back_3": ("07:21", "08:43"),
}
HOLDS_S: Mapping[str, int] = {"keeps_back_1": 600, "keeps_back_2": 360, "keeps_back_3": 240}
STRANGERS = ("70001", "70002", "70003", "70004")
CODES, CODE_WEIGHTS = (0, 1, 4, 3, 255), (92, 4, 2, 1, 1)
VERIFIES, VERIFY_WEIGHTS = (1, 15, 3, 4), (80, 15, 3, 2)


def hours(day: date) -> tuple[int, int]:
    """When a morning of this local date begins and ends, in milliseconds since 1970 UTC."""
    return moment(day, clock_s(STARTS)), moment(day, clock_s(ENDS))


def make_morning(city: City) -> Morning:
    """
    Decide the whole morning; the same for the same city.

    Returns:
        Punches in order of moment from the evening before to 08:57, with the terminals' ways and what really happened
        to each person in words.
    """
    rng = rng_for(city.seed, "morning")
    start, end = hours(city.day)
    behaviours = {device.serial: _behaviour(city, n, device.serial) for n, device in enumerate(city.devices)}
    roster = Roster(city)
    punches: dict[tuple[str, str, int], Punch] = {}
    notes: dict[str, str] = {}
    for person in city.people:
        plan, note = comings_of(roster, person.staff_no, rng)
        if note:
            notes[person.staff_no] = note
        for coming in plan:
            _punch(punches, rng, city, behaviours, coming)
    came = frozenset(punch.staff_no for punch in punches.values() if punch.at_ms >= start)
    for coming in _strangers(city) + _strays(city, roster, behaviours, came):
        _punch(punches, rng, city, behaviours, coming)
    ordered = sorted(punches.values(), key=lambda p: (p.at_ms, p.serial, p.pin))
    return Morning(start, end, tuple(ordered), behaviours, notes)


def _behaviour(city: City, n: int, serial: str) -> Behaviour:
    role = next((role for role, holder in city.roles.items() if holder == serial), "")
    silences: tuple[tuple[int, int | None], ...] = ()
    if role in SILENCES:
        begin, end = SILENCES[role]
        silences = ((moment(city.day, clock_s(begin)), None if end is None else moment(city.day, clock_s(end))),)
    resend = (moment(city.day, clock_s("07:05") + 97 * n), moment(city.day, clock_s("08:10"))) if n % 19 == 7 else ()
    operations: list[Operation] = []
    if n % 11 == 3:
        operations.append(Operation(moment(city.day, clock_s("06:20") + 61 * n), 4))
    if n % 45 == 14:
        operations.append(Operation(moment(city.day, clock_s("06:25") + 17 * n), 21))
    if role == "enrolled_later":
        operations += [
            Operation(moment(city.day, clock_s("07:16")), 6, e.pin) for e in city.later_enrolments if e.serial == serial
        ]
    return Behaviour(
        clock_offset_s=SLOW_CLOCK_S if role == "slow_clock" else 0,
        silences=silences,
        hold_back_s=HOLDS_S.get(role, 0),
        resend_at_ms=resend,
        operations=tuple(sorted(operations, key=lambda op: op.at_ms)),
    )


def _punch(
    punches: dict[tuple[str, str, int], Punch],
    rng: random.Random,
    city: City,
    behaviours: Mapping[str, Behaviour],
    coming: Coming,
) -> None:
    """Write a coming down as one punch or, as people do, as two or three within seconds."""
    behaviour = behaviours[coming.serial]
    at_ms = coming.at_ms
    for begin, _ in behaviour.silences:
        if begin - GUARD_S * 1000 <= at_ms < begin:
            at_ms += GUARD_S * 1000
    times = 1 if coming.exact else rng.choices((1, 2, 3), (78, 18, 4))[0]
    for _ in range(times):
        key = (coming.serial, coming.pin, wall_ms(at_ms, behaviour.clock_offset_s))
        status = rng.choices(CODES, CODE_WEIGHTS)[0]
        verify = rng.choices(VERIFIES, VERIFY_WEIGHTS)[0]
        punches.setdefault(key, Punch(at_ms, *key, status, verify, coming.staff_no))
        at_ms += rng.randint(2, 7) * 1000


def _strangers(city: City) -> list[Coming]:
    """Fingers that nobody can place: left in a terminal from another time."""
    taken = set(city.roles.values())
    serials = [device.serial for device in city.devices if device.serial not in taken]
    times = [moment(city.day, clock_s("06:50") + n * 500) for n in range(len(STRANGERS))]
    return [
        Coming("", serials[n * 31 % len(serials)], pin, at_ms, True)
        for n, (pin, at_ms) in enumerate(zip(STRANGERS, times, strict=True))
    ]


def _strays(city: City, roster: Roster, behaviours: Mapping[str, Behaviour], came: frozenset[str]) -> list[Coming]:
    """
    Second punches of people who came already: a minute after a terminal is back, and here and there at half past eight.

    Somebody tries whether the terminal works again. The first punch of the window counts, so no state changes.
    """
    strays: list[Coming] = []
    for n, device in enumerate(city.devices):
        ends = [end for _, end in behaviours[device.serial].silences if end is not None]
        at_ms = ends[0] + 61_000 if ends else moment(city.day, clock_s("08:36") + 7 * n)
        person = somebody_there(city, roster, device.serial, came) if ends or n % 6 == 0 else None
        if person is not None and device.covers(city.day):
            strays.append(Coming(person.staff_no, device.serial, person.pin, at_ms, True))
    return strays
