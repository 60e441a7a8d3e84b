"""Rows to punches by a mapping: columns found, cells of texts and of sheets, words, and what may lie in dead_letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols.delimited import Row
from producers.protocols.mapped_file import Bound, bind, device_of, nameless, passed_over, read, seen
from producers.protocols.mapping import load
from schemas.codec import encode

RECEIVED = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)
TEXT = """
[columns]
pin = ["PIN", "No."]
time = "Waktu"
in_out = "Status"
verify = "Cara"
work_code = "Kode"
device = "Mesin"
[formats]
time = ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]
[in_out]
"C/In" = 0
"Pulang" = 1
[verify]
"Wajah" = 15
[device]
"1" = "CK1"
"""
SPLIT = """
[columns]
pin = "PIN"
date = "Tanggal"
time = "Jam"
[formats]
date = "%d %B %Y"
time = "%H.%M"
"""
HEADER = Row(3, ("Nama", "PIN", "Waktu", "Status", "Cara", "Kode", "Mesin"))


def ms(text: str) -> int:
    """A wall clock as if UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def bound(text: str = TEXT, *head: Row) -> Bound:
    """A mapping on a file with this head."""
    found = bind(load(text, "test"), head or (Row(1, ("Laporan",)), Row(2, ()), HEADER))
    assert found is not None
    return found


def row(**cells: Any) -> Row:
    """A row below HEADER."""
    usual = {"nama": "Siti", "pin": "12", "waktu": "23/11/2026 07:31:02", "status": "C/In", "cara": "1", "kode": "7"}
    return Row(4, tuple((usual | {"mesin": "1"} | cells).values()))


def test_a_row_is_a_punch() -> None:
    """Every field from its column, whatever stands between."""
    punch = read(bound(), row(), "CK1", RECEIVED)
    assert (punch["device_id"], punch["pin"], punch["device_time"]) == ("CK1", "12", ms("2026-11-23 07:31:02"))
    assert (punch["in_out_code"], punch["verify_code"], punch["work_code"]) == (0, 1, "7")
    assert (punch["minute_only"], punch["source"], punch["received_at"]) == (False, "file", RECEIVED)
    encode("punch", punch)


@pytest.mark.parametrize(
    ("cell", "pin"),
    [("007", "007"), (" 7 ", "7"), ("'0012", "0012"), (12, "12"), (12.0, "12"), ("A-1", "A-1")],
)
def test_pins_of_texts_and_sheets(cell: Any, pin: str) -> None:
    """Leading zeros stay where they are text; a sheet's 12.0 is 12; the apostrophe of a text cell goes."""
    assert read(bound(), row(pin=cell), "CK1", RECEIVED)["pin"] == pin


@pytest.mark.parametrize(
    "cell", ["", None, "Budi Santoso", "1;2", 1.5, -1, True, 1.9e17, float("nan"), float("inf"), "é", "1" * 25]
)
def test_what_is_no_pin(cell: Any) -> None:
    """Also numbers that have lost digits on the sheet."""
    with pytest.raises(Undecodable):
        read(bound(), row(pin=cell), "CK1", RECEIVED)


@pytest.mark.parametrize(
    ("cell", "moment", "minute_only"),
    [
        ("23/11/2026 7:31", "2026-11-23 07:31:00", True),
        (datetime(2026, 11, 23, 7, 31, 1, 999_994), "2026-11-23 07:31:02", False),
        (datetime(2026, 11, 23, 23, 59, 59, 700_000), "2026-11-24 00:00:00", False),
    ],
)
def test_times_of_texts_and_sheets(cell: Any, moment: str, minute_only: bool) -> None:
    """A sheet counts in fractions of a day: the nearest second is meant."""
    punch = read(bound(), row(waktu=cell), "CK1", RECEIVED)
    assert (punch["device_time"], punch["minute_only"]) == (ms(moment), minute_only)


@pytest.mark.parametrize(
    "cell",
    ["", None, 46_349.3, "2026-11-23 07:31", "31/02/2026 07:00:00", "01/01/2000 00:00:00", "05/12/2026 07:00:00"],
)
def test_what_is_no_time(cell: Any) -> None:
    """A number without a format, a form that is not named, no such date, a clock reset, a clock ahead."""
    with pytest.raises(Undecodable):
        read(bound(), row(waktu=cell), "CK1", RECEIVED)


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("23 November 2026", "7.31"),
        (datetime(2026, 11, 23), time(7, 31)),
        (date(2026, 11, 23), timedelta(hours=7, minutes=31)),
        (date(2026, 11, 23), datetime(1899, 12, 30, 7, 31)),
    ],
)
def test_date_and_time_in_two_columns(day: Any, clock: Any) -> None:
    """As text or as a sheet's own."""
    split = bound(SPLIT, Row(1, ("PIN", "Tanggal", "Jam")))
    assert read(split, Row(2, ("1", day, clock)), "CK1", RECEIVED)["device_time"] == ms("2026-11-23 07:31:00")


