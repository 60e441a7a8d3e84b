"""Files as programs leave them on disk: which form each is recognised as, and hostile ones refused."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import Misconfigured, Undecodable
from producers.mappings import ready
from producers.protocols.delimited import MOST_LINE
from producers.sources import file_text, xlsx
from producers.sources.tables import Table, chosen, open_table

RECEIVED = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)
ATTLOG = "        1\t2026-11-23 07:31:02\t1\t0\t1\t0\r\n"
SAMPLES = {
    "fingerspot": (
        "Data Scan\n\n"
        "Tanggal scan;Tanggal;Jam;PIN;NIP;Nama;Jabatan;Departemen;Kantor;Verifikasi;I/O;Workcode;SN;Mesin\n"
        "23-11-2026 07:31:02;23-11-2026;07:31:02;12;;Siti;;;;1;0;0;CK1;Mesin 1\n"
    ),
    "fingerspot-jam": "PIN;Nama;Tanggal;Jam;Verifikasi;I/O;SN\n12;Siti;23/11/2026;07.31.02;Sidik Jari;Masuk;CK1\n",
    "solution": (
        "Departemen\tNama\tNo.ID\tTgl/Waktu\tLokasi ID\tNo. PIN\tKode Verifikasi\tNo.Kartu\n"
        "Camat\tSiti\t12\t23/11/2026 07.31.02\t1\t\tFP\t\n"
    ),
    "solution-status": "No. Akun,Nama,Waktu,Status,Status Baru\n12,Siti,23/11/2026 07:31:02,C/Masuk,\n",
    "zktime": ("AC-No.,No.,Name,Time,State,New State,Exception,Operation\n12,,Siti,23/11/2026 07:31:02,C/In,,OK,\n"),
    "zktime-log": (
        "Department,Name,No.,Date/Time,Location ID,ID Number,VerifyCode,CardNo\n"
        'OUR COMPANY,"Siti, S.Pd",12,23/11/2026 7:31:02,104,,FP,\n'
    ),
}


def punches(table: Table) -> list[dict[str, Any]]:
    """All of a table's; a fault fails the test."""
    return [table.read(row, "CK1", RECEIVED) for row in table.rows()]


def book(path: Path, rows: list[list[Any]], **sheets: str) -> Path:
    """A workbook with these rows on the sheet Data, behind others by name with their state."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, state in sheets.items():
        page = made.create_sheet(title)
        page.append(["x"])
        page.sheet_state = state
    page = made.create_sheet("Data")
    for row in rows:
        page.append(row)
    made.save(path)
    return path


def test_every_ready_mapping_has_its_sample() -> None:
    """Whoever adds a mapping adds what it is for."""
    assert set(SAMPLES) == set(ready())


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_ready_mapping_is_recognised_alone(name: str, encoding: str, tmp_path: Path) -> None:
    """By its header, in each encoding; no other mapping fits the same file; every field is read."""
    path = tmp_path / "export.csv"
    path.write_bytes((SAMPLES[name] + "\n").replace("Siti", "Siti\u00e9").encode(encoding))
    table = open_table(path)
    assert table.form.startswith(f"{name}: CSV")
    (punch,) = punches(table)
    assert (punch["pin"], punch["device_time"], punch["minute_only"]) == ("12", 1_795_419_062_000, False)
    assert punch["in_out_code"] == (-1 if name in ("solution", "zktime-log") else 0)
    assert punch["verify_code"] == (-1 if name in ("solution-status", "zktime") else 1)
    assert table.names_device == name.startswith("fingerspot")
    assert [table.device(row) for row in table.rows() if table.names_device] == ["CK1"] * table.names_device


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_ready_mapping_reads_the_same_from_a_sheet(name: str, tmp_path: Path) -> None:
    """The sample's cells as texts on a sheet."""
    delimiter = max(";,\t", key=SAMPLES[name].count)
    rows = [line.replace('"Siti, S.Pd"', "Siti").split(delimiter) for line in SAMPLES[name].splitlines()]
    table = open_table(book(tmp_path / "x.xlsx", [[cell or None for cell in row] for row in rows]))
    assert table.form.startswith(f"{name}: sheet Data")
    assert [punch["pin"] for punch in punches(table)] == ["12"]


