"""Made-up weeks for the laws: a small office and whatever may be corrected, delivered and asked in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas.codec import identity_key
from tests.stages import records as r
from tests.stages.records import Fact

PEOPLE = ("ani", "budi", "cici")
TERMINALS = ("A", "B")
FIRST = "2026-11-22"  # a Sunday: what matters happens on the Monday, the neighbours are there for night shifts
DAYS = [r.day(FIRST) + n for n in range(3)]
MONDAY = DAYS[1]
TIMES = [
    r.hm(t) * 1000
    for t in [
        "00:10",
        "05:59",
        "06:00",
        "06:40",
        "07:00",
        "07:20",
        "07:29",
        "07:30",
        "07:31",
        "07:45",
        "08:00",
        "08:30",
        "08:31",
        "06:50",
        "07:10",
        "07:25",
        "12:00",
        "15:00",
        "16:00",
        "17:00",
        "20:00",
        "21:00",
        "21:31",
        "22:00",
        "23:59",
    ]
]
WORKING = ("07:10", "07:40", "12:00", "15:30", "20:10", "21:05", "23:50")
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")

people = st.sampled_from(PEOPLE)
terminals = st.sampled_from(TERMINALS)
pins = st.sampled_from(("1", "2"))
days = st.sampled_from((MONDAY, MONDAY, MONDAY, MONDAY, *DAYS))
flags = st.sampled_from((False, False, False, True))
mostly = st.sampled_from((True, True, True, False))
walls = st.builds(
    lambda d, t, s: d * r.DAY_MS + t + s * 1000, days, st.sampled_from(TIMES), st.sampled_from((0, 59, 30))
)
moments = walls.map(lambda w: w - r.WIB_MS)


limits = st.fixed_dictionaries(
    {
        "presence_gap_s": st.sampled_from((900, 60, 7200)),
        "presence_worst_m": st.sampled_from((200, 10)),
        "travel_kmh": st.sampled_from((150, 10, 2000)),
        "travel_m": st.sampled_from((2000, 100, 100_000)),
        "clocks_s": st.sampled_from((300, 1)),
        "mock_minutes": st.sampled_from((3, 1)),
    }
)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Any]:
    """``first`` and ``last`` of a dated record; few distinct firsts, so that corrections meet what they correct."""
    first = draw(st.sampled_from((0, 0, MONDAY)))
    last = draw(st.sampled_from((None, None, None, DAYS[0], MONDAY)))
    return {"first": first, "last": last, "void": draw(flags)}


@st.composite
def references(draw: st.DrawFn) -> Fact:
    """One reference record of any kind but ``tick`` and ``period``."""
    dated = draw(ranges())
    kind = draw(st.sampled_from(KINDS))
    if kind == "enrolment":
        return r.enrolment(draw(people), draw(terminals), draw(pins), **dated)
    if kind == "assignment":
        return r.assignment(
            draw(people), draw(st.sampled_from(("U", "V"))), category=draw(st.sampled_from(("PNS", "THL"))), **dated
        )
    if kind == "schedule":
        shifts = draw(st.sampled_from(("S S S S S - -", "N N N N N N N", "- - - - - S S", "X X X X X X X")))
        return r.schedule(draw(st.sampled_from(("U", "V"))), draw(st.sampled_from(("", *PEOPLE))), shifts, **dated)
    if kind == "shift":
        if draw(st.booleans()):
            starts = draw(st.sampled_from(("07:30", "07:00", "00:30")))
            return r.shift(
                "S",
                starts,
                observes_holidays=draw(st.booleans()),
                in_after=draw(st.sampled_from(("01:00", "08:30"))),
                **dated,
            )
        return r.shift("N", "21:00", "05:00", observes_holidays=False, **dated)
    if kind == "policy":
        return r.policy(
            draw(st.sampled_from(("P", "Q"))),
            grace_s=draw(st.sampled_from((0, 59, 60))),
            cutoff_after_s=draw(st.sampled_from((0, 60, 7200))),
            wait_s=draw(st.sampled_from((0, 60, 7200))),
            in_punch=draw(st.sampled_from(("first", "last"))),
            papers_s=draw(st.sampled_from((3600, 86_400, 0))),
            **draw(limits),
            **dated,
        )
    if kind == "leave":
        return r.leave(
            draw(people), draw(st.sampled_from(("sakit", "dinas_luar"))), draw(st.sampled_from(("", "L1"))), **dated
        )
    if kind == "calendar":
        return r.holiday(draw(days), dated["void"])
    if kind == "device":
        return r.device(
            draw(terminals), draw(st.sampled_from(ZONES)), unit_id=draw(st.sampled_from(("U", "V"))), **dated
        )
    if kind == "geofence":
        return r.geofence(
            draw(st.sampled_from(("U", "V"))),
            draw(st.sampled_from(("kantor", "gudang"))),
            draw(st.sampled_from((-7.4, -7.41, -7.9))),
            radius_m=draw(st.sampled_from((50, 100, 1000))),
            **dated,
        )
    if kind == "unit":
        return r.unit(draw(st.sampled_from(("U", "V"))), draw(st.sampled_from(ZONES)), **dated)
    return r.unit_mode(
        draw(st.sampled_from(("U", "V"))), draw(st.sampled_from(("in_force", "trial", "not_in_force"))), **dated
    )


KINDS = (
    "enrolment", "enrolment", "enrolment", "assignment", "assignment", "schedule", "shift", "policy", "leave",
    "calendar", "device", "device", "unit", "unit_mode", "geofence", "geofence",
)  # fmt: skip


@st.composite
def punches(draw: st.DrawFn) -> Fact:
    """A punch; what a delivery says hangs on its moment and digest, as a hash would have it."""
    shown, delivery = draw(walls), draw(st.sampled_from((0, 1, 2, 3)))
    received = shown - r.WIB_MS + 1000 * (delivery // 2)
    terminal, pin = draw(st.sampled_from((("A", "1"), ("A", "1"), ("B", "2"), ("B", "1"), ("A", "2"))))
    return r.punch(shown, terminal, pin, received, delivery % 2, in_out_code=delivery)


@st.composite
def statuses(draw: st.DrawFn) -> Fact:
    """A terminal's status; silent or complete through some moment or neither."""
    observed = draw(moments)
    through = draw(st.one_of(st.none(), moments, st.just(DAYS[-1] * r.DAY_MS)))
    silent = draw(st.sampled_from((None, None, 60_000, 3_600_000)))
    return r.status(observed, through, draw(terminals), None if silent is None else observed - silent)


