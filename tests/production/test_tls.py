"""TLS by settings: what each client is given, and gateway and wall that speak nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from clickhouse_connect.driver.exceptions import Error

from hadir import tls
from hadir.cli.answering import clickhouse_answers, gateway_answers, wall_answers
from hadir.errors import Misconfigured
from hadir.queries import connect
from hadir.settings import Settings, settings
from hadir.stack.waiting import free_ports, until
from streams.runner import make_app
from streams.sink.clickhouse import ClickHouse, Failed
from tests.production.certificates import Certificate, make_certificate

PASSWORD = "s3cret-of-kafka"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """One for this machine."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "server")


def configured(**chosen: Any) -> Settings:
    """Settings of these values."""
    return Settings(**chosen)


def test_an_address_alone_is_spoken_to_in_the_clear() -> None:
    """As on one machine; nothing else is said to the client."""
    assert tls.kafka_options("127.0.0.1:9092") == {"bootstrap_servers": "127.0.0.1:9092"}
    assert tls.kafka_options(configured(kafka="a:1,b:2")) == {
        "bootstrap_servers": "a:1,b:2",
        "security_protocol": "PLAINTEXT",
    }


def test_ssl_verifies_the_broker_and_shows_our_certificate(certificate: Certificate) -> None:
    """Name and chain are checked, always; no password goes out."""
    options = tls.kafka_options(
        configured(
            kafka_security="SSL",
            kafka_ca=str(certificate.chain),
            kafka_certificate=str(certificate.chain),
            kafka_key=str(certificate.key),
        )
    )
    context = options.pop("ssl_context")
    assert options == {"bootstrap_servers": "127.0.0.1:19092", "security_protocol": "SSL"}
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert [dict(pair[0] for pair in found["subject"])["commonName"] for found in context.get_ca_certs()] == ["server"]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_sasl_ssl_names_user_and_password_to_clients_and_to_faust(
    mechanism: str, certificate: Certificate, tmp_path: Path
) -> None:
    """Faust's own consumer is told the same as the outbox, by Faust's own translation."""
    from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

    config = configured(
        data=tmp_path,
        kafka_security="SASL_SSL",
        kafka_ca=str(certificate.chain),
        kafka_mechanism=mechanism,
        kafka_user="hadir",
        kafka_password=PASSWORD,
    )
    options = tls.kafka_options(config)
    faust = dict(credentials_to_aiokafka_auth(make_app("x", config).conf.broker_credentials))
    for told in (options, faust):
        assert told.pop("ssl_context").verify_mode == ssl.CERT_REQUIRED
        told.pop("bootstrap_servers", None)
        assert told == {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "sasl_plain_username": "hadir",
            "sasl_plain_password": PASSWORD,
        }
    assert PASSWORD not in repr(config)
    assert PASSWORD not in repr(make_app("x", config).conf.broker_credentials)


def test_faust_speaks_in_the_clear_where_the_settings_do(tmp_path: Path) -> None:
    """No credentials at all."""
    assert make_app("x", configured(data=tmp_path)).conf.broker_credentials is None


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"KAFKA_SECURITY": "SASL_PLAINTEXT"}, "HADIR_KAFKA_SECURITY"),
        ({"KAFKA_SECURITY": "SASL_SSL", "KAFKA_USER": "hadir"}, "HADIR_KAFKA_PASSWORD"),
        ({"KAFKA_PASSWORD": PASSWORD}, "PLAINTEXT"),
        ({"KAFKA_CA": "s3cret-of-a-path"}, "PLAINTEXT"),
        ({"KAFKA_SECURITY": "SSL", "KAFKA_USER": "hadir", "KAFKA_PASSWORD": PASSWORD}, "SASL_SSL"),
        ({"KAFKA_SECURITY": "SSL", "KAFKA_KEY": "s3cret.key"}, "HADIR_KAFKA_CERTIFICATE"),
        ({"GATEWAY_KEY": "s3cret.key"}, "HADIR_GATEWAY_CERTIFICATE"),
        ({"WALL_KEY": "s3cret.key"}, "HADIR_WALL_CERTIFICATE"),
        ({"CLICKHOUSE_CA": "s3cret.pem"}, "HADIR_CLICKHOUSE"),
    ],
)
def test_half_a_security_is_refused_at_the_start(
    variables: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets a password or an authority means it to be used; nothing of it is repeated."""
    for name, value in variables.items():
        monkeypatch.setenv(f"HADIR_{name}", value)
    settings.cache_clear()
    try:
        with pytest.raises(Misconfigured, match=says) as caught:
            settings()
    finally:
        settings.cache_clear()
    assert "s3cret" not in str(caught.value)


def test_files_that_can_not_be_used_are_named_by_their_setting(certificate: Certificate, tmp_path: Path) -> None:
    """A missing file, a file that is no certificate, a key of another certificate, an encrypted key."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    other = make_certificate(tmp_path, "other")
    for ca in ("/no/such/file", str(broken)):
        with pytest.raises(Misconfigured, match="HADIR_KAFKA_CA"):
            tls.kafka_options(configured(kafka_security="SSL", kafka_ca=ca))
        with pytest.raises(Misconfigured, match="HADIR_CLICKHOUSE_CA"):
            tls.clickhouse_context(configured(clickhouse="https://h:1", clickhouse_ca=ca))
    for chain, key in ((certificate.chain, other.key), (broken, broken), (certificate.chain, tmp_path / "none")):
        with pytest.raises(Misconfigured, match="HADIR_WALL_CERTIFICATE"):
            tls.server_context(str(chain), str(key), "HADIR_WALL_CERTIFICATE")
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", str(certificate.key), "-out", str(locked), "-passout", "pass:x"],
        check=True,
        capture_output=True,
    )
    with pytest.raises(Misconfigured, match="encrypted"):
        tls.server_context(str(certificate.chain), str(locked), "HADIR_WALL_CERTIFICATE")


