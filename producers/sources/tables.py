"""A file opened: which form it has, its rows as often as they are asked for, and what a row says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from hadir.errors import Misconfigured, Undecodable
from producers.mappings import ready
from producers.protocols import attlog_file, delimited, mapped_file
from producers.protocols.delimited import Row
from producers.protocols.lines import is_blank
from producers.protocols.mapped_file import HEAD, Bound
from producers.protocols.mapping import DELIMITERS, MOST_CHARACTERS, Mapping, load
from producers.sources import xlsx
from producers.sources.file_text import Survey, Told, lines, survey

ATTLOG_HEAD = 2000  # lines in which the form of an attlog.dat is looked for
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class Table(Protocol):
    """
    One file.

    Attributes:
        form: which form it was recognised as, for people.
        mapping: the one in use; None: an ``attlog.dat``.
        names_device: every row names its terminal.
        notes: what the operator should know of the reading.
    """

    found: Survey
    form: str
    mapping: Mapping | None
    names_device: bool
    notes: list[str]

    def rows(self, told: Told | None = None) -> Iterator[Row]:
        """The rows that should be punches, from the file's beginning, one at a time."""
        ...

    def read(self, row: Row, device_id: str, received_at: int) -> dict[str, Any]:
        """A record of type ``punch``; raises Undecodable."""
        ...

    def device(self, row: Row) -> str:
        """The terminal that a row names; raises Undecodable."""
        ...

    def letter(self, row: Row) -> bytes:
        """What of a row may lie in ``dead_letter``."""
        ...

    def strange(self, row: Row, punch: dict[str, Any]) -> list[str]:
        """Words of a row that have no code."""
        ...


class AttlogTable:
    """An ``attlog.dat``: no header, no terminal, nothing that could be a name."""

    mapping: Mapping | None = None
    names_device = False

    def __init__(self, found: Survey) -> None:
        self.found = found
        self.notes: list[str] = []
        # bytes as they came, as characters of the same number, unless they are two to a character
        self._encoding = found.encoding if found.encoding.startswith("utf-16") else "latin-1"
        self._written = "utf-8" if found.encoding.startswith("utf-16") else "latin-1"
        head = islice(self.rows(), ATTLOG_HEAD)
        self._form = attlog_file.recognise(row.cells[0] for row in head if not row.fault)
        self.form = str(self._form)

    def rows(self, told: Told | None = None) -> Iterator[Row]:
        """See ``Table``."""
        for number, line in enumerate(lines(self.found.path, self._encoding, self.found.size, told), 1):
            if line is None:
                yield Row(number, (b"",), delimited.TOO_LONG)
                continue
            bare = line.rstrip("\r\n").encode(self._written, "replace")
            if number == 1:
                bare = bare.removeprefix(b"\xef\xbb\xbf")
            if not is_blank(bare):
                yield Row(number, (bare,))

    def read(self, row: Row, device_id: str, received_at: int) -> dict[str, Any]:
        """See ``Table``."""
        if row.fault:
            raise Undecodable(row.fault)
        return attlog_file.read(row.cells[0], self._form, device_id, received_at)

    def device(self, row: Row) -> str:
        """Never asked: ``names_device`` is False."""
        raise Undecodable("no serial number")

    def letter(self, row: Row) -> bytes:
        """See ``Table``."""
        raw: bytes = row.cells[0]
        return raw

    def strange(self, row: Row, punch: dict[str, Any]) -> list[str]:
        """None: all codes are numbers."""
        return []


Opened = Callable[[Told | None], Iterator[Row]]


class MappedTable:
    """A CSV or a sheet, read as a mapping says."""

    def __init__(self, found: Survey, bound: Bound, form: str, opened: Opened, notes: list[str]) -> None:
        self.found = found
        self.mapping: Mapping | None = bound.mapping
        self.names_device = bound.device >= 0
        self.notes = notes
        self.form = form
        self._bound = bound
        self._opened = opened

    def rows(self, told: Told | None = None) -> Iterator[Row]:
        """See ``Table``."""
        bound = self._bound
        for row in self._opened(told):
            if not mapped_file.passed_over(bound, row):
                yield row

    def read(self, row: Row, device_id: str, received_at: int) -> dict[str, Any]:
        """See ``Table``."""
        return mapped_file.read(self._bound, row, device_id, received_at)

    def device(self, row: Row) -> str:
        """See ``Table``."""
        return mapped_file.device_of(self._bound, row)

    def letter(self, row: Row) -> bytes:
        """See ``Table``."""
        return mapped_file.nameless(self._bound, row)

    def strange(self, row: Row, punch: dict[str, Any]) -> list[str]:
        """See ``Table``."""
        places = ((self._bound.in_out, punch["in_out_code"]), (self._bound.verify, punch["verify_code"]))
        return [word for place, code in places if (word := mapped_file.strange_word(row.cells, place, code))]


