"""The runner on a real broker: whatever happens to workers, every record counts once and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from hadir.outbox import Outbox
from hadir.topics_admin import ensure_topics
from schemas import codec
from schemas.topics import partition_of, topics
from tests.waiting import until

pytestmark = pytest.mark.kafka
PARTITIONS = 4
WORDS = [f"w{i}" for i in range(37)]


class Bench:
    """One epoch of topics, a way to write words, to run workers, and to read the outcome."""

    def __init__(self, bootstrap: str, data: Path) -> None:
        self.bootstrap = bootstrap
        self.data = data
        self.epoch = uuid.uuid4().hex[:8]
        self.truth: dict[str, set[int]] = {}
        self.outbox = Outbox(bootstrap)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def topic(self, log: str) -> str:
        return topics()[log].name(self.epoch)

    def worker(self, **extra: str) -> subprocess.Popen[bytes]:
        env = os.environ | {
            "HADIR_KAFKA": self.bootstrap,
            "HADIR_EPOCH": self.epoch,
            "HADIR_PARTITIONS": str(PARTITIONS),
            "HADIR_DATA": str(self.data),
            "HADIR_CHECKPOINT_S": "0.3",
            **extra,
        }
        log = (self.data / f"worker-{len(self.workers)}.log").open("ab")
        process = subprocess.Popen([sys.executable, "-m", "tests.runtime.tally"], env=env, stdout=log, stderr=log)
        self.workers.append(process)
        return process

    async def write(self, count: int) -> None:
        """``count`` new ids, each written twice."""
        for _ in range(count):
            self._count += 1
            word = WORDS[self._count % len(WORDS)]
            self.truth.setdefault(word, set()).add(self._count)
            for _ in range(2):
                self.raw(word, f"{word}:{self._count}")
        await self.outbox.settle()

    def raw(self, word: str, value: str) -> None:
        self.outbox.send(
            self.topic("staff_log"), partition_of(word.encode(), PARTITIONS), word.encode(), value.encode()
        )

    async def read(self, log: str) -> list[tuple[bytes, bytes]]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            name = self.topic(log)
            tps = [TopicPartition(name, p) for p in range(topics()[log].partitions or PARTITIONS)]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            found = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [(r.key, r.value) for r in batch]
            return found
        finally:
            await consumer.stop()

    async def outcome(self) -> dict[str, int]:
        newest: dict[str, tuple[int, int]] = {}
        for key, value in await self.read("attendance"):
            count, version = map(int, value.decode().split(":"))
            word = key.decode()
            known = newest.get(word)
            assert known is None or known[1] != version or known[0] == count, "same version, other content"
            if known is None or version > known[1]:
                newest[word] = count, version
        return {word: count for word, (count, _) in newest.items()}

    async def committed(self) -> dict[int, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(f"hadir.judge.{self.epoch}")
            return {tp.partition: o.offset for tp, o in offsets.items() if tp.topic == self.topic("staff_log")}
        finally:
            await admin.close()

    async def shared_by(self, members: int) -> None:
        """The group is stable and each of so many workers owns partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()

        async def stable() -> bool:
            (answer,) = await admin.describe_consumer_groups([f"hadir.judge.{self.epoch}"])
            (group,) = answer.to_object()["groups"]
            return (
                group["state"] == "Stable"
                and [bool(m["member_assignment"]) for m in group["members"]] == [True] * members
            )

        try:
            await until(stable, timeout_s=60, what=f"{members} workers share the partitions")
        finally:
            await admin.close()

    async def settled(self) -> None:
        """The outcome equals the truth."""
        expected = {word: len(ids) for word, ids in self.truth.items()}
        await until(lambda: self._equals(expected), timeout_s=90, what="the outcome equals the truth")

    async def _equals(self, expected: dict[str, int]) -> bool:
        return await self.outcome() == expected


@asynccontextmanager
async def _bench(bootstrap: str, data: Path) -> AsyncIterator[Bench]:
    bench = Bench(bootstrap, data)
    await ensure_topics(bootstrap, bench.epoch, PARTITIONS)
    await bench.outbox.start()
    try:
        yield bench
    finally:
        await bench.outbox.stop()
        for process in bench.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with _bench(kafka, tmp_path) as made:
        yield made


async def stop(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return await asyncio.to_thread(process.wait, 30)


async def test_all_is_counted_and_committed_when_a_worker_stops_in_peace(bench: Bench) -> None:
    """After SIGTERM everything folded is committed: the next worker is delivered nothing old."""
    worker = bench.worker()
    await bench.write(2000)
    await bench.settled()
    assert await stop(worker) == 0
    ends = sum((await bench.committed()).values())
    assert ends == 4000


async def test_a_killed_worker_loses_and_doubles_nothing(bench: Bench) -> None:
    """SIGKILL amid the stream, three times."""
    for _ in range(3):
        worker = bench.worker()
        before = len(await bench.read("attendance"))
        await bench.write(1500)

        async def emits(before: int = before) -> bool:
            return len(await bench.read("attendance")) > before

        await until(emits, timeout_s=60, what="the worker emits")
        worker.kill()
        worker.wait()
    bench.worker()
    await bench.settled()


async def test_partitions_move_to_the_other_worker_when_one_dies(bench: Bench) -> None:
    """Two workers share; one is killed; the other restores its partitions from the checkpoints."""
    first, second = bench.worker(), bench.worker()
    await bench.write(2000)
    await bench.shared_by(2)
    await bench.settled()
    first.kill()
    first.wait()
    await bench.write(2000)
    await bench.settled()
    assert second.poll() is None


async def test_an_owner_that_slept_and_comes_back_spoils_nothing(bench: Bench) -> None:
    """SIGSTOP beyond the session; the successor takes over; SIGCONT: the sleeper is fenced or rebalanced."""
    sleeper = bench.worker()
    await bench.write(1000)
    await bench.settled()
    await bench.shared_by(1)
    os.kill(sleeper.pid, signal.SIGSTOP)
    bench.worker()
    await bench.write(1000)
    await bench.settled()
    os.kill(sleeper.pid, signal.SIGCONT)
    await bench.write(1000)
    await bench.settled()


async def test_poison_and_refused_records_are_set_aside_and_the_rest_goes_on(bench: Bench) -> None:
    """What breaks the fold is found, left out and kept in dead_letter with its bytes."""
    bench.worker()
    await bench.write(300)
    for bad in ("poison:1", "reject:2", "nonsense"):
        bench.raw(WORDS[3], bad)
    await bench.write(300)
    await bench.settled()

    async def letters() -> set[bytes]:
        found = [codec.decode(value)[1] for _, value in await bench.read("dead_letter")]
        return {f["value"] for f in found if f["topic"] == bench.topic("staff_log")}

    await until_equal(letters, {b"poison:1", b"reject:2", b"nonsense"})


async def until_equal(probe: Callable[[], object], expected: object) -> None:
    async def equal() -> bool:
        return await probe() == expected  # type: ignore[misc]

    await until(equal, timeout_s=30, what=f"{expected}")


async def test_lost_state_is_rebuilt_from_the_log(bench: Bench) -> None:
    """The state topic gone and everything committed: a new worker reads the log again and is right."""
    worker = bench.worker()
    await bench.write(1000)
    await bench.settled()
    assert await stop(worker) == 0
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()
    name = bench.topic("state.judge")
    await admin.delete_topics([name])

    async def gone() -> bool:
        return name not in await admin.list_topics()

    await until(gone, timeout_s=30, what="the topic is gone")
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    bench.worker()
    await bench.write(1000)
    await bench.settled()
