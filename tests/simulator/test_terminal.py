"""One terminal against a small server: what it says, what it keeps, when it is silent, what it does on command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date

import pytest
from yarl import URL

from producers.simulator.pace import Pace
from producers.simulator.terminal import MAX_LINES, Ack, Terminal
from producers.simulator.wire import TEMPLATE_MARK
from producers.simulator.world import Behaviour, Operation, Punch, clock_s, moment, wall_ms
from tests.simulator.fake_gateway import FakeGateway

MONDAY = date(2026, 11, 23)
SN = "TEST0001"


def at(text: str) -> int:
    """The moment HH:MM[:SS] of Monday, local."""
    return moment(MONDAY, clock_s(text))


def punch(pin: str, text: str, offset_s: int = 0) -> Punch:
    """A finger at a local time."""
    return Punch(at(text), SN, pin, wall_ms(at(text), offset_s), 0, 1, f"staff-{pin}")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, text: str) -> None:
        self.now_ms = at(text)
        self.reads = 0

    def __call__(self) -> int:
        self.reads += 1
        return self.now_ms

    async def looked_at(self, times: int = 100) -> None:
        """Wait until somebody has looked at it that often: long enough to have done something about it."""
        enough = self.reads + times
        async with asyncio.timeout(20):
            while self.reads < enough:
                await asyncio.sleep(0)

    def set(self, text: str) -> None:
        """Move on."""
        self.now_ms = at(text)


@asynccontextmanager
async def running(
    gateway: FakeGateway,
    clock: Clock,
    punches: Sequence[Punch],
    behaviour: Behaviour | None = None,
    acks: list[Ack] | None = None,
) -> AsyncIterator[Terminal]:
    """A terminal at work until 09:00 against a gateway; waits on the clock are hardly any."""
    async with gateway.serve() as url:
        gateway.now = clock
        told = (lambda ack: None) if acks is None else acks.append
        terminal = Terminal(SN, behaviour or Behaviour(), punches, url, Pace(clock, 1e6), told)
        task = asyncio.create_task(terminal.run(at("09:00")))
        try:
            yield terminal
        finally:
            if not task.done() and clock() < at("09:00"):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(task, 20)


async def test_terminal_shakes_hands_then_delivers_then_polls() -> None:
    """Handshake, what lies in memory as one POST, then a poll that says what it is; over one connection."""
    gateway, acks = FakeGateway(), list[Ack]()
    async with running(gateway, Clock("07:10"), [punch("12", "07:01:05"), punch("7", "07:02")], None, acks):
        await gateway.until(lambda: "poll" in gateway.kinds(SN))
    assert gateway.kinds(SN)[:3] == ["handshake", "ATTLOG", "poll"]
    assert dict(gateway.seen) == {(SN, "12", "2026-11-23 07:01:05"): 1, (SN, "7", "2026-11-23 07:02:00"): 1}
    assert gateway.infos[0].split(",")[3] == "2"
    assert len(gateway.peers[SN]) == 1
    assert [(a.staff_no, a.via) for a in acks] == [("staff-12", "live"), ("staff-7", "live")]
    assert {a.acked_at_ms for a in acks} == {at("07:10")}


async def test_terminal_polls_once_a_minute_or_as_rarely_as_it_is_told() -> None:
    """With Delay=10 it asks once a minute of its clock, not more often."""
    gateway, clock = FakeGateway(), Clock("07:00")
    async with running(gateway, clock, []):
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 1)
        clock.set("07:00:59")
        await clock.looked_at()
        clock.set("07:01:00")
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 2)
        clock.set("07:02:00")
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 3)
    assert [now for _, kind, now in gateway.requests if kind == "poll"] == [at("07:00"), at("07:01"), at("07:02")]


async def test_terminal_keeps_records_until_ok() -> None:
    """A 503, or an OK that was lost, and it comes again with the same lines after ErrorDelay; nothing is dropped."""
    gateway, clock, acks = FakeGateway(), Clock("07:10"), list[Ack]()
    gateway.refuse, gateway.swallow = 1, 1
    async with running(gateway, clock, [punch("1", "07:00"), punch("2", "07:05")], None, acks) as terminal:
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 1)
        assert (len(gateway.seen), terminal.delivered) == (0, set())
        clock.set("07:10:30")
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 2)
        assert terminal.delivered == set()
        clock.set("07:11:00")
        await gateway.until(lambda: "poll" in gateway.kinds(SN))
    assert set(gateway.seen.values()) == {2}
    assert [a.staff_no for a in acks] == ["staff-1", "staff-2"]
    assert terminal.link.counts.refused == 2


@pytest.mark.parametrize("answer", [(200, "ERROR"), (200, ""), (500, "OK: 1"), (413, "OK")])
async def test_terminal_believes_only_a_true_ok(answer: tuple[int, str]) -> None:
    """Neither 200 without OK nor OK with another status is an acknowledgement."""
    gateway, clock = FakeGateway(), Clock("07:10")
    gateway.says = [answer]
    async with running(gateway, clock, [punch("1", "07:00")]) as terminal:
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 1)
        assert terminal.delivered == set()
        clock.set("07:10:30")
        await gateway.until(lambda: len(gateway.seen) == 1)


async def test_terminal_comes_back_when_the_server_does() -> None:
    """A server that is gone: the terminal keeps trying, shakes hands again with the next one and delivers."""
    clock, gateway = Clock("07:10"), FakeGateway()
    gone = FakeGateway()
    async with gone.serve() as url:
        port = URL(url).port
    terminal = Terminal(SN, Behaviour(), [punch("1", "07:00")], url, Pace(clock, 1e6))
    task = asyncio.create_task(terminal.run(None))
    while terminal.link.counts.gone < 3:
        clock.now_ms += 30_000
        await asyncio.sleep(0)
    async with gateway.serve(port):
        clock.now_ms += 30_000
        await gateway.until(lambda: len(gateway.seen) == 1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_terminal_unknown_to_the_server_keeps_everything() -> None:
    """Refused at the handshake it sends nothing, and delivers once it is let in."""
    gateway, clock = FakeGateway(), Clock("07:10")
    gateway.known = set()
    async with running(gateway, clock, [punch("1", "07:00")]):
        await gateway.until(lambda: gateway.kinds(SN).count("handshake") == 1)
        gateway.known = {SN}
        clock.set("07:10:30")
        await gateway.until(lambda: len(gateway.seen) == 1)
    assert gateway.kinds(SN)[:3] == ["handshake", "handshake", "ATTLOG"]


async def test_terminal_answers_a_range_with_all_of_it() -> None:
    """Everything of the local range, both ends included, delivered or not, before the answer; tabs separate too."""
    gateway, clock, acks = FakeGateway(), Clock("07:35"), list[Ack]()
    punches = [punch(str(n), f"07:{n:02d}") for n in range(60)]
    query = "DATA QUERY ATTLOG StartTime=2026-11-23 07:10:00\tEndTime=2026-11-23 07:12:00"
    tabbed = "DATA\tQUERY\tATTLOG\tStartTime=2026-11-23 07:30:00\tEndTime=2026-11-23 08:00:00"
    gateway.commands[SN] = [[f"C:11:{query}", f"C:12:{tabbed}", "C:13:REBOOT", "C:14:INFO"]]
    async with running(gateway, clock, punches, None, acks):
        await gateway.until(lambda: len(gateway.results) == 4)
    assert gateway.results == [
        (SN, "ID=11&Return=0&CMD=DATA"),
        (SN, "ID=12&Return=0&CMD=DATA"),
        (SN, "ID=13&Return=-1&CMD=REBOOT"),
        (SN, "ID=14&Return=0&CMD=INFO"),
    ]
    twice = {line[2][11:16] for line, n in gateway.seen.items() if n == 2}
    assert twice == {"07:10", "07:11", "07:12"} | {f"07:{n}" for n in range(30, 36)}
    assert gateway.kinds(SN) == ["handshake", "ATTLOG", "poll", "ATTLOG", "ATTLOG", "devicecmd"]
    assert len(acks) == 36


async def test_terminal_obeys_again_what_failed_halfway() -> None:
    """A range whose POST was refused is sent again and answered only then."""
    gateway, clock = FakeGateway(), Clock("07:35")
    query = "DATA QUERY ATTLOG StartTime=2026-11-23 00:00:00\tEndTime=2026-11-23 07:31:00"
    gateway.commands[SN] = [[], [f"C:1:{query}"]]
    async with running(gateway, clock, [punch("1", "07:00")]):
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 1)
        gateway.refuse = 1
        clock.set("07:36")
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 2)
        assert gateway.results == []
        clock.set("07:36:30")
        await gateway.until(lambda: len(gateway.results) == 1)
    assert gateway.kinds(SN)[-3:] == ["ATTLOG", "ATTLOG", "devicecmd"]


async def test_terminal_silent_makes_no_connection_and_returns_with_everything() -> None:
    """Silent 07:00-07:40: no request in between, people punch on; back: handshake, then all that was punched."""
    gateway, clock = FakeGateway(), Clock("06:50")
    behaviour = Behaviour(silences=((at("07:00"), at("07:40")),))
    punches = [punch("1", "06:45"), punch("2", "07:10"), punch("3", "07:30"), punch("4", "07:45")]
    async with running(gateway, clock, punches, behaviour) as terminal:
        await gateway.until(lambda: "poll" in gateway.kinds(SN))
        for text in ("07:00", "07:20", "07:39:59"):
            clock.set(text)
            await clock.looked_at()
            assert not terminal.online
        assert terminal.in_memory(clock()) == 3
        clock.set("07:40")
        await gateway.until(lambda: len(gateway.seen) == 3)
        clock.set("07:45")
        await gateway.until(lambda: len(gateway.seen) == 4)
    assert not [now for _, _, now in gateway.requests if at("07:00") <= now < at("07:40")]
    assert gateway.kinds(SN).count("handshake") == 2
    assert len(gateway.peers[SN]) == 2
    assert set(gateway.seen.values()) == {1}


async def test_terminal_falls_silent_only_with_its_older_records_delivered() -> None:
    """What was punched before the silence gets out even if the server was not there in time, so the truth holds."""
    gateway, clock = FakeGateway(), Clock("06:50")
    gateway.refuse = 1
    behaviour = Behaviour(silences=((at("07:00"), None),), hold_back_s=600)
    async with running(gateway, clock, [punch("1", "06:45"), punch("2", "07:05")], behaviour) as terminal:
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 1)
        clock.set("07:00")
        await gateway.until(lambda: len(gateway.seen) == 1)
        clock.set("07:30")
        await clock.looked_at()
        assert not terminal.online
        clock.set("09:00")
    assert list(gateway.seen) == [(SN, "1", "2026-11-23 06:45:00")]
    assert terminal.owed(at("09:00")) == [("2", wall_ms(at("07:05")))]


async def test_terminal_keeps_back_but_tells_when_asked() -> None:
    """Records go out at multiples of ten minutes; a range query gets them before that."""
    gateway, clock = FakeGateway(), Clock("07:03")
    query = "DATA QUERY ATTLOG StartTime=2026-11-23 00:00:00\tEndTime=2026-11-23 07:04:00"
    gateway.commands[SN] = [[], [f"C:1:{query}"]]
    async with running(gateway, clock, [punch("1", "07:01"), punch("2", "07:05")], Behaviour(hold_back_s=600)):
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 1)
        assert not gateway.seen
        clock.set("07:06")
        await gateway.until(lambda: len(gateway.results) == 1)
        assert [line[1] for line in gateway.seen] == ["1"]
        clock.set("07:10")
        await gateway.until(lambda: len(gateway.seen) == 2)


async def test_terminal_sends_operations_and_templates_and_repeats_itself() -> None:
    """OPLOG for menu and clock, user and template after an enrolment, and its last batch once more when it likes to."""
    gateway, clock = FakeGateway(), Clock("07:20")
    behaviour = Behaviour(
        clock_offset_s=-420,
        resend_at_ms=(at("07:30"),),
        operations=(Operation(at("07:01"), 4), Operation(at("07:02"), 21), Operation(at("07:03"), 6, "9")),
    )
    async with running(gateway, clock, [punch("1", "07:00", -420)], behaviour):
        await gateway.until(lambda: len(gateway.oplog) == 5)
        clock.set("07:30")
        await gateway.until(lambda: gateway.kinds(SN).count("ATTLOG") == 2)
    assert gateway.oplog[0].split("\t")[:3] == ["OPLOG 4", "0", "2026-11-23 06:54:00"]
    assert gateway.oplog[1].startswith("OPLOG 21\t0\t2026-11-23 06:55:00")
    assert gateway.oplog[3].startswith("USER PIN=9\t")
    assert TEMPLATE_MARK in gateway.oplog[4]
    assert dict(gateway.seen) == {(SN, "1", "2026-11-23 06:53:00"): 2}


@pytest.mark.parametrize("stamp", ["0", "9999", "None"])
async def test_terminal_sends_all_again_only_to_a_server_that_has_nothing(stamp: str) -> None:
    """Stamp 0 at a later handshake brings the whole memory once more, in pieces; other stamps bring what is new."""
    gateway, clock = FakeGateway(stamp=stamp), Clock("06:50")
    punches = [Punch(at("06:00") + n * 1000, SN, str(n), wall_ms(at("06:00") + n * 1000), 0, 1, "") for n in range(250)]
    behaviour = Behaviour(silences=((at("07:00"), at("07:10")),))
    async with running(gateway, clock, punches, behaviour):
        await gateway.until(lambda: "poll" in gateway.kinds(SN))
        clock.set("07:00")
        await clock.looked_at()
        clock.set("07:10")
        await gateway.until(lambda: gateway.kinds(SN).count("poll") == 2)
    assert len(gateway.seen) == 250 > MAX_LINES
    assert set(gateway.seen.values()) == {2 if stamp == "0" else 1}
    assert gateway.kinds(SN).count("ATTLOG") == (4 if stamp == "0" else 2)
