"""The words of the screen, Indonesian and English: what a state is called before people, and sentences made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

LANGUAGES = ("id", "en")

_STATES: dict[str, tuple[str, str]] = {
    "present": ("Hadir", "Present"),
    "late": ("Terlambat", "Late"),
    "awaited": ("Ditunggu", "Awaited"),
    "not_here": ("Belum hadir", "Not here yet"),
    "undetermined": ("Belum dapat dipastikan", "Cannot be said yet"),
    "absent": ("Tidak hadir", "Absent"),
    "unexplained": ("Tanpa keterangan (TK)", "Absent without explanation"),
    "present_unmeasured": ("Hadir, jam masuk tidak terukur", "Present, time of arrival not measured"),
    "leave": ("Cuti/sakit/izin", "On leave"),
    "field_duty": ("Dinas luar", "On field duty"),
    "not_due_yet": ("Belum waktunya", "Not due yet"),
    "off": ("Libur/lepas dinas", "Off duty"),
    "not_judged": ("Belum diterapkan", "Not in force"),
}
_WORDS: dict[str, tuple[str, str]] = {
    "excused": ("Berhalangan sah", "Excused"),
    "minutes": ("menit", "minutes"),
    "hour_short": ("jam", "h"),
    "minute_short": ("menit", "min"),
    "starts": ("dinas mulai", "shift starts"),
    "terminal": ("mesin", "terminal"),
    "silent_since": ("tidak terhubung sejak", "not connected since"),
    "through": ("lengkap s.d.", "complete through"),
    "never": ("belum pernah lengkap", "never complete"),
    "papers_until": ("menunggu keterangan s.d.", "explanation awaited until"),
    "correction": (
        "Ralat {at}: hadir {in_time} (data terlambat diterima). Status sebelumnya dicabut.",
        "Correction {at}: present {in_time} (data came late). The earlier state is withdrawn.",
    ),
    "no_letter": ("surat tugas belum diunggah", "letter not uploaded yet"),
}
_LEAVE: dict[str, tuple[str, str]] = {
    "tahunan": ("Cuti tahunan", "Annual leave"),
    "besar": ("Cuti besar", "Long leave"),
    "sakit": ("Sakit", "Sick leave"),
    "melahirkan": ("Cuti melahirkan", "Maternity leave"),
    "alasan_penting": ("Cuti alasan penting", "Leave for an important reason"),
    "bersama": ("Cuti bersama", "Collective leave"),
    "di_luar_tanggungan": ("Cuti di luar tanggungan negara", "Unpaid leave"),
    "izin": ("Izin", "Permitted absence"),
    "tugas_belajar": ("Tugas belajar", "Study assignment"),
}
_PLACES: dict[str, tuple[str, str]] = {
    "inside": ("Di tempat kerja", "At the workplace"),
    "outside": ("Di luar", "Outside"),
    "unknown": ("Tidak diketahui", "Not known"),
}
_DAYS = (
    ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
STATES: dict[str, str] = {state: words[0] for state, words in _STATES.items()}
PRESENCE: dict[str, str] = {place: words[0] for place, words in _PLACES.items()}
"""Where a phone was during a shift."""
RANK = (
    "not_here",
    "absent",
    "unexplained",
    "undetermined",
    "awaited",
    "late",
    "present_unmeasured",
    "present",
    "field_duty",
    "leave",
    "not_due_yet",
    "off",
    "not_judged",
)
"""States of an office's people in the order in which one wants to read them."""


def state_word(state: str, language: str = "id") -> str:
    """What a state is called; an unknown one stands for itself."""
    return _STATES.get(state, (state, state))[LANGUAGES.index(language)]


def place_word(place: str, language: str = "id") -> str:
    """What a place of ``PRESENCE`` is called."""
    return _PLACES[place][LANGUAGES.index(language)]


def duration(seconds: float, language: str = "id") -> str:
    """
    A time that has passed, in whole minutes, rounded.

    >>> duration(11_520), duration(1_790), duration(7_200, "en")
    ('3 jam 12 menit', '30 menit', '2 h')
    """
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours} {_word('hour_short', language)}"] if hours else []
    if minutes or not hours:
        parts.append(f"{minutes} {_word('minute_short', language)}")
    return " ".join(parts)


