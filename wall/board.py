"""
What a screen shows, from rows of the views. Pure.

The numbers of a tile add up: ``wajib`` = hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk +
belum_dapat_dipastikan, as in ``v_office_day``; those of a board are the sums of its tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DUE = ("hadir", "terlambat", "ditunggu", "belum_hadir", "tidak_hadir", "tk", "belum_dapat_dipastikan")
EXCUSED = ("cuti_sakit_izin", "dinas_luar")
NOT_DUE = ("belum_waktunya", "libur", "tidak_dinilai")
COUNTS = ("wajib", *DUE, *EXCUSED, *NOT_DUE, "roster")
TANDA = "tanda"
"""Signs of manipulation of an office that wait for a person; a shared screen says how many there are in all."""
SAH = "berhalangan_sah"
"""What a shared screen says of everybody excused: illness is nobody's business."""

Row = Mapping[str, Any]
Tile = dict[str, Any]
Scope = frozenset[str] | None
"""Units that a viewer may see with names (``EVERY``: all); None: a shared screen, all units and no names."""
EVERY = "*"


def may_see(scope: Scope, unit: str) -> bool:
    """Whether names of that unit may be shown."""
    return scope is not None and (EVERY in scope or unit in scope)


def tile(row: Row, flags: int = 0) -> Tile:
    """An office (a row of ``v_office_day``) as a tile; ``flags``: of its signs those that are open, of any date."""
    return {
        "unit": row["unit_id"],
        "name": row["unit_name"] or row["unit_id"],
        "mode": row["unit_mode"],
        **{count: int(row[count]) for count in COUNTS},
        "mesin": int(row["mesin_belum_lengkap"]),
        TANDA: flags,
    }


def shared(full: Tile) -> Tile:
    """The same tile for a screen that everybody sees: one count of the excused, whatever excuses them; no signs."""
    return {k: v for k, v in full.items() if k not in (*EXCUSED, TANDA)} | {SAH: sum(full[k] for k in EXCUSED)}


def totals(tiles: Iterable[Tile]) -> dict[str, int]:
    """Sums over tiles of one kind, by count."""
    sums: dict[str, int] = {}
    for one in tiles:
        for key, value in one.items():
            if isinstance(value, int):
                sums[key] = sums.get(key, 0) + value
    return sums


def urgency(one: Tile) -> tuple[int, int, int, int, str]:
    """Sorts offices: most missing first, then those of whom nothing can be said, awaited, late, by name."""
    gone = one["belum_hadir"] + one["tidak_hadir"] + one["tk"]
    return -gone, -one["belum_dapat_dipastikan"], -one["ditunggu"], -one["terlambat"], one["name"]


@dataclass(frozen=True)
class Arrival:
    """Somebody whose arrival has become known; ``at`` is local ``HH.MM``, ``name`` for whoever may see it."""

    unit: str
    office: str
    name: str
    at: str
    late_m: int


@dataclass(frozen=True)
class Board:
    """
    What is known at a moment; made anew whenever ClickHouse has something new.

    Attributes:
        version: grows with every board.
        date: work date shown, ISO.
        tiles: by unit.
        terminals: in service and expected to be connected, by unit.
        silent: terminals that are not connected, rows of ``v_device``.
        arrivals: newest last; their place in the day's list is their number.
        first_arrival: number of the first of them.
        flags: open signs of manipulation by unit, also of units that have no tile today.
    """

    version: int
    date: str
    tiles: dict[str, Tile]
    terminals: dict[str, int]
    silent: Sequence[Mapping[str, str]]
    arrivals: Sequence[Arrival]
    first_arrival: int = 0
    flags: Mapping[str, int] = field(default_factory=dict)


def view(board: Board, scope: Scope, seen: Board | None) -> dict[str, Any]:
    """
    What to send to a viewer who has ``seen`` an earlier board (None: nothing yet): tiles that changed, units that are
    gone, arrivals that are new; order, sums, silent terminals and completeness whole.
    """
    tiles = _tiles(board, scope)
    known = _tiles(seen, scope) if seen is not None and seen.date == board.date else {}
    arrivals = list(_arrivals(board, scope, seen if known else None))
    silent = [dict(t) for t in board.silent if scope is None or may_see(scope, t["unit"])]
    return {
        "version": board.version,
        "whole": not known,
        "date": board.date,
        "tiles": [one for unit, one in tiles.items() if known.get(unit) != one],
        "gone": [unit for unit in known if unit not in tiles],
        "order": [one["unit"] for one in sorted(tiles.values(), key=urgency)],
        "total": totals(tiles.values()),
        "terminals": sum(n for unit, n in board.terminals.items() if scope is None or may_see(scope, unit)),
        "silent": silent,
        "flags": sum(n for unit, n in board.flags.items() if scope is None or may_see(scope, unit)),
        "arrivals": arrivals,
    }


def _tiles(board: Board, scope: Scope) -> dict[str, Tile]:
    if scope is None:
        return {unit: shared(one) for unit, one in board.tiles.items()}
    return {unit: one for unit, one in board.tiles.items() if may_see(scope, unit)}


def _arrivals(board: Board, scope: Scope, seen: Board | None) -> Iterable[dict[str, Any]]:
    first = board.first_arrival
    if seen is not None:
        first = max(first, seen.first_arrival + len(seen.arrivals))
    for one in board.arrivals[first - board.first_arrival :]:
        if scope is None:
            yield {"at": one.at, "office": one.office, "late_m": one.late_m}
        elif may_see(scope, one.unit):
            yield {"at": one.at, "office": one.office, "late_m": one.late_m, "name": one.name}
