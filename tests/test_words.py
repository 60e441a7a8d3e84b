"""The words of the screen: every state has them, in both languages, and none of the words that nobody wants to hear."""

from __future__ import annotations

import doctest
import json
from typing import Any

import pytest

from hadir import words
from schemas.registry import HERE

NEVER = ("bolos", "mangkir", "alpa")
ROW: dict[str, Any] = {
    "reason": "",
    "letter_no": "",
    "in_time": "07:42:09",
    "late_m": 12,
    "shift_start": "21:00",
    "open_until": "2026-11-26 07:30",
    "missing": [
        {"name": "SDN 3", "silent_since": "2026-11-23 06:41", "delivered_through": ""},
        {"name": "Lobi", "silent_since": "", "delivered_through": "2026-11-23 07:00"},
        {"name": "Gudang", "silent_since": "", "delivered_through": ""},
    ],
}


def states() -> list[str]:
    """Those that the schema of ``attendance`` names."""
    schema = json.loads((HERE / "derived/attendance.avsc").read_text())
    (doc,) = [field["doc"] for field in schema["fields"] if field["name"] == "state"]
    return [state for state in doc.replace("`", "").rstrip(".").split(", ") if state != "withdrawn"]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_state_has_a_sentence(language: str) -> None:
    """Its own in each language, never a code, never a word of blame."""
    said = [words.say(ROW | {"state": state}, language) for state in states()]
    assert len(set(said)) == len(said)
    assert not any("_" in one or any(word in one.lower() for word in NEVER) for one in said)
    assert all(words.say(ROW | {"state": s}, "id") != words.say(ROW | {"state": s}, "en") for s in states())


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"state": "present"}, "Hadir 07.42"),
        ({"state": "late"}, "Terlambat 12 menit (07.42)"),
        ({"state": "absent"}, "Tidak hadir, menunggu keterangan s.d. Kamis"),
        ({"state": "not_due_yet"}, "Belum waktunya, dinas mulai 21.00"),
        ({"state": "leave", "reason": "tahunan", "letter_no": "SC 1/2"}, "Cuti tahunan, SC 1/2"),
        ({"state": "field_duty", "letter_no": "ST 800/123"}, "Dinas luar, ST 800/123"),
        ({"state": "field_duty"}, "Dinas luar, surat tugas belum diunggah"),
        (
            {"state": "undetermined"},
            "Belum dapat dipastikan: mesin SDN 3 tidak terhubung sejak 2026-11-23 06.41;"
            " mesin Lobi lengkap s.d. 2026-11-23 07.00; mesin Gudang belum pernah lengkap",
        ),
    ],
)
def test_sentence_says_what_a_person_asks(row: dict[str, Any], sentence: str) -> None:
    """When, how late, until when, why not, by which letter."""
    assert words.say(ROW | row) == sentence


def test_examples_hold() -> None:
    """Those in the docstrings."""
    assert doctest.testmod(words).failed == 0