def _word(key: str, language: str) -> str:
    return _WORDS[key][LANGUAGES.index(language)]


def say(row: Mapping[str, Any], language: str = "id") -> str:
    """
    A row of ``v_person_day`` as a sentence.

    >>> say({"state": "late", "late_m": 12, "in_time": "07:42:09"})
    'Terlambat 12 menit (07.42)'
    >>> say({"state": "absent", "open_until": "2026-11-26 07:30"}, "en")
    'Absent, explanation awaited until Thursday'
    """
    word = state_word(row["state"], language)
    state = row["state"]
    if state == "present":
        return f"{word} {clock(row['in_time'])}"
    if state == "late":
        return f"{word} {row['late_m']} {_word('minutes', language)} ({clock(row['in_time'])})"
    if state == "undetermined":
        return f"{word}: {missing(row, language) or row['reason']}"
    if state == "not_due_yet" and row["shift_start"]:
        return f"{word}, {_word('starts', language)} {clock(row['shift_start'])}"
    if state == "field_duty":
        return f"{word}, {row['letter_no'] or _word('no_letter', language)}"
    if state == "leave":
        kind = _LEAVE.get(row["reason"], (row["reason"] or word,) * 2)[LANGUAGES.index(language)]
        return f"{kind}, {row['letter_no']}" if row["letter_no"] else kind
    if state == "absent" and row["open_until"]:
        return f"{word}, {_word('papers_until', language)} {_weekday(row['open_until'], language)}"
    return word


CALLED_MISSING = ("not_here", "absent", "unexplained")


def correction(row: Mapping[str, Any], history: Iterable[tuple[str, datetime]], language: str = "id") -> str:
    """
    The words that take back what was wrongly said; empty when nothing was.

    Args:
        row: of ``v_person_day``, as it is now.
        history: states in the order in which they were shown, each with the local moment (no zone) of its first
            showing. Who was missing when it was said, and came later, was not wronged.

    >>> now = {"in_time": "07:19:30", "punches": [{"used_as": "in", "device_time": datetime(2026, 11, 23, 7, 19, 30)}]}
    >>> shown = [("not_here", datetime(2026, 11, 23, 7, 32)), ("present", datetime(2026, 11, 23, 11, 40))]
    >>> correction(now, shown)
    'Ralat 11.40: hadir 07.19 (data terlambat diterima). Status sebelumnya dicabut.'
    >>> correction(now, [("not_here", datetime(2026, 11, 23, 7, 10)), ("present", datetime(2026, 11, 23, 7, 20))])
    ''
    """
    came = [punch["device_time"].replace(tzinfo=None) for punch in row["punches"] if punch["used_as"] == "in"]
    wronged = False
    for state, at in history:
        if state in CALLED_MISSING:
            wronged = wronged or (bool(came) and came[0] < at)
        elif wronged and state in ("present", "late"):
            return _word("correction", language).format(at=clock(f"{at:%H:%M}"), in_time=clock(row["in_time"]))
    return ""


def _weekday(local: str, language: str) -> str:
    return _DAYS[LANGUAGES.index(language)][date.fromisoformat(local[:10]).weekday()]


def missing(row: Mapping[str, Any], language: str = "id") -> str:
    """Which terminals a state hangs on, in words."""
    said = []
    for terminal in row["missing"]:
        name = f"{_word('terminal', language)} {terminal['name']}"
        since, through = terminal["silent_since"], terminal["delivered_through"]
        if since:
            said.append(f"{name} {_word('silent_since', language)} {clock(since)}")
        elif through:
            said.append(f"{name} {_word('through', language)} {clock(through)}")
        else:
            said.append(f"{name} {_word('never', language)}")
    return "; ".join(said)


def clock(time: str) -> str:
    """
    Local ``HH:MM[:SS]``, with or without a date before it, as Indonesians write it: minutes, with a full stop.

    >>> clock("2026-11-23 06:41"), clock("07:42:09")
    ('2026-11-23 06.41', '07.42')
    """
    day, _, moment = time.rpartition(" ")
    return f"{day} {moment[:5]}".strip().replace(":", ".")
