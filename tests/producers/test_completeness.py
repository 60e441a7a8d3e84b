"""Range commands after a cutoff, delivered_through, silence, drift: what the gateway vouches for, and when not."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from hadir.settings import Settings
from producers.sources.gateway import Gateway
from producers.writing import Writer
from tests.producers.conftest import DAY, SN, Gate, at, close_gate, days, device, noted, open_gate, policy, shift
from tests.producers.memory import PARTITIONS, MemoryKafka

LINE = f"17\t{DAY} 07:12:50\t0\t1\n".encode()


def delivered(gate: Gate, sn: str = SN) -> int | None:
    """Highest delivered_through that Kafka holds."""
    return max((s["delivered_through"] for s in gate.statuses(sn) if s["delivered_through"]), default=None)


async def test_no_range_before_the_first_cutoff(gate: Gate):
    """At 06:00 the last moment is yesterday's closing of the out-window: that is asked for, then nothing to 07:30."""
    asked = await gate.asked()
    await gate.answer(f"ID={asked}&Return=0&CMD=DATA")
    gate.now = at("07:29:59")
    assert await gate.asked() is None


async def settled(gate: Gate, now: str) -> None:
    """Answer what is due before the day begins, then go to ``now``."""
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    gate.now = at(now)


async def test_range_command_after_cutoff(gate: Gate):
    """From a day before it was last complete to the end of tomorrow, by its own clock."""
    await settled(gate, "07:30:01")
    status, text = await gate.get("getrequest")
    assert status == 200
    assert re.fullmatch(r"C:\d+:DATA QUERY ATTLOG StartTime=2026-11-22 06:00:00\tEndTime=2026-11-24 23:59:59\n", text)


@pytest.mark.parametrize("moment", ["07:30:01", "08:30:01", "18:00:01"])
async def test_each_moment_of_the_shift_asks(gate: Gate, moment: str):
    """Cutoff, closing of the in-window, closing of the out-window."""
    await settled(gate, moment)
    gate.now -= 1
    before = await gate.asked()
    if before:  # an earlier moment of the day
        await gate.answer(f"ID={before}&Return=0&CMD=DATA")
    gate.now += 1
    assert await gate.asked() is not None


async def test_delivered_through_is_the_moment_of_handing_out(gate: Gate):
    """Handed out at 07:30:20, answered at 07:31:00: complete through 07:30:20, and the punches lie before it."""
    await settled(gate, "07:30:20")
    asked = await gate.asked()
    gate.now = at("07:31:00")
    assert await gate.post(LINE) == (200, "OK: 1")
    assert await gate.answer(f"ID={asked}&Return=1&CMD=DATA QUERY") == (200, "OK")
    await gate.turns()
    assert delivered(gate) == at("07:30:20")
    order = [r for r in gate.kafka.records("device_log") if r.get("pin") or r.get("delivered_through")]
    assert [("pin" in r) for r in order[-2:]] == [True, False]
    assert await gate.asked() is None


async def test_not_vouched_while_a_post_waits_for_kafka(gate: Gate):
    """The answer comes on another connection while the range's post is not acknowledged: the status waits for it."""
    await settled(gate, "07:30:20")
    asked = await gate.asked()
    gate.kafka.mode = "hold"
    posting = asyncio.create_task(gate.post(LINE))
    while not gate.kafka.held:
        await asyncio.sleep(0)
    answering = asyncio.create_task(gate.answer(f"ID={asked}&Return=1&CMD=DATA"))
    await asyncio.wait([answering], timeout=0.05)
    assert not answering.done()
    assert delivered(gate) == at("06:00:00")
    gate.kafka.release()
    await asyncio.gather(posting, answering)
    await gate.turns()
    assert delivered(gate) == at("07:30:20")


