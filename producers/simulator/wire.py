"""
The terminal's side of the Push protocol (ADMS) as text: lines it sends, answers and commands it understands.

As a Solution X100-C speaks it (firmware 6.60). Times are the terminal's wall clock, encoded as if UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from producers.simulator.world import Punch

TEMPLATE_MARK = "c2ltdWxhdGVkLXRlbXBsYXRl"
"""Stands in every made-up biometric template: wherever it turns up behind the gateway, something leaked."""
DEFAULT_STAMP = "9999"

_COMMAND = re.compile(r"^C:([^:\s]+):(.+)$")
_QUERY = re.compile(
    r"^DATA[ \t]+QUERY[ \t]+ATTLOG[ \t]+StartTime=(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[ \t]+"
    r"EndTime=(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the server asked for at the handshake; delays in seconds of the terminal's clock."""

    stamp: str = DEFAULT_STAMP
    op_stamp: str = DEFAULT_STAMP
    error_delay_s: int = 30
    delay_s: int = 10


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the server: its id and text; ``words[0]`` is what the answer names."""

    command_id: str
    text: str

    @property
    def name(self) -> str:
        """First word, as it stands in the answer's ``CMD=``."""
        return self.text.split()[0]


def parse_options(text: str) -> Options | None:
    """Read a handshake's answer; None when it is none. Lines that make no sense are passed over, as terminals do."""
    lines = text.replace("\r", "").split("\n")
    if not lines[0].startswith("GET OPTION FROM:"):
        return None
    values = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
    return Options(
        values.get("ATTLOGStamp", DEFAULT_STAMP),
        values.get("OPERLOGStamp", DEFAULT_STAMP),
        _number(values.get("ErrorDelay"), 30),
        _number(values.get("Delay"), 10),
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.strip().isdigit() else default


def parse_commands(text: str) -> list[Command]:
    """
    Commands in an answer to getrequest; ``OK`` holds none.

    >>> parse_commands("C:7:DATA QUERY ATTLOG StartTime=x")[0].name
    'DATA'
    """
    found = (_COMMAND.match(line.strip("\r ")) for line in text.split("\n"))
    return [Command(m.group(1), m.group(2)) for m in found if m and m.group(2).strip()]


def parse_query(text: str) -> tuple[int, int] | None:
    """The range of a ``DATA QUERY ATTLOG``, both ends inclusive, milliseconds of the wall clock; None: not one."""
    match = _QUERY.match(text)
    try:
        return (_wall(match.group(1)), _wall(match.group(2))) if match else None
    except ValueError:
        return None


def _wall(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * 1000


def wall_text(device_time_ms: int) -> str:
    """``YYYY-MM-DD HH:MM:SS`` of a wall clock."""
    return datetime.fromtimestamp(device_time_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def attlog_lines(punches: Sequence[Punch]) -> str:
    """PIN, local time, in/out code, verify, work code and two reserved columns; a line each, newline at the end."""
    return "".join(f"{p.pin}\t{wall_text(p.device_time_ms)}\t{p.status}\t{p.verify}\t\t0\t0\n" for p in punches)


def operlog_lines(device_time_ms: int, code: int, pin: str) -> str:
    """An operation; an enrolled finger (6) is followed by the user and the template, which the server must drop."""
    text = f"OPLOG {code}\t0\t{wall_text(device_time_ms)}\t{pin or 0}\t0\t0\t0\n"
    if code == 6:
        text += f"USER PIN={pin}\tName=\tPri=0\tPasswd=\tCard=\tGrp=1\tTZ=0000000100000000\n"
        text += f"FP PIN={pin}\tFID=6\tSize=1404\tValid=1\tTMP={TEMPLATE_MARK * 40}\n"
    return text
