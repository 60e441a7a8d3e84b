"""Rejected rows as a CSV that a person opens in a spreadsheet: nothing in it may become a formula."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from producers.protocols.delimited import Row
from producers.protocols.lines import Reject

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_MOST_CELLS = 64
_MOST_CHARACTERS = 1000


def harmless(cell: Any) -> str:
    """
    A cell that no spreadsheet takes for a formula.

    >>> harmless("=cmd|' /C calc'!A0")
    "'=cmd|' /C calc'!A0"
    """
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else "" if cell is None else str(cell)
    text = text[:_MOST_CHARACTERS].replace("\0", "")
    return "'" + text if text.lstrip(" \xa0\ufeff").startswith(_DANGEROUS) or text.startswith(_DANGEROUS) else text


class RejectFile:
    """
    A CSV with line number, reason and cells, in one step where it was asked for when everything has been read.

    Args:
        path: None: nothing is written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._part = None if path is None else path.with_name(path.name + ".part")
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        if self._part is not None:
            self._file = self._part.open("w", encoding="utf-8-sig", newline="")  # spreadsheets look for the mark
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "reason", "cells"])
        return self

    def add(self, reject: Reject, row: Row) -> None:
        """One reject and the row it was. Raises OSError."""
        if self._writer is not None:
            cells = row.cells
            if len(cells) == 1 and isinstance(cells[0], bytes):  # a line of an attlog.dat
                cells = tuple(cells[0].split(b"\t"))
            self._writer.writerow([reject.number, harmless(reject.reason), *map(harmless, cells[:_MOST_CELLS])])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None or self._part is None or self._path is None:
            return
        self._file.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)
