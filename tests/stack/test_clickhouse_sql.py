"""Reading SQL for the HTTP interface: kinds, where an INSERT's data starts, formats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.stack.clickhouse import sql
from hadir.stack.clickhouse.errors import from_engine


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("  -- only a comment\n /* and another */ ", "empty"),
        ("SELECT 1", "read"),
        ("(SELECT 1) UNION ALL (SELECT 2)", "read"),
        ("with 1 as a select a", "read"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "change"),
        ("SHOW TABLES", "read"),
        ("EXPLAIN SELECT 1", "read"),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", "change"),
        ("set max_threads = 1", "session"),
        ("USE x", "session"),
        ("INSERT INTO t SELECT 1", "change"),
        ("INSERT INTO t (a) (SELECT 1)", "change"),
        ("INSERT INTO t(a) WITH 1 AS b SELECT b", "change"),
        ("INSERT INTO t FORMAT CSV\n1", "insert"),
        ("insert into db.`odd format` (a, `format`) format JSONEachRow {}", "insert"),
        ("INSERT INTO TABLE FUNCTION remote('x', d.t) SETTINGS a = 1 FORMAT Native\n", "insert"),
        ("INSERT INTO t VALUES (1)", "insert"),
        ("INSERT INTO t FORMAT Values (1)", "insert"),
        ("INSERT INTO {name:Identifier} FORMAT CSV 1", "insert"),
        ("INSERT INTO t", "change"),
    ],
)
def test_kind_is_recognised(text: str, kind: str) -> None:
    """The kind decides whether data follows, who may run it, and where it runs."""
    assert sql.read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "statement", "format_", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t ", "CSV", "1,2"),
        ("INSERT INTO t FORMAT CSV \r\n1,2", "INSERT INTO t ", "CSV", "1,2"),
        ("INSERT INTO t FORMAT TSV\n\n", "INSERT INTO t ", "TSV", "\n"),
        ("INSERT INTO t FORMAT Native\x00\x01", "INSERT INTO t ", "Native", "\x00\x01"),
        ("INSERT INTO t FORMAT Native\n\n\x01", "INSERT INTO t ", "Native", "\n\x01"),
        ("INSERT INTO t (a) VALUES (1), (2)", "INSERT INTO t (a) ", "Values", " (1), (2)"),
        (
            "INSERT INTO t SETTINGS x = 'FORMAT CSV' FORMAT TSV 1",
            "INSERT INTO t SETTINGS x = 'FORMAT CSV' ",
            "TSV",
            "1",
        ),
    ],
)
def test_data_of_an_insert_starts_after_one_line_break(text: str, statement: str, format_: str, data: str) -> None:
    """As ClickHouse: blanks and one line break after the format's name belong to the statement."""
    found = sql.read(text)
    assert (found.sql, found.format, text[found.data_at :]) == (statement, format_, data)


def test_format_of_a_select_is_its_own_not_a_subquerys() -> None:
    """Only a FORMAT outside of brackets names the output."""
    assert sql.read("SELECT 'FORMAT CSV', format FROM (SELECT 1 AS format) FORMAT JSON SETTINGS a = 1").format == "JSON"
    assert sql.read("SELECT formatDateTime(now(), 'x') FROM t").format is None


def test_several_statements_are_seen() -> None:
    """A semicolon in a string or at the end is none."""
    assert sql.read("SELECT 1; SELECT 2").several
    assert not sql.read("SELECT ';' ; -- end").several


def test_files_of_the_client_are_seen() -> None:
    """INTO OUTFILE and FROM INFILE are for command line clients."""
    assert sql.read("SELECT 1 INTO OUTFILE 'x'").outfile
    assert sql.read("INSERT INTO t FROM INFILE 'x' FORMAT CSV").outfile


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Nonsense is the engine's to refuse."""
    found = sql.read(text)
    assert 0 <= found.data_at <= len(text)


@given(st.binary())
def test_positions_count_bytes(data: bytes) -> None:
    """Bytes decoded as Latin-1 come back unchanged after the statement."""
    text = (b"INSERT INTO t FORMAT RowBinary\n" + data).decode("latin-1")
    assert text[sql.read(text).data_at :].encode("latin-1") == data


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)", 60, 404),
        ("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR) (version 26.9.2.1)", 62, 400),
        ("Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)", 159, 408),
        ("Streaming insert finish failed: Code: 27. DB::Exception: Cannot parse. (C)", 27, 400),
        ("Code: 241. DB::Exception: (total) memory limit exceeded", 241, 500),
        ("something odd", 1000, 500),
    ],
)
def test_errors_have_code_and_status_of_the_server(text: str, code: int, status: int) -> None:
    """One line, beginning with the code, ending with the version."""
    error = from_engine(text, "26.9.2.1")
    assert (error.code, error.status) == (code, status)
    assert str(error).startswith(f"Code: {code}. DB::Exception: ")
    assert str(error).count("(version 26.9.2.1)") == 1
