"""From alerts to messages: sent before noted, a crash repeats at most one, failures end as it was stated."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hadir.errors import Misconfigured
from notify.desk import Desk
from notify.names import Called
from notify.sending import AppriseSender
from tests.notify.made import CUTOFF, MINUTE, Book, Clock, Told, alert, channel, desk

SECRET = "rahasia-banget-123"


@asynccontextmanager
async def at_work(made: Desk) -> AsyncIterator[None]:
    """Until the end of the block; what it raises is raised."""
    task = asyncio.create_task(made.run())
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended


async def until(true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(timeout_s):
        while not true():
            await asyncio.sleep(0.005)


class Hook:
    """A local web hook that keeps what it gets; ``answer``: status, or None to hang."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answer: int | None = 200
        self.let_go = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        if self.answer is None:
            await self.let_go.wait()
        return web.Response(status=self.answer or 200)


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    """A hook and its address for apprise, with a secret in it."""
    taken = Hook()
    app = web.Application()
    app.router.add_post(f"/{SECRET}", taken.take)
    async with TestServer(app) as server:
        yield taken, f"json://127.0.0.1:{server.port}/{SECRET}?rto=1&cto=1"
        taken.let_go.set()


async def test_alert_reaches_a_real_address_in_words_and_is_noted(hook: tuple[Hook, str]) -> None:
    """apprise, HTTP, the office's name, the ledger; what is settled may be committed."""
    taken, url = hook
    book, here = Book(), channel(url=url)
    made = desk({"bkd": AppriseSender(here)}, book, Clock(), here)
    made.take((3, 40), alert())
    assert made.progress.settled() == {3: 40}
    async with at_work(made):
        await until(lambda: len(book.notices) == 1)
    (message,) = taken.got
    assert message["message"] == "Dinas Pendidikan 07.32 WIB: wajib 13, hadir 12, belum hadir 1."
    assert message["type"] == "warning"
    assert book.outcomes() == [("bkd", 0, "sent")]
    assert made.progress.settled() == {3: 41}


@pytest.mark.parametrize("noted", range(4))
async def test_crash_between_sending_and_noting_repeats_one_at_most(noted: int) -> None:
    """So many were noted, one more was sent: whoever comes next sends that one again and no other."""
    book, sender = Book(limit=noted), Told()
    log = [((0, n), alert(unit=f"u{n}")) for n in range(4)]
    first = desk({"bkd": sender}, book, Clock())
    for place, one in log:
        first.take(place, one)
    async with at_work(first):
        await until(lambda: len(sender.texts) == noted + 1)
        for task in first._delivering:
            task.cancel()  # as a kill would: nothing more is noted
    book.limit = 4
    second = desk({"bkd": sender}, book, Clock())
    second.remember(book.notices)
    for place, one in log[first.progress.settled()[0] :]:
        second.take(place, one)
    async with at_work(second):
        await until(lambda: len(book.notices) == 4)
    assert len(sender.texts) == 5, "one is repeated, no more"
    assert sorted(n["unit_id"] for n in book.notices) == ["u0", "u1", "u2", "u3"]


async def test_what_the_ledger_knows_is_not_sent_again() -> None:
    """A restart that reads the same alerts, in order or not, twice or not, sends nothing."""
    book, sender = Book(), Told()
    log = [((0, n), alert(n)) for n in range(3)]
    made = desk({"bkd": sender}, book, Clock())
    for place, one in log:
        made.take(place, one)
    async with at_work(made):
        await until(lambda: len(book.notices) == 3)
    assert book.outcomes() == [("bkd", 2, "sent"), ("bkd", 1, "merged"), ("bkd", 0, "merged")]
    again = desk({"bkd": sender}, book, Clock())
    again.remember(book.notices)
    for (p, offset), one in [*reversed(log), *log]:
        again.take((p, offset + 10), one)
    assert again.progress.settled() == {0: 13}
    assert len(sender.texts) == 1


async def test_ten_thousand_alerts_are_at_most_one_message_an_office_and_minute() -> None:
    """A thousand revisions for each of ten offices within ten minutes, and a cap over all of them."""
    book, clock = Book(), Clock(step=100)
    sent: list[tuple[int, str]] = []

    class Noting(Told):
        async def send(self, text: str, kind: str) -> bool:
            sent.append((clock.now, text.split()[0]))
            return True

    made = desk(
        {"bkd": Noting()},
        book,
        clock,
        per_minute=7,
        ask=lambda one, people: Called(one["unit_id"], {}, {}),
    )
    begin = clock.now
    async with at_work(made):
        for revision in range(1000):
            for office in range(10):
                one = alert(revision, f"u{office}", raised_at=begin)
                made.take((0, revision * 10 + office), one)
            if not revision % 50:
                await asyncio.sleep(0)
        await until(lambda: made.progress.settled() == {0: 10_000}, 60)
    assert len(book.notices) == 10_000
    offices = {office for _, office in sent}
    assert len(offices) == 10
    for office in offices:
        moments = [at for at, whose in sent if whose == office]
        assert all(later - earlier >= MINUTE - 200 for earlier, later in pairwise(moments))
    for at, _ in sent:
        assert sum(at <= other < at + MINUTE - 200 for other, _ in sent) <= 7


