"""What lies in Kafka: facts and reference records for the oracle, derived records for the checks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from hadir.errors import InvalidFact
from hadir.settings import Settings
from schemas import codec
from schemas.topics import topics
from streams.checkpoint import HEAD
from tests.oracle.oracle import Entry, Fact, Record

FACTS = ("punch", "device_event", "device_status")
PHONE_FACTS = ("ping", "face_check")
LOGS = (
    "reference",
    "device_log",
    "phone_log",
    "staff_log",
    "cutoff",
    "attribution",
    "attendance",
    "position",
    "face_check",
    "presence",
    "flag",
    "alert",
    "notice",
    "dead_letter",
)


class Raw(NamedTuple):
    """One record as Kafka holds it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


async def read_log(settings: Settings, log: str, *, committed_only: bool = False) -> list[Raw]:
    """Everything in a log by its short name, in order within each partition."""
    topic = topics()[log]
    name = topic.name(settings.epoch)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed_only else "read_uncommitted",
    )
    await consumer.start()
    try:
        tps = [TopicPartition(name, p) for p in range(topic.partitions or settings.partitions)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        for tp in tps:
            consumer.seek(tp, 0)
        found: list[Raw] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for tp, batch in (await consumer.getmany(timeout_ms=200)).items():
                found += [Raw(tp.partition, r.offset, r.key, r.value) for r in batch if r.offset < ends[tp]]
        return found
    finally:
        await consumer.stop()


async def read_heads(settings: Settings, stage: str) -> dict[int, int]:
    """Partition -> the head that a stage's committed state names; where there is none the partition is missing."""
    raws = await read_log(settings, f"state.{stage}", committed_only=True)
    return {raw.partition: int(raw.value or b"-1") for raw in raws if raw.key == HEAD}


class Said(NamedTuple):
    """A record of ``cutoff``: what a partition of ``judge`` says, its barrier, or a copy of a tick."""

    partition: int
    offset: int
    name: str
    record: Record


@dataclass
class Logs:
    """
    Everything that Kafka holds, decoded.

    Attributes:
        facts: of ``device_log`` and ``phone_log``, redeliveries included.
        reference: as the oracle wants them.
        copies: (log, partition, value) of what ``distribute`` wrote.
        derived: records of the other logs, by log, in order within each partition.
        cutoff: all of that log, in order within each partition.
    """

    facts: list[Fact] = field(default_factory=list)
    reference: list[Entry] = field(default_factory=list)
    copies: set[tuple[str, int, bytes]] = field(default_factory=set)
    references: list[Raw] = field(default_factory=list)
    derived: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    cutoff: list[Said] = field(default_factory=list)
    undecodable: list[tuple[str, Raw]] = field(default_factory=list)

    @property
    def punches(self) -> set[tuple[str, str, int]]:
        """(device_id, pin, device_time) of every punch."""
        return {(r["device_id"], r["pin"], r["device_time"]) for name, r in self.facts if name == "punch"}

    def of_kind(self, name: str) -> list[Record]:
        """Facts of one kind."""
        return [record for kind, record in self.facts if kind == name]


async def read_logs(settings: Settings) -> Logs:
    """Read all that the checks need."""
    logs = Logs()
    for log in LOGS:
        for raw in await read_log(settings, log):
            try:
                name, record = codec.decode(raw.value)
            except InvalidFact:
                logs.undecodable.append((log, raw))
                continue
            _place(logs, log, raw, name, record)
    return logs


def _place(logs: Logs, log: str, raw: Raw, name: str, record: Record) -> None:
    assert raw.value is not None
    if log == "reference":
        logs.reference.append((raw.offset, name, record))
        logs.references.append(raw)
    elif name in FACTS or (log == "phone_log" and name in PHONE_FACTS):
        logs.facts.append((name, record))
    elif log in ("device_log", "phone_log", "staff_log", "cutoff"):
        logs.copies.add((log, raw.partition, raw.value))
    else:
        logs.derived[log].append(record)
    if log == "cutoff":
        logs.cutoff.append(Said(raw.partition, raw.offset, name, record))
