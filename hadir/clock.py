"""
The sole reader of the system clock.

``HADIR_CLOCK_RATE``, ``HADIR_CLOCK_START`` and ``HADIR_CLOCK_ANCHOR`` (the latter two in milliseconds since 1970 UTC)
warp it the same way in every process: ``now = start + (system - anchor) * rate``, standing still before the anchor and
at ``HADIR_CLOCK_UNTIL``. Unset, it is the system's clock. An anchor may also be the absolute path of a file that will
hold the moment: processes can load while nobody knows yet when the clock is to start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from pathlib import Path

from hadir.errors import Misconfigured

Clock = Callable[[], int]


def system_ms() -> int:
    """The machine's own clock, milliseconds since 1970 UTC: for measuring, never for judging."""
    return time.time_ns() // 1_000_000  # noqa: TID251  (here it is allowed)


def make_warp(
    rate: float = 1.0, start_ms: int = 0, anchor: int | Path = 0, until_ms: int | None = None
) -> Callable[[int], int]:
    """
    What a clock shows at a moment of the system's: ``start_ms`` until ``anchor`` (milliseconds, or the file that will
    hold them), then ``rate`` times as fast as the system's until it shows ``until_ms``.
    """
    known = None if isinstance(anchor, Path) else anchor

    def warp(system: int) -> int:
        nonlocal known
        if known is None and (known := _read_anchor(anchor)) is None:
            return start_ms
        now = start_ms + max(0, int((system - known) * rate))
        return now if until_ms is None else min(now, until_ms)

    if rate == 1.0 and start_ms == anchor and until_ms is None:
        return lambda system: system
    return warp


def make_clock(rate: float = 1.0, start_ms: int = 0, anchor: int | Path = 0, until_ms: int | None = None) -> Clock:
    """A clock of its own; see ``make_warp``."""
    warp = make_warp(rate, start_ms, anchor, until_ms)
    return lambda: warp(system_ms())


def write_anchor(path: Path, moment_ms: int) -> None:
    """Start all clocks whose anchor is this file, at this moment of the system's clock."""
    part = path.with_suffix(".part")
    part.write_text(str(moment_ms))
    part.rename(path)


def _read_anchor(path: Path | int) -> int | None:
    try:
        return int(Path(str(path)).read_text())
    except FileNotFoundError:
        return None


def _number(name: str, default: str) -> float:
    text = os.environ.get(name) or default
    try:
        return float(text)
    except ValueError:
        raise Misconfigured(f"{name} is no number") from None


def rate() -> float:
    """How many clock seconds pass in one second of the machine. Raises Misconfigured."""
    return _number("HADIR_CLOCK_RATE", "1")


def _from_environment() -> Callable[[int], int]:
    until = os.environ.get("HADIR_CLOCK_UNTIL")
    anchor = os.environ.get("HADIR_CLOCK_ANCHOR", "")
    return make_warp(
        rate(),
        int(_number("HADIR_CLOCK_START", "0")),
        Path(anchor) if anchor.startswith("/") else int(_number("HADIR_CLOCK_ANCHOR", "0")),
        int(_number("HADIR_CLOCK_UNTIL", "")) if until else None,
    )


_warp = _from_environment()


def reread_environment() -> None:
    """For a program that sets the variables itself, before it starts others with them."""
    global _warp
    _warp = _from_environment()


def now_ms() -> int:
    """The present moment, milliseconds since 1970 UTC."""
    return _warp(system_ms())


def today(zone: tzinfo) -> date:
    """The date in a zone at the present moment."""
    return datetime.fromtimestamp(now_ms() / 1000, zone).date()


def shown_ms(system: int) -> int:
    """What this clock showed, or will show, at a moment of the machine's: where hadir's own doings are told."""
    return _warp(system)
