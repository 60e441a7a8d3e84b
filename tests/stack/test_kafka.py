"""The local broker: its settings, a real start, a record that survives kill -9, groups and transactions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from hadir.errors import Misconfigured
from hadir.stack import jars, java, kafka, kafka_wire
from hadir.stack.local import Server, local_kafka


def test_settings_are_the_designs() -> None:
    """Append time, no retention, nothing created by accident, one replica."""
    config = kafka.KafkaConfig(Path("/d"), 19092, 19093, extra={"num.io.threads": "9"})
    settings = kafka.server_properties(config, config.logs)
    assert settings["log.message.timestamp.type"] == "LogAppendTime"
    assert settings["log.retention.ms"] == "-1"
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"
    assert settings["num.io.threads"] == "9"
    assert "log.dirs=/d/log\n" in kafka.format_properties(settings)


def test_cluster_id_is_made_once(tmp_path: Path) -> None:
    """22 characters of Kafka's base64, the same for ever."""
    first = kafka.cluster_id(tmp_path)
    assert kafka.cluster_id(tmp_path) == first
    assert len(first) == 22
    assert not first.startswith("-")


def test_flags_follow_the_runtime() -> None:
    """Flags that an older Java refuses are not given to it."""
    config = kafka.KafkaConfig(Path("/d"), 19092, 19093, heap_mb=256)
    old, new = kafka.jvm_flags(config, 17, None), kafka.jvm_flags(config, 25, Path("/a.jsa"))
    assert "-Xmx256m" in old
    assert not any("unsafe" in flag for flag in old)
    assert any("unsafe" in flag for flag in new)
    assert "-XX:SharedArchiveFile=/a.jsa" in new


def test_lock_names_every_jar_once() -> None:
    """What is fetched is what is pinned."""
    locked = jars.parse_lock(jars.LOCK.read_text())
    assert len({jar.filename for jar in locked}) == len(locked) > 40
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert jars.format_lock(locked) == jars.LOCK.read_text()
    assert jars.folder_name(locked).startswith("kafka-4.1.1-")


def test_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that serves other bytes gets no further, and nothing is left that looks installed."""
    lock = tmp_path / "lock"
    lock.write_text("org.apache.kafka:kafka_2.13:4.1.1 " + "0" * 64 + " 5\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    served = tmp_path / "served"

    class Component:
        def artifact(self) -> Component:
            return self

        def resolve(self) -> Path:
            served.write_bytes(b"other")
            return served

    class Maven:
        def project(self, *_: str) -> Maven:
            return self

        def at_version(self, _: str) -> Component:
            return Component()

    monkeypatch.setattr(jars, "_context", lambda *_: Maven())
    with pytest.raises(Misconfigured, match="is not the one in"):
        jars.install(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('openjdk version "25.0.2" 2026-01-20 LTS', ("25.0.2", 25)),
        ('openjdk version "21" 2023-09-19', ("21", 21)),
        ('java version "1.8.0_292"', ("1.8.0_292", 8)),
        ("no java here", None),
    ],
)
def test_java_versions_are_read(text: str, expected: tuple[str, int] | None) -> None:
    """Old and new ways of writing them."""
    assert java.parse_version(text) == expected


def test_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And when there is no other, the message says what was found and what to do."""
    fake = tmp_path / "bin" / "java"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java.find_java().major >= 17
    monkeypatch.setattr(java, "_candidates", lambda: iter([("JAVA_HOME", fake)]))
    with pytest.raises(Misconfigured, match=r"version 11\.0\.2.*pip install 'hadir\[local\]'"):
        java.find_java()


def test_answers_of_a_broker_are_read() -> None:
    """Layout of Metadata v4 and FindCoordinator v1."""
    assert kafka_wire.brokers_in(bytes(8) + b"\0\0\0\1") == 1
    assert kafka_wire.error_in(bytes(8) + b"\0\x0f") == 15
    assert kafka_wire.metadata_request()[:4] == (len(kafka_wire.metadata_request()) - 4).to_bytes(4, "big")


async def test_nobody_there_is_not_ready() -> None:
    """And no exception."""
    assert not await kafka_wire.broker_ready("127.0.0.1", 1, 0.5)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker of this module's own: it is killed."""
    with local_kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


async def make_topic(server: Server, partitions: int = 1) -> str:
    """A fresh topic."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()
    return name


async def send(server: Server, topic: str, *values: bytes) -> None:
    """Acknowledged records."""
    producer = AIOKafkaProducer(bootstrap_servers=server.address, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(server: Server, topic: str, count: int, group: str | None = None) -> list[bytes]:
    """The first records of a topic; with a group, joined and committed."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=server.address, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        values = [(await consumer.getone()).value for _ in range(count)]
        if group:
            await consumer.commit()
        return values
    finally:
        await consumer.stop()


@pytest.mark.kafka
async def test_records_and_offsets_survive_kill_9(broker: Server) -> None:
    """What was acknowledged is there after SIGKILL, and the group stands where it had committed."""
    topic = await make_topic(broker)
    await send(broker, topic, b"one", b"two")
    assert await read(broker, topic, 1, "g") == [b"one"]
    for last in (b"three", b"four"):
        broker.kill()
        broker.start()
        await send(broker, topic, last)
    assert await read(broker, topic, 4) == [b"one", b"two", b"three", b"four"]
    assert await read(broker, topic, 1, "g") == [b"two"]


@pytest.mark.kafka
async def test_clean_stop_and_start_keep_everything(broker: Server) -> None:
    """The same port, the same cluster."""
    topic = await make_topic(broker)
    await send(broker, topic, b"x")
    broker.stop()
    assert not broker.alive
    broker.start()
    assert await read(broker, topic, 1) == [b"x"]


@pytest.mark.kafka
async def test_transactions_work_at_once(broker: Server) -> None:
    """The transaction coordinator is ready when the broker is; what is aborted is not seen."""
    topic = await make_topic(broker)
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, transactional_id="t")
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(topic, b"a")
    await producer.begin_transaction()
    await producer.send_and_wait(topic, b"b")
    await producer.abort_transaction()
    async with producer.transaction():
        await producer.send_and_wait(topic, b"c")
    await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, isolation_level="read_committed")
    await consumer.start()
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    await consumer.seek_to_beginning()
    assert [(await consumer.getone()).value for _ in range(2)] == [b"a", b"c"]
    await consumer.stop()


@pytest.mark.kafka
async def test_topics_are_not_made_by_accident_and_timestamps_are_append_time(broker: Server) -> None:
    """A misspelt topic is an error; a record's own timestamp gives way to the broker's."""
    topic = await make_topic(broker)
    producer = AIOKafkaProducer(bootstrap_servers=broker.address, request_timeout_ms=2000)
    await producer.start()
    try:
        meta = await producer.send_and_wait(topic, b"x", timestamp_ms=1)
        assert meta.timestamp_type == 1
        assert meta.timestamp > 1_700_000_000_000
        with pytest.raises(KafkaError):
            await producer.send_and_wait("nowhere", b"x")
    finally:
        await producer.stop()


@pytest.mark.kafka
async def test_paused_broker_goes_on(broker: Server) -> None:
    """SIGSTOP longer than its own session, SIGCONT: fenced and registered again by itself."""
    topic = await make_topic(broker)
    await send(broker, topic, b"before")
    broker.pause()
    assert broker.alive
    assert not await kafka_wire.broker_ready(broker.host, broker.port, 4.0)
    broker.resume()
    await send(broker, topic, b"after")
    assert await read(broker, topic, 2) == [b"before", b"after"]
