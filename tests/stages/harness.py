"""
The whole pure core in memory: distribute -> device_log, phone_log, staff_log -> route -> staff_log -> judge -> cutoff
-> alert, and route -> link -> cross -> staff_log.

A ``City`` is a set of logs and of workers, each with the outbox, the acknowledgements and the check-points that the
real runner has. Which worker does what next is drawn from a seed: the size of a batch, how far its output has been
written (in order per partition only), when it puts its state away, when it crashes, when a second owner takes its
partition over while the first goes on. ``pump`` runs one to the end and says what the tables hold.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas import codec
from schemas.topics import partition_of
from streams.stages.alert import Alert
from streams.stages.base import Emission, Record, Reject, Settle, Stage
from streams.stages.cross import Cross
from streams.stages.distribute import Distribute
from streams.stages.judge import Judge
from streams.stages.route import RouteDevices, RoutePhones

EPOCH = "testtest"
Fact = tuple[str, dict[str, Any]]
Row = dict[str, Any]
BOOKKEEPING = ("version", "partition", "epoch")


@dataclass
class Result:
    """
    What the tables hold in the end.

    Attributes:
        rows: ``attendance`` by employee and date, highest version, without bookkeeping; withdrawn ones left out.
        history: every ``attendance`` row in the order in which it was written, bookkeeping included.
        attributions: by device, PIN, device time: highest version, without bookkeeping.
        positions: by employee and minute: earliest fix.
        presences: ``presence`` by employee and date, highest version, without bookkeeping; withdrawn ones left out.
        flags: ``flag`` by employee and date, highest version, without bookkeeping; those of nothing left out.
        rejects: name of the stage and reason.
    """

    rows: dict[tuple[str, int], Row]
    history: list[Row]
    attributions: dict[tuple[str, str, int], Row]
    positions: dict[tuple[str, int], Row]
    presences: dict[tuple[str, int], Row]
    flags: dict[tuple[str, int], Row]
    rejects: list[tuple[str, str]]


@dataclass
class Worker:
    """One owner of one partition. ``zombie``: another has taken over, it does not know yet."""

    name: str
    log: str
    partition: int
    make: Callable[[], Stage]
    stage: Stage
    position: int = 0
    acked: int = 0
    outbox: list[Emission | Settle] = field(default_factory=list)
    state: dict[bytes, bytes] = field(default_factory=dict)
    zombie: bool = False


class City:
    """See the module. ``crash`` and ``zombies``: chance per step that a worker crashes, or is taken over."""

    def __init__(self, partitions: int = 2, seed: int = 0, crash: float = 0.0, zombies: float = 0.0) -> None:
        self.partitions = partitions
        self.random = random.Random(seed)
        self.crash = crash
        self.zombies = zombies
        self.logs: dict[tuple[str, int], list[Record]] = defaultdict(list)
        self.rejects: list[tuple[str, str]] = []
        self.workers = [self._worker("distribute", "reference", 0, lambda: Distribute(partitions))]
        for p in range(partitions):
            self.workers += [
                self._worker("route", "device_log", p, lambda p=p: RouteDevices(p, partitions, EPOCH)),
                self._worker("route", "phone_log", p, lambda p=p: RoutePhones(p, partitions, EPOCH)),
                self._worker("cross", "link", p, lambda p=p: Cross(p, partitions)),
                self._worker("judge", "staff_log", p, lambda p=p: Judge(p, partitions, EPOCH)),
                self._worker("alert", "cutoff", p, lambda p=p: Alert(p, partitions, EPOCH)),
            ]
        self._ghosts: list[Worker] = []

    @staticmethod
    def _worker(name: str, log: str, partition: int, make: Callable[[], Stage]) -> Worker:
        stage = make()
        stage.restored(-1)
        return Worker(name, log, partition, make, stage)

    # -- what comes in ------------------------------------------------------------------------------------------

    def append(self, log: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        """A record at the end of a log."""
        end = self.logs[log, partition]
        end.append(Record(len(end), key, value))

    def reference(self, *facts: Fact) -> None:
        """Records into ``reference``, as they are written there."""
        for name, record in facts:
            self.append("reference", 0, codec.identity_key(name, record), codec.encode(name, record))

    def device(self, *facts: Fact) -> None:
        """Facts into ``device_log``."""
        for name, record in facts:
            key = record["device_id"].encode()
            self.append("device_log", partition_of(key, self.partitions), key, codec.encode(name, record))

    def phone(self, *facts: Fact) -> None:
        """Facts into ``phone_log``."""
        for name, record in facts:
            key = record["employee_id"].encode()
            self.append("phone_log", partition_of(key, self.partitions), key, codec.encode(name, record))

    # -- what happens -------------------------------------------------------------------------------------------

    def run(self, frozen: Iterable[str] = ()) -> None:
        """Until nobody has anything left to do; workers of a frozen name do nothing meanwhile."""
        frozen = set(frozen)
        while True:
            able = [w for w in [*self.workers, *self._ghosts] if w.name not in frozen and self._can(w)]
            if not able:
                return
            self._step(self.random.choice(able))

    def _can(self, worker: Worker) -> bool:
        return bool(
            worker.outbox or worker.stage.backlog or worker.position < len(self.logs[worker.log, worker.partition])
        )

    def _step(self, worker: Worker) -> None:
        chance = self.random.random()
        if chance < self.crash:
            self._crash(worker)
        elif chance < self.crash + self.zombies and not worker.zombie and len(self._ghosts) < 3:
            self._take_over(worker)
        elif worker.outbox and chance < 0.6:
            self._flush(worker)
        elif chance < 0.7:
            self._checkpoint(worker)
        else:
            self._fold(worker)

    def _fold(self, worker: Worker) -> None:
        log = self.logs[worker.log, worker.partition]
        limit = self.random.choice((1, 3, 1000))
        batch = log[worker.position : worker.position + self.random.choice((1, 2, 5, 50, 1000))]
        if batch and not (worker.stage.backlog and self.random.random() < 0.5):
            rejects = worker.stage.fold(batch)
            self._set_aside(worker, rejects)
            worker.position += len(batch)
        worker.outbox += worker.stage.drain(limit)

    def _set_aside(self, worker: Worker, rejects: list[Reject]) -> None:
        self.rejects += [(worker.name, reject.reason) for reject in rejects]

    def _flush(self, worker: Worker, all_of_it: bool = False) -> None:
        """Write some of the output: in order within a partition, in any order across, nothing past a ``Settle``."""
        many = len(worker.outbox) if all_of_it else self.random.choice((1, 4, 100))
        while many > 0 and worker.outbox:
            many -= 1
            if isinstance(worker.outbox[0], Settle):
                worker.outbox.pop(0)
                continue
            ahead: list[tuple[str, int]] = []
            for i, step in enumerate(worker.outbox[:20]):
                if isinstance(step, Settle):
                    break
                where = (step.log, step.partition)
                if where not in ahead and (all_of_it or self.random.random() < 0.7 or i > 15):
                    del worker.outbox[i]
                    self.append(step.log, step.partition, step.key, step.value)
                    break
                ahead.append(where)

    def _checkpoint(self, worker: Worker) -> None:
        """Everything acknowledged, then state and head, then the input; a zombie is told that it is one."""
        if worker.zombie:
            self._ghosts.remove(worker)
            return
        self._flush(worker, all_of_it=True)
        for key, value in worker.stage.changed():
            if value is None:
                worker.state.pop(key, None)
            else:
                worker.state[key] = value
        if worker.stage.stateful or not worker.stage.backlog:
            worker.acked = worker.position

    def _crash(self, worker: Worker) -> None:
        """The process is gone, and with it whatever was not written; a new one begins from the last check-point."""
        if worker.zombie:
            self._ghosts.remove(worker)
            return
        worker.outbox = []
        worker.position = worker.acked
        worker.stage = worker.make()
        if worker.stage.stateful:
            items = list(worker.state.items())
            self.random.shuffle(items)
            for key, value in items:
                worker.stage.restore(key, value)
            worker.stage.restored(worker.acked - 1)

    def _take_over(self, worker: Worker) -> None:
        """A new owner, from the last check-point; the old one goes on for a while."""
        self._ghosts.append(
            Worker(
                worker.name,
                worker.log,
                worker.partition,
                worker.make,
                worker.stage,
                worker.position,
                outbox=worker.outbox,
                zombie=True,
            )
        )
        self._crash(worker)

    # -- what is there ------------------------------------------------------------------------------------------

    def _read(self, log: str) -> list[Row]:
        found = []
        for p in range(self.partitions):
            found += [codec.decode(record.value)[1] for record in self.logs[log, p]]
        return found

    def result(self) -> Result:
        """What the tables hold now. Two rows of one version that differ are an error by themselves."""
        history = self._read("attendance")
        rows = highest(history, ("employee_id", "work_date"))
        positions: dict[tuple[str, int], Row] = {}
        for row in self._read("position"):
            key = (row["employee_id"], row["minute_at"])
            held = positions.get(key)
            if held is None or _order(row) < _order(held):
                positions[key] = row
        return Result(
            {k: bare(row) for k, row in rows.items() if row["state"] != "withdrawn"},
            history,
            {k: bare(r) for k, r in highest(self._read("attribution"), ("device_id", "pin", "device_time")).items()},
            positions,
            {
                key: bare(row)
                for key, row in highest(self._read("presence"), ("employee_id", "work_date")).items()
                if not row["withdrawn"]
            },
            {
                key: bare(row)
                for key, row in highest(self._read("flag"), ("employee_id", "work_date")).items()
                if row["findings"]
            },
            self.rejects,
        )


def _order(position: Row) -> tuple[int, bytes]:
    return position["fixed_at"], codec.encode("position", position)


def bare(row: Row) -> Row:
    """A row without its bookkeeping."""
    return {k: v for k, v in row.items() if k not in BOOKKEEPING}


def highest(rows: Iterable[Row], identity: tuple[str, ...]) -> dict[Any, Row]:
    """By identity the row of the highest version, as the table keeps it."""
    found: dict[Any, Row] = {}
    for row in rows:
        key = tuple(row[name] for name in identity)
        held = found.get(key)
        if held is None or row["version"] > held["version"]:
            found[key] = row
        elif row["version"] == held["version"]:
            assert row == held, f"two rows of version {row['version']}: {held} and {row}"
    return found


def two_owners(
    make: Callable[[], Stage], log: Sequence[Record], reached: int, batch: int
) -> tuple[list[Emission], list[Emission]]:
    """
    What two owners of one partition say, one after the other.

    Args:
        reached: how many records the first took, one by one; the second takes all, from the beginning.
        batch: records in each of the second's batches.
    """

    def said(size: int, end: int) -> list[Emission]:
        stage, out = make(), list[Emission]()
        for start in range(0, end, size):
            stage.fold(log[start : min(start + size, end)])
            out += [step for step in stage.drain(10**9) if isinstance(step, Emission)]
        return out

    return said(1, min(reached, len(log))), said(batch, len(log))


def pump(
    reference: Iterable[Fact],
    device_facts: Iterable[Fact] = (),
    phone_facts: Iterable[Fact] = (),
    seed: int = 0,
    partitions: int = 2,
    crash: float = 0.0,
    zombies: float = 0.0,
) -> Result:
    """
    Run everything to the end.

    Args:
        reference: records of ``reference`` in their order there, ticks among them.
        device_facts, phone_facts: facts in the order in which producers wrote them.
        seed: draws the interleaving; the final rows must not depend on it while every month is open.
    """
    city = City(partitions, seed, crash, zombies)
    city.reference(*reference)
    city.device(*device_facts)
    city.phone(*phone_facts)
    city.run()
    return city.result()