async def test_channel_that_refuses_is_given_up_and_the_other_is_not_held_up(
    hook: tuple[Hook, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Five tries, then the ledger says so; nothing of the address is in any log."""
    taken, url = hook
    taken.answer = 500
    book, broken, good = Book(), channel("broken", url=url), channel("good")
    made = desk({"broken": AppriseSender(broken), "good": Told()}, book, Clock(), broken, good)
    with caplog.at_level(logging.DEBUG):
        made.take((0, 0), alert())
        async with at_work(made):
            await until(lambda: len(book.notices) == 2)
    assert book.outcomes() == [("good", 0, "sent"), ("broken", 0, "given_up")]
    assert (len(taken.got), book.notices[-1]["tries"]) == (5, 5)
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the hook's own log
    assert SECRET not in "".join(ours)


async def test_channel_that_hangs_is_left_after_its_time(hook: tuple[Hook, str]) -> None:
    """It holds up nobody else, and no second message is sent into it while the first hangs."""
    taken, url = hook
    taken.answer = None
    here = channel(url=url.replace("rto=1", "rto=30"))
    sender = AppriseSender(here, send_s=0.2)
    assert await sender.send("satu", "raise") is False
    assert await sender.send("dua", "raise") is False
    assert len(taken.got) == 1
    taken.answer = 200
    taken.let_go.set()
    while not await sender.send("tiga", "raise"):
        await asyncio.sleep(0.01)
    assert [message["message"] for message in taken.got] == ["satu", "tiga"]


async def test_units_go_to_their_channels_only() -> None:
    """One for all, one for one office."""
    book, all_, one = Book(), Told(), Told()
    channels = channel("sekda"), channel("kadinkes", ("dinkes",))
    made = desk({"sekda": all_, "kadinkes": one}, book, Clock(), *channels)
    made.take((0, 0), alert(unit="dinkes"))
    made.take((0, 1), alert(unit="dikbud"))
    async with at_work(made):
        await until(lambda: len(book.notices) == 3)
    assert (len(all_.texts), len(one.texts)) == (2, 1)


async def test_names_are_told_only_where_a_channel_may() -> None:
    """The other channel's question does not even ask for them; without ClickHouse it goes out without names."""
    asked: list[bool] = []

    def ask(one: Any, people: bool) -> Called:
        asked.append(people)
        return Called("Dinas", {}, {"not_here": ["Ani", "Budi"]} if people else {})

    book, open_, closed = Book(), Told(), Told()
    channels = channel("open", names=True), channel("closed", names=False)
    made = desk({"open": open_, "closed": closed}, book, Clock(), *channels, ask=ask, wall="https://wall.example")
    made.take((0, 0), alert())
    async with at_work(made):
        await until(lambda: len(book.notices) == 2)
    assert "Belum hadir: Ani, Budi" in open_.texts[0]
    assert "Ani" not in closed.texts[0]
    assert closed.texts[0].endswith("\nhttps://wall.example")
    assert sorted(asked) == [False, True]

    def broken(one: Any, people: bool) -> Called:
        raise OSError("no ClickHouse")

    book, sender = Book(), Told()
    made = desk({"bkd": sender}, book, Clock(), ask=broken)
    made.take((0, 0), alert())
    async with at_work(made):
        await until(lambda: len(book.notices) == 1)
    assert sender.texts == ["dikbud 07.32 WIB: wajib 13, hadir 12, belum hadir 1."]


async def test_alert_that_has_no_words_keeps_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """A zone that does not exist: given up, logged, and the next goes out."""
    book, sender = Book(), Told()
    made = desk({"bkd": sender}, book, Clock())
    made.take((0, 0), alert(timezone="Mars/Phobos"))
    made.take((0, 1), alert(unit="dinkes"))
    async with at_work(made):
        await until(lambda: len(book.notices) == 2)
    assert {(n["unit_id"], n["outcome"]) for n in book.notices} == {("dikbud", "given_up"), ("dinkes", "sent")}
    assert "can't be put into words" in caplog.text


async def test_after_a_long_standstill_nothing_old_is_sent() -> None:
    """Two hours later: marked as too old, not told."""
    book, sender = Book(), Told()
    made = desk({"bkd": sender}, book, Clock(CUTOFF + 120 * MINUTE))
    made.take((0, 0), alert())
    async with at_work(made):
        await until(lambda: len(book.notices) == 1)
    assert (book.outcomes(), sender.texts) == ([("bkd", 0, "too_old")], [])


def test_address_that_no_service_knows_is_refused_by_name() -> None:
    """At the start, and without repeating it."""
    with pytest.raises(Misconfigured, match="channel bkd") as caught:
        AppriseSender(channel(url=f"nonsense://{SECRET}"))
    assert SECRET not in str(caught.value)
