"""
The clock: ``python -m producers.sources.clock_ticks`` writes a ``tick`` into ``reference`` every minute.

Time is an event: whatever depends on time having passed waits for these. After a pause every missed minute is
written, in order. It also opens each month at its first tick, once, unless somebody has said something about it.
One clock writes at a time; two would double ticks, which changes no result (a tick is its moment).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import uvloop

from hadir import clock, metrics, readiness
from hadir.crashpoint import reach
from hadir.errors import InvalidFact, NotAcknowledged
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings, settings
from producers.sources.gateway import start_when_there, until_stopped
from producers.writing import Writer, acknowledged
from schemas.codec import decode, header
from schemas.topics import topics

log = logging.getLogger("hadir.clock")

BATCH = 500  # ticks acknowledged before the next are written, when catching up
BACKWARDS = 20_000  # records of the first step back in search of the last tick
DAYS_27_MS = 27 * 86_400_000  # shorter than any month: no month lies between two such steps
RECORDED_BY = "clock"
ACK_S = 30.0


class ClockTicks:
    """
    Args:
        now: hadir's clock, milliseconds UTC.
        tick_s: between two ticks; every tick is a whole multiple of it since 1970.
        zone: the region's; a month begins by it.
    """

    def __init__(self, writer: Writer, reader: Reader, now: clock.Clock, tick_s: int, zone: str) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now
        self._tick_ms = tick_s * 1000
        self._zone = ZoneInfo(zone)
        self.last: int | None = None
        self._months: set[str] = set()
        self._read_to = 0

    async def restore(self) -> None:
        """
        Find the last tick, and which of the months since then somebody has opened or closed already.

        Reads ``reference`` from its end backwards, each step four times as far, and stops when it knows.
        """
        topic = topics()["reference"].name("")
        start, end = (await self._reader.bounds(topic))[0]
        upper, step = end, BACKWARDS
        while upper > start and not (self.last is not None and self._needed() <= self._months):
            lower = max(start, upper - step)
            await self._read(topic, lower, upper)
            upper, step = lower, step * 4
        self._read_to = end

    def _needed(self) -> set[str]:
        """Months from the last tick to now."""
        assert self.last is not None
        now = self._now()
        return {self.month(min(at, now)) for at in range(self.last, now + DAYS_27_MS, DAYS_27_MS)}

    async def _read(self, topic: str, first: int, before: int) -> None:
        tick, period = header("tick"), header("period")
        async for batch in self._reader.span(topic, 0, first, before):
            for entry in batch.entries:
                if entry.value is None or not entry.value.startswith((tick, period)):
                    continue
                try:
                    name, record = decode(entry.value)
                except InvalidFact:  # distribute sets it aside
                    continue
                if name == "tick":
                    self.last = max(self.last or 0, record["at"])
                else:
                    self._months.add(record["period"])

    def month(self, at: int) -> str:
        """The region's month at a moment, YYYY-MM."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).strftime("%Y-%m")

    async def write_due(self) -> int:
        """
        Write the ticks that are due, at most 500, and wait until they are acknowledged.

        The first tick of an empty log is the present one. Before the first tick of a month that has no ``period``
        record the month is opened.

        Returns:
            How many ticks were written; 0 when none was due.

        Raises:
            NotAcknowledged: nothing is taken as written; the next call writes the same ticks again.
        """
        now = self._now()
        newest = now - now % self._tick_ms
        first = newest if self.last is None else self.last - self.last % self._tick_ms + self._tick_ms
        ticks = range(first, newest + 1, self._tick_ms)[:BATCH]
        if any(self.month(at) not in self._months for at in ticks):
            await self._look_again()
        reach("tick.due")
        sent, opened = [], set()
        for at in ticks:
            about = {"void": False, "recorded_at": now, "recorded_by": RECORDED_BY, "reference_offset": -1}
            month = self.month(at)
            if month not in self._months and month not in opened:
                opened.add(month)
                sent.append(self._writer.reference("period", {"period": month, "state": "open"} | about))
            sent.append(self._writer.reference("tick", {"at": at} | about))
        reach("tick.sent")
        await acknowledged(sent, ACK_S)
        reach("tick.acknowledged")
        self._months |= opened
        if ticks:
            self.last = ticks[-1]
            metrics.TICKS.inc(len(ticks))
        return len(ticks)

    async def _look_again(self) -> None:
        """Read what was written since the last look: somebody may have closed a month before it began."""
        topic = topics()["reference"].name("")
        end = (await self._reader.bounds(topic))[0][1]
        await self._read(topic, self._read_to, end)
        self._read_to = end

    async def run(self, rate: float = 1.0) -> None:
        """
        Write ticks until cancelled.

        Args:
            rate: clock seconds in one of the machine's.
        """
        await self.restore()
        readiness.announce()
        log.info("last tick: %s", self.last)
        while True:
            try:
                written = await self.write_due()
            except NotAcknowledged as fault:
                log.warning("tick not acknowledged, again: %s", fault)
                await asyncio.sleep(0.5)
                continue
            if written < BATCH:
                now = self._now()
                await asyncio.sleep(max(0.001, (self._tick_ms - now % self._tick_ms) / 1000 / rate))


async def serve(config: Settings) -> None:
    """Run the clock until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    outbox = Outbox(config, linger_ms=0, client_id="hadir-clock")
    metrics.expose(config.metrics_port)
    if not await until_stopped(start_when_there(outbox), stop):
        return
    try:
        ticks = ClockTicks(
            Writer(outbox, config.partitions),
            KafkaReader(config, patient=True),
            clock.now_ms,
            config.tick_s,
            config.timezone,
        )
        await until_stopped(ticks.run(clock.rate()), stop)
    finally:
        await outbox.stop()


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    uvloop.run(serve(settings()))


if __name__ == "__main__":
    main()
