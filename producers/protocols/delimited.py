"""
Lines of a file to rows of cells: ``,`` ``;`` tab or ``|`` between, quotation marks as spreadsheets write them.

A quotation mark that is never closed costs its own line and no other: what was read in search of the end is read again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

MOST_LINE = 65_536  # characters; longer lines are no rows
MOST_LINES = 32  # of one quoted cell
MOST_CELLS = 4096
TOO_LONG = f"a line of more than {MOST_LINE} characters"

Numbered = tuple[int, str | None]


class Row(NamedTuple):
    """
    One row of a file.

    Attributes:
        number: of its first line, or of the row on a sheet, from 1.
        cells: texts; from a sheet also numbers, dates, times, truths and None.
        fault: why it can't be read as a row at all; empty: it can.
    """

    number: int
    cells: tuple[Any, ...]
    fault: str = ""


def is_blank(cells: tuple[Any, ...]) -> bool:
    """True for a row that carries nothing."""
    return not any(cell.strip(" \t\0\x1a\xa0") if isinstance(cell, str) else cell is not None for cell in cells)


def rows(lines: Iterator[str | None], delimiter: str) -> Iterator[Row]:
    """
    Rows of a text, empty ones too.

    Args:
        lines: with or without their ends; None: one that is longer than ``MOST_LINE``.

    Pure; holds at most ``MOST_LINES`` lines. About 1 µs a row, 5 with quotation marks.
    """
    again: deque[Numbered] = deque()
    numbered = enumerate(lines, 1)
    while (first := _next(again, numbered)) is not None:
        number, line = first
        if line is None:
            yield Row(number, (), TOO_LONG)
        elif '"' not in line:
            yield _sized(number, line.strip("\r\n\0").replace("\0", "").split(delimiter))
        else:
            yield _quoted(number, line, again, numbered, delimiter)


def _next(again: deque[Numbered], numbered: Iterator[Numbered]) -> Numbered | None:
    return again.popleft() if again else next(numbered, None)


def _quoted(number: int, line: str, again: deque[Numbered], numbered: Iterator[Numbered], delimiter: str) -> Row:
    taken: list[Numbered] = []

    def feed() -> Iterator[str]:
        yield line.replace("\0", "")
        while len(taken) < MOST_LINES - 1 and (found := _next(again, numbered)) is not None:
            taken.append(found)
            if found[1] is None:
                return
            yield found[1].replace("\0", "")

    try:
        return _sized(number, next(csv.reader(feed(), delimiter=delimiter, strict=True)))
    except csv.Error:
        again.extendleft(reversed(taken))
        return Row(number, (line.rstrip("\r\n"),), "a quotation mark that is not closed, or text behind one")


def _sized(number: int, cells: list[str]) -> Row:
    if len(cells) > MOST_CELLS:
        return Row(number, (), f"more than {MOST_CELLS} cells")
    return Row(number, tuple(cells))
