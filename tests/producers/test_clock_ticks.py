"""The clock: whole ticks, nothing left out, months opened once."""

from __future__ import annotations

import asyncio
import logging

import pytest

from hadir.errors import NotAcknowledged
from producers.sources import clock_ticks
from producers.sources.clock_ticks import ClockTicks
from producers.writing import Writer
from tests.producers.conftest import at, device, noted
from tests.producers.memory import PARTITIONS, MemoryKafka

MINUTE = 60_000


class Hands:
    """A clock that tests set."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


async def start(kafka: MemoryKafka, hands: Hands, tick_s: int = 60) -> ClockTicks:
    """A clock process that has restored."""
    ticks = ClockTicks(Writer(kafka, PARTITIONS), kafka, hands, tick_s, "Asia/Jakarta")
    await ticks.restore()
    return ticks


def written(kafka: MemoryKafka) -> list[int]:
    """Moments of all ticks, in order of the log."""
    return [t["at"] for t in kafka.records("reference", "tick")]


async def test_first_tick_is_the_present_whole_minute():
    """An empty log: no past is made up."""
    kafka, hands = MemoryKafka(), Hands(at("06:00:42"))
    ticks = await start(kafka, hands)
    assert await ticks.write_due() == 1
    assert await ticks.write_due() == 0
    assert written(kafka) == [at("06:00:00")]
    assert kafka.records("reference", "tick")[0]["recorded_by"] == "clock"


async def test_one_tick_a_minute_and_none_early():
    """At 06:00:59.999 nothing is due, at 06:01:00 one is."""
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    ticks = await start(kafka, hands)
    await ticks.write_due()
    hands.now = at("06:01:00") - 1
    assert await ticks.write_due() == 0
    hands.now = at("06:01:00")
    assert await ticks.write_due() == 1


async def test_catches_up_minute_by_minute_after_a_restart(monkeypatch: pytest.MonkeyPatch):
    """A pause of three hours: 180 ticks, in order, in bounded bites, across a restart."""
    monkeypatch.setattr(clock_ticks, "BATCH", 50)
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    await (await start(kafka, hands)).write_due()
    hands.now = at("09:00:30")
    ticks = await start(kafka, hands)
    assert [await ticks.write_due() for _ in range(5)] == [50, 50, 50, 30, 0]
    assert written(kafka) == list(range(at("06:00:00"), at("09:00:00") + 1, MINUTE))


async def test_month_is_opened_before_its_first_tick_and_only_once():
    """At local midnight of the first the month opens, by the region's zone, and before the tick that it needs."""
    kafka, hands = MemoryKafka(), Hands(at("23:59:00", "2026-11-30"))
    ticks = await start(kafka, hands)
    await ticks.write_due()
    hands.now = at("00:01:00", "2026-12-01")
    await ticks.write_due()
    again = await start(kafka, hands)
    hands.now = at("00:02:00", "2026-12-01")
    await again.write_due()
    log = [r.get("period") or r["at"] for r in kafka.records("reference")]
    assert log == [
        "2026-11",
        at("23:59:00", "2026-11-30"),
        "2026-12",
        at("00:00:00", "2026-12-01"),
        at("00:01:00", "2026-12-01"),
        at("00:02:00", "2026-12-01"),
    ]


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("when", ["before the start", "while running"])
async def test_month_that_somebody_spoke_of_is_left_alone(state: str, when: str):
    """A period record of the month, however old or new: the clock does not overrule it."""
    kafka, hands = MemoryKafka(), Hands(at("23:59:00", "2026-11-30"))
    writer = Writer(kafka, PARTITIONS)
    spoken = {"period": "2026-12", "state": state, **noted()}
    if when == "before the start":
        await writer.reference("period", spoken)
    ticks = await start(kafka, hands)
    await ticks.write_due()
    if when == "while running":
        await writer.reference("period", spoken)
    hands.now = at("00:01:00", "2026-12-01")
    await ticks.write_due()
    assert [p["recorded_by"] for p in kafka.records("reference", "period") if p["period"] == "2026-12"] == ["test"]


