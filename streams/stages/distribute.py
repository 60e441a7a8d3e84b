"""
``distribute``: ``reference`` -> copies for the logs that must hear of each record.

Who hears of what: a terminal's log of its ``device`` and ``enrolment`` records, a person's log of his ``assignment``,
``enrolment``, ``leave`` and own ``schedule`` records, every person's partition of everything else. Nothing is
remembered: a correction has the identity of what it corrects, so it goes where that went.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hadir.errors import InvalidFact
from schemas import codec
from schemas.topics import partition_of
from streams.folds import references as ref
from streams.stages.base import Emission, Forgetful, Record, Reject, Settle

CHECKS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "unit": ref.unit,
    "unit_mode": ref.unit_mode,
    "geofence": ref.geofence,
    "device": ref.device,
    "assignment": ref.assignment,
    "enrolment": ref.enrolment,
    "schedule": ref.schedule,
    "shift": ref.shift,
    "calendar": ref.holiday,
    "policy": ref.policy,
    "leave": ref.leave,
    "period": ref.period,
    "tick": ref.tick,
}
TICKED = ("device_log", "phone_log", "cutoff")
UNHEARD = ("phone", "decision")  # the gateway reads phones itself; a decision is joined to its flag where it is shown


class Distribute(Forgetful):
    """
    The one partition of ``reference``; see ``streams.stages.base.Stage``.

    A tick is copied only when all that was written before it is acknowledged, so that a barrier made of it vouches
    for every reference record below it.
    """

    def __init__(self, partitions: int) -> None:
        super().__init__()
        self.partitions = partitions

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no reference record in use, or one that no stage could apply."""
        rejects = []
        for record in records:
            try:
                self._take(record)
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
        return rejects

    def _take(self, record: Record) -> None:
        name, content = codec.decode(record.value)
        if name in UNHEARD:
            return
        check = CHECKS.get(name)
        if check is None:
            raise InvalidFact(f"{name} is not reference data")
        check(content)
        assert record.value is not None
        copy = codec.with_reference_offset(record.value, record.offset)
        key = codec.identity_key(name, content)
        if name == "tick":
            self._out.append(Settle())
            self._out += [Emission(log, p, key, copy) for log in TICKED for p in range(self.partitions)]
            return
        if name in ("device", "enrolment"):
            self._to("device_log", content["device_id"], copy)
        employee_id = content.get("employee_id", "")
        if employee_id:
            self._to("staff_log", employee_id, copy)
        else:
            self._out += [Emission("staff_log", p, key, copy) for p in range(self.partitions)]

    def _to(self, log: str, owner: str, copy: bytes) -> None:
        key = owner.encode()
        self._out.append(Emission(log, partition_of(key, self.partitions), key, copy))