@pytest.mark.parametrize("clock", [None, timedelta(days=2), "25.00", 0.3])
def test_a_clock_that_is_none(clock: Any) -> None:
    """Of the second column."""
    with pytest.raises(Undecodable):
        read(bound(SPLIT, Row(1, ("PIN", "Tanggal", "Jam"))), Row(2, ("1", date(2026, 11, 23), clock)), "CK1", RECEIVED)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("c/in", 0), (" PULANG ", 1), ("4", 4), (1, 1), (1.0, 1), ("", -1), (None, -1), ("Istirahat", -1), (True, -1)],
)
def test_words_for_in_and_out(cell: Any, code: int) -> None:
    """Words of the mapping, else numbers; what nobody knows is none and loses no punch."""
    assert read(bound(), row(status=cell), "CK1", RECEIVED)["in_out_code"] == code


def test_terminals_by_serial_number_or_by_the_mappings_word() -> None:
    """A machine's number is given its serial number there."""
    assert device_of(bound(), row()) == device_of(bound(), row(mesin=1.0)) == "CK1"
    assert device_of(bound(), row(mesin="ZX9")) == "ZX9"
    for wrong in (None, "", "two words", Row(4, (), "torn")):
        with pytest.raises(Undecodable):
            device_of(bound(), wrong if isinstance(wrong, Row) else row(mesin=wrong))


def test_columns_that_have_shifted_are_seen() -> None:
    """More cells than the header has: a comma in a name that nobody quoted."""
    with pytest.raises(Undecodable, match="8 cells, the header has 7"):
        read(bound(), Row(4, (*row().cells, "x")), "CK1", RECEIVED)
    assert read(bound(), Row(4, (*row().cells, "", None)), "CK1", RECEIVED)["pin"] == "12"
    assert read(bound(), Row(4, row().cells[:3]), "CK1", RECEIVED)["in_out_code"] == -1


def test_what_is_passed_over() -> None:
    """Titles, the header and its repetition on every page, empty rows; nothing else."""
    here = bound()
    assert [
        passed_over(here, one) for one in (Row(1, ("Laporan",)), HEADER, Row(9, HEADER.cells), Row(5, ("", None)))
    ] == [True] * 4
    assert not passed_over(here, row())
    assert not passed_over(here, Row(5, (), "torn"))


def test_where_a_mapping_does_not_fit() -> None:
    """A column that it needs is missing, another program's is there, one stands twice, or the row is another."""
    mapping = load(TEXT, "test")
    assert bind(mapping, [Row(1, ("PIN", "Jam"))]) is None
    assert bind(load('requires = ["NIP"]' + TEXT, "x"), [HEADER]) is None
    assert bind(load('without = ["Nama"]' + TEXT, "x"), [HEADER]) is None
    assert bind(load(TEXT + "[file]\nheader = 2", "x"), [HEADER]) is None
    with pytest.raises(Undecodable, match="two columns are named waktu"):
        bind(mapping, [Row(1, ("PIN", "Waktu", "waktu "))])
    assert bind(mapping, [Row(1, ("NIP", "Waktu", "Status", "Status"))]) is None  # another program's: its own affair


def test_columns_seen_are_those_of_the_fullest_row() -> None:
    """For whoever writes the mapping."""
    assert seen([Row(1, ("Laporan",)), HEADER, Row(4, (None, 1, "x" * 99))])[:2] == ["Nama", "PIN"]


def test_no_name_comes_into_dead_letter() -> None:
    """Only PIN, times and terminal, and of those only what has a digit: columns may have shifted."""
    assert nameless(bound(), row()) == b"12,23/11/2026 07:31:02,1"
    assert nameless(bound(), row(pin="Budi", waktu="Budi Santoso", mesin=None)) == b"?,?,"
    assert nameless(bound(), row(pin="Jl. Merdeka 5 \u2013 Blora")) == b"?,23/11/2026 07:31:02,1"
    assert nameless(bound(), Row(4, ("secret",), "torn")) == b""


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.sampled_from(["12", "23/11/2026 07:31:02", "Pulang", "23 Mei 2026", "7.31", "#N/A"]),
)


@given(st.lists(CELLS, max_size=9), st.booleans())
@settings(deadline=None, max_examples=400)
def test_any_cells_are_a_punch_or_undecodable(cells: list[Any], split: bool) -> None:
    """Whatever a sheet can hold; what comes out is encodable."""
    here = bound(SPLIT, Row(1, ("PIN", "Tanggal", "Jam"))) if split else bound()
    one = Row(9, tuple(cells))
    nameless(here, one)
    if passed_over(here, one):
        return
    try:
        encode("punch", read(here, one, "CK1", RECEIVED))
        device_of(here, one)
    except Undecodable:
        return
