"""
The wall as people see it, in a real browser over a real ClickHouse.

``HADIR_SCREENSHOTS`` names a folder in which pictures are kept, to be looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.browser import CHROMIUM, DRIVER, chromium
from hadir.stack.waiting import free_ports
from tests.clickhouse.fixtures import Tables
from tests.wall.conftest import BUDI, DEWI, NAMES, NOW_MS, PASSWORD, flush, person_row, write_accounts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.clickhouse,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its driver (Debian: chromium-driver)"),
]
TELEVISION, PHONE = (1920, 1080), (390, 844)
LEAST_PX, LEAST_CONTRAST = 32, 4.5

TEXTS = """
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (v) => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
const light = (rgb) => { const [r, g, b] = rgb.map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
while (walker.nextNode()) {
  const node = walker.currentNode, element = node.parentElement;
  if (!node.textContent.trim() || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  let behind = element, ground = [11, 18, 32];
  for (; behind; behind = behind.parentElement) {
    const colour = parse(getComputedStyle(behind).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) { ground = colour.slice(0, 3); break; }
  }
  const [a, b] = [light(parse(style.color).slice(0, 3)), light(ground)].sort((x, y) => y - x);
  found.push({ text: node.textContent.trim(), px: parseFloat(style.fontSize), contrast: (a + 0.05) / (b + 0.05) });
}
return JSON.stringify(found);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """One Chromium without a screen, that talks to nobody but the page."""
    driver = chromium("--hide-scrollbars", "--lang=id")
    yield driver
    driver.quit()


@pytest.fixture
def wall(morning: Tables, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a wall over the morning, in a process of its own whose clock stands at 07.41, or as a test wants."""
    now_ms = str(getattr(request, "param", NOW_MS))
    write_accounts(tmp_path)
    (port,) = free_ports(1)
    env = os.environ | {
        "HADIR_DATA": str(tmp_path),
        "HADIR_CLICKHOUSE": morning.settings.clickhouse,
        "HADIR_CLICKHOUSE_DATABASE": morning.settings.clickhouse_database,
        "HADIR_WALL_PORT": str(port),
        "HADIR_WALL_NAME": "Kota Contoh",
        "HADIR_CLOCK_START": now_ms,
        "HADIR_CLOCK_ANCHOR": now_ms,
        "HADIR_CLOCK_UNTIL": now_ms,
    }
    process = subprocess.Popen([sys.executable, "-m", "wall"], env=env)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(address), "the wall answers")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=1).ok
    except requests.ConnectionError:
        return False


def until(condition: Callable[[], Any], what: str, timeout_s: float = 20.0) -> None:
    """Wait for a condition."""
    WebDriverWait(None, timeout_s, 0.05, [StaleElementReferenceException]).until(lambda _: condition(), what)  # type: ignore[type-var]


class Screen:
    """What a test asks of the page."""

    def __init__(self, browser: Chrome, size: tuple[int, int]) -> None:
        self.browser = browser
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE},
        )

    def open(self, address: str) -> None:
        """Open a page as somebody who has never been there, and wait until it shows a board."""
        self.browser.delete_all_cookies()
        self.browser.get("about:blank")
        self.browser.get(address)
        until(lambda: self.browser.execute_script("return document.body.dataset.version"), "a board is shown")

    def text(self, css: str) -> str:
        """Visible text of the first element."""
        return self.browser.find_element(By.CSS_SELECTOR, css).text

    def texts(self, css: str) -> list[str]:
        """Visible text of all."""
        return [element.text for element in self.browser.find_elements(By.CSS_SELECTOR, css)]

    def sign_in(self, name: str) -> None:
        """Through the dialog."""
        if not self.browser.find_element(By.ID, "signin").is_displayed():
            self.browser.find_element(By.ID, "who").click()
        for field, value in (("name", name), ("password", PASSWORD)):
            element = self.browser.find_element(By.NAME, field)
            element.clear()
            element.send_keys(value)
        self.browser.find_element(By.CSS_SELECTOR, "dialog button.main").click()
        until(lambda: self.browser.find_element(By.ID, "who").get_attribute("title") == name, "signed in")

    def picture(self, name: str) -> None:
        """Keep one, if asked for."""
        folder = os.environ.get("HADIR_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(str(Path(folder) / f"{name}.png"))

    def readable(self) -> None:
        """No text smaller, none fainter than one reads at four metres; nothing wider than the screen."""
        for said in json.loads(self.browser.execute_script(TEXTS)):
            assert said["px"] >= LEAST_PX, said
            assert said["contrast"] >= LEAST_CONTRAST, said
        assert self.overflow() == 0

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.browser.execute_script("return document.documentElement.scrollWidth - innerWidth"))


@pytest.fixture
def television(browser: Chrome) -> Screen:
    """1080p."""
    return Screen(browser, TELEVISION)


def count(screen: Screen, what: str) -> int:
    """A number of the strip at the top."""
    return int(screen.text(f"#totals [data-count={what}] b"))


def test_shared_wall_shows_the_city(wall: str, television: Screen) -> None:
    """Offices by who is missing, sums, what is not known as loud as what is; no name of anybody."""
    television.open(wall)
    assert television.text("#region") == "Kota Contoh"
    assert television.text("#clock") == "07.41"
    assert [text.splitlines()[0] for text in television.texts(".tile")] == ["Badan Dua", "Puskesmas Satu", "Dinas Satu"]
    assert (count(television, "wajib"), count(television, "belum_hadir")) == (3, 1)
    assert "1 dari 2 mesin" in television.text("#complete")
    assert "Berhalangan sah 1" in television.text("#rest")
    assert television.text("#rest").endswith("⚑ 3 tanda untuk diperiksa")
    page = television.text("body")
    assert not any(name in page for name in NAMES.values())
    television.readable()
    television.picture("city")


def test_arrival_appears_by_itself(wall: str, television: Screen, morning: Tables) -> None:
    """The tile changes and the office comes to the head of the arrivals, without the page being asked."""
    television.open(wall)
    morning.run(person_row(DEWI, "U2", "present", 6, in_at="2026-11-23 00:41:00"))
    flush(morning, 7)
    until(lambda: count(television, "belum_hadir") == 0, "nobody is missing any more")
    assert television.texts("#arrivals li")[0].splitlines()[:2] == ["07.41", "Badan Dua"]


def test_leader_goes_from_city_to_office_to_person(wall: str, television: Screen) -> None:
    """Names with minutes late or the reason; a click on a name says why."""
    television.open(wall)
    television.sign_in("kadinkes")
    until(lambda: len(television.texts(".tile")) == 2, "own units only")
    television.browser.find_element(By.CSS_SELECTOR, ".tile[data-unit=U1]").click()
    until(lambda: television.texts("#detail[data-shown='unit/U1'] td"), "the office is shown")
    assert "Terlambat 2 menit (07.31)" in television.text("#detail")
    assert "⚑ 2 tanda untuk diperiksa" in television.texts("#detail h2")
    television.readable()
    television.picture("office")
    television.browser.find_element(By.LINK_TEXT, NAMES[BUDI]).click()
    until(lambda: television.texts(f"#detail[data-shown='person/{BUDI}'] dd"), "the person is shown")
    assert "Perbup 1" in television.text("#detail")
    signs = television.texts("#detail .sign")
    assert [text.split(" (bobot")[0] for text in signs] == [
        "Ponsel menyebut lokasinya tiruan",
        "Ponsel atau foto juga dipakai pegawai lain",
    ]
    assert all(text.endswith("untuk diperiksa") for text in signs)
    television.readable()
    television.picture("person")
    television.browser.execute_script("document.querySelector('#detail .sign').scrollIntoView()")
    television.picture("person-signs")


def test_name_with_markup_is_shown_as_it_is(wall: str, television: Screen) -> None:
    """A name is text, whatever is in it."""
    television.open(f"{wall}/#unit/U2")
    until(lambda: television.browser.find_element(By.ID, "signin").is_displayed(), "asked to sign in")
    television.sign_in("sekda")
    until(lambda: NAMES[DEWI] in television.text("#detail"), "the name is shown")


def test_wall_says_that_it_is_old(wall: str, television: Screen, morning: Tables) -> None:
    """When the sink has stopped, loudly; and when the wall itself is gone."""
    morning.run("TRUNCATE TABLE sink_offset")
    morning.run(
        "INSERT INTO sink_offset (topic, partition, offset, written_at)"
        " VALUES ('hadir.attendance.e1', 0, 9, now64(3) - INTERVAL 4 MINUTE)"
    )
    television.open(wall)
    until(lambda: "DATA BERHENTI SEJAK 4 menit" in television.text("#alarm"), "the alarm")
    television.readable()
    television.picture("stale")


def test_phone_has_a_layout_of_its_own(wall: str, browser: Chrome) -> None:
    """One column, nothing beside the screen."""
    screen = Screen(browser, PHONE)
    screen.open(wall)
    assert screen.overflow() == 0
    screen.picture("phone")


def test_english_by_a_switch(wall: str, television: Screen) -> None:
    """Every word of the page."""
    television.open(f"{wall}/?lang=en")
    assert "Not here yet" in television.text("#totals")
    assert "Data incomplete" in television.text("#complete")
    assert television.text("#rest").endswith("3 signs to be reviewed")
