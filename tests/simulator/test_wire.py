"""The protocol's lines, exactly."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest

from producers.simulator import units, wire, world
from producers.simulator.wire import (
    Options,
    attlog_lines,
    operlog_lines,
    parse_commands,
    parse_options,
    parse_query,
)
from producers.simulator.world import Punch


def ms(text: str) -> int:
    """A wall clock as if it were UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def test_attlog_line_is_as_captured() -> None:
    """PIN, local time, in/out, verify, empty work code, two reserved columns."""
    punch = Punch(0, "SN", "1156", ms("2024-08-05T12:40:57"), 1, 15, "")
    assert attlog_lines([punch]) == "1156\t2024-08-05 12:40:57\t1\t15\t\t0\t0\n"


def test_operlog_line_is_as_captured() -> None:
    """Code, administrator, time, four parameters."""
    assert operlog_lines(ms("2020-02-23T00:04:08"), 4, "") == "OPLOG 4\t0\t2020-02-23 00:04:08\t0\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OK", None),
        ("", None),
        ("GET OPTION FROM: X\r\nATTLOGStamp=0\r\nDelay=60\r\n", Options("0", "9999", 30, 60)),
        ("GET OPTION FROM: X\nATTLOGStamp=None\nOPERLOGStamp=5\nErrorDelay=x\n", Options("None", "5", 30, 10)),
    ],
)
def test_options_are_read_or_refused(text: str, expected: Options | None) -> None:
    """Anything that is not the options' block is no handshake; odd values fall back to the defaults."""
    assert parse_options(text) == expected


def test_commands_are_read_line_by_line() -> None:
    """Several commands in one answer, with either line end; everything else is no command."""
    found = parse_commands("C:7:INFO\r\nnonsense\nC:8:DATA QUERY ATTLOG\nC::x\nC:9: \n")
    assert [(c.command_id, c.text, c.name) for c in found] == [
        ("7", "INFO", "INFO"),
        ("8", "DATA QUERY ATTLOG", "DATA"),
    ]
    assert parse_commands("OK") == []


@pytest.mark.parametrize("gap", [" ", "\t"])
def test_query_is_read_with_spaces_or_tabs(gap: str) -> None:
    """Both separators; a date that does not exist or another table is not a range."""
    text = gap.join(("DATA", "QUERY", "ATTLOG", "StartTime=2026-11-23 07:00:00", "EndTime=2026-11-23 07:31:00"))
    assert parse_query(text) == (ms("2026-11-23T07:00:00"), ms("2026-11-23T07:31:00"))
    assert parse_query(text.replace("11-23 07:31", "02-30 07:31")) is None
    assert parse_query(text.replace("ATTLOG", "USERINFO")) is None


@pytest.mark.parametrize("module", [wire, world, units])
def test_doctests_hold(module: object) -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
