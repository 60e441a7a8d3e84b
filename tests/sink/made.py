"""Made records for the sink: sound ones of every type, as aiokafka would hand them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from schemas.codec import encode
from schemas.limits import defaults
from streams.sink.frames import Batch

EPOCH = "e1"
DAY = 20_780  # 2026-11-23
MORNING = 1_795_392_000_000  # 2026-11-23 00:00 UTC, 07:00 in Jakarta
APPENDED = MORNING + 1234

DATED: dict[str, Any] = {"valid_from": DAY - 300, "valid_to": None}
ENTERED: dict[str, Any] = {"void": False, "recorded_at": MORNING, "recorded_by": "test", "reference_offset": -1}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Record(NamedTuple):
    """The fields of ``streams.sink.frames.KafkaRecord``."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def person_id(number: int) -> str:
    """The employee_id of made person ``number``."""
    return str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def _examples() -> dict[str, dict[str, Any]]:
    at, who = MORNING, person_id(1)
    punch = {"device_id": "D1", "pin": "7", "device_time": at, "minute_only": False, "in_out_code": 255}
    owned = {"employee_id": who, "reason": "", "occurred_at": at, "enrolment_offset": 3, "epoch": EPOCH, "version": 9}
    opens = {"in_opens_before_s": 5400, "in_closes_after_s": 5400, "out_opens_before_s": 0}
    missing = {"device_id": "D2", "silent_since": at - 60_000, "delivered_through": None}
    used = {"device_id": "D1", "device_time": at, "occurred_at": at, "used_as": "in"}
    return {
        "punch": {**punch, "verify_code": 1, "work_code": "", "source": "adms", "received_at": at + 500, "digest": -5},
        "device_event": {
            "device_id": "D1", "code": 4, "operator_pin": "1", "device_time": at, "values": ["0", "x"],
            "received_at": at, "digest": 2**62,
        },
        "device_status": {
            "device_id": "D1", "observed_at": at, "state": "silent", "silent_since": at - 1000,
            "delivered_through": None, "drift_ms": -7, "source": "adms",
        },
        "attribution": {**punch, "verify_code": 1, "received_at": at + 500, **owned},
        "attendance": {
            "employee_id": who, "work_date": DAY, "unit_id": "U1", "unit_mode": "in_force", "category": "PNS",
            "state": "late", "reason": "", "letter_no": "", "shift_id": "S", "shift_start_at": at - 60_000,
            "shift_end_at": None, "cutoff_at": at, "in_at": at, "in_device_id": "D1", "out_at": None, "late_s": 61,
            "open_until": None, "policy_id": "p", "policy_offset": 2, "punches": [used], "missing": [missing],
            "epoch": EPOCH, "partition": 0, "version": 9,
        },
        "position": {
            "employee_id": who, "minute_at": at, "fixed_at": at + 5000, "lat": -7.47, "lon": 112.43, "accuracy_m": None,
            "mock": True, "epoch": EPOCH,
        },
        "presence": {
            "employee_id": who, "work_date": DAY, "unit_id": "U1", "shift_start_at": at, "shift_end_at": at + 7_200_000,
            "until_at": at + 3_600_000, "inside_s": 3000, "outside_s": 0, "unknown_s": 600, "pings": 11,
            "windows": [{"from_at": at, "to_at": at + 3_000_000, "place": "inside"}],
            "hours": [{"from_at": at, "inside_s": 3000, "outside_s": 0, "unknown_s": 600}],
            "geofence_offsets": [4, 5], "policy_offset": 7, "withdrawn": False, "epoch": EPOCH, "partition": 0,
            "version": 9,
        },
        "flag": {
            "employee_id": who, "work_date": DAY, "unit_id": "U1", "until_at": at + 3_600_000,
            "policy_offset": 7,
            "findings": [{
                "flag_id": "0d9f3f6e-7a3b-5a43-9f0f-6d1a7b2c3d4e", "rule": "mock_location", "rule_version": 1,
                "score": 0.5, "evidence": {"minutes_mocked": "1", "first_place": "-7.47000,112.43000 (5 m)"},
            }],
            "epoch": EPOCH, "partition": 0, "version": 9,
        },
        "alert": {
            "unit_id": "U1", "work_date": DAY, "cutoff_at": at, "revision": 1, "kind": "correction",
            "raised_at": at + 60_000, "provisional": True, "unit_mode": "in_force", "timezone": "Asia/Jakarta",
            "counts": {"not_here": 1, "present": 12}, "people": [{"employee_id": who, "state": "not_here"}],
            "withdrawn": [], "missing": [{**missing, "people": 2}], "unheard": [3], "epoch": EPOCH, "version": 9,
        },
        "notice": {
            "unit_id": "U1", "work_date": DAY, "cutoff_at": at, "revision": 1, "channel": "bkd", "outcome": "sent",
            "kind": "raise", "tries": 1, "noted_at": at + 61_000,
        },
        "person": {"employee_id": who, "staff_no": "199001012015011001", "name": "Budi Contoh", "recorded_at": at},
        "dead_letter": {
            "failed_at": at, "stage": "route", "reason": "broken", "topic": "hadir.device_log", "partition": 3,
            "offset": 77, "schema": "", "key": None, "value": b"\x00\xff", "device_id": "",
        },
        "unit": {
            "unit_id": "U1", "name": "Dinas Satu", "parent_id": None, "kind": "office", "timezone": "Asia/Jakarta",
            **DATED, **ENTERED,
        },
        "unit_mode": {"unit_id": "U1", "mode": "trial", **DATED, **ENTERED},
        "geofence": {"unit_id": "U1", "name": "kantor", "lat": -7.4, "lon": 112.4, "radius_m": 100, **DATED, **ENTERED},
        "device": {
            "device_id": "D1", "unit_id": "U1", "name": "Pintu depan", "protocol": "adms", "timezone": "Asia/Jakarta",
            "address": "udp:10.1.2.3:4370", "network": "10.1.2.0/24 10.1.3.0/24", **DATED, **ENTERED,
        },
        "assignment": {"employee_id": who, "unit_id": "U1", "category": "PNS", **DATED, **ENTERED},
        "enrolment": {"device_id": "D1", "pin": "7", "employee_id": who, **DATED, **ENTERED},
        "schedule": {"unit_id": "U1", "employee_id": "", **dict.fromkeys(WEEK, "S"), **DATED, **ENTERED},
        "shift": {
            "shift_id": "S", "starts_s": 27_000, "ends_s": 57_600, **opens, "out_closes_after_s": 14_400,
            "observes_holidays": True, **DATED, **ENTERED,
        },
        "decision": {
            "decision_id": "2c4b9a10-3e5f-4a6b-8c7d-9e0f1a2b3c4d", "employee_id": who, "work_date": DAY,
            "about": "flag:0d9f3f6e-7a3b-5a43-9f0f-6d1a7b2c3d4e", "verdict": "dismissed", "reason": "Surat Tugas 7",
            **ENTERED,
        },
        "calendar": {"date": DAY, "name": "Hari Contoh", "kind": "public", **ENTERED},
        "policy": {
            "policy_id": "p", "grace_s": 60, "cutoff_after_s": 1800, "wait_s": 60, "in_punch": "first",
            "papers_s": 259_200, **defaults(), "source": "Perbup 1/2026", **DATED, **ENTERED,
        },
        "leave": {"employee_id": who, "kind": "sakit", "letter_no": "1/2026", **DATED, **ENTERED},
        "period": {"period": "2026-11", "state": "open", **ENTERED},
        "tick": {"at": at, **ENTERED},
        "ping": {
            "employee_id": who, "install_id": "i", "fixed_at": at, "lat": 0.0, "lon": 0.0, "accuracy_m": 3.0,
            "speed_mps": None, "mock": None, "battery": 0.5, "received_at": at,
            "boot_id": None, "elapsed_ms": None, "imei": None,
        },
        "face_check": {
            "employee_id": who, "install_id": "i", "taken_at": at, "match": 0.5, "liveness": None, "model": "m1",
            "photo_sha256": "ab" * 32, "photo_phash": None, "mock": None, "received_at": at + 900, "boot_id": "b",
            "elapsed_ms": 12, "imei": None,
        },
        "phone": {"employee_id": who, "install_id": "i", "token_sha256": "cd" * 32, **DATED, **ENTERED},
    }  # fmt: skip


EXAMPLES = _examples()
"""One sound record of each type that the sink meets."""


def value(name: str, fields: Mapping[str, Any] | None = None) -> bytes:
    """Bytes of the example of that type, with some fields replaced."""
    return encode(name, {**EXAMPLES[name], **(fields or {})})


def record(topic: str, partition: int, offset: int, content: bytes | None, key: bytes | None = b"k") -> Record:
    """A record as it lies in Kafka; a millisecond passes with each offset."""
    return Record(topic, partition, offset, APPENDED + offset, key, content)


def batch(topic: str, partition: int, contents: list[bytes | None], first: int = 0) -> Batch:
    """Records of one partition from offset ``first`` on."""
    return Batch(topic, partition, [record(topic, partition, first + i, c) for i, c in enumerate(contents)])
