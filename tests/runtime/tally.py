"""
A stage small enough to be seen through, run as a worker process: ``python -m tests.runtime.tally``.

A record's value is ``word:id``. The state is the set of ids per word; a changed word is emitted with the number of ids
and the version. ``reject:…`` is refused, ``poison:…`` breaks the fold after it has changed the state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence

from hadir.settings import settings
from streams.runner import StageRunner
from streams.stages.base import Emission, Record, Reject, Step


class Tally:
    """See the module."""

    stateful = os.environ.get("TALLY_STATEFUL", "1") == "1"

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._seen: dict[str, set[int]] = {}
        self._dirty: dict[str, None] = {}
        self._changed: set[str] = set()
        self._version = -1

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        rejects = []
        for record in records:
            word, number = (record.value or b"").decode().split(":")
            if word == "reject":
                rejects.append(Reject(record, "asked for"))
                continue
            self._seen.setdefault(word, set()).add(int(number))
            if word == "poison":
                self._seen.clear()
                raise ValueError("poisoned")
            self._dirty[word] = None
            self._changed.add(word)
            self._version = record.offset
        return rejects

    def drain(self, limit: int) -> list[Step]:
        steps: list[Step] = [
            Emission("attendance", self._partition, word.encode(), f"{len(self._seen[word])}:{self._version}".encode())
            for word in self._dirty
        ]
        self._dirty.clear()
        return steps

    @property
    def backlog(self) -> int:
        return 0

    @property
    def spoken_through(self) -> int | None:
        return None

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        for word in self._changed:
            yield word.encode(), json.dumps(sorted(self._seen[word])).encode()
        self._changed.clear()

    def restore(self, key: bytes, value: bytes) -> None:
        self._seen[key.decode()] = set(json.loads(value))

    def restored(self, head: int) -> None:
        self._version = head


if __name__ == "__main__":
    StageRunner("judge", ["staff_log"], lambda log, partition: Tally(partition), settings()).execute()
