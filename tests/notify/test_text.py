"""The words: those of the screen, in both languages; provisional where it is, and what is missing by name."""

from __future__ import annotations

import pytest

from notify.line import Message
from notify.text import MOST_NAMES, probe, text
from tests.notify.made import CUTOFF, MINUTE, alert

TERMINAL = {"device_id": "D3", "silent_since": CUTOFF - 50 * MINUTE, "delivered_through": None, "people": 27}
DOUBT = alert(
    provisional=True,
    counts={"not_here": 14, "present": 371, "undetermined": 27},
    missing=[TERMINAL],
    raised_at=CUTOFF,
)


def said(*alerts: dict[str, object], language: str = "id", **more: object) -> list[str]:
    """Lines of a message that tells these revisions."""
    return text(Message(alerts, 1), "Dinas Pendidikan", {"D3": "SDN 3"}, language, **more).splitlines()  # type: ignore[arg-type]


def test_provisional_says_so_first_and_last() -> None:
    """The sentence as offices were promised it, then the terminal that keeps it open."""
    assert said(DOUBT) == [
        "[SEMENTARA] Dinas Pendidikan 07.31 WIB: wajib 412, hadir 371, belum hadir 14, belum dapat dipastikan 27."
        " Angka dapat berubah.",
        "Data belum lengkap: mesin SDN 3 tidak terhubung sejak 06.41 (27 pegawai).",
    ]


def test_english_by_the_channels_choice() -> None:
    """The same facts."""
    assert said(DOUBT, language="en") == [
        "[PROVISIONAL] Dinas Pendidikan 07.31 WIB: due 412, present 371, not here yet 14, cannot be said yet 27."
        " Figures may change.",
        "Data incomplete: terminal SDN 3 not connected since 06.41 (27 people).",
    ]


def test_correction_takes_back_what_was_said() -> None:
    """Ralat, how many, and the figures as they are now; also when a later revision tells it."""
    ralat = alert(1, kind="correction", withdrawn=["ani"], counts={"present": 13}, people=[])
    assert said(ralat) == [
        "Ralat Dinas Pendidikan 07.33 WIB: wajib 13, hadir 13.",
        "Status belum hadir 1 pegawai dicabut (data terlambat diterima).",
    ]
    later = said(ralat, alert(2))
    assert later[0].startswith("Ralat Dinas Pendidikan 07.34 WIB: wajib 13, hadir 12, belum hadir 1.")
    assert later[1].startswith("Status belum hadir 1 pegawai dicabut")
    english = said(ralat, language="en")
    assert english[0].startswith("Correction Dinas Pendidikan")
    assert "withdrawn" in english[1]


@pytest.mark.parametrize(
    ("zone", "expected"), [("Asia/Makassar", "08.32 WITA"), ("Asia/Jayapura", "09.32 WIT"), ("UTC", "00.32 UTC")]
)
def test_time_is_the_offices_own(zone: str, expected: str) -> None:
    """In its zone, by the zone's usual name."""
    assert expected in said(alert(timezone=zone))[0]


def test_all_that_is_missing_is_told_in_bounds() -> None:
    """Partitions, many terminals, a trial, names up to a number, and nobody is called bolos or mangkir."""
    terminals = [TERMINAL | {"device_id": f"D{n}", "silent_since": None} for n in range(8)]
    terminals[0] |= {"delivered_through": CUTOFF}
    names = {"not_here": [f"Pegawai {n}" for n in range(MOST_NAMES + 2)]}
    lines = said(alert(unit_mode="trial", unheard=[2], missing=terminals), names=names)
    assert "(uji coba)" in lines[0]
    assert lines[1].startswith("Belum hadir: Pegawai 0, ")
    assert lines[1].endswith(", dan 2 lainnya")
    assert lines[2] == "Data belum lengkap: mesin D0 lengkap s.d. 07.31 (27 pegawai)."
    assert lines[7:] == ["dan 3 mesin lain", "Data belum lengkap: 1 bagian data belum terbaca."]
    assert not any(word in " ".join(lines).lower() for word in ("bolos", "mangkir", "alpa"))


def test_probe_names_its_channel() -> None:
    """What the verb sends."""
    assert "bkd" in probe("bkd", "id")
    assert "test message" in probe("bkd", "en")
