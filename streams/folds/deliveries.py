"""
What a terminal delivered under one PIN: of redeliveries of a punch the one with the smallest (``received_at``,
``digest``) represents. By date of the terminal's clock; a bucket is packed bytes once its day is no longer lively.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from streams.folds.zones import DAY_MS


class Delivered(NamedTuple):
    """The delivery that represents a punch; see the ``punch`` schema."""

    device_time: int
    received_at: int
    digest: int
    minute_only: bool
    in_out_code: int
    verify_code: int


Bucket = list[Delivered] | bytes
Days = dict[int, Bucket]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Delivered]).decode


def pack(bucket: Bucket) -> bytes:
    """A bucket as bytes: about 33 a punch."""
    return bucket if isinstance(bucket, bytes) else _encode(bucket)


def day_of(device_time: int) -> int:
    """Local date of a punch, by the terminal's clock: key of its bucket, and the date of its enrolment."""
    return device_time // DAY_MS


def put(days: Days, new: Delivered) -> bool:
    """Take a delivery in, in place; False: another represents it already."""
    day = new.device_time // DAY_MS
    bucket = days.get(day)
    if bucket is None:
        days[day] = [new]
        return True
    if isinstance(bucket, bytes):
        bucket = _decode(bucket)
    for i, old in enumerate(bucket):
        if old.device_time == new.device_time:
            if (old.received_at, old.digest) <= (new.received_at, new.digest):
                return False
            bucket[i] = new
            days[day] = bucket
            return True
    bucket.append(new)
    days[day] = bucket
    return True


def within(days: Days, first: int, last: int) -> Iterator[Delivered]:
    """Punches of the dates between two, inclusive, in order of time; packed ones stay packed."""
    for day in sorted([day for day in days if first <= day <= last]):
        bucket = days[day]
        yield from sorted(_decode(bucket) if isinstance(bucket, bytes) else bucket)
