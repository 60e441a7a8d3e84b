"""
Rows of ``route`` and ``judge`` in wire format, written field by field: 4 times as fast as through a dict, and an
``attendance`` without ``version`` is what is compared. ``tests/stages/test_rows.py`` holds them against the codec.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from schemas.codec import long_bytes, string_bytes
from streams.folds.deliveries import Delivered
from streams.folds.punches import Punch
from streams.rules.attendance import Judgement, Terminal
from streams.rules.attribution import Owner
from streams.rules.day import Plan


@lru_cache(maxsize=65_536)
def text(value: str) -> bytes:
    """An Avro string that comes again and again."""
    return string_bytes(value)


@lru_cache(maxsize=65_536)
def moment(value: int) -> bytes:
    """An Avro long that comes again and again."""
    return long_bytes(value)


def optional(value: int | None) -> bytes:
    """An Avro union of null and long."""
    return b"\0" if value is None else b"\x02" + long_bytes(value)


def attribution(device_id: str, pin: str, punch: Delivered, owner: Owner, epoch: bytes, version: int) -> bytes:
    """
    Body of an ``attribution``.

    Args:
        epoch: as an Avro string.
    """
    return b"".join(
        (
            text(device_id),
            text(pin),
            long_bytes(punch.device_time),
            b"\1" if punch.minute_only else b"\0",
            text(owner.employee_id),
            text(owner.reason),
            optional(owner.occurred_at),
            long_bytes(punch.in_out_code),
            long_bytes(punch.verify_code),
            long_bytes(punch.received_at),
            long_bytes(owner.enrolment_offset),
            epoch,
            long_bytes(version),
        )
    )


def attributed_punch(device_id: str, pin: str, punch: Delivered, owner: Owner, active: bool, version: int) -> bytes:
    """Body of an ``attributed_punch``; the owner is somebody, so the terminal's zone is known."""
    assert owner.occurred_at is not None
    return b"".join(
        (
            text(owner.employee_id),
            text(device_id),
            text(pin),
            long_bytes(punch.device_time),
            b"\1" if punch.minute_only else b"\0",
            long_bytes(owner.occurred_at),
            b"\1" if active else b"\0",
            long_bytes(punch.in_out_code),
            long_bytes(punch.verify_code),
            long_bytes(punch.received_at),
            long_bytes(version),
        )
    )


def _uses(punches: Sequence[Punch], judgement: Judgement) -> bytes:
    if not punches:
        return b"\0"
    parts = [long_bytes(len(punches))]
    for punch in punches:
        use = "in" if punch is judgement.in_punch else "out" if punch is judgement.out_punch else "none"
        parts += (text(punch.device_id), long_bytes(punch.device_time), long_bytes(punch.occurred_at), text(use))
    parts.append(b"\0")
    return b"".join(parts)


def _missing(terminals: Sequence[Terminal]) -> bytes:
    if not terminals:
        return b"\0"
    parts = [long_bytes(len(terminals))]
    for terminal in terminals:
        parts += (text(terminal.device_id), optional(terminal.silent_since), optional(terminal.delivered_through))
    parts.append(b"\0")
    return b"".join(parts)


@lru_cache(maxsize=16_384)
def _head(plan: Plan) -> bytes:
    return text(plan.unit_id) + text(plan.mode) + text(plan.category)


@lru_cache(maxsize=16_384)
def _hours(plan: Plan) -> bytes:
    times = (None, None, None) if plan.state else (plan.start, plan.end, plan.cutoff)
    return text(plan.letter_no) + text(plan.shift_id) + b"".join(map(optional, times))


@lru_cache(maxsize=16_384)
def _policy(plan: Plan) -> bytes:
    return text(plan.policy_id) + long_bytes(plan.policy_offset)


def attendance(plan: Plan, judgement: Judgement, punches: Sequence[Punch]) -> tuple[bytes, int]:
    """What an ``attendance`` row says of a person's date, between the key and the tail, and its digest."""
    return _content(plan, judgement, punches) if punches else _unpunched(plan, judgement)


@lru_cache(maxsize=16_384)
def _unpunched(plan: Plan, judgement: Judgement) -> tuple[bytes, int]:
    """What a whole office shares at a cutoff."""
    return _content(plan, judgement, ())


def _content(plan: Plan, judgement: Judgement, punches: Sequence[Punch]) -> tuple[bytes, int]:
    in_punch, out_punch = judgement.in_punch, judgement.out_punch
    said = b"".join(
        (
            _head(plan),
            text(judgement.state),
            text(judgement.reason),
            _hours(plan),
            b"\0\0" if in_punch is None else optional(in_punch.occurred_at) + text(in_punch.device_id),
            b"\0" if out_punch is None else optional(out_punch.occurred_at),
            moment(judgement.late_s),
            b"\0" if judgement.open_until is None else b"\x02" + moment(judgement.open_until),
            _policy(plan),
            _uses(punches, judgement),
            _missing(judgement.missing),
        )
    )
    return said, digest(said)


def tail(epoch: str, partition: int) -> bytes:
    """What every row of a partition ends with, but for its version."""
    return text(epoch) + long_bytes(partition)


def withdrawal() -> bytes:
    """
    What the row says that takes back one shown earlier: nobody is on the roster there any more.

    State ``withdrawn``, no unit; views leave it out (decision 0004).
    """
    nothing = Plan("", "", "", "", 0, "withdrawn", "", "", "")
    return attendance(nothing, Judgement("withdrawn"), ())[0]


def digest(body: bytes) -> int:
    """What stands for a row's content: 63 bits, never 0."""
    return int.from_bytes(blake2b(body, digest_size=8).digest(), "big") >> 1 or 1
