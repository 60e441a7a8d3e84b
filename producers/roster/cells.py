"""Cells of roster files to values; a bad cell raises ``BadCell`` with a text for whoever wrote the file."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from ipaddress import ip_network
from zoneinfo import available_timezones

EPOCH_DAY = date(1970, 1, 1).toordinal()
CATEGORIES = ("PNS", "CPNS", "PPPK", "PPPK_PW", "THL", "THLS")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ID = re.compile(r"[^\s,\"\x00-\x1f]{1,64}")
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"(udp:)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):(?P<port>\d{1,5})", re.ASCII)
_PIN = re.compile(r"[0-9A-Za-z._-]{1,24}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_INSTALL = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,12})?", re.ASCII)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class BadCell(ValueError):
    """A cell that can't be used; the text says why and never repeats a person's name or number."""


@lru_cache(maxsize=100_000)
def day(cell: str) -> int:
    """``YYYY-MM-DD`` as days since 1970."""
    if _DATE.fullmatch(cell):
        try:
            return date.fromisoformat(cell).toordinal() - EPOCH_DAY
        except ValueError:
            pass
    raise BadCell(f"{cell or 'empty'}: not a date YYYY-MM-DD")


def span(cells: dict[str, str]) -> tuple[int, int | None]:
    """``valid_from`` and ``valid_to``, both inclusive, days since 1970; an empty ``valid_to`` is open."""
    first = day(cells["valid_from"])
    last = day(cells["valid_to"]) if cells["valid_to"] else None
    if last is not None and last < first:
        raise BadCell("valid_to lies before valid_from")
    return first, last


def one_of(cell: str, column: str, allowed: tuple[str, ...]) -> str:
    """A cell that must be one of a few words."""
    if cell not in allowed:
        raise BadCell(f"{column}: {cell or 'empty'} is none of {', '.join(allowed)}")
    return cell


def yes_no(cell: str, column: str) -> bool:
    """``yes`` or ``no``."""
    return one_of(cell, column, ("yes", "no")) == "yes"


def void(cells: dict[str, str]) -> bool:
    """The optional last column: ``yes`` withdraws; empty or ``no`` does not."""
    return bool(cells.get("void")) and yes_no(cells["void"], "void")


@lru_cache(maxsize=1024)
def zone(cell: str) -> str:
    """An IANA zone that exists."""
    if cell not in available_timezones():
        raise BadCell(
            f"timezone: {cell or 'empty'} is no zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura"
        )
    return cell


def address(cell: str) -> str | None:
    """Where a terminal answers, ``[udp:]host:port``; empty: None."""
    if not cell:
        return None
    found = _ADDRESS.fullmatch(cell)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise BadCell("address: host:port is needed, or udp:host:port; 4370 is usual")
    return cell


def networks(cell: str) -> str | None:
    """Networks as CIDR, blanks between them; empty: None."""
    try:
        return " ".join(str(ip_network(part)) for part in cell.split()) or None
    except ValueError as fault:
        raise BadCell(f"network: {fault}") from fault


def identifier(cell: str, column: str) -> str:
    """A short id: no blanks, commas or quotes, at most 64 characters."""
    if _ID.fullmatch(cell) is None:
        raise BadCell(f"{column}: empty, or an id with blanks or over 64 characters")
    return cell


def filled(cell: str, column: str) -> str:
    """Any text, not empty."""
    if not cell:
        raise BadCell(f"{column}: empty")
    return cell


def serial(cell: str) -> str:
    """Serial number of a terminal, as it names itself."""
    if _SERIAL.fullmatch(cell) is None:
        raise BadCell("serial: empty, or characters that no terminal has")
    return cell


def pin(cell: str) -> str:
    """PIN on a terminal, as the terminal writes it."""
    if _PIN.fullmatch(cell) is None:
        raise BadCell("pin: empty, over 24 characters, or other than letters, digits, . _ -")
    return cell


def install(cell: str) -> str:
    """Installation of the app, as the app names itself."""
    if _INSTALL.fullmatch(cell) is None:
        raise BadCell("install_id: 8 to 64 letters, digits, . _ - are needed")
    return cell


def token_sha256(cell: str) -> str:
    """Hash of a token, lower case; what is no hash is not repeated, it might be the token."""
    if _SHA256.fullmatch(cell) is None:
        raise BadCell("token_sha256: 64 hex digits are needed: the hash, never the token")
    return cell.lower()


def clock_s(cell: str, column: str) -> int:
    """``HH:MM`` as seconds after midnight."""
    match = _CLOCK.fullmatch(cell)
    if match is None:
        raise BadCell(f"{column}: {cell or 'empty'} is no time HH:MM")
    return int(match[1]) * 3600 + int(match[2]) * 60


def minutes_s(cell: str, column: str) -> int:
    """Whole minutes, 0 to 1440, as seconds."""
    if not cell.isascii() or not cell.isdigit() or int(cell) > 1440:
        raise BadCell(f"{column}: {cell or 'empty'} is no whole number of minutes from 0 to 1440")
    return int(cell) * 60


def degrees(cell: str, column: str, most: int) -> float:
    """Decimal degrees with a point, from -``most`` to ``most``."""
    if _DEGREES.fullmatch(cell) is None or abs(float(cell)) > most:
        raise BadCell(f"{column}: {cell or 'empty'} is no number of degrees from -{most} to {most}, as -7.4722")
    return float(cell)


def metres(cell: str, column: str, most: int) -> int:
    """Whole metres, 1 to ``most``."""
    if not cell.isascii() or not cell.isdigit() or not 1 <= int(cell[:9]) <= most:
        raise BadCell(f"{column}: {cell or 'empty'} is no whole number of metres from 1 to {most}")
    return int(cell[:9])


def month(cell: str) -> str:
    """``YYYY-MM``."""
    if _MONTH.fullmatch(cell) is None:
        raise BadCell(f"period: {cell or 'empty'} is no month YYYY-MM")
    return cell


def staff_no(cell: str, category: str) -> str:
    """
    NIP, NI PPPK or NIK by category.

    PNS and CPNS: 18 digits, birth YYYYMMDD, appointment YYYYMM, sex 1 or 2. PPPK and PPPK_PW: 18 digits, birth; their
    digits 13 and 14 count contracts, so no month is looked for there. THL and THLS: 16 digits.
    Source for the NIP: Peraturan Kepala BKN 22/2007.
    """
    if category in ("THL", "THLS"):
        if len(cell) != 16 or not cell.isascii() or not cell.isdigit():
            raise BadCell(f"staff_no: a NIK has 16 digits ({category})")
        return cell
    if len(cell) != 18 or not cell.isascii() or not cell.isdigit():
        raise BadCell(f"staff_no: 18 digits are needed ({category})")
    if not _is_date(cell[:8]):
        raise BadCell("staff_no: digits 1 to 8 are no date of birth YYYYMMDD")
    if category in ("PNS", "CPNS"):
        if not _is_date(cell[8:14] + "01"):
            raise BadCell("staff_no: digits 9 to 14 are no month of appointment YYYYMM")
        if cell[14] not in "12":
            raise BadCell("staff_no: digit 15 is neither 1 nor 2")
    return cell


@lru_cache(maxsize=50_000)
def _is_date(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False
