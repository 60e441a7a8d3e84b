"""An alert in words, Indonesian or English: what is known, what is not, and that it may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hadir.words import LANGUAGES, state_word
from notify.line import Message

ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
COUNTED = ("late", "awaited", "not_here", "absent", "unexplained", "undetermined")
"""States told after those who are present, when there are any."""
MOST_TERMINALS = 5
MOST_NAMES = 30
_WORDS = {
    "provisional": ("[SEMENTARA] ", "[PROVISIONAL] "),
    "correction": ("Ralat ", "Correction "),
    "due": ("wajib", "due"),
    "present": ("hadir", "present"),
    "may_change": ("Angka dapat berubah.", "Figures may change."),
    "withdrawn": (
        "Status belum hadir {n} pegawai dicabut (data terlambat diterima).",
        "{n} reported as not here: withdrawn (the data came late).",
    ),
    "terminal": ("Data belum lengkap: mesin {name}", "Data incomplete: terminal {name}"),
    "since": (" tidak terhubung sejak {at}", " not connected since {at}"),
    "through": (" lengkap s.d. {at}", " complete through {at}"),
    "hang": (" ({n} pegawai)", " ({n} people)"),
    "more_terminals": ("dan {n} mesin lain", "and {n} more terminals"),
    "unheard": (
        "Data belum lengkap: {n} bagian data belum terbaca.",
        "Data incomplete: {n} parts of the data are not read yet.",
    ),
    "trial": ("(uji coba)", "(trial)"),
    "and_more": ("dan {n} lainnya", "and {n} more"),
    "test": (
        "hadir: pesan uji untuk saluran {channel}. Tidak ada yang perlu dilakukan.",
        "hadir: test message for channel {channel}. Nothing needs to be done.",
    ),
}


def word(key: str, language: str, **values: object) -> str:
    """A phrase with its values."""
    return _WORDS[key][LANGUAGES.index(language)].format(**values)


def local(at: int, zone: str) -> str:
    """
    ``HH.MM`` of a moment in a zone.

    >>> local(1795393860000, "Asia/Jakarta")
    '07.31'
    """
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%H.%M")


def zone_name(zone: str) -> str:
    """WIB, WITA, WIT; elsewhere the zone's own name."""
    return ZONES.get(zone, zone)


def text(
    message: Message,
    office: str,
    terminals: Mapping[str, str],
    language: str,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    wall: str = "",
) -> str:
    """
    The message in full.

    Args:
        office: the unit's name.
        terminals: device id -> name; one that is not there stands for itself.
        names: state -> names of people; None: nobody is named.
        wall: where to look further; empty: not told.
    """
    alert = message.newest
    zone = alert["timezone"]
    lines = [_head(message, office, language)]
    if message.kind == "correction":
        lines.append(word("withdrawn", language, n=len(message.withdrawn)))
    for state, people in (names or {}).items():
        more = f", {word('and_more', language, n=len(people) - MOST_NAMES)}" if len(people) > MOST_NAMES else ""
        lines.append(f"{state_word(state, language)}: {', '.join(people[:MOST_NAMES])}{more}")
    missing = alert["missing"]
    lines += [_terminal(terminal, terminals, zone, language) for terminal in missing[:MOST_TERMINALS]]
    if len(missing) > MOST_TERMINALS:
        lines.append(word("more_terminals", language, n=len(missing) - MOST_TERMINALS))
    if alert["unheard"]:
        lines.append(word("unheard", language, n=len(alert["unheard"])))
    if wall:
        lines.append(wall)
    return "\n".join(lines)


def _head(message: Message, office: str, language: str) -> str:
    alert = message.newest
    counts = alert["counts"]
    present = counts.get("present", 0) + counts.get("present_unmeasured", 0)
    told = [f"{word('due', language)} {sum(counts.values())}", f"{word('present', language)} {present}"]
    told += [f"{state_word(state, language).lower()} {counts[state]}" for state in COUNTED if counts.get(state)]
    mark = word("provisional", language) if alert["provisional"] else ""
    kind = word("correction", language) if message.kind == "correction" else ""
    trial = f" {word('trial', language)}" if alert["unit_mode"] == "trial" else ""
    when = f"{local(alert['raised_at'], alert['timezone'])} {zone_name(alert['timezone'])}"
    change = f" {word('may_change', language)}" if alert["provisional"] else ""
    return f"{mark}{kind}{office}{trial} {when}: {', '.join(told)}.{change}"


def _terminal(terminal: Mapping[str, Any], names: Mapping[str, str], zone: str, language: str) -> str:
    device_id, since, through = terminal["device_id"], terminal["silent_since"], terminal["delivered_through"]
    said = word("terminal", language, name=names.get(device_id, device_id))
    if since is not None:
        said += word("since", language, at=local(since, zone))
    elif through is not None:
        said += word("through", language, at=local(through, zone))
    return said + word("hang", language, n=terminal["people"]) + "."


def probe(channel: str, language: str) -> str:
    """What ``hadir notify test`` sends."""
    return word("test", language, channel=channel)
