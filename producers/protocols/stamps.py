"""
Dates and times as people's programs write them: ``%d/%m/%Y %H.%M.%S``, ``23 November 2026 07:31``, ``7:31:02 PM``.

Of our own rather than ``strptime``: that knows the machine's language only, takes twice as long, and reads a format
that fits two ways without a word. Two formats of one list that would read the same cell as different moments are
refused (``conflict``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from hadir.errors import Undecodable

MOST_CHARACTERS = 64
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NAMES = (
    "januari january jan",
    "februari pebruari february feb peb",
    "maret march mar",
    "april apr",
    "mei may",
    "juni june jun",
    "juli july jul",
    "agustus august agu agt ags agus aug",
    "september sept sep",
    "oktober october okt oct",
    "november nopember nov nop",
    "desember december des dec",
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
"""Indonesian and English names of months, long and short, small letters."""
_WORD = r"[^\W\d_]{2,12}"
_DIRECTIVES = {
    "Y": ("year", r"[0-9]{4}"),
    "y": ("short_year", r"[0-9]{2}"),
    "m": ("month", r"[0-9]{1,2}"),
    "B": ("name", _WORD),
    "b": ("name", _WORD + r"\.?"),
    "d": ("day", r"[0-9]{1,2}"),
    "A": ("weekday", _WORD + "'?" + r"(?:[^\W\d_]{1,6})?"),  # Jum'at
    "a": ("weekday", _WORD + r"\.?"),
    "H": ("hour", r"[0-9]{1,2}"),
    "I": ("hour12", r"[0-9]{1,2}"),
    "M": ("minute", r"[0-9]{2}"),
    "S": ("second", r"[0-9]{2}"),
    "p": ("half", r"[AaPp]\.?[Mm]\.?"),
}
_DAY = ({"year", "short_year"}, {"month", "name"}, {"day"})
_CLOCK = ({"hour", "hour12"}, {"minute"})
_PROBES = (datetime(2009, 10, 11, 7, 8, 12), datetime(2012, 7, 6, 5, 4, 3), datetime(2021, 3, 25, 19, 40, 50))  # noqa: DTZ001  (a wall clock's)


class Stamp(NamedTuple):
    """A compiled format: as written, what it reads, and which fields those are."""

    text: str
    pattern: re.Pattern[str]
    fields: frozenset[str]


class Read(NamedTuple):
    """What a cell says: days since 1970 and seconds after midnight, each 0 where the format has none."""

    day: int
    second: int
    minute_only: bool


def stamp(text: str, *, day: bool, clock: bool) -> Stamp:
    """
    Compile a format.

    Args:
        text: as for ``strftime``, with ``%Y %y %m %d %B %b %A %a %H %I %M %S %p %%``; blanks stand for any number of
            blanks. Names of months are Indonesian or English, weekdays are passed over.
        day, clock: what it must hold, whole, and nothing of what it must not.

    Raises:
        ValueError: not such a format; the text says why.
    """
    if not 1 <= len(text) <= MOST_CHARACTERS:
        raise ValueError("a format has 1 to 64 characters")
    parts: list[str] = []
    fields: set[str] = set()
    for found in re.finditer(r"%(.?)|\s+|.", text, re.DOTALL):
        piece = found[0]
        if piece.isspace():
            parts.append(r"[ \t\xa0]+")
        elif piece == "%%":
            parts.append("%")
        elif piece[0] == "%":
            if found[1] not in _DIRECTIVES:
                raise ValueError(f"{text}: no such thing as {piece}")
            name, pattern = _DIRECTIVES[found[1]]
            if name in fields:
                raise ValueError(f"{text}: {piece} stands twice")
            fields.add(name)
            parts.append(f"(?P<{name}>{pattern})")
        else:
            parts.append(re.escape(piece))
    for wanted, told, groups in ((day, "a date: %d, %m and %Y", _DAY), (clock, "a time: %H and %M", _CLOCK)):
        present = [len(group & fields) for group in groups]
        if wanted and present != [1] * len(groups):
            raise ValueError(f"{text}: it must hold {told}, each once")
        if not wanted and any(present):
            raise ValueError(f"{text}: {told} has no place here")
    if ("hour12" in fields) != ("half" in fields):
        raise ValueError(f"{text}: %I and %p belong together")
    if "second" in fields and not clock:
        raise ValueError(f"{text}: seconds have no place here")
    return Stamp(text, re.compile("".join(parts)), frozenset(fields))


def read(stamps: Sequence[Stamp], cell: str) -> Read:
    """
    A cell by the first format that fits it.

    Raises:
        Undecodable: none fits, or no calendar or clock has it (30 February, 24:00).

    Pure, 1 to 3 µs.

    >>> read([stamp("%d %B %Y %H.%M", day=True, clock=True)], "23 Nopember 2026 07.31")
    Read(day=20780, second=27060, minute_only=True)
    """
    if len(cell) <= MOST_CHARACTERS:
        for one in stamps:
            if match := one.pattern.fullmatch(cell):
                return _values(one, match.groupdict())
    raise Undecodable("not a time in any of the mapping's formats" if cell else "no time")


def _values(one: Stamp, found: dict[str, str]) -> Read:
    try:
        return Read(
            _day(found) if "day" in one.fields else 0,
            _second(found) if "minute" in one.fields else 0,
            "minute" in one.fields and "second" not in one.fields,
        )
    except ValueError:
        raise Undecodable("no such date or time") from None


def _day(found: dict[str, str]) -> int:
    year = int(found["year"]) if "year" in found else 2000 + int(found["short_year"])
    month = int(found["month"]) if "month" in found else MONTHS.get(found["name"].rstrip(".").lower(), 0)
    return date(year, month, int(found["day"])).toordinal() - _EPOCH_DAY


def _second(found: dict[str, str]) -> int:
    minute, second = int(found["minute"]), int(found.get("second", 0))
    if "hour12" in found:
        hour = int(found["hour12"])
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
    else:
        hour = int(found["hour"])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError
    return hour * 3600 + minute * 60 + second


def conflict(stamps: Sequence[Stamp]) -> tuple[str, str] | None:
    """Two formats of a list of which one reads what the other means as another moment; None: there are none."""
    for one in stamps:
        for probe in _PROBES:
            shown = _render(one.text, probe)
            meant = read([one], shown)
            for other in stamps:
                try:
                    if read([other], shown)[:2] != meant[:2]:
                        return one.text, other.text
                except Undecodable:
                    continue
    return None


def _render(text: str, at: datetime) -> str:
    values = {
        "Y": f"{at.year:04}",
        "y": f"{at.year % 100:02}",
        "m": f"{at.month:02}",
        "B": _NAMES[at.month - 1].split()[0],
        "b": _NAMES[at.month - 1].split()[0][:3],
        "d": f"{at.day:02}",
        "A": "Senin",
        "a": "Sen",
        "H": f"{at.hour:02}",
        "I": f"{at.hour % 12 or 12:02}",
        "M": f"{at.minute:02}",
        "S": f"{at.second:02}",
        "p": "PM" if at.hour > 11 else "AM",
        "%": "%",
    }
    return re.sub(r"%(.)", lambda found: values[found[1]], text)
