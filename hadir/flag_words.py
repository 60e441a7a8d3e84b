"""
The words of flags, Indonesian and English: what a rule saw, as a person reads it who has to hear the other person.

A flag is evidence: none of these words says that somebody did wrong. A finding is told in clauses; each stands for some
keys of its evidence and is left out where one of them is missing. Keys that no clause knows are told as they are, so
that nothing the rule said is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hadir.words import LANGUAGES

RULES: dict[str, tuple[str, str]] = {
    "mock_location": ("Ponsel menyebut lokasinya tiruan", "Phone called its location made up"),
    "impossible_travel": ("Perpindahan lebih cepat dari kendaraan", "Moved faster than vehicles do"),
    "shared_phone": ("Ponsel atau foto juga dipakai pegawai lain", "Phone or photo used by someone else too"),
}
CLAUSES: dict[str, tuple[tuple[str, str], ...]] = {
    "mock_location": (
        ("lokasi disebut tiruan selama {minutes_mocked} menit", "location called made up in {minutes_mocked} minutes"),
        ("lokasi diterima selama {minutes_told} menit", "location received in {minutes_told} minutes"),
        ("antara {first_at} dan {last_at}", "between {first_at} and {last_at}"),
        ("pertama kali di {first_place}", "first at {first_place}"),
    ),
    "impossible_travel": (
        (
            "sedikitnya {least_m} dengan {least_kmh} km/jam",
            "at least {least_m} at {least_kmh} km/h",
        ),
        (
            "dari {from_place} pukul {from_at} menurut {from_device}",
            "from {from_place} at {from_at} by the {from_device}",
        ),
        ("ke {to_place} pukul {to_at} menurut {to_device}", "to {to_place} at {to_at} by the {to_device}"),
    ),
    "shared_phone": (
        ("{kind} yang sama", "the same {kind}"),
        ("juga dipakai {with}", "also used by {with}"),
        ("pertama kali pukul {first_at}", "first at {first_at}"),
        ("tanda pengenal {value}", "known as {value}"),
    ),
}
KINDS: dict[str, tuple[str, str]] = {
    "boot": ("ponsel (sejak dinyalakan)", "phone (since it was switched on)"),
    "imei": ("ponsel (nomor IMEI)", "phone (IMEI)"),
    "install": ("pemasangan aplikasi", "installation of the app"),
    "photo": ("foto", "photo"),
}
STATES: dict[str, tuple[str, str]] = {
    "open": ("untuk diperiksa", "to be reviewed"),
    "confirmed": ("dibenarkan", "confirmed"),
    "dismissed": ("dikesampingkan", "dismissed"),
    "reversed": ("dibuka kembali", "opened again"),
}
"""States of a flag and verdicts of decisions."""
_WORDS: dict[str, tuple[str, str]] = {
    "phone": ("ponsel", "phone"),
    "terminal": ("mesin {name}", "terminal {name}"),
    "others": ("{n} pegawai lain", "{n} others"),
    "other": ("1 pegawai lain", "1 other"),
    "and": ("dan", "and"),
    "weight": ("bobot {score}", "weight {score}"),
    "by": ("{verdict} oleh {who}, {at}: {reason}", "{verdict} by {who}, {at}: {reason}"),
}
KEY = re.compile(r"\{([a-z_]+)\}")
SHOWN_OF_HASH = 8
"""Hex digits by which two flags about one phone are seen to be about one."""


class Names(NamedTuple):
    """
    What evidence names, for whoever reads it.

    Attributes:
        people: names by employee id, of those whom the reader may know; the others are counted.
        terminals: names by device id.
    """

    people: Mapping[str, str] = {}
    terminals: Mapping[str, str] = {}


NO_NAMES = Names()


def _word(table: Mapping[str, tuple[str, str]], key: str, language: str) -> str:
    return table.get(key, (key, key))[LANGUAGES.index(language)]


def rule_word(rule: str, language: str = "id") -> str:
    """What a rule saw, in short; an unknown one stands for itself."""
    return _word(RULES, rule, language)


def flag_state(state: str, language: str = "id") -> str:
    """What became of a flag, or a verdict."""
    return _word(STATES, state, language)


def weight(score: float, language: str = "id") -> str:
    """
    How strong the evidence is.

    >>> weight(0.5), weight(1.0, "en")
    ('bobot 0,5', 'weight 1')
    """
    return _word(_WORDS, "weight", language).format(score=_number(round(score, 2), language))


def evidence_words(row: Mapping[str, Any], language: str = "id", names: Names = NO_NAMES) -> str:
    """
    What a rule found, in words.

    Args:
        row: of ``v_flag``: ``rule``, ``evidence``, ``timezone`` of the unit, in which times are told.

    >>> mocked = {"minutes_mocked": "30", "first_at": "1795394460000", "last_at": "1795396260000", "first_place": ""}
    >>> evidence_words({"rule": "mock_location", "timezone": "Asia/Jakarta", "evidence": mocked})
    'lokasi disebut tiruan selama 30 menit; antara 07.41 dan 08.11'
    """
    evidence, zone = row["evidence"], ZoneInfo(row["timezone"])
    said, told = [], set[str]()
    for clause in CLAUSES.get(row["rule"], ()):
        text = clause[LANGUAGES.index(language)]
        keys = KEY.findall(text)
        told.update(keys)
        if all(key in evidence and (evidence[key] or key.endswith("_device")) for key in keys):
            values = {key: _value(key, evidence[key], language, zone, names) for key in keys}
            said.append(text.format(**values))
    said += [f"{key}: {evidence[key]}" for key in sorted(set(evidence) - told)]
    return "; ".join(said)


def flag_words(row: Mapping[str, Any], language: str = "id", names: Names = NO_NAMES) -> str:
    """A flag as a sentence: rule, weight, evidence."""
    rule, strength = rule_word(row["rule"], language), weight(row["score"], language)
    return f"{rule} ({strength}): {evidence_words(row, language, names)}"


def decision_words(row: Mapping[str, Any], language: str = "id", *, timezone: str) -> str:
    """
    A row of ``v_decision`` as a sentence, its moment in the unit's zone.

    >>> at = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
    >>> told = {"verdict": "dismissed", "recorded_by": "bkd", "recorded_at": at, "reason": "ponsel pinjaman"}
    >>> decision_words(told, timezone="Asia/Jakarta")
    'dikesampingkan oleh bkd, 2026-11-24 08.05: ponsel pinjaman'
    """
    return _word(_WORDS, "by", language).format(
        verdict=flag_state(row["verdict"], language),
        who=row["recorded_by"],
        at=f"{row['recorded_at'].astimezone(ZoneInfo(timezone)):%Y-%m-%d %H.%M}",
        reason=row["reason"],
    )


def state_words(row: Mapping[str, Any], language: str = "id") -> str:
    """
    What became of a flag (a row of ``v_flag``): to be reviewed, or who decided what, when and why.

    >>> state_words({"state": "open", "decided_at": None})
    'untuk diperiksa'
    """
    if row["decided_at"] is None:
        return flag_state(row["state"], language)
    last = {"verdict": row["state"], "recorded_by": row["decided_by"], "recorded_at": row["decided_at"]}
    last |= {"reason": row["reason"]}
    if row["state"] == "open":
        again = decision_words(last | {"verdict": "reversed"}, language, timezone=row["timezone"])
        return f"{flag_state('open', language)}; {again}"
    return decision_words(last, language, timezone=row["timezone"])


def others(evidence: Mapping[str, str]) -> list[str]:
    """Employee ids of those whom a finding names beside the person."""
    return evidence.get("with", "").split()


def _value(key: str, text: str, language: str, zone: ZoneInfo, names: Names) -> str:
    try:
        if key.endswith("_at"):
            return f"{datetime.fromtimestamp(int(text) / 1000, UTC).astimezone(zone):%H.%M}"
        if key.endswith("_m"):
            return f"{_number(round(float(text) / 1000, 1), language)} km"
    except (ValueError, OverflowError, OSError):
        return text
    if key.endswith("_device"):
        if not text:
            return _word(_WORDS, "phone", language)
        return _word(_WORDS, "terminal", language).format(name=names.terminals.get(text, text))
    if key == "kind":
        return _word(KINDS, text, language)
    if key == "with":
        return _people(text.split(), language, names.people)
    return text[:SHOWN_OF_HASH] if key == "value" else text


def _people(ids: Iterable[str], language: str, people: Mapping[str, str]) -> str:
    ids = list(ids)
    named = sorted(people[one] for one in ids if people.get(one))
    rest = len(ids) - len(named)
    if rest:
        named.append(_word(_WORDS, "other" if rest == 1 else "others", language).format(n=rest))
    *first, last = named
    return f"{', '.join(first)} {_word(_WORDS, 'and', language)} {last}" if first else last


def _number(value: float, language: str) -> str:
    return f"{value:g}".replace(".", "," if language == "id" else ".")