def test_attlog_comes_before_mappings(tmp_path: Path) -> None:
    """Its own form; also two bytes to a character, as an editor may leave it."""
    for encoding in ("latin-1", "utf-8-sig", "utf-16"):
        path = tmp_path / "attlog.dat"
        path.write_bytes((ATTLOG * 2 + "\0\0").encode(encoding))
        table = open_table(path)
        assert table.form.startswith("6 columns")
        assert table.mapping is None
        assert [punch["pin"] for punch in punches(table)] == ["1", "1"]


def test_columns_of_an_unknown_file_are_named(tmp_path: Path) -> None:
    """What was seen, for whoever writes a mapping; with one, what it looked for too."""
    path = tmp_path / "x.csv"
    path.write_text("Laporan\nKode;Saat\n1;2\n")
    with pytest.raises(Undecodable, match=r"no ready mapping fits\. Columns seen: Kode, Saat"):
        open_table(path)
    with pytest.raises(Undecodable, match=r"pin: ac-no\. or .*Columns seen: Kode, Saat"):
        open_table(path, ready()["zktime"])


def test_several_that_fit_are_named(tmp_path: Path) -> None:
    """Nothing is guessed."""
    path = tmp_path / "x.csv"
    path.write_text("AC-No.,Date/Time,Time,State\n1,23/11/2026 07:31:02,23/11/2026 07:31:02,C/In\n")
    with pytest.raises(Undecodable, match="several ready mappings fit: zktime, zktime-log; say which by --map"):
        open_table(path)
    assert len(punches(open_table(path, ready()["zktime"]))) == 1


def test_mapping_of_ones_own(tmp_path: Path) -> None:
    """Without a header, columns by number; and what can't be one."""
    own = tmp_path / "own.toml"
    own.write_text('[columns]\npin = 2\ntime = 1\n[formats]\ntime = "%y%m%d %H%M"\n[file]\nheader = 0\n')
    path = tmp_path / "x.txt"
    path.write_text("261123 0731|7|x\n261123 1602|8|x\n")
    table = open_table(path, chosen(str(own)))
    assert table.form == "own: CSV with bars, utf-8, no header"
    assert [punch["pin"] for punch in punches(table)] == ["7", "8"]
    with pytest.raises(Misconfigured, match=r"no such file; ready mappings are fingerspot"):
        chosen(str(tmp_path / "nothing.toml"))
    own.write_bytes(b"\xff\xff")
    with pytest.raises(Misconfigured, match="not UTF-8"):
        chosen(str(own))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save it as .xlsx"),
        (b"\r\n <html><table><tr><td>PIN</td></tr></table>", "a web page"),
        (b"PK\x03\x04 not a zip", "broken .xlsx"),
        (b"\xff\xd8\xff\xe0" * 100, "no ready mapping fits"),
    ],
)
def test_kinds_that_are_not_read_say_what_to_do(content: bytes, told: str, tmp_path: Path) -> None:
    """Whatever the file is called."""
    path = tmp_path / "export.xls"
    path.write_bytes(content)
    with pytest.raises(Undecodable, match=told):
        open_table(path)


