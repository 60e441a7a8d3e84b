"""
One server alone, for tests and tools: ``with local_kafka(folder) as kafka: ... kafka.address``.

Synchronous, so a session-wide fixture can hold it whatever event loop the tests run on. The server ends with the block,
and if the process that holds it dies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from hadir.errors import HadirError
from hadir.stack import kafka
from hadir.stack.guard import Guard
from hadir.stack.kafka_wire import broker_ready
from hadir.stack.waiting import Ready, free_ports, run_async, until


class NotReady(HadirError):
    """A server did not come up; the text holds the end of its log. Ends the start."""


async def http_ready(
    host: str, port: int, path: str = "/ping", timeout_s: float = 2.0, tls: ssl.SSLContext | None = None
) -> bool:
    """Whether an HTTP server answers 200 on ``path``; over TLS if a context is given."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


@dataclass(slots=True)
class Server:
    """
    A server as a child process.

    Attributes:
        address: what clients are given: ``host:port`` of Kafka, ``http://host:port`` of ClickHouse.
        host, port: the same in parts.
        log: file with its output.
    """

    address: str
    host: str
    port: int
    argv: list[str]
    env: dict[str, str]
    ready: Ready
    log: Path
    timeout_s: float = 60.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """Its process id; also that of its process group."""
        if self._process is None:
            raise NotReady(f"{self.argv[0]} is not running")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there (a paused one is)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """
        Start it (again, over the same data and port) and wait until it is ready.

        Raises:
            NotReady: it ended or did not answer within ``timeout_s``.
        """
        if self.alive:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            run_async(lambda: until(self.ready, self.timeout_s, alive=lambda: self.alive))
        except TimeoutError as error:
            code = self._process.poll()
            self.kill()
            tail = self.log.read_bytes()[-2000:].decode(errors="replace")
            raise NotReady(f"{self.argv[0]} is not ready ({error or 'timeout'}, exit {code}):\n{tail}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process group; nothing if it has ended."""
        if self.alive:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self, deadline_s: float = 20.0) -> None:
        """SIGTERM, and SIGKILL after the deadline; returns when it is gone."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        if self._process is not None:
            try:
                self._process.wait(deadline_s)
            except subprocess.TimeoutExpired:
                self.kill()

    def pause(self) -> None:
        """SIGSTOP: alive, holding its port, answering nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)


@contextmanager
def local_kafka(
    data: Path, port: int = 0, *, heap_mb: int = 512, cache: Path | None = None, console: Console | None = None
) -> Iterator[Server]:
    """
    A Kafka broker for minutes over ``data/kafka``, ready when the block begins, gone when it ends; the data stays.

    Args:
        data: folder; used again, it brings back what was there.
        port: 0 takes a free one.
        heap_mb: bound of the Java heap.
        cache, console: see ``hadir.stack.kafka.install``.

    Raises:
        Misconfigured: no Java, or no jars. NotReady: it did not come up.
    """
    installed = kafka.install(cache, console)
    free = free_ports(2)
    config = kafka.KafkaConfig(data / "kafka", port or free[0], free[1], heap_mb=heap_mb, quick=True)
    argv = kafka.prepare(installed, config)
    with Guard(data) as guard:
        log = data / "kafka" / "kafka.log"
        ready = lambda: broker_ready(config.host, config.port)  # noqa: E731
        server = Server(config.bootstrap, config.host, config.port, argv, guard.environment(), ready, log)
        yield from _held(server)


def clickhouse_argv(
    path: Path, port: int, host: str = "127.0.0.1", memory_mb: int = 0, user: str = "default"
) -> list[str]:
    """The command line of the ClickHouse endpoint; its password goes into ``HADIR_CLICKHOUSE_PASSWORD``."""
    argv = [sys.executable, "-m", "hadir.stack.clickhouse", "--path", str(path), "--host", host, "--port", str(port)]
    return [*argv, "--memory-mb", str(memory_mb), "--user", user]


@contextmanager
def local_clickhouse(
    data: Path,
    port: int = 0,
    *,
    memory_mb: int = 0,
    user: str = "default",
    password: str = "",
    config: Path | None = None,
) -> Iterator[Server]:
    """
    A ClickHouse endpoint over ``data/clickhouse``, ready when the block begins, gone when it ends; the data stays.

    Args:
        data: folder; used again, it brings back what was there.
        port: 0 takes a free one.
        memory_mb: most that queries may use together; 0: ClickHouse's default.
        user, password: the one account.
        config: see ``hadir.stack.clickhouse.engine.Engine``.

    Raises:
        NotReady: it did not come up; for instance another process has the folder.
    """
    port = port or free_ports(1)[0]
    path = data / "clickhouse"
    path.mkdir(parents=True, exist_ok=True)
    with Guard(data) as guard:
        root = str(Path(__file__).parents[2])
        python_path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        env = guard.environment({"PYTHONPATH": python_path, "HADIR_CLICKHOUSE_PASSWORD": password})
        argv = clickhouse_argv(path, port, memory_mb=memory_mb, user=user)
        argv += ["--config", str(config)] if config is not None else []
        ready = lambda: http_ready("127.0.0.1", port)  # noqa: E731
        address = f"http://127.0.0.1:{port}"
        yield from _held(Server(address, "127.0.0.1", port, argv, env, ready, data / "clickhouse.log"))


def _held(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()
