"""The person's page in a real browser: where the phone was through the shift, as a picture and as a list."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.test_wall import PHONE, Screen, browser, pytestmark, television, until, wall
from tests.clickhouse.fixtures import Tables
from tests.wall.conftest import AN_AFTERNOON, BUDI, DEWI, NOW_MS, flush, person_row, stay_row

__all__ = ["browser", "pytestmark", "television", "wall"]

AFTERNOON_MS = NOW_MS + 5 * 3_600_000 + 37 * 60_000  # 13.18
DRAWN = """
const box = (element) => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const style = (element) => getComputedStyle(element);
return JSON.stringify({
  strip: box(document.querySelector(".strip")),
  columns: [...document.querySelectorAll(".strip > div")].map((column) => ({ box: box(column), said: column.title,
    parts: [...column.querySelectorAll(".part")].map((part) => ({ place: part.classList[1], box: box(part),
      sign: style(part.firstChild).display === "none" ? "" : part.firstChild.innerText })) })),
  labels: [...document.querySelectorAll(".hours span")].map((label) => ({ text: label.textContent, box: box(label) })),
  patterns: ["inside", "outside", "unknown"].map(
    (place) => style(document.querySelector(`.places .${place}`)).backgroundImage),
});
"""


def person_page(screen: Screen, wall: str, who: UUID, language: str = "id") -> None:
    """Sign in and wait for a person's page."""
    screen.open(f"{wall}/?lang={language}#person/{who}")
    until(lambda: screen.browser.find_element(By.ID, "signin").is_displayed(), "asked to sign in")
    screen.sign_in("sekda")
    until(lambda: screen.texts(f"#detail[data-shown='person/{who}'] dd"), "the person is shown")


def drawn(screen: Screen) -> dict[str, Any]:
    """Boxes of the picture of a shift, in pixels, its signs and patterns."""
    found: dict[str, Any] = json.loads(screen.browser.execute_script(DRAWN))
    return found


def an_afternoon(morning: Tables) -> None:
    """Budi's phone through a shift that is judged until 13.15, and his finger."""
    duty = "shift_id, shift_start_at, shift_end_at='kantor', '2026-11-23 00:30:00', '2026-11-23 09:00:00'"
    morning.run(person_row(BUDI, "U1", "late", 9, in_at="2026-11-23 00:31:30", more=duty))
    morning.run(stay_row(BUDI, "U1", AN_AFTERNOON, "13:15"))
    flush(morning, 9)


def disjoint(boxes: list[list[float]]) -> bool:
    """Whether boxes that follow each other from left to right do not touch."""
    return all(one[2] <= two[0] for one, two in pairwise(boxes))


@pytest.mark.parametrize("wall", [AFTERNOON_MS], indirect=True)
def test_shift_is_drawn_hour_by_hour(wall: str, television: Screen, morning: Tables) -> None:
    """By length and by share, each place with a pattern of its own; the list, and through when it is judged."""
    an_afternoon(morning)
    person_page(television, wall, BUDI)
    shown = drawn(television)
    left, top, right, bottom = shown["strip"]
    columns = shown["columns"]
    assert [round((c["box"][2] - columns[0]["box"][0]) / (right - left), 2) for c in columns] == [
        round(minutes / 510, 2) for minutes in (30, 90, 150, 210, 270, 330, 345, 510)
    ]
    tenth = {part["place"]: (part["box"][3] - part["box"][1]) / (bottom - top) for part in columns[3]["parts"]}
    assert tenth == pytest.approx({"inside": 35 / 60, "outside": 25 / 60}, abs=0.03)
    assert [part["sign"] for part in columns[3]["parts"]] == ["↗ 25′", "✓ 35′"]
    assert [part["sign"] for part in columns[5]["parts"]] == ["? 45′", ""]
    assert columns[-1]["parts"] == []
    assert "belum dinilai" in television.text(".later")
    assert disjoint([label["box"] for label in shown["labels"]])
    assert len(set(shown["patterns"])) == 3
    assert television.text(".judged") == "dinilai sampai pukul 13.15"
    assert "celah data, bukan ketidakhadiran" in television.text("#detail")
    assert television.texts(".places li")[2].split("\n")[-2:] == ["Tidak diketahui", "1 jam 10 menit"]
    assert [" ".join(text.split()) for text in television.texts(".windows li")] == [
        "07.30–09.55 ✓ Di tempat kerja",
        "09.55–10.25 ↗ Di luar",
        "10.25–11.35 ✓ Di tempat kerja",
        "11.35–12.45 ? Tidak diketahui",
        "12.45–13.15 ✓ Di tempat kerja",
    ]
    television.readable()
    television.picture("presence")


@pytest.mark.parametrize("wall", [AFTERNOON_MS], indirect=True)
def test_shift_fits_a_phone(wall: str, browser: Chrome, morning: Tables) -> None:
    """Nothing beside the screen, no label over another, every sign within its part."""
    an_afternoon(morning)
    screen = Screen(browser, PHONE)
    person_page(screen, wall, BUDI, "en")
    assert screen.overflow() == 0
    shown = drawn(screen)
    assert disjoint([label["box"] for label in shown["labels"]])
    assert shown["strip"][2] <= PHONE[0]
    assert [part["sign"] for part in shown["columns"][3]["parts"]] == ["↗", "✓"]
    assert screen.text(".judged") == "judged through 13.15"
    screen.picture("presence-phone")


@pytest.mark.parametrize("wall", [AFTERNOON_MS], indirect=True)
def test_shift_goes_on_by_itself_and_says_when_it_is_old(wall: str, television: Screen, morning: Tables) -> None:
    """A later quarter of an hour changes no tile, yet is shown within a minute; that nothing comes any more is said."""
    morning.run(stay_row(BUDI, "U1", AN_AFTERNOON, "10:15"))
    flush(morning, 9)
    person_page(television, wall, BUDI)
    assert "10.15" in television.text(".judged")
    morning.run(stay_row(BUDI, "U1", AN_AFTERNOON, "16:00", version=10))
    television.browser.execute_script(
        "const now = performance.now.bind(performance); performance.now = () => now() + 61000"
    )
    flush(morning, 10)
    until(lambda: television.text(".judged") == "dinilai seluruhnya sampai 16.00", "the whole shift")
    assert not television.texts(".later")
    morning.run("TRUNCATE TABLE sink_offset")
    morning.run(
        "INSERT INTO sink_offset (topic, partition, offset, written_at)"
        " VALUES ('hadir.attendance.e1', 0, 11, now64(3) - INTERVAL 4 MINUTE)"
    )
    until(lambda: "DATA BERHENTI SEJAK 4 menit" in television.text("#alarm"), "the alarm")
    assert "16.00" in television.text(".judged")
    television.readable()


def test_person_without_a_phone_has_a_line_and_no_box(wall: str, television: Screen) -> None:
    """Neither a strip nor a list of nothing."""
    person_page(television, wall, DEWI)
    assert "Tidak ada telepon terdaftar." in television.text("#detail")
    assert not television.texts(".strip, .hours, .places, .windows")
    television.readable()
