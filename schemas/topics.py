"""Topics: names, partitions and what each carries, from ``topics.yaml``."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from schemas.registry import HERE

PREFIX = "hadir"


@dataclass(frozen=True, slots=True)
class Topic:
    """
    One line of ``topics.yaml``.

    Attributes:
        log: short name, e.g. ``staff_log``.
        kind: ``source`` (kept; everything can be made from it) or ``derived`` (named by epoch).
        partitions: number, or None for the setting ``partitions``.
        key: what the Kafka key is.
        compacted: cleanup is compaction by key.
        owner: who writes it.
        carries: record types of its own.
        copies: record types that ``distribute`` copies into it.
    """

    log: str
    kind: str
    partitions: int | None
    key: str
    compacted: bool
    owner: tuple[str, ...]
    carries: tuple[str, ...]
    copies: tuple[str, ...]

    def name(self, epoch: str) -> str:
        """Topic name on Kafka."""
        return f"{PREFIX}.{self.log}" if self.kind == "source" else f"{PREFIX}.{self.log}.{epoch}"


@cache
def topics() -> dict[str, Topic]:
    """Every topic by its short name."""
    lines = yaml.safe_load((HERE / "topics.yaml").read_text())
    return {
        log: Topic(
            log,
            line["kind"],
            None if line["partitions"] == "P" else int(line["partitions"]),
            line["key"],
            line["cleanup"] == "compact",
            tuple(line["owner"]),
            tuple(line["carries"]),
            tuple(line.get("copies", ())),
        )
        for log, line in lines.items()
    }


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: the only place that decides it."""
    return zlib.crc32(key) % partitions


@cache
def code_epoch() -> str:
    """Name of the epoch: 8 hex digits over stages, rules, folds and derived schemas as they are in this checkout."""
    root = HERE.parent
    digest = hashlib.sha256()
    for pattern in ("streams/stages/*.py", "streams/rules/*.py", "streams/folds/*.py", "schemas/derived/*.avsc"):
        for path in sorted(root.glob(pattern)):
            digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:8]
