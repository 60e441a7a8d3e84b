"""
The wall: from a punch that Kafka has acknowledged to the page that shows it, in a real browser; then a hundred viewers.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import psutil
from selenium.webdriver import Chrome

from benchmarks.browser import chromium
from benchmarks.region import employee
from benchmarks.system import Bench, probe_ms, ticking
from hadir import clock
from hadir.stack.waiting import until
from schemas import codec
from schemas.topics import topics
from wall.board import EVERY
from wall.users import Accounts, make_user

PASSWORD = "only for the benchmark"  # noqa: S105  (of an account that this run makes)
VIEWERS = 100
PER_S = 5.0
"""Punches a second, as in an office town between 07:00 and 07:30."""
WATCH = """
window.seen = [];
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes)
    if (node.tagName === "LI") window.seen.push([node.querySelector("span").textContent, Date.now()]);
}).observe(document.querySelector("#arrivals ol"), { childList: true });
"""


@dataclass
class Shown:
    """Milliseconds from Kafka's acknowledgement to the changed page; ``never``: punches that were not shown."""

    count: int
    never: int
    p50: float
    p99: float
    worst: float


async def measure(bench: Bench, seconds: float, viewers_s: float) -> dict[str, Any]:
    """See the module; everybody's name is written first, so that one can tell whose arrival is shown."""
    name_of = await _name_everybody(bench)
    await bench.system.supervisor.start_child("wall")
    await bench.system.supervisor.ready("wall", timeout_s=30.0)
    address = f"http://127.0.0.1:{bench.settings.wall_port}"
    Accounts(bench.settings.data).write({"bench": make_user("bench", PASSWORD, (EVERY,))})
    ticks = asyncio.create_task(ticking(bench))
    browser = await asyncio.to_thread(chromium, "--window-size=1920,1080")
    try:
        await asyncio.to_thread(_open, browser, address)
        accepted = await _punch(bench, name_of, 0, seconds)
        await bench.drained()
        said: list[tuple[str, int]] = []

        async def all_shown() -> bool:
            said[:] = await asyncio.to_thread(browser.execute_script, "return window.seen")
            return {name for name, _ in said} >= accepted.keys()

        with suppress(TimeoutError):  # told as ``never``
            await until(all_shown, timeout_s=10.0)
        page = asdict(_shown(accepted, said))
    finally:
        await asyncio.to_thread(browser.quit)
    many = await _viewers(bench, name_of, address, len(accepted), viewers_s)
    ticks.cancel()
    return {"punch_to_page": page, "viewers": many, "probe_ms": probe_ms()}


async def _name_everybody(bench: Bench) -> dict[int, str]:
    names = {n: f"Orang {n}" for n in range(bench.region.people)}
    topic = topics()["person"].name("")
    for n, name in names.items():
        record: dict[str, Any] = {"employee_id": employee(n), "staff_no": str(n), "name": name}
        record["recorded_at"] = clock.system_ms()
        bench.outbox.send(topic, 0, employee(n).encode(), codec.encode("person", record))
    await bench.outbox.settle()
    await bench.drained()
    return names


async def _punch(bench: Bench, name_of: dict[int, str], first: int, seconds: float) -> dict[str, int]:
    """One after the other; the moment at which each was acknowledged, by name."""
    device_log = topics()["device_log"].name("")
    accepted: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    began = loop.time()
    count = min(int(seconds * PER_S), len(name_of) - first)

    async def one(n: int) -> None:
        partition, key, value = bench.region.punch(n, clock.system_ms())
        await bench.outbox.send(device_log, partition, key, value)
        accepted[name_of[n]] = clock.system_ms()

    waiting = []
    for n in range(first, first + count):
        waiting.append(asyncio.create_task(one(n)))
        await asyncio.sleep(max(0.0, began + (n - first + 1) / PER_S - loop.time()))
    await asyncio.gather(*waiting)
    return accepted


def _shown(accepted: dict[str, int], said: list[tuple[str, int]]) -> Shown:
    at: dict[str, int] = {}
    for name, moment in said:
        at.setdefault(name, moment)
    took = sorted(at[name] - moment for name, moment in accepted.items() if name in at)
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return Shown(len(took), len(accepted) - len(took), p50, p99, took[-1])


def _open(browser: Chrome, address: str) -> None:
    browser.get(address)
    body = json.dumps({"name": "bench", "password": PASSWORD})
    browser.execute_async_script(
        "const done = arguments[1]; fetch('api/login', {method: 'POST', body: arguments[0],"
        " headers: {'Content-Type': 'application/json'}}).then(() => done())",
        body,
    )
    browser.get(address)
    browser.execute_script(WATCH)


async def _viewers(bench: Bench, name_of: dict[int, str], address: str, first: int, seconds: float) -> dict[str, Any]:
    """A hundred screens at once, punches going on: what the wall's process needs, and whether it stays flat."""
    process = psutil.Process(bench.system.supervisor.pid("wall"))
    database = psutil.Process(bench.system.supervisor.pid("clickhouse"))
    received = 0

    async def look(session: aiohttp.ClientSession) -> None:
        nonlocal received
        async with session.get(f"{address}/api/stream") as stream:
            async for piece in stream.content.iter_any():
                received += len(piece)

    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        viewers = [asyncio.create_task(look(session)) for _ in range(VIEWERS)]
        punching = asyncio.create_task(_punch(bench, name_of, first, seconds))
        rss, before = [], [sum(p.cpu_times()[:2]) for p in (process, database)]
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + seconds:
            await asyncio.sleep(min(30.0, seconds / 10))
            rss.append(process.memory_info().rss / 1e6)
        after = [sum(p.cpu_times()[:2]) for p in (process, database)]
        spent = loop.time() - began
        await punching
        gone = sum(viewer.done() for viewer in viewers)
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)
    return {
        "viewers": VIEWERS,
        "left_early": gone,
        "seconds": spent,
        "cores": {"wall": (after[0] - before[0]) / spent, "clickhouse": (after[1] - before[1]) / spent},
        "rss_mb_over_time": rss,
        "bytes_per_s_and_viewer": received / spent / VIEWERS,
    }
