"""
``route``: one partition of ``device_log`` or ``phone_log`` -> ``staff_log``: who is this about?

Everything is said record by record, with the offset of the record that made it so: whoever folds the same log says
the same, whatever the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from sys import intern
from typing import Any

import msgspec

from hadir.errors import InvalidFact
from schemas import codec
from schemas.topics import partition_of
from streams.folds import deliveries
from streams.folds import references as ref
from streams.folds.deliveries import Delivered
from streams.folds.terminals import Status
from streams.folds.zones import DAY_MS, sane
from streams.rules.attribution import Owner, owner
from streams.stages import rows
from streams.stages.base import AtOnce, Emission, Record, Reject
from streams.stages.route_phones import RoutePhones, barriers

__all__ = ["RouteDevices", "RoutePhones"]

LIVELY_DAYS = 2  # punches older than this behind the ticks are kept packed

_pack = msgspec.msgpack.encode
_pin_and_day = msgspec.msgpack.Decoder(tuple[str, str, int]).decode
_device = msgspec.msgpack.Decoder(tuple[str]).decode


class Pin:
    """What is remembered of one PIN on one terminal."""

    __slots__ = ("days", "enrolments")

    def __init__(self) -> None:
        self.enrolments: list[ref.Enrolment] = []
        self.days: deliveries.Days = {}


class Device:
    """What is remembered of one terminal; ``heard``: partitions of people who were ever enrolled there."""

    __slots__ = ("heard", "pins", "records", "status")

    def __init__(self) -> None:
        self.records: list[ref.Device] = []
        self.pins: dict[str, Pin] = {}
        self.status = Status()
        self.heard: set[int] = set()

    def pin(self, name: str) -> Pin:
        """The PIN of that name, from now on remembered."""
        pin = self.pins.get(name)
        if pin is None:
            pin = self.pins[intern(name)] = Pin()
        return pin


class RouteDevices(AtOnce):
    """
    One partition of ``device_log``; see ``streams.stages.base.Stage``.

    State keys: ``r`` a ``device`` or ``enrolment`` record, ``p`` the punches of a PIN and date, ``s`` a status. All
    punches are kept, packed to some 33 bytes each: an enrolment may come for any month that can open again.
    """

    stateful = True

    def __init__(self, partition: int, partitions: int, epoch: str) -> None:
        super().__init__()
        self.partition = partition
        self.partitions = partitions
        self._epoch = rows.text(epoch)
        self._attribution = codec.header("attribution")
        self._given = codec.header("attributed_punch")
        self._devices: dict[str, Device] = {}
        self._records: dict[bytes, bytes] = {}
        self._buckets: set[tuple[str, str, int]] = set()
        self._statuses: set[str] = set()
        self._lively: dict[int, set[tuple[str, str]]] = {}
        self._today = 0
        self._staff_partition = lru_cache(maxsize=1 << 18)(self._partition_of)

    def _partition_of(self, employee_id: str) -> int:
        return partition_of(employee_id.encode(), self.partitions)

    # -- in -----------------------------------------------------------------------------------------------------

    def fold(self, records: Sequence[Record]) -> list[Reject]:
        """Take a batch in; refuses what is no record of this log, and a time that no terminal can mean."""
        rejects = []
        for record in records:
            try:
                name, content = codec.decode(record.value)
                if name == "punch":
                    self._take_punch(content, record.offset)
                elif name == "device_status":
                    self._take_status(content, record.offset)
                elif name == "enrolment":
                    self._take_enrolment(content, record)
                elif name == "device":
                    self._take_device(content, record)
                elif name == "tick":
                    self._out += barriers("device_log", self.partition, self.partitions, content)
                    self._pack_before(content["at"] // DAY_MS - LIVELY_DAYS)
                elif name != "device_event":  # kept by the sink, judged by nobody yet
                    raise InvalidFact(f"{name} has no place in device_log")
            except InvalidFact as error:
                rejects.append(Reject(record, str(error)))
        return rejects

    def _device(self, device_id: str) -> Device:
        device = self._devices.get(device_id)
        if device is None:
            device = self._devices[intern(device_id)] = Device()
        return device

    def _take_punch(self, punch: dict[str, Any], version: int) -> None:
        device_id, name, device_time = punch["device_id"], punch["pin"], punch["device_time"]
        if not sane(device_time):
            raise InvalidFact("punch: device_time is not between 2000 and 2100")
        device = self._device(device_id)
        pin = device.pin(name)
        new = Delivered(
            device_time,
            punch["received_at"],
            punch["digest"],
            punch["minute_only"],
            punch["in_out_code"],
            punch["verify_code"],
        )
        if deliveries.put(pin.days, new):
            self._mark(device_id, name, deliveries.day_of(device_time))
            self._say(device_id, name, new, None, owner(device.records, pin.enrolments, device_time), version)

    def _mark(self, device_id: str, pin: str, day: int) -> None:
        self._buckets.add((device_id, pin, day))
        self._lively.setdefault(day, set()).add((device_id, pin))

    def _take_status(self, status: dict[str, Any], version: int) -> None:
        device_id = status["device_id"]
        device = self._device(device_id)
        old = device.status
        new = old.merged(status["observed_at"], status["state"], status["silent_since"], status["delivered_through"])
        if new == old:
            return
        device.status = new
        self._statuses.add(device_id)
        if old.observed_at < 0 or new.says() != old.says():
            self._tell(device_id, new, sorted(device.heard), version)

    def _take_enrolment(self, content: dict[str, Any], record: Record) -> None:
        device_id, name, version = content["device_id"], content["pin"], record.offset
        entry = ref.enrolment(content)
        device = self._device(device_id)
        pin = device.pin(name)
        before = list(pin.enrolments)
        counts, old = ref.put(pin.enrolments, entry)
        if not counts:
            return
        self._remember("enrolment", content, record)
        for punch in self._touched(pin, old, entry):
            was = owner(device.records, before, punch.device_time)
            self._say(device_id, name, punch, was, owner(device.records, pin.enrolments, punch.device_time), version)
        partition = self._staff_partition(entry.employee_id)
        if partition not in device.heard:
            device.heard.add(partition)
            if device.status.observed_at >= 0:
                self._tell(device_id, device.status, [partition], version)

    def _take_device(self, content: dict[str, Any], record: Record) -> None:
        device_id, entry = content["device_id"], ref.device(content)
        device = self._device(device_id)
        before = list(device.records)
        counts, old = ref.put(device.records, entry)
        if not counts:
            return
        self._remember("device", content, record)
        for name, pin in device.pins.items():
            for punch in self._touched(pin, old, entry):
                was = owner(before, pin.enrolments, punch.device_time)
                now = owner(device.records, pin.enrolments, punch.device_time)
                self._say(device_id, name, punch, was, now, record.offset)

    @staticmethod
    def _touched(pin: Pin, old: ref.Entry | None, new: ref.Entry) -> list[Delivered]:
        covered = [e for e in (old, new) if e is not None and not e.void]
        if not covered:
            return []
        return list(deliveries.within(pin.days, min(e.first for e in covered), max(e.last for e in covered)))

    def _remember(self, kind: str, content: dict[str, Any], record: Record) -> None:
        assert record.value is not None
        self._records[b"r" + kind.encode() + codec.identity_key(kind, content)] = record.value

    def _pack_before(self, day: int) -> None:
        if day > self._today:
            self._today = day
            for bucket in [b for b in self._lively if b < day]:
                for device_id, name in self._lively.pop(bucket):
                    days = self._devices[device_id].pins[name].days
                    days[bucket] = deliveries.pack(days[bucket])

    # -- out ----------------------------------------------------------------------------------------------------

    def _say(self, device_id: str, pin: str, punch: Delivered, was: Owner | None, now: Owner, version: int) -> None:
        """Tell what became of a punch; ``was`` None: it is new, or another delivery represents it now."""
        if was == now:
            return
        value = self._attribution + rows.attribution(device_id, pin, punch, now, self._epoch, version)
        self._out.append(Emission("attribution", self.partition, device_id.encode(), value))
        if was is not None and was.employee_id and was.employee_id != now.employee_id:
            self._give(device_id, pin, punch, was, False, version)
        if now.employee_id and (was is None or was[:1] + was[2:3] != now[:1] + now[2:3]):
            self._give(device_id, pin, punch, now, True, version)

    def _give(self, device_id: str, pin: str, punch: Delivered, to: Owner, active: bool, version: int) -> None:
        value = self._given + rows.attributed_punch(device_id, pin, punch, to, active, version)
        key = to.employee_id.encode()
        self._out.append(Emission("staff_log", self._staff_partition(to.employee_id), key, value))

    def _tell(self, device_id: str, status: Status, to: Sequence[int], version: int) -> None:
        state = {
            "device_id": device_id,
            "state": "silent" if status.silent else "online",
            "silent_since": status.silent_since,
            "delivered_through": status.delivered_through,
            "version": version,
        }
        value = codec.encode("device_state", state)
        self._out += [Emission("staff_log", p, device_id.encode(), value) for p in to]

    # -- put away and taken up ----------------------------------------------------------------------------------

    def changed(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What changed since the last call."""
        out: list[tuple[bytes, bytes | None]] = list(self._records.items())
        for device_id, name, day in self._buckets:
            bucket = self._devices[device_id].pins[name].days[day]
            out.append((b"p" + _pack((device_id, name, day)), deliveries.pack(bucket)))
        for device_id in self._statuses:
            out.append((b"s" + _pack((device_id,)), self._devices[device_id].status.packed()))
        self._records.clear()
        self._buckets.clear()
        self._statuses.clear()
        return out

    def restore(self, key: bytes, value: bytes) -> None:
        """Take one piece back, in any order."""
        kind = key[:1]
        if kind == b"p":
            device_id, name, day = _pin_and_day(key[1:])
            self._device(device_id).pin(name).days[day] = value
        elif kind == b"s":
            (device_id,) = _device(key[1:])
            self._device(device_id).status = Status.unpacked(value)
        else:
            name, content = codec.decode(value)
            device = self._device(content["device_id"])
            if name == "device":
                ref.put(device.records, ref.device(content))
            else:
                entry = ref.enrolment(content)
                ref.put(device.pin(entry.pin).enrolments, entry)
                device.heard.add(self._staff_partition(entry.employee_id))

    def restored(self, head: int) -> None:
        """Nothing has to be rebuilt."""
