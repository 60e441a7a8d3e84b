"""
A mapping: which column of a file holds what, and how its words and times are to be read. A small TOML file.

``docs/importing.md`` says what may stand in it; ``producers/mappings/`` has the ready ones.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from hadir.errors import Misconfigured
from producers.protocols.stamps import Stamp, conflict, stamp

MOST_CHARACTERS = 65_536
MOST_COLUMNS = 256
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
FIELDS = ("pin", "time", "date", "in_out", "verify", "work_code", "device")
NEEDED = ("pin", "time", "date")

_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Place = Annotated[int, Meta(ge=1, le=MOST_COLUMNS)]
_Names = _Name | _Place | Annotated[list[_Name | _Place], Meta(min_length=1, max_length=20)]
_Formats = _Name | Annotated[list[_Name], Meta(min_length=1, max_length=20)]
_Codes = Annotated[dict[_Name, Annotated[int, Meta(ge=-1, le=2_147_483_647)]], Meta(max_length=500)]
_Serials = Annotated[
    dict[_Name, Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]], Meta(max_length=5000)
]


class _Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin: _Names
    time: _Names
    date: _Names | None = None
    in_out: _Names | None = None
    verify: _Names | None = None
    work_code: _Names | None = None
    device: _Names | None = None


class _Dates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    time: _Formats
    date: _Formats | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    delimiter: str = ""
    encoding: str = ""
    header: Annotated[int, Meta(ge=0, le=1000)] | None = None
    sheet: Annotated[str, Meta(max_length=100)] = ""


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    columns: _Columns
    formats: _Dates
    about: Annotated[str, Meta(max_length=200)] = ""
    requires: Annotated[list[_Name], Meta(max_length=20)] = []
    without: Annotated[list[_Name], Meta(max_length=20)] = []
    file: _File = _File()
    in_out: _Codes = {}
    verify: _Codes = {}
    device: _Serials = {}


class Words(NamedTuple):
    """What cells say in words, plain (``plain``): codes of in/out and verify, serial numbers of terminals."""

    in_out: dict[str, int]
    verify: dict[str, int]
    device: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """
    A mapping that holds together.

    Attributes:
        name: of a ready mapping, or of the file it came from.
        about: one line for people.
        text: the TOML as it was written: what is saved, and what two mappings are told apart by.
        columns: field (``FIELDS``) -> header names, plain, any of which will do, or column numbers from 1.
        requires, without: header names, plain, that must be there too, or must not: they tell one program's file from
            another's.
        time: formats of the column ``time``; of the clock alone where there is a column ``date``.
        date: formats of the column ``date``.
        delimiter, encoding, sheet: empty: looked for.
        header: row number; 0: there is none; None: looked for.
        words: what words mean.
    """

    name: str
    about: str
    text: str
    columns: dict[str, tuple[str | int, ...]]
    requires: tuple[str, ...]
    without: tuple[str, ...]
    time: tuple[Stamp, ...]
    date: tuple[Stamp, ...]
    delimiter: str
    encoding: str
    header: int | None
    sheet: str
    words: Words


def plain(text: str) -> str:
    """
    A header's name or a word as it is compared: small letters, blanks at the ends gone and single within.

    >>> plain(" No. \\n ID ")
    'no. id'
    """
    return " ".join(text.split()).casefold()


def load(text: str, name: str) -> Mapping:
    """
    A mapping from its TOML.

    Args:
        name: what messages call it.

    Raises:
        Misconfigured: not TOML, something that a mapping has not, or what contradicts itself; the text says what.

    Pure.
    """
    if len(text) > MOST_CHARACTERS:
        raise Misconfigured(f"mapping {name}: more than {MOST_CHARACTERS} characters")
    try:
        written = msgspec.convert(tomllib.loads(text), _Written)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Misconfigured(f"mapping {name}: {str(error)[:200] or 'not TOML'}") from None
    try:
        return _checked(written, text, name)
    except ValueError as error:
        raise Misconfigured(f"mapping {name}: {error}") from None


def _checked(written: _Written, text: str, name: str) -> Mapping:
    columns = {field: _names(getattr(written.columns, field)) for field in FIELDS}
    columns = {field: names for field, names in columns.items() if names}
    split = "date" in columns
    if split != (written.formats.date is not None):
        raise ValueError("a column date and formats of date belong together")
    places = [isinstance(one, int) for names in columns.values() for one in names]
    if written.file.header == 0 and (not all(places) or written.requires or written.without):
        raise ValueError("without a header (header = 0) columns are named by their numbers")
    if written.file.header is None and all(places):
        raise ValueError("columns by number need the header's row: header = 1, or 0 for none")
    if written.file.delimiter not in ("", *DELIMITERS):
        raise ValueError("delimiter: a comma, a semicolon, a tab or a bar")
    if written.file.encoding not in ("", *ENCODINGS):
        raise ValueError(f"encoding: one of {', '.join(ENCODINGS)}")
    times = _stamps(written.formats.time, day=not split, clock=True)
    dates = _stamps(written.formats.date, day=True, clock=False) if written.formats.date is not None else ()
    return Mapping(
        name=name,
        about=written.about,
        text=text,
        columns=columns,
        requires=tuple(map(plain, written.requires)),
        without=tuple(map(plain, written.without)),
        time=times,
        date=dates,
        delimiter=written.file.delimiter,
        encoding=written.file.encoding,
        header=written.file.header,
        sheet=written.file.sheet,
        words=Words(
            {plain(word): code for word, code in written.in_out.items()},
            {plain(word): code for word, code in written.verify.items()},
            {plain(word): serial for word, serial in written.device.items()},
        ),
    )


def _names(written: str | int | list[str | int] | None) -> tuple[str | int, ...]:
    if written is None:
        return ()
    names = written if isinstance(written, list) else [written]
    found = tuple(plain(one) if isinstance(one, str) else one for one in names)
    if "" in found:
        raise ValueError("a column's name is empty")
    return found


def _stamps(written: str | list[str], *, day: bool, clock: bool) -> tuple[Stamp, ...]:
    texts = written if isinstance(written, list) else [written]
    stamps = tuple(stamp(one, day=day, clock=clock) for one in texts)
    if found := conflict(stamps):
        raise ValueError(f"formats {found[0]} and {found[1]} read the same cell as different moments: keep one")
    return stamps