@pytest.mark.parametrize("failure", ["503", "413", "400"])
async def test_post_that_failed_in_between_vouches_for_nothing(gate: Gate, failure: str):
    """The range upload failed, yet the terminal says Return=0: not complete; it is asked again with another id."""
    await settled(gate, "07:30:20")
    asked = await gate.asked()
    if failure == "503":
        gate.kafka.mode = "fail"
        assert (await gate.post(LINE))[0] == 503
        gate.kafka.mode = "ok"
    elif failure == "413":
        assert (await gate.post(b"x" * 5_000_000))[0] == 413
    else:
        assert (await gate.post(b"\x1f\x8b?", headers={"Content-Encoding": "gzip"}))[0] == 400
    await gate.answer(f"ID={asked}&Return=0&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("06:00:00")
    gate.now = at("07:30:35")
    again = await gate.asked()
    assert again not in (None, asked)
    assert await gate.post(LINE) == (200, "OK: 1")
    await gate.answer(f"ID={again}&Return=1&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("07:30:35")


async def test_post_that_is_still_coming_vouches_for_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    """A body that does not come to its end: the wait for it is over at some time, and nothing is vouched for."""
    monkeypatch.setattr("producers.sources.door.BODY_S", 0.0)
    await settled(gate, "07:30:20")
    asked = await gate.asked()
    never = asyncio.Event()

    async def stream():
        yield LINE
        await never.wait()

    posting = asyncio.create_task(gate.client.post(f"/iclock/cdata?SN={SN}&table=ATTLOG", data=stream()))
    while not gate.gateway.door.terminals[SN].posts:
        await asyncio.sleep(0)
    assert await gate.answer(f"ID={asked}&Return=1&CMD=DATA") == (200, "OK")
    await gate.turns()
    assert delivered(gate) == at("06:00:00")
    never.set()
    await asyncio.gather(posting, return_exceptions=True)


async def test_post_that_failed_before_the_command_is_no_matter(gate: Gate):
    """What failed before is asked for by the range itself."""
    gate.kafka.mode = "fail"
    assert (await gate.post(LINE))[0] == 503
    gate.kafka.mode = "ok"
    await settled(gate, "07:30:20")
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("07:30:20")


async def test_unanswered_command_is_handed_out_again_less_and_less_often(gate: Gate):
    """15 s, 30 s, 60 s ... to 15 minutes: bounded, never given up."""
    await settled(gate, "07:30:01")
    handed = []
    while gate.now < at("08:29:00"):
        if await gate.asked():
            handed.append((gate.now - at("07:30:01")) // 1000)
        gate.now += 5_000
    assert handed == [0, 15, 45, 105, 225, 465, 945, 1845, 2745]
    assert len(gate.gateway.door.terminals[SN].asked) <= 8


async def test_answer_to_an_earlier_hand_out_vouches_for_its_own_moment(gate: Gate):
    """Of two hand-outs the first is answered: complete through the first one's moment; the second stays open."""
    await settled(gate, "07:30:01")
    first = await gate.asked()
    gate.now = at("07:30:20")
    second = await gate.asked()
    await gate.answer(f"ID={first}&Return=0&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("07:30:01")
    await gate.answer(f"ID={second}&Return=0&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("07:30:20")


async def test_answer_counts_once(gate: Gate):
    """Twice the same answer, and answers that nobody asked for: the second and the others say nothing."""
    await settled(gate, "07:30:01")
    asked = await gate.asked()
    await gate.answer(f"ID={asked}&Return=0&CMD=DATA\nID={asked}&Return=0&CMD=DATA\nID=1&Return=0&CMD=DATA")
    await gate.turns()
    count = len(gate.statuses())
    await gate.answer(f"ID={asked}&Return=0&CMD=DATA")
    await gate.turns()
    assert len(gate.statuses()) == count


async def test_failed_command_is_not_complete(gate: Gate):
    """Return below 0: the terminal could not; asked again later."""
    await settled(gate, "07:30:01")
    await gate.answer(f"ID={await gate.asked()}&Return=-1002&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("06:00:00")
    assert await gate.asked() is None
    gate.now = at("07:30:16")
    assert await gate.asked() is not None


async def test_restarted_terminal_is_asked_at_once_and_its_old_answer_is_void(gate: Gate):
    """A handshake says that the half-done command is lost."""
    await settled(gate, "07:30:01")
    old = await gate.asked()
    gate.now = at("07:30:05")
    await gate.get("cdata", options="all")
    new = await gate.asked()
    assert new not in (None, old)
    await gate.answer(f"ID={old}&Return=0&CMD=DATA")
    await gate.turns()
    assert delivered(gate) == at("06:00:00")


async def test_answer_across_a_gateway_restart_is_void(gate: Gate):
    """An id of an earlier run is nobody's: the new gateway asks anew."""
    await settled(gate, "07:30:01")
    old = await gate.asked()
    again = await open_gate(gate.kafka, "07:30:10")
    try:
        await again.answer(f"ID={old}&Return=0&CMD=DATA")
        await again.turns()
        assert delivered(again) == at("06:00:00")
        assert await again.asked() not in (None, old)
    finally:
        await close_gate(again)


async def test_restart_remembers_what_was_complete(gate: Gate):
    """Complete through 07:30:00 before the restart: not asked again after it."""
    await settled(gate, "07:30:01")
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    await gate.turns()
    again = await open_gate(gate.kafka, "07:40:00")
    try:
        assert await again.asked() is None
        again.now = at("08:30:01")
        assert "StartTime=2026-11-22 07:30:01" in (await again.get("getrequest"))[1]
    finally:
        await close_gate(again)


async def test_two_terminals_do_not_answer_for_each_other(gate: Gate):
    """An id belongs to the terminal that it was handed to."""
    await gate.reference("device", device("OTHER1"))
    asked = await gate.asked()
    await gate.answer(f"ID={asked}&Return=0&CMD=DATA", "OTHER1")
    await gate.turns()
    assert delivered(gate, "OTHER1") is None
    assert delivered(gate) is None


async def test_never_complete_asks_from_the_first_open_month(gate: Gate):
    """Nothing known: everything that can still be judged, a day before the earliest open month."""
    await gate.reference("period", {"period": "2026-10", "state": "open", **noted()})
    await gate.reference("period", {"period": "2026-09", "state": "closed", **noted()})
    assert "StartTime=2026-09-30 00:00:00\t" in (await gate.get("getrequest"))[1]


async def test_never_complete_asks_from_its_own_first_day(gate: Gate):
    """A terminal that came later holds nothing earlier."""
    await gate.reference("device", device("NEW1", valid_from=days("2026-11-20")))
    assert "StartTime=2026-11-19 00:00:00\t" in (await gate.get("getrequest", "NEW1"))[1]


async def test_wrong_clock_widens_the_range(gate: Gate):
    """Ten days behind, or two days ahead (as far as its punches are believed): the range covers what it recorded."""
    await settled(gate, "07:29:00")
    gate.now = at("07:29:00")
    await gate.post(b"17\t2026-11-13 07:29:00\t0\n")
    gate.now = at("07:30:01")
    assert "StartTime=2026-11-12 06:00:00\tEndTime=2026-11-24" in (await gate.get("getrequest"))[1]


async def test_zones_of_unit_and_terminal_both_count(gate: Gate):
    """A unit in WIT under a terminal in WIB: cutoffs at 05:30 and 07:30 WIB."""
    unit = {"unit_id": "bkd", "name": "BKD", "parent_id": None, "kind": "office", "timezone": "Asia/Jayapura"}
    await gate.reference("unit", unit | {"valid_from": 0, "valid_to": None} | noted())
    gate.now = at("05:29:59")
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    assert await gate.asked() is None
    gate.now = at("05:30:00")
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    gate.now = at("07:30:01")
    assert await gate.asked() is not None


async def test_night_shift_closes_the_next_day(gate: Gate):
    """21:00 to 07:00, out-window to 09:00 of the next day."""
    await gate.reference("shift", shift(shift_id="night", starts_s=75_600, ends_s=111_600))
    await settled(gate, "09:00:00")
    await gate.answer(f"ID={await gate.asked()}&Return=0&CMD=DATA")
    assert await gate.asked() is None
    gate.now = at("09:00:01")
    assert await gate.asked() is not None


async def test_voided_shift_and_changed_policy_count(gate: Gate):
    """A cutoff half an hour later; a withdrawn shift has none."""
    await gate.reference("policy", policy(cutoff_after_s=1800))
    await settled(gate, "07:30:01")
    assert await gate.asked() is None
    gate.now = at("08:00:01")
    assert await gate.asked() is not None
    await gate.reference("shift", shift(**{**noted(), "void": True}))
    gate.now = at("18:00:01")
    assert gate.gateway.region.due(SN, gate.now) is None


# -- silence


async def test_silent_and_back(gate: Gate):
    """300 s without contact: silent since the last one; heard again: online."""
    await gate.get("ping")
    gate.watch()
    gate.now += 300_000
    gate.watch()
    await gate.turns()
    assert [s["state"] for s in gate.statuses()] == ["online"]
    gate.now += 1
    gate.watch()
    gate.watch()
    await gate.turns()
    assert [(s["state"], s["silent_since"]) for s in gate.statuses()][1:] == [("silent", at("06:00:00"))]
    await gate.get("ping")
    gate.watch()
    await gate.turns()
    assert [(s["state"], s["silent_since"]) for s in gate.statuses()][2:] == [("online", None)]
    observed = [s["observed_at"] for s in gate.statuses()]
    assert observed == sorted(set(observed))


async def test_never_heard_is_silent_since_the_start(gate: Gate):
    """Nothing was ever heard: silent since the gateway began to listen, and only terminals that push."""
    await gate.reference("device", device("FILE1", protocol="file"))
    gate.watch()
    gate.now += 300_001
    gate.watch()
    await gate.turns()
    assert [(s["state"], s["silent_since"]) for s in gate.statuses()] == [("silent", at("06:00:00"))]
    assert gate.statuses("FILE1") == []


async def test_own_standstill_is_no_silence(gate: Gate):
    """The gateway stood still for ten minutes: that time does not count, for whoever was heard before or just after."""
    await gate.reference("device", device("AFTER1"))
    await gate.get("ping")
    gate.watch()
    gate.now += 600_000
    await gate.get("ping", "AFTER1")
    gate.gateway.door.stood_still_ms += 600_000
    gate.watch()
    gate.now += 300_000
    gate.watch()
    await gate.turns()
    assert [s["state"] for s in gate.statuses() + gate.statuses("AFTER1")] == ["online", "online"]
    gate.now += 1
    gate.watch()
    await gate.turns()
    assert (gate.statuses()[-1]["state"], gate.statuses()[-1]["silent_since"]) == ("silent", at("06:00:00"))
    assert (gate.statuses("AFTER1")[-1]["state"], gate.statuses("AFTER1")[-1]["silent_since"]) == (
        "silent",
        at("06:10:00"),
    )


async def test_standstill_is_noticed(kafka_in_memory: MemoryKafka, monkeypatch: pytest.MonkeyPatch):
    """Its own loop sees that clock time passed in which it did not run; ordinary turns count for nothing."""
    await Writer(kafka_in_memory, PARTITIONS).reference("device", device())
    now = at("06:00:00")
    gateway = Gateway(Settings(), Writer(kafka_in_memory, PARTITIONS), kafka_in_memory, lambda: now)
    steps = iter([1_000, 1_900, 600_000, 1_000, None])

    async def sleep(seconds: float) -> None:
        nonlocal now
        if (step := next(steps)) is None:
            raise asyncio.CancelledError
        now += step

    monkeypatch.setattr("producers.sources.gateway.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await gateway._watch()
    assert gateway.door.stood_still_ms == 599_000


async def test_restart_keeps_a_silent_terminal_silent(gate: Gate):
    """Silent since 06:00 stays so across a restart, without a second status; heard again it is online."""
    await gate.get("ping")
    gate.now += 400_000
    gate.watch()
    await gate.turns()
    before = len(gate.statuses())
    again = await open_gate(gate.kafka, "07:00:00")
    try:
        again.now = at("08:00:01")
        again.watch()
        await again.turns()
        assert len(again.statuses()) == before
        await again.get("ping")
        again.watch()
        await again.turns()
        assert again.statuses()[-1]["state"] == "online"
    finally:
        await close_gate(again)


async def test_status_that_was_not_acknowledged_is_sent_again(gate: Gate):
    """What is told is told when Kafka has it."""
    gate.kafka.mode = "fail"
    await gate.get("ping")
    gate.watch()
    await gate.turns()
    gate.kafka.mode = "ok"
    assert gate.statuses() == []
    gate.watch()
    await gate.turns()
    assert [s["state"] for s in gate.statuses()] == ["online"]


# -- drift


def _line(text: str) -> bytes:
    return f"17\t{DAY} {text}\t0\n".encode()


async def test_drift_is_the_smallest_lag_of_recent_posts(gate: Gate):
    """A late delivery of an old punch does not make the clock slow; the smallest lag counts."""
    gate.now = at("07:00:05")
    await gate.post(_line("06:10:00"))
    await gate.post(_line("07:00:00"))
    gate.now = at("07:01:00")
    await gate.post(_line("06:30:00") + _line("07:00:58"))
    gate.watch()
    await gate.turns()
    assert gate.statuses()[-1]["drift_ms"] == 2_000


async def test_fast_clock_has_negative_drift(gate: Gate):
    """A terminal ten minutes ahead punches in our future."""
    gate.now = at("07:00:00")
    await gate.post(_line("07:10:00"))
    gate.watch()
    await gate.turns()
    assert gate.statuses()[-1]["drift_ms"] == -600_000


async def test_range_answers_do_not_measure_drift(gate: Gate):
    """Old punches that answer a command say nothing about the clock."""
    await settled(gate, "07:30:01")
    await gate.asked()
    await gate.post(_line("06:00:00"))
    assert gate.gateway.door.terminals[SN].drift_ms is None


async def test_drift_is_told_when_it_changes_by_more_than_30_s(gate: Gate):
    """Small changes are no news."""
    gate.now = at("07:00:00")
    await gate.post(_line("06:59:00"))
    gate.watch()
    await gate.turns()
    count = len(gate.statuses())
    await gate.post(_line("06:59:30"))
    gate.watch()
    await gate.turns()
    assert len(gate.statuses()) == count
    await gate.post(_line("06:59:31"))
    gate.watch()
    await gate.turns()
    assert gate.statuses()[-1]["drift_ms"] == 29_000


async def test_statuses_of_file_imports_are_remembered(kafka_in_memory: MemoryKafka, gate: Gate):
    """A file that vouched through noon: the gateway does not ask for what lies before."""
    status: dict[str, Any] = {
        "device_id": SN,
        "observed_at": at("12:00:00"),
        "state": "online",
        "silent_since": None,
        "delivered_through": at("12:00:00"),
        "drift_ms": None,
        "source": "file",
    }
    await gate.writer.fact("device_status", status)
    again = await open_gate(kafka_in_memory, "12:01:00")
    try:
        assert await again.asked() is None
    finally:
        await close_gate(again)
