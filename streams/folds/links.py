"""What a ping or a face check used that others may use too, and on which date. Decision 0010."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from streams.folds.zones import DAY_MS, sane

AHEAD_MS = 8 * 3_600_000  # UTC+8: its midnight is within an hour of midnight in all of Indonesia
EARLY_MS = 3_600_000  # what was made so long after its receipt was made by a wrong clock
STALE_MS = 40 * DAY_MS  # so long before it as well

FIELDS = {"boot": "boot_id", "imei": "imei", "install": "install_id", "photo": "photo_sha256"}
"""Kind of thing -> the field that names it."""


def day_of(at: int) -> int:
    """
    The date of a moment, by the clock of UTC+8.

    >>> day_of(57_599_999), day_of(57_600_000)
    (0, 1)
    """
    return (at + AHEAD_MS) // DAY_MS


def value_of(kind: str, name: str) -> str:
    """
    What stands for a thing: nobody's number, and never twice the same of two kinds.

    >>> value_of("imei", "350000000000000") == value_of("boot", "350000000000000")
    False
    """
    return sha256(f"{kind}:{name}".encode()).hexdigest()[:32]


def links(record: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """
    Kind, value and day of everything that a ``ping`` or ``face_check`` used; nothing when its clock was far off.

    >>> used = {"install_id": "a", "boot_id": None, "imei": "", "fixed_at": 1_795_393_800_000}
    >>> [(kind, day) for kind, _, day in links(used | {"received_at": 1_795_393_800_000})]
    [('install', 20780)]
    """
    at = record["fixed_at"] if "fixed_at" in record else record["taken_at"]
    if not -EARLY_MS <= record["received_at"] - at <= STALE_MS or not sane(at):
        return
    for kind, field in FIELDS.items():
        if record.get(field):
            yield kind, value_of(kind, record[field]), day_of(at)
