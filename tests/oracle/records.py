"""Records of a made-up world: what was entered, what terminals said, and the history that holds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.oracle import Entry, Fact, Horizon, Record, horizon_of

Told = tuple[str, Record]
"""A reference record that has no offset yet: its kind and its content."""

SECOND = 1000
EPOCH_DAY = date(1970, 1, 1)


@dataclass
class World:
    """
    A finished history.

    Attributes:
        reference: (offset, kind, record) in order of the offsets; records as written, ``reference_offset`` -1.
        device_facts: (kind, record) as a set: any order and repetition means the same.
        phone_facts: likewise, from phones.
    """

    reference: list[Entry]
    device_facts: list[Fact] = field(default_factory=list)
    phone_facts: list[Fact] = field(default_factory=list)

    @property
    def facts(self) -> list[Fact]:
        """All facts."""
        return self.device_facts + self.phone_facts

    @property
    def horizon(self) -> Horizon | None:
        """How far time has come when all has been told."""
        return horizon_of(self.reference)

    def __repr__(self) -> str:
        """One line a record, times readable: a failing example should be readable as it is."""
        lines = [f"World of {len(self.reference)} reference records, {len(self.facts)} facts"]
        lines += [f"  {offset:>4} {kind} {_brief(record)}" for offset, kind, record in self.reference]
        lines += [f"     - {kind} {_brief(record)}" for kind, record in self.facts]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints: the same."""
        printer.text(repr(self))


_DULL = {"void", "recorded_at", "recorded_by", "reference_offset", "name", "source", "work_code", "drift_ms"}


def _brief(record: Record) -> str:
    """The telling fields of a record; moments in UTC, dates as dates."""
    parts = ["VOID"] if record.get("void") else []
    for name, value in record.items():
        if name in _DULL or value is None or value == "":
            continue
        if name.endswith(("_at", "_since", "_through", "_time")) or name == "at":
            shown = datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            parts.append(f"{name}={shown}{'' if name == 'device_time' else 'Z'}")
        elif name in ("valid_from", "valid_to", "date"):
            parts.append(f"{name}={EPOCH_DAY + timedelta(days=value)}")
        else:
            parts.append(f"{name}={value}")
    return " ".join(parts)


def day(text: str) -> int:
    """Days since 1970 of ``YYYY-MM-DD``."""
    return (date.fromisoformat(text) - EPOCH_DAY).days


def entered(kind: str, /, **fields: Any) -> Told:
    """A reference record as it is written: nothing void, no offset yet, dated records open-ended."""
    record: Record = dict(fields)
    if "valid_from" in record:
        record.setdefault("valid_to", None)
    record.setdefault("void", False)
    record.setdefault("recorded_at", 0)
    record.setdefault("recorded_by", "world")
    record["reference_offset"] = -1
    return kind, record


def withdrawn(told: Told) -> Told:
    """The record that withdraws this one."""
    return told[0], {**told[1], "void": True}


def corrected(told: Told, **fields: Any) -> Told:
    """The same record, entered again with other content."""
    return told[0], {**told[1], **fields}


def punch(device_id: str, pin: str, device_time: int, received_at: int, **fields: Any) -> Fact:
    """A punch; ``digest`` is made from the rest, as a producer would, unless it is given."""
    record: Record = {
        "device_id": device_id,
        "pin": pin,
        "device_time": device_time,
        "minute_only": False,
        "in_out_code": 0,
        "verify_code": 1,
        "work_code": "",
        "source": "adms",
        "received_at": received_at,
    } | fields
    if "digest" not in record:
        said = repr([record[name] for name in sorted(record) if name != "received_at"]).encode()
        record["digest"] = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big", signed=True)
    return "punch", record


def status(device_id: str, observed_at: int, delivered_through: int | None, silent_since: int | None = None) -> Fact:
    """A terminal's status; ``silent`` when ``silent_since`` is given."""
    return "device_status", {
        "device_id": device_id,
        "observed_at": observed_at,
        "state": "online" if silent_since is None else "silent",
        "silent_since": silent_since,
        "delivered_through": delivered_through,
        "drift_ms": None,
        "source": "adms",
    }


def shown_by(moment: int, zone: str) -> int:
    """``device_time`` of a right clock in ``zone`` at this moment: wall clock encoded as if it were UTC."""
    wall = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).replace(tzinfo=UTC)
    return int(wall.timestamp()) * SECOND


def employee(number: int) -> str:
    """An opaque id that looks like a random UUID and spreads over partitions."""
    text = hashlib.blake2b(f"person {number}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"
