"""What a screen is sent: sums that add up, differences that rebuild the whole, nothing that is not for its viewer."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wall.board import (
    COUNTS,
    DUE,
    EVERY,
    EXCUSED,
    NOT_DUE,
    SAH,
    TANDA,
    Arrival,
    Board,
    Scope,
    may_see,
    shared,
    tile,
    totals,
    urgency,
    view,
)

UNITS = ("a", "b", "c")
NAME = "Siti Rahayu"


def office(unit: str, counts: dict[str, int]) -> dict[str, Any]:
    """A row of v_office_day whose numbers add up."""
    row: dict[str, Any] = dict.fromkeys(COUNTS, 0) | counts
    row["wajib"] = sum(row[count] for count in DUE)
    row["roster"] = row["wajib"] + sum(row[count] for count in (*EXCUSED, *NOT_DUE))
    return row | {"unit_id": unit, "unit_name": f"Kantor {unit}", "unit_mode": "in_force", "mesin_belum_lengkap": 0}


some_counts = st.dictionaries(st.sampled_from((*DUE, *EXCUSED, *NOT_DUE)), st.integers(0, 500))
some_offices = st.dictionaries(st.sampled_from(UNITS), some_counts)
scopes = st.one_of(st.none(), st.just(frozenset((EVERY,))), st.frozensets(st.sampled_from(UNITS)))


@st.composite
def boards(draw: st.DrawFn) -> list[Board]:
    """Boards as one process makes them: versions and arrivals only grow, the last few arrivals are kept."""
    made, arrivals, date = [], [], "2026-11-23"
    for version in range(1, draw(st.integers(2, 6))):
        if version > 1 and draw(st.integers(0, 9)) == 0:
            date, arrivals = f"2026-11-{23 + version}", []
        for _ in range(draw(st.integers(0, 3))):
            unit = draw(st.sampled_from(UNITS))
            arrivals.append(Arrival(unit, f"Kantor {unit}", NAME, f"07.{len(arrivals):02d}", 0))
        flags = draw(st.dictionaries(st.sampled_from((*UNITS, "closed")), st.integers(1, 9)))
        offices = draw(some_offices)
        tiles = {unit: tile(office(unit, counts), flags.get(unit, 0)) for unit, counts in offices.items()}
        silent = [{"device": "X1", "name": "Lobi", "unit": unit, "office": "", "since": ""} for unit in tiles]
        kept = tuple(arrivals[-4:])
        made.append(
            Board(version, date, tiles, dict.fromkeys(tiles, 2), silent, kept, len(arrivals) - len(kept), flags)
        )
    return made


@given(boards(), scopes, st.data())
def test_differences_rebuild_the_whole_whatever_was_missed(
    made: list[Board], scope: Scope, data: st.DataObject
) -> None:
    """A viewer who gets any of the boards, in order, ends with the same screen as one who has just come."""
    got = sorted(data.draw(st.sets(st.integers(0, len(made) - 1), min_size=1)) | {len(made) - 1})
    screen: dict[str, Any] = {}
    seen: Board | None = None
    for number in got:
        told = view(made[number], scope, seen)
        if told["whole"]:
            screen = {}
        screen = {k: v for k, v in screen.items() if k not in told["gone"]} | {t["unit"]: t for t in told["tiles"]}
        seen = made[number]
    whole = view(made[-1], scope, None)
    assert screen == {t["unit"]: t for t in whole["tiles"]}
    assert told["total"] == whole["total"]
    assert told["order"] == whole["order"]


@given(boards(), scopes)
def test_arrivals_come_once(made: list[Board], scope: Scope) -> None:
    """Who follows from the start of a day gets each arrival at most once, and every one still kept when he looks."""
    times: list[tuple[str, str]] = []
    seen: Board | None = None
    for board in made:
        times += [
            (board.date, one["at"]) for one in view(board, scope, seen)["arrivals"] if not _again(board, scope, seen)
        ]
        seen = board
    assert len(times) == len(set(times))


def _again(board: Board, scope: Scope, seen: Board | None) -> bool:
    """A screen that starts anew (nothing was known before) is given the kept arrivals again, and clears its own."""
    return seen is not None and view(board, scope, seen)["whole"]


@given(boards(), st.one_of(st.none(), st.frozensets(st.sampled_from(UNITS))))
def test_nothing_leaks(made: list[Board], scope: Scope) -> None:
    """A shared screen gets no name and no kind of excuse; a leader nothing of a unit that is not his."""
    text = json.dumps(view(made[-1], scope, None))
    if scope is None:
        assert NAME not in text
        assert not any(count in text for count in EXCUSED)
        assert TANDA not in text, "signs of one office are its leaders' affair"
    else:
        told = view(made[-1], scope, None)
        assert {t["unit"] for t in told["tiles"]} <= scope
        assert {t["unit"] for t in told["silent"]} <= scope
        assert {one["office"][-1] for one in told["arrivals"]} <= scope


@given(boards(), scopes)
def test_signs_are_counted_for_whoever_looks(made: list[Board], scope: Scope) -> None:
    """All of them on a shared screen, of a leader his own; of an office that is closed today too."""
    mine = [n for unit, n in made[-1].flags.items() if scope is None or may_see(scope, unit)]
    assert view(made[-1], scope, None)["flags"] == sum(mine)


@given(some_offices)
def test_numbers_add_up(offices: dict[str, dict[str, int]]) -> None:
    """Of every tile, and of the sums, on a shared screen too."""
    tiles = [tile(office(unit, counts)) for unit, counts in offices.items()]
    for one in (*tiles, totals(tiles)):
        if one:
            assert one["wajib"] == sum(one[count] for count in DUE)
    for one in map(shared, tiles):
        assert one["roster"] == one["wajib"] + one[SAH] + sum(one[count] for count in NOT_DUE)


def test_offices_are_sorted_by_who_is_missing() -> None:
    """Missing before unknown before awaited before late; then by name."""
    made = {
        "late": {"terlambat": 9},
        "unknown": {"belum_dapat_dipastikan": 5},
        "one": {"belum_hadir": 1},
        "two": {"tidak_hadir": 1, "tk": 1},
        "awaited": {"ditunggu": 3},
        "calm": {"hadir": 50},
    }
    tiles = [tile(office(unit, counts)) for unit, counts in made.items()]
    assert [t["unit"] for t in sorted(tiles, key=urgency)] == ["two", "one", "unknown", "awaited", "late", "calm"]


def test_every_unit_is_for_whoever_may_see_all() -> None:
    """And a shared screen may see no names of anybody."""
    assert may_see(frozenset((EVERY,)), "a")
    assert not may_see(frozenset(("a",)), "b")
    assert not may_see(None, "a")
