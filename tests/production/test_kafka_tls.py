"""A real broker with two locked doors, mutual TLS and TLS with a password: everything that connects gets in, or not."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiokafka.errors import KafkaError

from hadir import clock
from hadir.cli.answering import kafka_answers
from hadir.lag import committed_offsets, lags
from hadir.outbox import Outbox
from hadir.reading import KafkaReader
from hadir.settings import Settings
from hadir.stack import kafka
from hadir.stack.guard import Guard
from hadir.stack.kafka_wire import broker_ready
from hadir.stack.local import Server
from hadir.stack.waiting import free_ports, until
from hadir.topics_admin import await_topics, ensure_topics, lets_in
from notify.__main__ import KafkaLedger, read_ledger
from producers.writing import Writer
from schemas.codec import decode, encode
from schemas.topics import topics
from streams.checkpoint import CheckpointStore
from tests.notify.made import alert
from tests.production.certificates import Certificate, make_certificate

pytestmark = pytest.mark.kafka

PASSWORD = "s3cret-of-kafka"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class Doors(NamedTuple):
    """A broker's addresses, the certificate that it shows, and ours, which it asks for at its second door."""

    ssl: str
    sasl: str
    server: Certificate
    client: Certificate

    def settings(self, security: str, **changes: Any) -> Settings:
        """Settings with which that door opens, but for the changes."""
        ours = {"kafka_certificate": str(self.client.chain), "kafka_key": str(self.client.key)}
        told = {"kafka_user": "hadir", "kafka_password": PASSWORD, "kafka_mechanism": "PLAIN"}
        chosen: dict[str, Any] = {
            "kafka": self.ssl if security == "SSL" else self.sasl,
            "kafka_security": security,
            "kafka_ca": str(self.server.chain),
            **(ours if security == "SSL" else told),
        }
        return Settings(**chosen | {"epoch": uuid.uuid4().hex[:8], "partitions": 4} | changes)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """The broker, for this file."""
    home = tmp_path_factory.mktemp("doors")
    server, client = make_certificate(home, "broker"), make_certificate(home, "worker")
    port, controller, ssl_port, sasl_port = free_ports(4)
    host = "127.0.0.1"
    outside = f"PLAINTEXT://{host}:{port},SSL://{host}:{ssl_port},SASL_SSL://{host}:{sasl_port}"
    extra = {
        "listeners": f"{outside},CONTROLLER://{host}:{controller}",
        "advertised.listeners": outside,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(server.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(client.chain),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{PLAIN} user_hadir="{PASSWORD}";',
    }
    config = kafka.KafkaConfig(home / "kafka", port, controller, quick=True, extra=extra)
    argv = kafka.prepare(kafka.install(), config)
    with Guard(home) as guard:
        process = Server(
            config.bootstrap, host, port, argv, guard.environment(), lambda: broker_ready(host, port), home / "log"
        )
        try:
            process.start()
            yield Doors(f"{host}:{ssl_port}", f"{host}:{sasl_port}", server, client)
        finally:
            process.stop()


@asynccontextmanager
async def process_of(settings: Settings, data: Path, *module: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of hadir, told everything by its environment; what it logs is in ``log`` in the folder."""
    told = {f"HADIR_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    env = {k: v for k, v in os.environ.items() if not k.startswith("HADIR_")} | told | {"HADIR_DATA": str(data)}
    with (data / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *module, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.mark.parametrize("security", ["SSL", "SASL_SSL"])
async def test_everything_that_connects_gets_in(security: str, doors: Doors, tmp_path: Path) -> None:
    """Topics, outbox, reader, checkpoints, groups, and Faust's own consumer in a worker process."""
    settings = doors.settings(security)
    names = {log: topic.name(settings.epoch) for log, topic in topics().items()}
    assert await kafka_answers(settings)()
    await ensure_topics(settings, settings.epoch, 4)
    await await_topics(settings, names.values())
    before = {p: end for p, (_, end) in (await KafkaReader(settings).bounds(names["device_log"])).items()}
    outbox = Outbox(settings, linger_ms=0)
    await outbox.start()
    at = clock.system_ms()
    about = {"void": False, "recorded_at": at, "recorded_by": "test", "reference_offset": -1}
    await Writer(outbox, 4).reference("tick", {"at": at} | about)
    await outbox.stop()

    store = CheckpointStore(settings, names["state.route"], 0, f"test-{settings.epoch}")
    await store.open()
    assert await store.write([(b"k", b"v")], 7) == 2

    async def put_away() -> bool:
        return (b"k", b"v") in [pair async for pairs in store.read() for pair in pairs]

    await until(put_away, 30, 0.1)  # what is committed is shown once the broker has written its marker
    await store.close()

    group = f"hadir.distribute.{settings.epoch}"
    async with process_of(settings, tmp_path, "streams.agents", "distribute") as process:

        async def copied() -> bool:
            found = [
                decode(entry.value)[1]["at"]
                for p, first in before.items()
                async for batch in KafkaReader(settings).span(
                    names["device_log"], p, first, (await KafkaReader(settings).bounds(names["device_log"]))[p][1]
                )
                for entry in batch.entries
                if entry.value is not None
            ]
            return found.count(at) >= 4

        async def committed() -> bool:
            return bool(await committed_offsets(settings, group))

        await until(copied, 90, 0.3, alive=lambda: process.returncode is None)
        await until(committed, 60, 0.3, alive=lambda: process.returncode is None)
    assert [lag.behind for lag in await lags(settings, {group: {names["reference"]: 1}})] == [0]
    assert PASSWORD not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("security", ["SSL", "SASL_SSL"])
async def test_alert_is_told_and_noted_through_both_doors(security: str, doors: Doors, tmp_path: Path) -> None:
    """``notify`` finds its topics, reads ledger and alerts, tells (not what was told before), notes, commits."""
    got: list[str] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.json())["message"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    settings = doors.settings(security, clickhouse="http://127.0.0.1:9")
    group, now = f"hadir.notify.{settings.epoch}", clock.system_ms()
    told, news = (alert(unit=f"{name}-{settings.epoch}", cutoff_at=now, raised_at=now) for name in ("told", "news"))
    await ensure_topics(settings, settings.epoch, 4)
    outbox = Outbox(settings, linger_ms=0)
    await outbox.start()
    about = {name: told[name] for name in ("unit_id", "work_date", "cutoff_at", "revision", "kind")}
    await KafkaLedger(outbox).note(about | {"channel": "bkd", "outcome": "sent", "tries": 1, "noted_at": now})
    for one in (told, news):
        outbox.send(topics()["alert"].name(settings.epoch), 0, one["unit_id"].encode(), encode("alert", one))
    await outbox.settle()
    await outbox.stop()

    async def committed() -> bool:
        return sum((await committed_offsets(settings, group)).values()) == 2

    async with TestServer(app) as server:
        channels = tmp_path / "notify.toml"
        channels.write_text(f'[channels.bkd]\nurl = "json://127.0.0.1:{server.port}/hook"\nunits = ["*"]\n')
        channels.chmod(0o600)
        async with process_of(settings, tmp_path, "notify") as process:
            await until(committed, 60, 0.3, alive=lambda: process.returncode is None)
    assert [message.split()[0] for message in got] == [news["unit_id"]]
    noted = [notice["unit_id"] for notice in await read_ledger(KafkaReader(settings), now)]
    assert noted[-2:] == [told["unit_id"], news["unit_id"]]
    assert PASSWORD not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("security", "changes"),
    [
        ("SSL", {"kafka_ca": ""}),
        ("SSL", {"kafka_certificate": "", "kafka_key": ""}),
        ("SASL_SSL", {"kafka_password": "wrong"}),
        ("SASL_SSL", {"kafka_ca": ""}),
    ],
)
async def test_who_is_not_trusted_or_trusts_nobody_stays_outside(
    security: str, changes: dict[str, str], doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker of an unknown authority, no certificate of ours, a wrong password: no connection, no record."""
    settings = doors.settings(security, **changes)
    assert not await lets_in(settings)
    outbox = Outbox(settings)
    with pytest.raises((KafkaError, OSError)):
        await outbox.start()
    assert PASSWORD not in caplog.text