def test_sheet_with_titles_dates_texts_and_empty_cells(tmp_path: Path) -> None:
    """A merged title, the header below it, dates as dates and as text, formulas by their value, a hidden sheet."""
    path = book(
        tmp_path / "x.xlsx",
        [
            ["Data Scan November", None, None, None],
            [],
            ["PIN", "Nama", "Tanggal", "Jam", "Verifikasi"],
            [12, "Siti", datetime(2026, 11, 23), time(7, 31, 2), 1],
            ["007", None, "23-11-2026", "16:02", None],
            [None, None, None, None, None],
            [13, "=1+1", date(2026, 11, 24), time(7, 31), "Wajah"],
            ["=2+2", "x", date(2026, 11, 24), time(7, 31), 1],
        ],
        Rahasia="hidden",
        Catatan="visible",
    )
    made = openpyxl.load_workbook(path)
    made["Data"].merge_cells("A1:E1")
    made.save(path)
    table = open_table(path)
    assert table.form == "fingerspot-jam: sheet Data, header in row 3"
    assert table.notes == ["only the sheet Data was read, not Catatan"]
    rows = list(table.rows())
    assert [row.number for row in rows] == [4, 5, 7, 8]
    read = [table.read(row, "CK1", RECEIVED) for row in rows[:3]]
    assert [(p["pin"], p["verify_code"], p["minute_only"]) for p in read] == [
        ("12", 1, False),
        ("007", -1, True),
        ("13", 15, False),
    ]
    assert read[0]["device_time"] == 1_795_419_062_000
    with pytest.raises(Undecodable, match="no PIN"):
        table.read(rows[3], "CK1", RECEIVED)


def test_sheet_is_known_by_its_content(tmp_path: Path) -> None:
    """A workbook that was given another ending."""
    path = book(tmp_path / "x.xlsx", [["AC-No.", "Time", "State"], [7, "23/11/2026 07:31:02", "C/In"]])
    assert len(punches(open_table(path.rename(tmp_path / "attlog.dat")))) == 1


