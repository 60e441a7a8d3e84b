"""Lines to rows: quotation marks as spreadsheets write them, and no line that takes others with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.protocols.delimited import MOST_LINES, TOO_LONG, Row, is_blank, rows


def split(text: str, delimiter: str = ",") -> list[Row]:
    """Rows of a text."""
    return list(rows(iter(text.splitlines(keepends=True)), delimiter))


def test_rows_are_numbered_by_their_first_line() -> None:
    """Quoted delimiters, doubled marks, line ends within a cell; NUL is passed over."""
    assert split('a,b\r\n"x,\ny","say ""hi"""\n\n1\0,2\r\n') == [
        Row(1, ("a", "b")),
        Row(2, ("x,\ny", 'say "hi"')),
        Row(4, ("",)),
        Row(5, ("1", "2")),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter(delimiter: str) -> None:
    """The others are text."""
    others = "".join({",", ";", "\t", "|"} - {delimiter})
    assert split(f"a{delimiter}{others}\n", delimiter) == [Row(1, ("a", others))]


@pytest.mark.parametrize("broken", ['1,"Budi\n', '1,"Budi" x,2\n'])
def test_a_mark_that_is_not_closed_costs_its_own_line(broken: str) -> None:
    """What was read in search of its end is read again, however far that was."""
    good = [f"{n},x\n" for n in range(2, MOST_LINES * 2)]
    found = split(broken + "".join(good) + '9,"y"\n')
    assert found[0].number == 1
    assert "quotation mark" in found[0].fault
    assert [row.cells[0] for row in found[1:]] == [*(str(n) for n in range(2, MOST_LINES * 2)), "9"]
    assert [row.number for row in found] == list(range(1, len(found) + 1))


def test_a_mark_within_a_cell_is_text() -> None:
    """O"Neil needs no closing."""
    assert split('1,O"Neil,2\n3,x,4\n') == [Row(1, ("1", 'O"Neil', "2")), Row(2, ("3", "x", "4"))]


def test_lines_that_are_too_long_are_told_by_number() -> None:
    """Also within a cell that is open; the rest goes on."""
    found = list(rows(iter(["a,b\n", None, '"c\n', None, "d,e\n"]), ","))
    assert [(row.number, bool(row.fault)) for row in found] == [(1, False), (2, True), (3, True), (4, True), (5, False)]
    assert found[1].fault == TOO_LONG


def test_at_most_so_many_lines_are_held() -> None:
    """An open mark does not read the file to its end."""
    taken = 0

    def counted() -> Iterator[str]:
        nonlocal taken
        for _ in range(100_000):
            taken += 1
            yield "x\n" if taken > 1 else '"open\n'

    next(rows(counted(), ","))
    assert taken <= MOST_LINES + 1


def test_more_cells_than_any_sheet_has() -> None:
    """A line of commas is no row."""
    assert split("," * 60_000)[0].fault


def test_blank_rows() -> None:
    """Blanks, NUL, the mark of an old end of file."""
    assert is_blank(("", " \t", "\0\x1a", None, "\xa0"))
    assert not is_blank(("", 0))


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0\r", codec="utf-8"), max_size=6), min_size=2, max_size=4),
        max_size=6,
    )
)
@settings(deadline=None)
def test_what_a_spreadsheet_writes_is_read(table: list[list[str]]) -> None:
    """Python's own writer, every cell quoted where it must be."""
    text = io.StringIO()
    csv.writer(text).writerows(table)
    lines = io.StringIO(text.getvalue(), newline="")
    assert [list(row.cells) for row in rows(iter(lines), ",")] == table


@given(st.text(st.sampled_from(list('ab,;"\n\r\t\0')), max_size=200))
@settings(deadline=None)
def test_every_text_is_rows(text: str) -> None:
    """No line is lost: numbers rise, and nothing is raised."""
    numbers = [row.number for row in rows(iter(text.splitlines(keepends=True)), ",")]
    assert numbers == sorted(set(numbers))