faces = st.builds(lambda d, m, who: r.face_check(d * r.DAY_MS + m * 60_000, who), days, st.integers(0, 2), people)
pings = st.builds(
    lambda d, m, s, who, install, lat, accuracy: r.ping(
        d * r.DAY_MS + m * 60_000 + s, who, install, lat, accuracy_m=accuracy
    ),
    days, st.integers(0, 2), st.sampled_from((0, 1, 30_000, 59_999)), people, st.sampled_from(("x", "y")),
    st.sampled_from((-7.4, -7.5)), st.sampled_from((None, 8.0)),
)  # fmt: skip


@st.composite
def walks(draw: st.DrawFn) -> list[Fact]:
    """
    An hour or two of a phone: inside, at the edge, outside, far away, inexact, made up, off; some fixes a second time,
    a bit off; whose phone it is changes.
    """
    who, at = draw(people), MONDAY * r.DAY_MS + r.hm(draw(st.sampled_from(WORKING))) * 1000 - r.WIB_MS
    found = []
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from((0, 20_000, 60_000, 300_000, 300_000, 900_000, 901_000, 1_200_000)))
        lat = draw(st.sampled_from((-7.4, -7.4, -7.4008, -7.405, -7.41, -7.9)))
        phone = {"mock": draw(st.sampled_from((None, False, True))), "boot_id": draw(st.sampled_from((None, "b", "c")))}
        accuracy = draw(st.sampled_from((8.0, 8.0, 8.0, 40.0, 200.0, 201.0, 0.0, None)))
        found.append(r.ping(at, who, f"x-{who}", lat, accuracy_m=accuracy, **phone))
        if draw(flags):
            found.append(r.ping(at, who, "y", lat + 0.01, accuracy_m=accuracy, **phone))
    return found


periods = st.builds(
    r.period, st.just("2026-11"), st.sampled_from(("open", "closed")), st.sampled_from((False, False, True))
)


class Scenario(NamedTuple):
    """What a run is given: ``reference`` in its order, with ticks; facts in any."""

    reference: list[Fact]
    device_facts: list[Fact]
    phone_facts: list[Fact]


BASE = [
    r.period(), r.unit(), r.unit("V", "Asia/Makassar"), r.unit_mode(), r.unit_mode("V", "trial"), r.shift(),
    r.shift("N", "21:00", "05:00", observes_holidays=False), r.schedule(), r.schedule("V", shifts="N N N N N N N"),
    r.geofence(), r.geofence("V", lat=-7.41),
    r.policy(), r.device("A"), r.device("B"), r.assignment("ani", first=FIRST), r.assignment("budi", first=FIRST),
    r.assignment("cici", "V", first=FIRST), r.enrolment("ani", "A", "1"), r.enrolment("budi", "B", "2"),
    r.enrolment("cici", "B", "1"),
]  # fmt: skip


def in_place(change: Fact, before: list[Fact]) -> Fact:
    """What a change corrects: the last record of its identity, or none: itself, withdrawn."""
    name, record = change
    key = identity_key(name, record)
    for other, held in reversed(before):
        if other == name and identity_key(other, held) == key:
            return other, held
    return name, record | {"void": True}


@st.composite
def scenarios(draw: st.DrawFn, last_word: bool = True, closing: bool = False) -> Scenario:
    """
    A week.

    Args:
        last_word: the last tick comes after every other reference record, so that nothing is left unsettled.
        closing: the month closes and opens in between, for what its final rows are is then a matter of order.
    """
    kinds = st.one_of(references(), references(), periods) if closing else references()
    changes: list[Fact] = []
    for change in draw(st.lists(kinds, min_size=2, max_size=9)):
        before = in_place(change, [*BASE, *changes])
        changes.append(change)
        if draw(mostly):  # and taken back, so that what it touched is as it was
            changes.append(before)
    ticks = sorted(draw(st.lists(moments, min_size=2, max_size=8, unique=True)))
    late = draw(st.lists(mostly, min_size=len(ticks), max_size=len(ticks)))
    reference = list(BASE)
    waiting = iter(changes)
    for moment, more in zip(ticks, late, strict=True):
        reference.append(r.tick(moment))
        if more:
            reference += [change for _, change in zip(range(3), waiting, strict=False)]
    reference += waiting
    if last_word:
        reference.append(r.tick(max([*ticks, draw(moments)]) + 60_000))
    return Scenario(
        reference,
        draw(st.lists(st.one_of(punches(), punches(), statuses()), min_size=4, max_size=20)),
        draw(st.lists(pings | faces, max_size=5))
        + [ping for walk in draw(st.lists(walks(), max_size=3)) for ping in walk],
    )