async def test_pause_over_several_months_opens_each():
    """Off from September to December: no month is left unopened, none opened twice."""
    kafka, hands = MemoryKafka(), Hands(at("12:00:00", "2026-09-30"))
    await (await start(kafka, hands, 3600)).write_due()
    hands.now = at("12:00:00", "2026-12-02")
    ticks = await start(kafka, hands, 3600)
    while await ticks.write_due():
        pass
    assert [p["period"] for p in kafka.records("reference", "period")] == ["2026-09", "2026-10", "2026-11", "2026-12"]


async def test_last_tick_is_found_far_from_the_end(monkeypatch: pytest.MonkeyPatch):
    """An import of many records lies behind the last tick: the search goes on backwards."""
    monkeypatch.setattr(clock_ticks, "BACKWARDS", 3)
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    await (await start(kafka, hands)).write_due()
    writer = Writer(kafka, PARTITIONS)
    for n in range(50):
        await writer.reference("device", device(f"D{n}"))
    hands.now = at("06:02:00")
    ticks = await start(kafka, hands)
    assert ticks.last == at("06:00:00")
    assert await ticks.write_due() == 2
    assert len(kafka.records("reference", "period")) == 1


async def test_broken_record_does_not_stop_the_clock():
    """A broken frame in reference is distribute's matter."""
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    await (await start(kafka, hands)).write_due()
    kafka.send("hadir.reference", 0, b"?", b"\0\0\0\0\1broken")
    kafka.send("hadir.reference", 0, b"?", None)
    tick = kafka.logs["hadir.reference", 0][-3][1]
    assert tick is not None
    kafka.send("hadir.reference", 0, b"?", tick[:7])
    hands.now = at("06:01:00")
    ticks = await start(kafka, hands)
    assert await ticks.write_due() == 1


async def test_tick_that_was_not_acknowledged_is_written_again():
    """Kafka refuses: the same tick is due again, and the next follows it."""
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    ticks = await start(kafka, hands)
    kafka.mode = "fail"
    with pytest.raises(NotAcknowledged):
        await ticks.write_due()
    hands.now = at("06:01:00")
    kafka.mode = "ok"
    assert await ticks.write_due() == 1
    assert written(kafka) == [at("06:01:00")]
    kafka.mode = "fail"
    hands.now = at("06:02:00")
    with pytest.raises(NotAcknowledged):
        await ticks.write_due()
    kafka.mode = "ok"
    hands.now = at("06:03:00")
    await ticks.write_due()
    assert written(kafka) == [at("06:01:00"), at("06:02:00"), at("06:03:00")]


async def test_clock_set_back_writes_nothing():
    """The system's clock goes back an hour: no tick twice, none until it is past the last."""
    kafka, hands = MemoryKafka(), Hands(at("06:00:00"))
    ticks = await start(kafka, hands)
    await ticks.write_due()
    hands.now = at("05:00:00")
    assert await ticks.write_due() == 0
    assert await (await start(kafka, hands)).write_due() == 0


async def test_run_ticks_on_a_warped_clock(caplog: pytest.LogCaptureFixture):
    """At 60,000 times the speed a minute lasts a millisecond: every minute comes, in order, also after a failure."""
    kafka = MemoryKafka()
    loop = asyncio.get_running_loop()
    begin, rate = loop.time(), 60_000.0
    ticks = ClockTicks(
        Writer(kafka, PARTITIONS),
        kafka,
        lambda: at("06:00:00") + int((loop.time() - begin) * 1000 * rate),
        60,
        "Asia/Jakarta",
    )
    running = asyncio.create_task(ticks.run(rate))
    async with asyncio.timeout(10):
        while len(written(kafka)) < 20:
            await asyncio.sleep(0.001)
        kafka.mode = "fail"
        with caplog.at_level(logging.CRITICAL):
            while not kafka.refused:
                await asyncio.sleep(0.001)
        kafka.mode = "ok"
        seen = len(written(kafka))
        while len(written(kafka)) < seen + 20:
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    moments = written(kafka)
    assert moments == list(range(moments[0], moments[-1] + 1, MINUTE))
