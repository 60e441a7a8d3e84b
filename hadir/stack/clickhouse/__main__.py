"""``python -m hadir.stack.clickhouse --path DIR --port N``: serve one data folder until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from hadir.errors import Misconfigured
from hadir.stack.clickhouse.app import Endpoint, Limits
from hadir.stack.clickhouse.engine import Engine
from hadir.stack.clickhouse.threads import keep_merges_calm

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def arguments() -> argparse.ArgumentParser:
    """The command line. The password is read from the environment, where ``ps`` does not show it."""
    parser = argparse.ArgumentParser(prog="python -m hadir.stack.clickhouse", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="folder of the data; one process per folder")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=18123, help="port to listen on")
    parser.add_argument("--user", default="default", help="the one account; password: HADIR_CLICKHOUSE_PASSWORD")
    parser.add_argument("--memory-mb", type=int, default=0, help="max_server_memory_usage; 0: 90 %% of the machine")
    parser.add_argument("--config", type=Path, help="ClickHouse configuration file, for trying users and grants")
    parser.add_argument("--reads", type=int, default=8, help="reads at once")
    parser.add_argument("--writes", type=int, default=4, help="inserts and changes at once")
    parser.add_argument("--body-mb", type=int, default=1024, help="largest request body")
    parser.add_argument("--stop-s", type=float, default=10.0, help="seconds that SIGTERM leaves to running statements")
    return parser


async def serve(options: argparse.Namespace) -> None:
    """
    Open the engine, listen, and serve until SIGTERM or SIGINT; then finish what runs and close.

    Raises:
        Misconfigured: the folder belongs to another process, or the port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = Engine(options.path, options.memory_mb << 20, config=options.config)
    engine.open()
    try:
        limits = Limits(options.reads, options.writes, body_bytes=options.body_mb << 20)
        hosts = LOOPBACK if options.host in LOOPBACK else frozenset[str]()
        password = os.environ.get("HADIR_CLICKHOUSE_PASSWORD", "")
        endpoint = Endpoint(engine, options.user, password, limits, hosts)
        runner = web.AppRunner(
            endpoint.application(),
            auto_decompress=False,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=600,  # longer than any client keeps an idle connection: it closes first, no race
            max_line_size=1 << 20,  # ClickHouse's http_max_uri_size
            max_field_size=1 << 17,
            shutdown_timeout=options.stop_s,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, options.host, options.port, backlog=512).start()
        except OSError as error:
            raise Misconfigured(f"{options.host}:{options.port} cannot be listened on: {error.strerror}") from None
        logging.getLogger("hadir.stack.clickhouse").info(
            "ClickHouse %s on http://%s:%d, data in %s", engine.version, options.host, options.port, options.path
        )
        calming = loop.create_task(keep_merges_calm())
        await stop.wait()
        calming.cancel()
        await runner.cleanup()
        await endpoint.close(1.0)  # the runner has waited for them already
    finally:
        engine.close()


def main() -> None:
    """Exit code 2 when it cannot start, with one line saying why."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stdout)
    try:
        asyncio.run(serve(arguments().parse_args()))
    except Misconfigured as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