def chosen(name_or_file: str) -> Mapping:
    """
    The mapping that ``--map`` names: a ready one, else a file.

    Raises:
        Misconfigured: neither, or not a mapping.
    """
    if name_or_file in ready():
        return ready()[name_or_file]
    path = Path(name_or_file)
    try:
        with path.open("rb") as file:
            text = file.read(4 * MOST_CHARACTERS + 1).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = "not UTF-8" if isinstance(error, ValueError) else "no such file"
        raise Misconfigured(f"--map {name_or_file}: {why}; ready mappings are {', '.join(ready())}") from None
    return load(text, path.stem)


def open_table(path: Path, mapping: Mapping | None = None) -> Table:
    """
    Look at a file and find its form.

    Args:
        mapping: None: it is an ``attlog.dat``, or the one ready mapping that fits is used.

    Raises:
        Undecodable: a kind that is not read, broken, or no form that is known; the text names the columns seen.
        OSError: it can't be read.
    """
    found = survey(path)
    if found.sheet:
        return _sheet(found, mapping)
    if mapping is None:
        try:
            return AttlogTable(found)
        except Undecodable:
            pass
    return _delimited(found, mapping)


def _delimited(found: Survey, mapping: Mapping | None) -> Table:
    encoding = mapping.encoding if mapping is not None and mapping.encoding else found.encoding
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    first = max(HEAD, (mapping.header or 0) if mapping is not None else 0)
    wanted = (mapping.delimiter,) if mapping is not None and mapping.delimiter else DELIMITERS
    heads = {
        delimiter: list(islice(delimited.rows(lines(found.path, encoding), delimiter), first)) for delimiter in wanted
    }
    # the delimiter that divides most is tried first: without a header nothing else tells
    ordered = sorted(heads, key=lambda delimiter: -sum(len(row.cells) for row in heads[delimiter]))
    fit = next(((one, bounds) for one in ordered if (bounds := _fits(heads[one], mapping))), None)
    if fit is None:
        raise _unknown(heads[ordered[0]], mapping)
    delimiter, bounds = fit
    bound = _only(bounds)
    form = f"{bound.mapping.name}: CSV with {_NAMES[delimiter]}, {encoding.removesuffix('-sig')}{_header(bound)}"

    def opened(told: Told | None) -> Iterator[Row]:
        return delimited.rows(lines(found.path, encoding, found.size, told), delimiter)

    return MappedTable(found, bound, form, opened, [])


def _sheet(found: Survey, mapping: Mapping | None) -> Table:
    every = xlsx.sheets(found.path)
    name = mapping.sheet if mapping is not None else ""
    if name and name not in {one.name for one in every}:
        raise Undecodable(f"no sheet {name}; there are: {', '.join(one.name for one in every)}")
    looked_at = [name] if name else [one.name for one in every if one.visible]
    first = max(HEAD, (mapping.header or 0) if mapping is not None else 0)
    heads = {one: list(islice(xlsx.rows(found.path, one), first)) for one in looked_at}
    fit = next(((one, bounds) for one in looked_at if (bounds := _fits(heads[one], mapping))), None)
    if fit is None:
        raise _unknown(max(heads.values(), key=lambda head: len(mapped_file.seen(head)), default=[]), mapping)
    title, bounds = fit
    bound = _only(bounds)
    others = [one for one in looked_at if one != title and heads[one]]
    notes = [f"only the sheet {title} was read, not {', '.join(others)}"] if others else []

    def opened(told: Told | None) -> Iterator[Row]:
        return xlsx.rows(found.path, title, told)

    return MappedTable(found, bound, f"{bound.mapping.name}: sheet {title}{_header(bound)}", opened, notes)


def _header(bound: Bound) -> str:
    return f", header in row {bound.header}" if bound.header else ", no header"


def _fits(head: Sequence[Row], mapping: Mapping | None) -> list[Bound]:
    wanted = [mapping] if mapping is not None else list(ready().values())
    return [bound for one in wanted if (bound := mapped_file.bind(one, head)) is not None]


def _only(bounds: list[Bound]) -> Bound:
    if len(bounds) > 1:
        names = ", ".join(bound.mapping.name for bound in bounds)
        raise Undecodable(f"several ready mappings fit: {names}; say which by --map")
    return bounds[0]


def _unknown(head: Sequence[Row], mapping: Mapping | None) -> Undecodable:
    columns = ", ".join(mapped_file.seen(head)) or "none"
    if mapping is not None:
        wanted = "; ".join(f"{field}: {' or '.join(map(str, names))}" for field, names in mapping.columns.items())
        return Undecodable(f"the columns of mapping {mapping.name} are not there ({wanted}). Columns seen: {columns}")
    return Undecodable(
        f"not an attlog.dat, and no ready mapping fits. Columns seen: {columns}. "
        "A mapping of your own: --map FILE (docs/importing.md)"
    )
