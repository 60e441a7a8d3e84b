"""``route`` for ``phone_log``, and what a tick becomes in either log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hadir.errors import InvalidFact
from schemas import codec
from streams.folds import references as ref
from streams.stages.base import Emission, Forgetful, Record, Reject, Settle, Step
from streams.stages.linking import Linking


def barriers(source: str, partition: int, partitions: int, tick: dict[str, Any]) -> list[Step]:
    """What a tick becomes: all before it acknowledged, then a barrier for every partition of ``staff_log``."""
    barrier = {
        "source": source,
        "source_partition": partition,
        "at": ref.tick(tick),
        "tick_offset": tick["reference_offset"],
    }
    key, value = codec.identity_key("barrier", barrier), codec.encode("barrier", barrier)
    return [Settle(), *[Emission("staff_log", p, key, value) for p in range(partitions)]]


class RoutePhones(Forgetful):
    """
    One partition of ``phone_log``: pings and face checks go on as they came, to the same partition of ``staff_log``.

    Both logs are keyed by employee and have as many partitions, so a ping is not decoded to pass it on. Face checks, a
    few a day, are, to be sure of them, and go to a log of their own as well: whoever stores them would have to read
    all pings otherwise. What either used goes to ``link``, keyed by that.
    """

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        super().__init__()
        self.partition = partition
        self.partitions = partitions
        self.epoch = epoch
        self._ping = codec.header("ping")
        self._linking = Linking(partitions)

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no ping, no face check and no tick."""
        rejects = []
        out, ping, partition, links = self._out, self._ping, self.partition, self._linking.ping
        for record in records:
            _, key, value, _ = record
            if value is not None and key is not None and value[:5] == ping:
                out.append(Emission("staff_log", partition, key, value))
                out += links(value)
                continue
            try:
                self._take(record)
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
        return rejects

    def _take(self, record: Record) -> None:
        name = codec.schema_of(record.value).name
        if name == "tick":
            _, content = codec.decode(record.value)
            self._out += barriers("phone_log", self.partition, self.partitions, content)
            return
        if name not in ("ping", "face_check"):
            raise InvalidFact(f"{name} has no place in phone_log")
        if record.key is None:
            raise InvalidFact(f"{name} without a key")
        assert record.value is not None
        _, content = codec.decode(record.value)
        if name == "face_check":
            self._out.append(Emission("face_check", self.partition, record.key, record.value))
        self._out += self._linking.used(content)
        self._out.append(Emission("staff_log", self.partition, record.key, record.value))
