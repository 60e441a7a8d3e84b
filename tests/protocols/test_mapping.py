"""Mapping files: what they hold, and that whatever is wrong with one is said before a row is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import Misconfigured
from producers.mappings import ready
from producers.protocols.mapping import MOST_CHARACTERS, load

WHOLE = """
about = "Mesin kantor camat"
requires = ["Nama"]
without = ["Jam"]
[columns]
pin = ["No. ID", "PIN"]
time = "Waktu"
in_out = "Status"
verify = "Cara"
work_code = "Kode"
device = "Mesin"
[formats]
time = ["%d/%m/%Y %H:%M:%S"]
[file]
delimiter = ";"
encoding = "cp1252"
header = 3
sheet = "Data"
[in_out]
"Masuk" = 0
"  PULANG " = 1
[verify]
"Wajah" = 15
[device]
"104" = "CKUH211960123"
"""


def test_everything_that_a_mapping_can_say() -> None:
    """Names are compared without their blanks and capitals."""
    mapping = load(WHOLE, "camat")
    assert (mapping.name, mapping.about, mapping.text) == ("camat", "Mesin kantor camat", WHOLE)
    assert mapping.columns["pin"] == ("no. id", "pin")
    assert (mapping.requires, mapping.without) == (("nama",), ("jam",))
    assert (mapping.delimiter, mapping.encoding, mapping.header, mapping.sheet) == (";", "cp1252", 3, "Data")
    assert mapping.words == ({"masuk": 0, "pulang": 1}, {"wajah": 15}, {"104": "CKUH211960123"})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('pin = ["No. ID", "PIN"]', "", "pin"),
        ("[columns]", "[column]", "column"),
        ('time = "Waktu"', "time = 0", "columns.time"),
        ('time = "Waktu"', 'time = " "', "empty"),
        ('sheet = "Data"', 'sheets = "Data"', "sheets"),
        ('"%d/%m/%Y %H:%M:%S"', '"%d/%m %H:%M"', "a date"),
        ('"%d/%m/%Y %H:%M:%S"', '"%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"', "keep one"),
        ('"%d/%m/%Y %H:%M:%S"', "", "time"),
        ('device = "Mesin"', 'date = "Tanggal"', "belong together"),
        ('delimiter = ";"', 'delimiter = "x"', "delimiter"),
        ('encoding = "cp1252"', 'encoding = "rot13"', "encoding"),
        ("header = 3", "header = 0", "numbers"),
        ("header = 3", "header = -1", "header"),
        ('"Masuk" = 0', '"Masuk" = 99999999999', "in_out"),
        ('"104" = "CKUH211960123"', '"104" = "no such"', "device"),
        ("[verify]", "[verify", "camat"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, told: str) -> None:
    """By the name of the mapping and of what in it."""
    assert old in WHOLE
    with pytest.raises(Misconfigured, match=told) as raised:
        load(WHOLE.replace(old, new), "camat")
    assert "mapping camat" in str(raised.value)


def test_columns_by_number_need_to_know_where_rows_begin() -> None:
    """A file without a header says so."""
    text = '[columns]\npin = 1\ntime = 2\n[formats]\ntime = "%Y-%m-%d %H:%M:%S"\n'
    with pytest.raises(Misconfigured, match="header = 1, or 0"):
        load(text, "x")
    assert load(text + "[file]\nheader = 0\n", "x").columns == {"pin": (1,), "time": (2,)}


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "a = " + "[" * 20_000, "x" * (MOST_CHARACTERS + 1), "a = 1e999999", "\0"]
)
def test_hostile_files_are_refused(text: str) -> None:
    """Deep, long, or nothing: the same error as any other mistake."""
    with pytest.raises(Misconfigured):
        load(text, "x")


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_a_mapping_or_misconfigured(text: str) -> None:
    """Nothing else comes out."""
    try:
        load(text, "x")
    except Misconfigured:
        return


@given(data=st.data())
@settings(deadline=None)
def test_damaged_mappings_are_mappings_or_misconfigured(data: st.DataObject) -> None:
    """A whole one with pieces put in, cut out and exchanged gets further than text from nowhere."""
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 12))
        piece = data.draw(st.sampled_from(["", "=", '"', "[", "]]", "\n", "%d", "0", "-1", "{}", "1979-05-27", "é"]))
        text = text[:at] + piece + text[at + cut :] or "x"
    try:
        load(text, "x")
    except Misconfigured:
        return


def test_ready_mappings_hold_together() -> None:
    """Each says what it is of."""
    assert set(ready()) >= {"fingerspot", "solution", "zktime"}
    assert [name for name, mapping in ready().items() if not mapping.about] == []
