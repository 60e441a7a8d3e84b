"""Formats of dates and times: what they read, what they refuse, and that no two of a list may disagree."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols.stamps import MONTHS, Read, conflict, read, stamp

DAY = date(2026, 11, 23).toordinal() - date(1970, 1, 1).toordinal()


def full(*texts: str) -> list[object]:
    """Formats that hold date and time."""
    return [stamp(text, day=True, clock=True) for text in texts]


@pytest.mark.parametrize(
    ("text", "cell", "found"),
    [
        ("%d/%m/%Y %H:%M:%S", "23/11/2026 07:31:02", Read(DAY, 27_062, False)),
        ("%d/%m/%Y %H:%M:%S", "23/11/2026   7:31:02", Read(DAY, 27_062, False)),
        ("%d/%m/%Y %H.%M", "23/11/2026 7.31", Read(DAY, 27_060, True)),
        ("%m/%d/%y %I:%M %p", "11/23/26 12:05 a.m.", Read(DAY, 300, True)),
        ("%Y-%m-%d %I:%M:%S %p", "2026-11-23 12:00:01 PM", Read(DAY, 43_201, False)),
        ("%A, %d %B %Y %H:%M", "Jum'at, 23 Nopember 2026 16:02", Read(DAY, 57_720, True)),
        ("%d-%b-%Y %H:%M", "23-Nov.-2026 00:00", Read(DAY, 0, True)),
        ("%d%%%m%%%Y %H:%M", "23%11%2026 00:01", Read(DAY, 60, True)),
    ],
)
def test_formats_read_what_they_say(text: str, cell: str, found: Read) -> None:
    """Day and second of each, and whether the seconds were there."""
    assert read(full(text), cell) == found


@pytest.mark.parametrize(("name", "month"), [("Agustus", 8), ("agt", 8), ("Mei", 5), ("May", 5), ("DESEMBER", 12)])
def test_months_have_their_indonesian_and_english_names(name: str, month: int) -> None:
    """In any letters."""
    assert MONTHS[name.lower()] == month
    assert read([stamp("%d %B %Y", day=True, clock=False)], f"1 {name} 2026").day == (
        date(2026, month, 1).toordinal() - date(1970, 1, 1).toordinal()
    )


@pytest.mark.parametrize(
    "cell",
    ["", "31/02/2026 07:00", "23/11/2026 24:00", "23/11/2026 07:60", "23/11/2026", "2" * 100, "٢٣/11/2026 07:00"],
)
def test_what_is_no_time_is_undecodable(cell: str) -> None:
    """Not in the calendar, not on a clock, another form, endless, or in digits that no terminal writes."""
    with pytest.raises(Undecodable):
        read(full("%d/%m/%Y %H:%M"), cell)


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("", True, True),
        ("%d/%m %H:%M", True, True),
        ("%d/%m/%Y", True, True),
        ("%d/%m/%Y %H:%M", True, False),
        ("%d/%m/%Y %H:%M", False, True),
        ("%d/%d/%m/%Y", True, False),
        ("%Q", True, True),
        ("%d/%m/%Y %I:%M", True, True),
        ("%d/%m/%Y %H:%M %p", True, True),
        ("%d/%m/%y/%Y", True, False),
        ("%d/%m/%Y %S", True, False),
        ("%", True, True),
        ("%d" * 40, True, True),
    ],
)
def test_formats_that_are_none_are_refused(text: str, day: bool, clock: bool) -> None:
    """Half a date, two years, an hour that could be two: said before a file is read by it."""
    with pytest.raises(ValueError, match=r"."):
        stamp(text, day=day, clock=clock)


def test_formats_that_disagree_are_found() -> None:
    """Day first and month first in one list would swap with the date."""
    assert conflict(full("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")) == ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")
    assert conflict(full("%d/%m/%y %H:%M", "%y/%m/%d %H:%M")) is not None
    assert conflict(full("%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M", "%m/%d/%Y %I:%M %p")) is None


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))
@settings(deadline=None)
def test_every_moment_comes_back(moment: datetime) -> None:
    """As the calendar says it."""
    text = f"{moment.day}/{moment.month}/{moment.year:04} {moment.hour}:{moment.minute:02}:{moment.second:02}"
    found = read(full("%d/%m/%Y %H:%M:%S"), text)
    assert found.day == moment.toordinal() - date(1970, 1, 1).toordinal()
    assert found.second == moment.hour * 3600 + moment.minute * 60 + moment.second


@given(st.text(max_size=80), st.text(max_size=80), st.booleans(), st.booleans())
@settings(deadline=None)
def test_no_format_and_no_cell_raises_anything_else(text: str, cell: str, day: bool, clock: bool) -> None:
    """ValueError for a format, Undecodable for a cell."""
    try:
        one = stamp(text, day=day, clock=clock)
    except ValueError:
        return
    try:
        read([one], cell)
    except Undecodable:
        return
