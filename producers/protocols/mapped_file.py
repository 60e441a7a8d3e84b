"""
Rows of a file with named columns (CSV, a sheet) to punches, as a ``Mapping`` says. Local time, no zone.

A row that can't be used is ``Undecodable`` by itself; words for in/out and verify that nobody knows are no reason to
lose a punch: their code is -1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from hadir.errors import Undecodable
from producers.protocols import stamps
from producers.protocols.adms import serial
from producers.protocols.delimited import Row, is_blank
from producers.protocols.lines import DAY_MS, code, pin, punch, sane_moment
from producers.protocols.mapping import NEEDED, Mapping, plain

SOURCE = "file"
HEAD = 40  # rows in which a header is looked for
_SHOWN_CELL = 40
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EXACT = 2**53  # a spreadsheet's number beyond it has lost digits
_NAMELESS = re.compile(r"[0-9A-Za-z:./, _-]{0,40}")


class Bound(NamedTuple):
    """A mapping on one file: the header's row (0: none), its width (0: unknown), and each field's place (-1: none)."""

    mapping: Mapping
    header: int
    width: int
    names: tuple[str, ...]
    pin: int
    time: int
    date: int
    in_out: int
    verify: int
    work_code: int
    device: int


def bind(mapping: Mapping, head: Iterable[Row]) -> Bound | None:
    """
    Find a mapping's columns.

    Args:
        head: the file's first rows, ``HEAD`` or down to the header's row.

    Returns:
        None: the columns it needs are not there.

    Raises:
        Undecodable: a name that it needs stands in two columns.
    """
    if mapping.header == 0:
        return _bound(mapping, Row(0, ()))
    for row in head:
        if row.fault or (mapping.header is not None and row.number != mapping.header):
            continue
        bound = _bound(mapping, row)
        if bound is not None:
            return bound
    return None


def _bound(mapping: Mapping, row: Row) -> Bound | None:
    names = tuple(plain(cell) if isinstance(cell, str) else "" for cell in row.cells)
    if not set(mapping.requires) <= set(names) or set(mapping.without) & set(names):
        return None
    needed = [mapping.columns[field] for field in NEEDED if field in mapping.columns]
    if not all(any(isinstance(one, int) or one in names for one in wanted) for wanted in needed):
        return None
    places = {field: _place(wanted, names) for field, wanted in mapping.columns.items()}
    # a column that is named and not there is missed only where rows can't be read without it
    fields = {field: places.get(field, -1) for field in Bound._fields[4:]}
    return Bound(mapping, row.number, len(names), names, **fields)


def _place(wanted: Sequence[str | int], names: tuple[str, ...]) -> int:
    for one in wanted:
        if isinstance(one, int):
            return one - 1
        if (count := names.count(one)) > 1:
            raise Undecodable(f"two columns are named {one}: give one of them another name")
        if count:
            return names.index(one)
    return -1


def seen(head: Iterable[Row]) -> list[str]:
    """What a file's header seems to be: the texts of its fullest row, for whoever must write a mapping."""
    rows = [[cell.strip() for cell in row.cells if isinstance(cell, str) and cell.strip()] for row in head]
    return [cell[:_SHOWN_CELL] for cell in max(rows, key=len, default=[])[:40]]


def passed_over(bound: Bound, row: Row) -> bool:
    """True for what is no punch and no fault: before the header, empty, the header again at the head of a page."""
    if row.fault:
        return False
    if row.number <= bound.header or is_blank(row.cells):
        return True
    if bound.header and isinstance(row.cells[0], str) and plain(row.cells[0]) == bound.names[0]:
        return tuple(plain(cell) if isinstance(cell, str) else "" for cell in row.cells) == bound.names
    return False


def read(bound: Bound, row: Row, device_id: str, received_at: int) -> dict[str, Any]:
    """
    One row as a record of type ``punch``.

    Args:
        device_id: serial number of the terminal (``device_of`` where the rows say it).
        received_at: moment of the import, milliseconds UTC.

    Raises:
        Undecodable: more cells than the header has, no PIN, or a time that no working clock shows.

    Pure, about 12 µs.
    """
    if row.fault:
        raise Undecodable(row.fault)
    cells = row.cells
    if bound.width and any(cell not in (None, "") for cell in cells[bound.width :]):
        raise Undecodable(f"{len(cells)} cells, the header has {bound.width}")
    words = bound.mapping.words
    work = _text(_cell(cells, bound.work_code))
    return punch(
        device_id,
        pin(_number_text(_cell(cells, bound.pin), "PIN").removeprefix("'").encode("ascii", "replace")),
        _when(bound, cells, received_at),
        in_out=_code(_cell(cells, bound.in_out), words.in_out),
        verify=_code(_cell(cells, bound.verify), words.verify),
        work=work.strip(" \0")[:64],
        source=SOURCE,
        received_at=received_at,
    )


