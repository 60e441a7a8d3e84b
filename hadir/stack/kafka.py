"""
One Apache Kafka broker (KRaft, combined) from its jars: its settings, its storage, its command line.

Everything but ``install`` and ``prepare`` is pure. The broker runs as a child of the supervisor; killed at any moment
it recovers from its log on the next start (partitions, offsets, transactions), as Kafka does.
"""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from hadir.errors import Misconfigured
from hadir.stack import cds, jars, java
from hadir.stack.kafka_wire import broker_ready
from hadir.stack.waiting import free_ports


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """
    Where a broker listens and keeps its data.

    ``heap_mb`` bounds the Java heap; the process takes about 150 MB more (code, threads, buffers). ``quick``: it will
    live for minutes and start beside much else: compile as fast as possible, not as well. ``extra`` are further lines
    of ``server.properties``, winning over ours.
    """

    home: Path
    port: int
    controller_port: int
    host: str = "127.0.0.1"
    heap_mb: int = 512
    log_level: str = "warn"
    quick: bool = False
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"{self.host}:{self.port}"

    @property
    def logs(self) -> Path:
        """Kafka's ``log.dirs``: the records themselves."""
        return self.home / "log"

    @property
    def properties(self) -> Path:
        """The file written by ``prepare`` and given to the broker."""
        return self.home / "server.properties"


def server_properties(config: KafkaConfig, logs: Path) -> dict[str, str]:
    """
    The broker's settings.

    Append time, no retention and no automatic topics are the design's; one replica of the internal topics because
    there is one broker; few partitions of them because each costs files and start time and one broker gains nothing
    by more. A killed broker may register again only when its old session is over: 3 s, not Kafka's 9, is what a start
    after kill -9 waits for. The cleaner's map of 16 MB (default 128) holds 600 k keys a pass; more keys, more passes.
    """
    listeners = f"PLAINTEXT://{config.bootstrap},CONTROLLER://{config.host}:{config.controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{config.host}:{config.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": listeners,
        "advertised.listeners": f"PLAINTEXT://{config.bootstrap}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(logs),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "num.recovery.threads.per.data.dir": "2",
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "log.message.timestamp.type": "LogAppendTime",
        "log.retention.ms": "-1",
        "log.retention.bytes": "-1",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
        "message.max.bytes": str(8 << 20),
        "replica.fetch.max.bytes": str(8 << 20),
        **config.extra,
    }


def format_properties(settings: dict[str, str]) -> str:
    """
    Java's ``.properties`` text.

    >>> format_properties({"log.dirs": "/a b"})
    'log.dirs=/a b\\n'
    """
    return "".join(f"{key}={value.replace(chr(92), chr(92) * 2)}\n" for key, value in settings.items())


def jvm_flags(config: KafkaConfig, major: int, archive: Path | None) -> list[str]:
    """
    The runtime's flags.

    Measured on two cores: the serial collector keeps the broker small, the class archive halves its start. Without the
    second compiler it is ready after 1.8 CPU seconds instead of 2.9, but under load for minutes needs more.
    """
    flags = [f"-Xmx{config.heap_mb}m", "-Xms64m", "-XX:+UseSerialGC", "-Xshare:auto"]
    flags += ["-XX:TieredStopAtLevel=1"] if config.quick else []
    flags += ["-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8"]
    flags += ["-Dorg.slf4j.simpleLogger.logFile=System.out", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    flags += ["-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX"]
    flags += [f"-Dorg.slf4j.simpleLogger.defaultLogLevel={config.log_level}"]
    if major >= 24:  # these libraries still use Unsafe and native code; the warnings would fill the log
        flags += ["--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"]
    if archive is not None:
        flags += [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    return flags


@dataclass(frozen=True, slots=True)
class KafkaInstall:
    """A Java runtime, Kafka's jars and, if one could be made, their class archive."""

    runtime: java.Java
    classpath: str
    archive: Path | None

    def argv(self, config: KafkaConfig, main: str, *arguments: str) -> list[str]:
        """The command line of one of Kafka's main classes."""
        flags = jvm_flags(config, self.runtime.major, self.archive)
        return [str(self.runtime.binary), *flags, "-cp", self.classpath, main, *arguments]


def install(cache: Path | None = None, console: Console | None = None, archive: bool = True) -> KafkaInstall:
    """
    Find Java, fetch the jars and make the class archive; each only the first time.

    Args:
        cache: folder shared by all data folders; see ``hadir.stack.jars``.
        console: where progress is drawn; None draws nothing.
        archive: False leaves the class archive out (the start takes twice as long).

    Raises:
        Misconfigured: no Java, or the jars cannot be had.

    Cost: the first time 15-25 s (44 MB, then a training start); afterwards 0.1 s.
    """
    runtime = java.find_java()
    paths = jars.install(cache, console)
    bare = KafkaInstall(runtime, os.pathsep.join(map(str, paths)), None)
    if not archive:
        return bare
    made = cds.archive_for(paths[0].parent, runtime, lambda flags, home: _train(bare, flags, home), console)
    return KafkaInstall(runtime, bare.classpath, made)


def _train(bare: KafkaInstall, flags: list[str], home: Path) -> cds.Training:
    """How to start, and recognise as started, a broker whose loaded classes are to be listed."""
    port, controller_port = free_ports(2)
    config = KafkaConfig(home, port, controller_port)
    argv = prepare(bare, config)
    return cds.Training([argv[0], *flags, *argv[1:]], lambda: broker_ready(config.host, config.port), bare.classpath)


def prepare(installed: KafkaInstall, config: KafkaConfig) -> list[str]:
    """
    Write ``server.properties``, format the storage if there is none, and return the broker's command line.

    The cluster's id lives in ``cluster.id`` and never changes. Storage is formatted in a folder beside and moved into
    place, so an interrupted format leaves nothing that looks formatted.

    Raises:
        Misconfigured: Kafka refused to format; the text is Kafka's.

    Cost: 0.5-1 s the first time, nothing afterwards.
    """
    config.home.mkdir(parents=True, exist_ok=True)
    if not (config.logs / "meta.properties").exists():
        fresh = config.home / f"format-{uuid.uuid4().hex[:8]}"
        draft = config.home / f"{fresh.name}.properties"
        draft.write_text(format_properties(server_properties(config, fresh)))
        argv = installed.argv(config, "kafka.tools.StorageTool", "format", "-t", cluster_id(config.home))
        done = subprocess.run([*argv, "-c", str(draft)], capture_output=True, text=True, check=False)
        draft.unlink()
        if done.returncode:
            raise Misconfigured(f"Kafka's storage cannot be formatted: {(done.stderr or done.stdout).strip()[-500:]}")
        fresh.rename(config.logs)
    config.properties.write_text(format_properties(server_properties(config, config.logs)))
    return installed.argv(config, "kafka.Kafka", str(config.properties))


def cluster_id(home: Path) -> str:
    """The id kept in ``home/cluster.id``, made once: a UUID in Kafka's base64 without padding, not starting with -."""
    path = home / "cluster.id"
    if path.exists():
        return path.read_text().strip()
    made = "-"
    while made.startswith("-"):
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    part = path.with_suffix(".part")
    part.write_text(made)
    part.rename(path)
    return made