@asynccontextmanager
async def process(module: str, variables: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """One of our processes, ended with the block."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HADIR_")} | variables
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


SERVERS = [("wall", "wall", 200), ("gateway", "producers.sources.gateway", 503)]
"""Name, module, and what ``/healthz`` answers while neither Kafka nor ClickHouse is there."""


@pytest.mark.parametrize(("name", "module", "status"), SERVERS)
async def test_server_with_a_certificate_speaks_https_and_nothing_else(
    name: str, module: str, status: int, certificate: Certificate, tmp_path: Path
) -> None:
    """Reached by whoever trusts the authority; not by whoever does not, nor in the clear."""
    port, nobody = free_ports(2)
    own = {"port": str(port), "certificate": str(certificate.chain), "key": str(certificate.key)}
    variables = {
        **{f"HADIR_{name}_{what}".upper(): value for what, value in own.items()},
        "HADIR_KAFKA": f"127.0.0.1:{nobody}",
        "HADIR_CLICKHOUSE": f"http://127.0.0.1:{nobody}",
        "HADIR_DATA": str(tmp_path),
    }
    trusting = ssl.create_default_context(cafile=str(certificate.chain))
    async with process(module, variables) as started, aiohttp.ClientSession() as client:

        async def listens() -> bool:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
            except OSError:
                return False
            return True

        await until(listens, 60, alive=lambda: started.returncode is None)
        async with client.get(f"https://127.0.0.1:{port}/healthz", ssl=trusting) as answer:
            assert answer.status == status
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"https://127.0.0.1:{port}/healthz")
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"http://127.0.0.1:{port}/healthz")
        config = configured(**{f"{name}_port": port, f"{name}_certificate": str(certificate.chain)})
        ready = {"wall": wall_answers, "gateway": gateway_answers}[name](config)
        assert await ready() == (status == 200), "the health check speaks https as well"


@pytest.fixture
async def https_clickhouse(clickhouse: str, certificate: Certificate) -> AsyncIterator[str]:
    """The ClickHouse of the run behind TLS, as a server with a certificate is."""
    behind = urlsplit(clickhouse)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(behind.hostname, behind.port)
        await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))

    context = tls.server_context(str(certificate.chain), str(certificate.key), "HADIR_WALL_CERTIFICATE")
    (port,) = free_ports(1)
    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    yield f"https://127.0.0.1:{port}"
    server.close()


@pytest.mark.clickhouse
async def test_clickhouse_is_believed_only_with_its_authority(https_clickhouse: str, certificate: Certificate) -> None:
    """The sink, the readers and whoever waits for it: with the authority of the settings; else nobody."""
    knows = configured(clickhouse=https_clickhouse, clickhouse_ca=str(certificate.chain), clickhouse_database="default")
    strange = configured(clickhouse=https_clickhouse, clickhouse_database="default")
    for config, trusted in ((knows, True), (strange, False)):
        assert await clickhouse_answers(config)() is trusted
        sink = ClickHouse(config)
        await sink.open()
        try:
            if trusted:
                assert await sink.once("SELECT 42") == b"42\n"
                client = await asyncio.to_thread(connect, config)
                assert await asyncio.to_thread(client.command, "SELECT 42") == 42
                client.close()
            else:
                with pytest.raises(Failed, match="Certificate"):
                    await sink.once("SELECT 42")
                with pytest.raises(Error):
                    await asyncio.to_thread(connect, config)
        finally:
            await sink.close()
