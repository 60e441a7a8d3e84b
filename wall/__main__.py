"""The process: ``python -m wall``, one port for all who look on."""

from __future__ import annotations

import asyncio
import logging
import signal

import uvloop
from aiohttp import web

from hadir import clock, metrics
from hadir.settings import Settings, settings
from hadir.tls import server_context
from wall.app import Wall
from wall.hub import Hub
from wall.source import Source

log = logging.getLogger("wall")


async def serve(config: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    hub = Hub()
    source = Source(config, hub.publish)
    wall = Wall(config, source, hub, lambda: clock.system_ms() / 1000)
    runner = web.AppRunner(wall.app(), shutdown_timeout=0.5, handle_signals=False, access_log=None)
    await runner.setup()
    tls = server_context(config.wall_certificate, config.wall_key, "HADIR_WALL_CERTIFICATE")
    await web.TCPSite(runner, config.wall_host, config.wall_port, ssl_context=tls).start()
    metrics.expose(config.metrics_port)
    log.info("listening on %s:%d", config.wall_host, config.wall_port)
    looking = asyncio.create_task(source.run())
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait((looking, stopped), return_when=asyncio.FIRST_COMPLETED)
    await runner.cleanup()
    looking.cancel()
    if looking in done:
        looking.result()


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    uvloop.run(serve(settings()))


if __name__ == "__main__":
    main()
