"""Rule: whose punch it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.folds.references import Device, Enrolment, in_force
from streams.folds.zones import DAY_MS, utc_of


class Owner(NamedTuple):
    """
    Whose a punch is.

    Attributes:
        employee_id: empty: parked.
        reason: why it is parked: ``unknown_device``, ``unknown_pin``; else empty.
        occurred_at: UTC; None: the terminal's zone is not known.
        enrolment_offset: of the enrolment used; -1: none.
    """

    employee_id: str
    reason: str
    occurred_at: int | None
    enrolment_offset: int


def owner(devices: Sequence[Device], enrolments: Sequence[Enrolment], device_time: int) -> Owner:
    """
    Whose a punch is, by the records that cover its local date: the date on the terminal's own clock.

    Args:
        devices: records of the terminal.
        enrolments: records of the PIN on that terminal.
        device_time: the terminal's wall clock, milliseconds as if UTC, between 2000 and 2100.

    Pure. Source: PP 94/2021 counts against a person only what is his; a PIN is his from date to date.

    >>> jakarta = Device(1, 0, 99, False, "Asia/Jakarta", "dinas")
    >>> ani = Enrolment(2, 0, 99, False, "A", "17", "ani")
    >>> budi = Enrolment(3, 10, 99, False, "A", "17", "budi")
    >>> owner([jakarta], [ani, budi], 10 * 86_400_000 + 7 * 3_600_000)
    Owner(employee_id='budi', reason='', occurred_at=864000000, enrolment_offset=3)
    >>> owner([], [ani], 0).reason
    'unknown_device'
    """
    day = device_time // DAY_MS
    device = in_force(devices, day)
    if device is None:
        return Owner("", "unknown_device", None, -1)
    at = utc_of(device_time, device.timezone)
    enrolment = in_force(enrolments, day)
    if enrolment is None:
        return Owner("", "unknown_pin", at, -1)
    return Owner(enrolment.employee_id, "", at, enrolment.offset)