def device_of(bound: Bound, row: Row) -> str:
    """
    The serial number that a row names, by the mapping's words for terminals where it has some.

    Raises:
        Undecodable: none.
    """
    if row.fault:
        raise Undecodable(row.fault)
    text = _number_text(_cell(row.cells, bound.device), "serial number").strip().removeprefix("'")
    return serial(bound.mapping.words.device.get(plain(text), text))


def strange_word(cells: tuple[Any, ...], place: int, found: int) -> str:
    """What a cell says that the mapping has no code for; empty: it has, or the cell is empty."""
    return _text(_cell(cells, place)).strip()[:24] if found == -1 and place >= 0 else ""


def nameless(bound: Bound, row: Row) -> bytes:
    """
    What of a row may lie in ``dead_letter``: PIN, date, time and terminal, ``?`` for what might be a name.

    Columns shift in broken files; a cell without a digit is neither number nor time.
    """
    places = [place for place in (bound.pin, bound.date, bound.time, bound.device) if place >= 0]
    texts = [_text(_cell(row.cells, place)) for place in places] if not row.fault else []
    safe = [text if not text or (_NAMELESS.fullmatch(text) and any(map(str.isdigit, text))) else "?" for text in texts]
    return ",".join(safe).encode()


def _cell(cells: tuple[Any, ...], place: int) -> Any:
    return cells[place] if 0 <= place < len(cells) else None


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        cell = int(cell)
    return "" if cell is None else str(cell)


def _number_text(cell: Any, what: str) -> str:
    """A number as a terminal writes it, from a text or a spreadsheet's number."""
    if isinstance(cell, str):
        return cell.strip(" \0\xa0")
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, int | float) or cell != cell or cell < 0:
        raise Undecodable(f"not a {what}")
    if cell >= _EXACT:
        raise Undecodable(f"the {what} has lost digits: give its column the format text")
    if isinstance(cell, float) and not cell.is_integer():
        raise Undecodable(f"not a {what}")
    return str(int(cell))


def _code(cell: Any, words: dict[str, int]) -> int:
    text = _text(cell)
    found = words.get(plain(text)) if words else None
    return code([text.encode("utf-8", "replace")], 0) if found is None else found


def _when(bound: Bound, cells: tuple[Any, ...], received_at: int) -> tuple[int, bool]:
    cell = _cell(cells, bound.time)
    if bound.date < 0:
        if isinstance(cell, datetime):
            return sane_moment(_moment(cell), received_at), False
        found = stamps.read(bound.mapping.time, _time_text(cell))
        return sane_moment(found.day * DAY_MS + found.second * 1000, received_at), found.minute_only
    day = _cell(cells, bound.date)
    if isinstance(day, date):  # a datetime is one too
        midnight = (day.toordinal() - _EPOCH_DAY) * DAY_MS
    else:
        midnight = stamps.read(bound.mapping.date, _time_text(day)).day * DAY_MS
    clock_ms, minute_only = _clock(bound, cell)
    return sane_moment(midnight + clock_ms, received_at), minute_only


def _clock(bound: Bound, cell: Any) -> tuple[int, bool]:
    if isinstance(cell, datetime):
        return _moment(cell) % DAY_MS, False
    if isinstance(cell, time):
        return (cell.hour * 3600 + cell.minute * 60 + cell.second) * 1000, False
    if isinstance(cell, timedelta):
        if not timedelta(0) <= cell < timedelta(days=1):
            raise Undecodable("no such time")
        return int(cell.total_seconds()) * 1000, False
    found = stamps.read(bound.mapping.time, _time_text(cell))
    return found.second * 1000, found.minute_only


def _time_text(cell: Any) -> str:
    if cell is None or isinstance(cell, str):
        return (cell or "").strip(" \t\0\xa0'")
    raise Undecodable("not a time: give its column a format of date and time, or text")


def _moment(cell: datetime) -> int:
    """A sheet's date and time as if UTC; its fractions of a day miss the second by some microseconds."""
    seconds = cell.hour * 3600 + cell.minute * 60 + cell.second + (cell.microsecond >= 500_000)
    return (cell.toordinal() - _EPOCH_DAY) * DAY_MS + seconds * 1000
