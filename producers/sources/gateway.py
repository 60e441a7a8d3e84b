"""
The gateway: ``python -m producers.sources.gateway``, one process, one port for all terminals and phones.

It answers 503 until it has read ``reference`` to its end and what an earlier run said of the terminals; then it
follows ``reference`` live. It ends itself when it can't follow any more: its supervisor starts it anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine
from typing import Any

import uvloop
from aiohttp import web
from aiokafka.errors import KafkaError

from hadir import clock, metrics
from hadir.errors import InvalidFact
from hadir.outbox import Outbox
from hadir.reading import KafkaReader, Reader
from hadir.settings import Settings, settings
from hadir.tls import server_context
from producers.sources.door import SERVER_OPTIONS, Door
from producers.sources.fingerspot_door import FingerspotDoor
from producers.sources.phone_door import PhoneDoor
from producers.sources.phone_posts import PhonePosts
from producers.sources.phones import Phones
from producers.sources.region import Region
from producers.sources.track_door import TrackDoor
from producers.writing import Writer
from schemas.codec import decode, header
from schemas.topics import topics

log = logging.getLogger("hadir.gateway")

REMEMBER_MS = 36 * 3_600_000  # of device_log read back at the start: every terminal says something at each cutoff
STOP_S = 10.0  # for requests in flight when the process is told to end


class Gateway:
    """
    Doors, region and the tasks behind them.

    Args:
        now: hadir's clock; ``rate`` is how many of its seconds pass in one of the machine's.
        reader: of ``reference`` and ``device_log``.
    """

    def __init__(self, config: Settings, writer: Writer, reader: Reader, now: clock.Clock, rate: float = 1.0) -> None:
        self.region = Region()
        self.door = Door(writer, self.region, now, ack_s=config.gateway_ack_s, body_bytes=config.gateway_body_bytes)
        self.phones = Phones(config.timezone)
        self.posts = PhonePosts(
            writer, self.phones, now, ack_s=config.gateway_ack_s, per_minute=config.gateway_phone_posts
        )
        self.fingerspot_door = FingerspotDoor(
            writer,
            self.region,
            now,
            ack_s=config.gateway_ack_s,
            secret=config.gateway_fingerspot_secret,
            hub_key=config.gateway_fingerspot_hub_key,
        )
        self.doors = (self.door, PhoneDoor(self.posts), TrackDoor(self.posts), self.fingerspot_door)
        self._reader = reader
        self._now = now
        self._silent_ms = config.gateway_silent_s * 1000
        # four looks within the time after which a terminal is silent, at most one a machine second
        self._watch_s = min(1.0, config.gateway_silent_s / rate / 4)
        self._rate = rate

    def app(self) -> web.Application:
        """The web application: routes only; ``run`` does the rest."""
        app = web.Application()
        app.add_routes([route for door in self.doors for route in door.routes()])
        return app

    async def run(self) -> None:
        """Catch up, then follow ``reference`` and watch the terminals until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            caught_up = asyncio.Event()
            tasks.create_task(self._follow(caught_up))
            await caught_up.wait()
            await self._remember()
            self.door.ready = self.posts.ready = self.fingerspot_door.ready = True
            log.info("ready: %d terminals, %d phones", len(self.region.serials()), len(self.phones))
            tasks.create_task(self._watch())

    async def _follow(self, caught_up: asyncio.Event) -> None:
        async for batch in self._reader.batches(topics()["reference"].name(""), follow=True):
            for entry in batch.entries:
                try:
                    self.region.fold(entry.value)
                    self.phones.fold(entry.value)
                except InvalidFact as fault:  # distribute sets it aside; here it is passed over
                    log.warning("reference %d: %s", entry.offset, fault)
            if batch.caught_up:
                caught_up.set()

    async def _remember(self) -> None:
        """Read back the statuses of the last 36 hours: silent stays silent, complete stays complete."""
        mark = header("device_status")
        since = clock.system_ms() - REMEMBER_MS  # Kafka's append time is the machine's; hadir's clock runs no slower
        async for batch in self._reader.batches(topics()["device_log"].name(""), since_ms=since):
            for entry in batch.entries:
                if entry.value is not None and entry.value.startswith(mark):
                    with contextlib.suppress(InvalidFact):
                        status = decode(entry.value)[1]
                        self.door.terminal(status["device_id"]).remember(status)

    async def _watch(self) -> None:
        expected = self._watch_s * 1000 * self._rate
        seen = self._now()
        while True:
            at = self._now()
            gap, seen = at - seen, at
            if gap > 2 * expected:  # this process did not run, or the clock was set: nobody was listening
                self.door.stood_still_ms += round(gap - expected)
                log.warning("stood still for %d clock seconds", gap // 1000)
            self.door.watch(at, self._silent_ms)
            await asyncio.sleep(self._watch_s)


async def serve(config: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT; requests in flight are finished, then Kafka is settled."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    outbox = Outbox(config, linger_ms=config.linger_ms, client_id="hadir-gateway")
    gateway = Gateway(
        config, Writer(outbox, config.partitions), KafkaReader(config, patient=True), clock.now_ms, clock.rate()
    )
    runner = web.AppRunner(gateway.app(), shutdown_timeout=STOP_S, handle_signals=False, **SERVER_OPTIONS)
    await runner.setup()
    tls = server_context(config.gateway_certificate, config.gateway_key, "HADIR_GATEWAY_CERTIFICATE")
    await web.TCPSite(runner, config.gateway_host, config.gateway_port, backlog=1024, ssl_context=tls).start()
    metrics.expose(config.metrics_port)
    log.info("listening on %s:%d", config.gateway_host, config.gateway_port)
    connected = False
    try:
        connected = await until_stopped(start_when_there(outbox), stop)
        if connected:
            await until_stopped(gateway.run(), stop)
    finally:
        await runner.cleanup()
        if connected:
            await outbox.stop()


async def start_when_there(outbox: Outbox) -> None:
    """Connect to Kafka, however long it takes to be there."""
    while True:
        try:
            return await outbox.start()
        except (KafkaError, OSError) as error:
            log.warning("waiting for Kafka: %s", type(error).__name__)
            await asyncio.sleep(0.5)


async def until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
    """Run until it is done (True; its exceptions are raised) or until told to stop (False; it is cancelled)."""
    task, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, told), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            return True
        return False
    finally:
        for pending in (task, told):
            pending.cancel()
        await asyncio.gather(task, told, return_exceptions=True)


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    uvloop.run(serve(settings()))


if __name__ == "__main__":
    main()
