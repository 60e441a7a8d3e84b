"""
A person's punches, by the date on the terminal's clock: (device, PIN, device time) with the highest version whole.

The date of the device's clock, not of UTC, is part of a punch's identity: a corrected zone moves the moment, never
the bucket. A bucket is a list while its day is lively and packed bytes afterwards; both read the same.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from streams.folds.zones import DAY_MS, WIDEST_MS


class Punch(NamedTuple):
    """
    One punch of one person.

    Attributes:
        occurred_at: UTC; first, so that punches sort by time, then device, then PIN.
        device_time: the terminal's wall clock, as if UTC.
        version: offset in ``device_log`` of what said so.
        active: False: it was this person's once and is not any more; kept so that an older copy can't revive it.
    """

    occurred_at: int
    device_id: str
    pin: str
    device_time: int
    version: int
    active: bool


Bucket = list[Punch] | bytes
Punches = dict[int, Bucket]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Punch]).decode


def pack(bucket: Bucket) -> bytes:
    """A bucket as bytes: about 45 a punch."""
    return bucket if isinstance(bucket, bytes) else _encode(bucket)


def bucket_of(device_time: int) -> int:
    """Key of a punch's bucket: days since 1970 on the terminal's clock."""
    return device_time // DAY_MS


def put(punches: Punches, punch: Punch) -> tuple[bool, Punch | None]:
    """
    Take a punch in, in place.

    Returns:
        whether it counts (False: an older or the same version), and what it replaced.
    """
    key = punch.device_time // DAY_MS
    bucket = punches.get(key)
    if bucket is None:
        punches[key] = [punch]
        return True, None
    if isinstance(bucket, bytes):
        bucket = _decode(bucket)
    for i, old in enumerate(bucket):
        if old.device_time == punch.device_time and old.device_id == punch.device_id and old.pin == punch.pin:
            if old.version >= punch.version:
                return False, old
            bucket[i] = punch
            punches[key] = bucket
            return True, old
    bucket.append(punch)
    punches[key] = bucket
    return True, None


def between(punches: Punches, first_at: int, last_at: int) -> list[Punch]:
    """Active punches with ``first_at <= occurred_at <= last_at``, in order of time; packed ones stay packed."""
    found: list[Punch] = []
    for key in range((first_at - WIDEST_MS) // DAY_MS, (last_at + WIDEST_MS) // DAY_MS + 1):
        bucket = punches.get(key)
        if bucket is not None:
            for punch in _decode(bucket) if isinstance(bucket, bytes) else bucket:
                if punch.active and first_at <= punch.occurred_at <= last_at:
                    found.append(punch)
    if len(found) > 1:
        found.sort()
    return found