def test_hidden_sheet_is_read_only_by_name(tmp_path: Path) -> None:
    """A mapping may name it."""
    path = book(
        tmp_path / "x.xlsx", [["PIN", "Tanggal scan", "Verifikasi"], ["1", "23-11-2026 07:31:02", 1]], A="visible"
    )
    made = openpyxl.load_workbook(path)
    made["Data"].sheet_state = "hidden"
    made.save(path)
    with pytest.raises(Undecodable, match="Columns seen: x"):
        open_table(path)
    own = tmp_path / "own.toml"
    own.write_text(ready()["fingerspot"].text + '\n[file]\nsheet = "Data"\n')
    assert len(punches(open_table(path, chosen(str(own))))) == 1
    own.write_text(ready()["fingerspot"].text + '\n[file]\nsheet = "Nein"\n')
    with pytest.raises(Undecodable, match="no sheet Nein; there are: A, Data"):
        open_table(path, chosen(str(own)))


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    """A real workbook with parts exchanged."""
    book(path, [["PIN", "Tanggal scan", "Verifikasi"], ["1", "23-11-2026 07:31:02", 1]])
    with zipfile.ZipFile(path) as old:
        kept = {part.filename: old.read(part) for part in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (kept | parts).items():
            new.writestr(name, content)
    return path


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("part", "content", "told"),
    [
        (
            "xl/worksheets/sheet1.xml",
            SHEET + b'<row r="1">' + b"<c/>" * 2_000_000 + b"</row>" + END,
            "more rows or cells",
        ),
        ("xl/worksheets/sheet1.xml", SHEET + b"<row/>" * 1_100_000 + END, "more rows or cells"),
        ("xl/worksheets/sheet1.xml", ENTITY + SHEET + b"<row><c><v>&b;</v></c></row>" + END, "broken"),
        ("xl/worksheets/sheet1.xml", SHEET + b'<row r="1"><c r="A1"', "broken"),
        ("xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 1_100_000 + b"</sst>", "more rows or cells"),
        (
            "xl/sharedStrings.xml",
            b"<sst>" + b"<si><t>" + b"x" * 70_000_000 + b"</t></si></sst>",
            "unpacks to more than 64 MB",
        ),
        ("xl/styles.xml", b"<styleSheet>" + b"<xf/>" * 300_000, "unpacks to more than 1 MB"),
        ("xl/media/odd.bin", b"\0" * 6_000_000, "more rows or cells"),
        ("xl/workbook.xml", b"<workbook", "broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_workbooks_are_refused(part: str, content: bytes, told: str, tmp_path: Path) -> None:
    """A bomb of cells, rows, texts, styles or entities, a torn sheet: one error, before the memory is full."""
    with pytest.raises(Undecodable, match=told):
        list(open_table(packed(tmp_path / "x.xlsx", {part: content})).rows())


def test_rows_beyond_the_last_one_of_a_sheet_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The empty ones before a row with a huge number are not made for ever."""
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2000)
    far = SHEET + b'<row r="99999999"><c r="A99999999"/></row>' + END
    rows = xlsx.rows(packed(tmp_path / "x.xlsx", {"xl/worksheets/sheet1.xml": far}), "Data")
    assert len(list(islice(rows, 2000))) == 2000
    with pytest.raises(Undecodable, match="more than 2000 rows"):
        next(rows)


def test_a_row_is_no_wider_than_a_mapping_can_name(tmp_path: Path) -> None:
    """A cell far to the right is not read, nor are the empty ones before it made."""
    path = book(tmp_path / "x.xlsx", [["a"]])
    made = openpyxl.load_workbook(path)
    made["Data"]["XFD1"] = "far"
    made.save(path)
    assert [row.cells for row in xlsx.rows(path, "Data")] == [("a",)]


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_damaged_workbooks_raise_undecodable_only(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes of a real one exchanged, within its parts and around them."""
    path = tmp_path_factory.mktemp("book") / "x.xlsx"
    packed(path, {})
    if data.draw(st.booleans()):
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 5))):
            content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
    else:
        part = data.draw(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"]))
        with zipfile.ZipFile(path) as old:
            text = bytearray(old.read(part))
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(st.sampled_from([b"", b"<", b"9", b'"', b"s", b"e99"]))
        packed(path, {part: bytes(text)})
    try:
        table = open_table(path)
        for row in table.rows():
            try:
                table.read(row, "CK1", RECEIVED)
            except Undecodable:
                continue
    except Undecodable:
        return


def test_absurdly_long_lines_cost_themselves(tmp_path: Path) -> None:
    """Read piece by piece and passed over; the line after them is whole."""
    path = tmp_path / "x.csv"
    path.write_text("a\n" + "x" * (3 * MOST_LINE + 5) + "\nb\r" + "y" * MOST_LINE + "\n\u20acc")
    assert [line and line.strip() for line in file_text.lines(path, "utf-8")] == ["a", None, "b", None, "\u20acc"]


def test_file_that_changes_is_told(tmp_path: Path) -> None:
    """A program that is still writing it."""
    path = tmp_path / "attlog.dat"
    path.write_text(ATTLOG)
    found = file_text.survey(path)
    found.unchanged()
    with path.open("a") as file:
        file.write(ATTLOG)
    with pytest.raises(Misconfigured, match="was changed while it was read"):
        found.unchanged()


def test_a_table_holds_no_more_than_a_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long file only what the decoder has read ahead: the reader stands where the rows are taken."""
    path = tmp_path / "x.csv"
    path.write_text("AC-No.,Time,State\n" + "12,23/11/2026 07:31:02,C/In\n" * 200_000)
    table = open_table(path)
    position: list[int] = []
    wrapper = io.TextIOWrapper

    def watched(raw: Any, *args: Any, **options: Any) -> Any:
        position.append(0)
        read1 = raw.read1

        class Counted:
            """The raw file, with what was read of it counted."""

            def __getattr__(self, name: str) -> Any:
                return getattr(raw, name)

            def read1(self, size: int = -1) -> bytes:
                piece: bytes = read1(size)
                position[-1] += len(piece)
                return piece

        return wrapper(Counted(), *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(file_text.io, "TextIOWrapper", watched)
    rows = table.rows()
    for _ in range(1000):
        next(rows)
    assert 0 < position[-1] < 28 * 1000 + 2 * 65_536
    rows.close()  # type: ignore[attr-defined]
