"""Roster files as rows with line numbers, and the faults found in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hadir.errors import Misconfigured

SHOWN = 200  # faults kept with their text; more are counted


class Fault(NamedTuple):
    """What is wrong with one line; line 0: with the file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(slots=True)
class Faults:
    """Faults in the order in which they were found; ``count`` and ``lines`` go on where ``found`` is full."""

    found: list[Fault] = field(default_factory=list)
    count: int = 0
    lines: set[tuple[str, int]] = field(default_factory=set)

    def add(self, file: str, line: int, message: str) -> None:
        """Note one fault."""
        self.count += 1
        self.lines.add((file, line))
        if len(self.found) < SHOWN:
            self.found.append(Fault(file, line, message))


class FaultyRoster(Misconfigured):
    """The files can't be imported; nothing was written. The text names every fault by file and line."""

    def __init__(self, faults: Faults) -> None:
        more = faults.count - len(faults.found)
        texts = [*map(str, faults.found), *([f"and {more} more"] if more else [])]
        super().__init__("\n".join([f"{faults.count} faults, nothing was written:", *texts]))
        self.faults = faults.found
        self.count = faults.count


class Row(NamedTuple):
    """One line: its number (of its last line, where a quoted field spans several), its cells by column."""

    line: int
    cells: dict[str, str]


def read_text(folder: Path, name: str, faults: Faults) -> str | None:
    """A file as text, a byte order mark passed over; None when it is not there or not UTF-8 (a fault)."""
    path = folder / name
    if not path.exists():
        return None
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add(name, raw.count(b"\n", 0, error.start) + 1, "not UTF-8: save the file as CSV UTF-8")
        return None


def rows(name: str, text: str, columns: Sequence[str], faults: Faults, optional: Sequence[str] = ()) -> Iterator[Row]:
    """
    Lines of a comma separated file, blanks around cells removed, empty lines passed over.

    Args:
        columns: as the header must name them, in order; all of ``optional`` may follow, then ``void``.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        short, long = [*columns], [*columns, *optional]
        if header not in (short, [*short, "void"], long, [*long, "void"]):
            hint = "; the file has semicolons, save it with commas" if ";" in "".join(header) else ""
            faults.add(name, 1, f"the header must be {','.join(columns)}{hint}")
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                faults.add(name, reader.line_num, f"{len(cells)} cells, the header has {len(header)}")
                continue
            yield Row(reader.line_num, dict(zip(header, map(str.strip, cells), strict=True)))
    except csv.Error as error:
        faults.add(name, reader.line_num, f"not readable from here on: {error}")
