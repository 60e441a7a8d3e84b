"""
Records as light tuples, straight from aiokafka's decoder.

aiokafka makes a frozen dataclass of eleven fields for every record, which costs more than all the rest of the runtime
(2.5 of 4.2 µs measured). A worker needs four fields. ``PartitionRecords._consumer_record`` is the one place that makes
them; aiokafka is pinned, and ``tests/runtime`` reads through it.
"""

from __future__ import annotations

from typing import Any

from aiokafka.consumer import fetcher

from streams.sink.frames import PlacedRecord
from streams.stages.base import Record


def _light(
    _self: Any, _tp: Any, record: Any, _new: Any = tuple.__new__, _type: type[Record] = Record
) -> Record:  # defaults are locals: this runs once for every record
    return _new(_type, (record.offset, record.key, record.value, record.timestamp))  # type: ignore[no-any-return]


def _placed(
    _self: Any, tp: Any, record: Any, _new: Any = tuple.__new__, _type: type[PlacedRecord] = PlacedRecord
) -> PlacedRecord:
    return _new(_type, (*tp, record.offset, record.timestamp, record.key, record.value))  # type: ignore[no-any-return]


def make_records_light() -> None:
    """From now on every consumer of this process yields ``Record``."""
    fetcher.PartitionRecords._consumer_record = _light


def make_records_placed() -> None:
    """From now on every consumer of this process yields ``PlacedRecord``."""
    fetcher.PartitionRecords._consumer_record = _placed
