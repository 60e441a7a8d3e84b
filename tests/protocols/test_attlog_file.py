"""``attlog.dat``: the form recognised from the file, rejects by line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hadir.errors import Undecodable
from producers.protocols import attlog_file

RECEIVED = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
SIX = b"        2\t2022-11-30 04:02:11\t1\t1\t15\t0\n"
FIVE = b"10021\t2026-04-10 17:08:59\t1\t4\t0\n"


@pytest.fixture
def terminal_logs() -> Path:
    """Folder of the two real exports; the skip is loud: without it their test proves nothing."""
    folder = os.environ.get("HADIR_TERMINAL_LOGS")
    if not folder:
        pytest.skip("HADIR_TERMINAL_LOGS is not set: THE TWO REAL TERMINAL LOGS WERE NOT READ")
    return Path(folder)


def test_six_columns():
    """The device number stands between time and codes."""
    parsed = attlog_file.parse(SIX, "D1", RECEIVED)
    (punch,) = parsed.punches
    assert parsed.form.columns == 6
    assert "device number" in parsed.form.name
    assert (punch["pin"], punch["in_out_code"], punch["verify_code"], punch["work_code"]) == ("2", 1, 15, "0")
    assert punch["source"] == "file"
    assert punch["device_time"] == int(datetime(2022, 11, 30, 4, 2, 11, tzinfo=UTC).timestamp() * 1000)


def test_five_columns():
    """Verify before in/out."""
    parsed = attlog_file.parse(FIVE, "D1", RECEIVED)
    (punch,) = parsed.punches
    assert parsed.form.columns == 5
    assert (punch["pin"], punch["in_out_code"], punch["verify_code"], punch["work_code"]) == ("10021", 4, 1, "0")


def test_mixed_file_is_read_by_the_form_of_most_lines():
    """Lines of the other form, and lines that are none, are rejects with their numbers."""
    body = b"\xef\xbb\xbf" + SIX + FIVE + SIX + b"\r\n" + b"junk\r\n" + SIX.replace(b"2022-11-30", b"2022-11-31")
    parsed = attlog_file.parse(body, "D1", RECEIVED)
    assert len(parsed.punches) == 2
    assert [(r.number, r.reason) for r in parsed.rejects] == [
        (2, "5 columns, the file has 6"),
        (5, "1 columns, the file has 6"),
        (6, "no such date"),
    ]


@pytest.mark.parametrize("body", [b"", b"hello\n", b"\0" * 100, b"a\tb\tc\td\te\tf\n", b"1\t2022-11-30 04:02:11\n"])
def test_another_file_is_undecodable(body: bytes):
    """Neither form: said at once."""
    with pytest.raises(Undecodable, match=r"not an attlog\.dat"):
        attlog_file.parse(body, "D1", RECEIVED)


@pytest.mark.parametrize(
    ("name", "columns", "punches", "people", "first", "last", "codes"),
    [
        ("jakarta-2022-12.dat", 6, 384, 13, "2022-11-30", "2022-12-30", {0: 272, 1: 109, 4: 3}),
        ("solution-2026-04.dat", 5, 560, 18, "2026-04-10", "2026-05-18", {0: 550, 1: 8, 3: 1, 4: 1}),
    ],
)
def test_real_files(
    terminal_logs: Path,
    name: str,
    columns: int,
    punches: int,
    people: int,
    first: str,
    last: str,
    codes: dict[int, int],
):
    """The two real exports: every line is read, and the codes are those that people pressed."""
    parsed = attlog_file.parse((terminal_logs / name).read_bytes(), "D1", RECEIVED)
    assert parsed.form.columns == columns
    assert (len(parsed.punches), parsed.rejects) == (punches, [])
    assert len({p["pin"] for p in parsed.punches}) == people
    days = sorted(datetime.fromtimestamp(p["device_time"] / 1000, UTC).date().isoformat() for p in parsed.punches)
    assert (days[0], days[-1]) == (first, last)
    assert {c: sum(p["in_out_code"] == c for p in parsed.punches) for c in codes} == codes
    assert {p["verify_code"] for p in parsed.punches} == {1}
