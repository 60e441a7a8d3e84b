"""
An ``.xlsx`` as rows: values only, never formulas, nothing that a macro or a link could do, and bounds on everything.

openpyxl reads a sheet row by row, its XML through defusedxml; what it would hold in memory (texts, styles, the cells of
one row) is bounded before it sees the file, from what each part says of its size and from a pass over its tags.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl

from hadir.errors import Undecodable
from producers.protocols.delimited import Row
from producers.protocols.mapping import MOST_COLUMNS
from producers.sources.file_text import PIECE, Told

MOST_ROWS = 1_048_576  # what a sheet can have
MOST_PARTS = 2000
SHEET_BYTES = 1 << 30  # unpacked: a million rows of eight columns are 400 MB
TEXT_BYTES = 64 << 20  # unpacked texts: they are held in memory
PART_BYTES = 1 << 20  # unpacked, of every other part that is read: styles, names of sheets
BETWEEN_BYTES = 4 << 20  # between the beginnings of two rows, or of two texts
_READ = re.compile(r"xl/(styles|workbook)\.xml|.*\.rels|\[content_types\]\.xml|docprops/.*|xl/theme/.*", re.IGNORECASE)
_SHEETS = re.compile(r"xl/worksheets/[^/]*\.xml", re.IGNORECASE)
_TEXTS = re.compile(r"xl/sharedstrings\.xml", re.IGNORECASE)
_ROW, _TEXT = re.compile(rb"<(?:\w{1,20}:)?row[\s/>]"), re.compile(rb"<(?:\w{1,20}:)?si[\s/>]")
_LONGEST_TAG = 32
# of styles that are not read, and one for every cell with an impossible date: those are rejects
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")


class Sheet(NamedTuple):
    """A sheet: its name, and whether whoever opens the file sees it."""

    name: str
    visible: bool


def sheets(path: Path) -> list[Sheet]:
    """
    The sheets of a workbook, after a look at every part that will be read.

    Raises:
        Undecodable: no workbook, a broken one, or one beyond the bounds.
    """
    try:
        _look(path)
        with _open(path) as book:
            return [Sheet(one.title, one.sheet_state == "visible") for one in book.worksheets]
    except (Undecodable, OSError):
        raise
    except Exception as error:  # a broken file can raise anything in zipfile, the XML parser and openpyxl
        raise _broken(error) from None


def rows(path: Path, sheet: str, told: Told | None = None) -> Iterator[Row]:
    """
    Rows of a sheet by their numbers, at most ``MOST_COLUMNS`` cells each; call ``sheets`` before.

    Raises:
        Undecodable: broken in the middle, or rows beyond the last one that a sheet can have.
    """
    try:
        with _open(path) as book:
            page = book[sheet]
            page.reset_dimensions()  # what a file says of its own size is not to be relied on
            for number, cells in enumerate(page.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1):
                if number > MOST_ROWS:
                    raise Undecodable(f"more than {MOST_ROWS} rows")
                if told is not None and number % 1000 == 0:
                    told(0.0)
                yield Row(number, _bare(cells))
    except (Undecodable, OSError):
        raise
    except Exception as error:
        raise _broken(error) from None


def _broken(error: Exception) -> Undecodable:
    return Undecodable(f"a broken .xlsx ({type(error).__name__}): open it, save it again, and import that")


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:  # by its name openpyxl would refuse whatever does not end in .xlsx
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _bare(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the empty cells behind the last one: a sheet's rows are as wide as its widest."""
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]


def _look(path: Path) -> None:
    """Whatever could fill the memory is refused by what it says of its size: no more than that is ever unpacked."""
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
        if len(parts) > MOST_PARTS:
            raise Undecodable(f"more than {MOST_PARTS} parts: no sheet of an attendance program")
        for part in parts:
            if _SHEETS.fullmatch(part.filename):
                _bounded(packed, part, SHEET_BYTES, _ROW)
            elif _TEXTS.fullmatch(part.filename):
                _bounded(packed, part, TEXT_BYTES, _TEXT)
            elif _READ.fullmatch(part.filename) and part.file_size > PART_BYTES:
                raise Undecodable(f"{part.filename} unpacks to more than {PART_BYTES >> 20} MB")
            elif part.file_size > BETWEEN_BYTES:  # a sheet may lie anywhere
                _bounded(packed, part, SHEET_BYTES, _ROW)


def _bounded(packed: zipfile.ZipFile, part: zipfile.ZipInfo, most_bytes: int, tag: re.Pattern[bytes]) -> None:
    if part.file_size > most_bytes:
        raise Undecodable(f"{part.filename} unpacks to more than {most_bytes >> 20} MB: export fewer months at a time")
    found, last, position, tail = 0, 0, 0, b""
    with packed.open(part) as stream:
        while piece := stream.read(PIECE):
            text = tail + piece
            start, counted = position - len(tail), 0
            for match in tag.finditer(text):
                found += 1
                counted = match.end()
                last = start + counted
            position += len(piece)
            if found > MOST_ROWS or position - last > BETWEEN_BYTES:
                raise Undecodable(f"{part.filename}: more rows or cells than a sheet of an attendance program has")
            tail = text[max(counted, len(text) - _LONGEST_TAG) :]
