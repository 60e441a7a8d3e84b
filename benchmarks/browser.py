"""A Chromium without a screen, that talks to nobody but the page; for the browser tests and the wall's benchmark."""

from __future__ import annotations

import shutil

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def chromium(*more: str) -> Chrome:
    """One, started with ``more`` arguments; Debian's packages ``chromium`` and ``chromium-driver`` must be there."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", *more,
    ):  # fmt: skip
        options.add_argument(argument)
    return Chrome(options=options, service=Service(DRIVER))
