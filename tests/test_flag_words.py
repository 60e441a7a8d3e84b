"""The words of flags: every rule, and every key that a rule's finding has, is told, and nobody is called guilty."""

from __future__ import annotations

import doctest
from collections.abc import Mapping

import pytest

from hadir import flag_words, words
from hadir.flag_words import NO_NAMES, Names
from streams.rules import impossible_travel, mock_location, shared_phone
from streams.rules.evidence import Finding, Shared, Sighting, Trace

MINUTE = 60_000
START = 1_795_394_460_000  # 2026-11-23 07:41 in Jakarta, 08:41 in Makassar
OTHERS = ("00000000-0000-0000-0000-00000000000b", "00000000-0000-0000-0000-00000000000c")
BLAME = (
    "bersalah", "curang", "palsu", "menipu", "bohong", "pelanggar", "terbukti", "manipulasi", "titip",
    "guilty", "fraud", "fake", "cheat", "lied", "lying", "offen", "proven", "manipulat",
)  # fmt: skip


def findings() -> dict[str, Finding]:
    """What each rule itself says of a date on which it finds something."""
    phone = [Sighting(START + n * MINUTE, -7.47, 112.43, 10, mock=True) for n in range(4)]
    office = Sighting(START, -7.47, 112.43, 100, by="CK1")
    beach = Sighting(START + 10 * MINUTE, -8.45, 112.43, 20)
    found = {
        "mock_location": mock_location.find(Trace(phone)),
        "impossible_travel": impossible_travel.find(Trace([office, beach])),
        "shared_phone": shared_phone.find(Trace([], [Shared("photo", "5f" * 16, OTHERS, START)])),
    }
    return {rule: finding for rule, finding in found.items() if finding is not None}


def said(rule: str, evidence: Mapping[str, str], language: str = "id", names: Names = NO_NAMES) -> str:
    """In Makassar's time."""
    row = {"rule": rule, "evidence": evidence, "timezone": "Asia/Makassar", "score": 0.5}
    return flag_words.flag_words(row, language, names)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_key_of_every_finding_is_told(language: str) -> None:
    """No rule without words, no key that is shown as code, no key that is dropped: each changes what is said."""
    found = findings()
    assert set(found) == set(flag_words.RULES) == set(flag_words.CLAUSES)
    for rule, finding in found.items():
        text = said(rule, finding.evidence, language)
        assert "_" not in text
        for key in finding.evidence:
            less = {k: v for k, v in finding.evidence.items() if k != key}
            assert said(rule, less, language) != text, (rule, key)
            assert f"{key}:" not in text


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            "mock_location",
            "Ponsel menyebut lokasinya tiruan (bobot 0,5): lokasi disebut tiruan selama 4 menit;"
            " lokasi diterima selama 4 menit; antara 08.41 dan 08.44; pertama kali di -7.47000,112.43000 (10 m)",
        ),
        (
            "impossible_travel",
            "Perpindahan lebih cepat dari kendaraan (bobot 0,5): sedikitnya 108,9 km dengan 435 km/jam;"
            " dari -7.47000,112.43000 (100 m) pukul 08.41 menurut mesin Lobi;"
            " ke -8.45000,112.43000 (20 m) pukul 08.51 menurut ponsel",
        ),
        (
            "shared_phone",
            "Ponsel atau foto juga dipakai pegawai lain (bobot 0,5): foto yang sama;"
            " juga dipakai Citra dan 1 pegawai lain; pertama kali pukul 08.41; tanda pengenal 5f5f5f5f",
        ),
    ],
)
def test_finding_is_told_in_the_units_time(rule: str, sentence: str) -> None:
    """Minutes, distance, speed, places; a terminal by its name; of people only those whom the reader may know."""
    names = Names({OTHERS[1]: "Citra"}, {"CK1": "Lobi"})
    assert said(rule, findings()[rule].evidence, names=names) == sentence


def test_english_has_a_point_and_counts_whoever_is_not_named() -> None:
    """An id is never shown."""
    assert "at least 108.9 km at 435 km/h" in said("impossible_travel", findings()["impossible_travel"].evidence, "en")
    text = said("shared_phone", findings()["shared_phone"].evidence, "en")
    assert "also used by 2 others" in text
    assert not any(one in text for one in OTHERS)


def test_what_is_strange_is_shown_as_it_is() -> None:
    """A rule that is newer than these words, a key, a number that is none: shown, and no error."""
    assert said("telepathy", {"seen_by": "x"}) == "telepathy (bobot 0,5): seen_by: x"
    assert "antara never dan 99999999999999999999" in said(
        "mock_location", {"first_at": "never", "last_at": "99999999999999999999"}
    )
    assert said("shared_phone", {"kind": "shoe"}).endswith("shoe yang sama")


def test_nobody_is_called_guilty() -> None:
    """A flag is evidence, a decision is a person's: not one word of blame, of rules, states or findings."""
    told = [pair for table in (flag_words.RULES, flag_words.STATES, flag_words.KINDS) for pair in table.values()]
    told += [pair for clauses in flag_words.CLAUSES.values() for pair in clauses]
    assert [text for pair in told for text in pair if any(word in text.lower() for word in BLAME)] == []


def test_examples_hold() -> None:
    """Those in the docstrings."""
    assert doctest.testmod(flag_words).failed == 0
