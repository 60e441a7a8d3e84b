"""The demo's word on phones: what was promised and is not there is found, and what nobody was promised too."""

from __future__ import annotations

from typing import Any

import pytest

from hadir.cli.demo_phones import compare, employee_ids
from producers.simulator.phone_app import PhoneReport
from streams.rules.position import MINUTE_MS, minute_of
from tests.clickhouse.fixtures import Tables, migrated, tables

__all__ = ["migrated", "tables"]
pytestmark = pytest.mark.clickhouse

WHO = "00000000-0000-0000-0000-00000000000a"
MINUTE = minute_of(WHO.encode(), 1_795_392_060_000)
TRUTH: dict[str, Any] = {"phones": {"191": {"pings": 3, "face_checks": 1}}}
PINGS = {("191", MINUTE + 5000), ("191", MINUTE + 9000), ("191", MINUTE + MINUTE_MS)}


def told(**changes: Any) -> PhoneReport:
    """Three pings in two minutes and a face check, all taken."""
    return PhoneReport(**{"pings": set(PINGS), "face_checks": {("191", MINUTE)}} | changes)


def fill(tables: Tables, fixes: list[int], faces: list[int]) -> None:
    """A person, positions and face checks at these moments."""
    tables.run(f"INSERT INTO person (employee_id, staff_no, name) VALUES ('{WHO}', '191', 'Ani Contoh')")
    for at in fixes:
        minute = minute_of(WHO.encode(), at)
        tables.run(
            "INSERT INTO position (employee_id, minute_at, fixed_at, lat, lon, epoch) VALUES"
            f" ('{WHO}', fromUnixTimestamp64Milli({minute}), fromUnixTimestamp64Milli({at}), 0, 0, 'e1')"
        )
    for at in faces:
        tables.run(
            "INSERT INTO face_check (employee_id, install_id, taken_at, received_at) VALUES"
            f" ('{WHO}', 'i', fromUnixTimestamp64Milli({at}), fromUnixTimestamp64Milli({at}))"
        )


def test_all_is_there(tables: Tables) -> None:
    """The earliest fix of each minute and the face check, delivered twice: no fault, and the counts in a line."""
    fill(tables, [MINUTE + 9000, MINUTE + 5000, MINUTE + MINUTE_MS], [MINUTE, MINUTE])
    outcome = compare(tables.settings, employee_ids(tables.settings), TRUTH, told())
    assert outcome.faults == []
    assert "3 pings and 1 face checks taken" in outcome.summary
    assert "2 positions and 1 face checks in ClickHouse" in outcome.summary


@pytest.mark.parametrize(
    ("fixes", "faces", "changes", "fault"),
    [
        ([MINUTE + 5000], [MINUTE], {}, "of the positions 1 are lost and 0 are nobody's"),
        ([MINUTE + 9000, MINUTE + MINUTE_MS], [MINUTE], {}, "of the positions 1 are lost and 1 are nobody's"),
        ([MINUTE + 5000, MINUTE + MINUTE_MS], [], {}, "of the face checks 1 are lost and 0 are nobody's"),
        ([MINUTE + 5000, MINUTE + MINUTE_MS], [MINUTE, MINUTE + 1], {}, "of the face checks 0 are lost and 1"),
        ([MINUTE + 5000], [MINUTE], {"pings": {("191", MINUTE + 5000)}}, "1 pings were taken, 3 should have been"),
        ([MINUTE + 5000, MINUTE + MINUTE_MS], [MINUTE], {"faulty": 2}, "2 sound items were refused"),
    ],
)
def test_what_is_not_as_promised_is_said(
    tables: Tables, fixes: list[int], faces: list[int], changes: dict[str, Any], fault: str
) -> None:
    """Lost, nobody's, never taken, refused without reason: one line."""
    fill(tables, fixes, faces)
    (said,) = compare(tables.settings, employee_ids(tables.settings), TRUTH, told(**changes)).faults
    assert fault in said
