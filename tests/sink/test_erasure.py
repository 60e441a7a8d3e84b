"""A tombstone in `person` erases: from the views, from the table, from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.sink.erasure import spell_out
from tests.sink import made
from tests.sink.conftest import Bench

PERSON = "hadir.person"
NAME = "Suparman Unik Tujuhbelas"


def entry(number: int, offset: int, name: str | None) -> made.Record:
    """A person of that name, or their tombstone."""
    who = made.person_id(number)
    content = (
        None if name is None else made.value("person", {"employee_id": who, "name": name, "staff_no": f"19{number}"})
    )
    return made.record(PERSON, 0, offset, content, key=who.encode())


def on_disk(bench: Bench, text: str) -> bool:
    """Whether any file of the table, in use or not, holds these bytes (columns are compressed, short parts hardly)."""
    folders = bench.tables.one(
        "SELECT data_paths FROM system.tables WHERE database = currentDatabase() AND name = 'person'"
    )
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    return any(text.encode() in path.read_bytes() for path in files if path.exists())


@pytest.mark.clickhouse
async def test_tombstone_erases_the_name_everywhere(bench: Bench) -> None:
    """Before it the name is on disk, afterwards in no view and no file; others keep theirs."""
    await bench.write(made.Batch(PERSON, 0, [entry(1, 0, NAME), entry(2, 1, "Tetap Ada")]))
    assert on_disk(bench, NAME)
    written = await bench.write(made.Batch(PERSON, 0, [entry(1, 2, None)]))
    assert written == ({"person": 1}, 0)
    assert [row["name"] for row in bench.tables.dicts("SELECT name FROM v_person")] == ["Tetap Ada"]
    assert bench.tables.rows("SELECT name FROM person WHERE name != '' ") == [("Tetap Ada",)]
    assert not on_disk(bench, NAME)
    assert on_disk(bench, "Tetap Ada")


@pytest.mark.clickhouse
async def test_replay_brings_no_name_back(bench: Bench) -> None:
    """The old record stored once more stays hidden behind its tombstone; replayed together, it is deleted again."""
    await bench.write(made.Batch(PERSON, 0, [entry(1, 0, NAME), entry(1, 1, None)]))
    await bench.write(made.Batch(PERSON, 0, [entry(1, 0, NAME)]))
    assert bench.tables.rows("SELECT name FROM v_person") == []
    await bench.write(made.Batch(PERSON, 0, [entry(1, 0, NAME), entry(1, 1, None)]))
    assert bench.tables.rows("SELECT name FROM person WHERE name != ''") == []


@pytest.mark.clickhouse
async def test_person_entered_after_a_tombstone_stays(bench: Bench) -> None:
    """Somebody erased may come back: what is newer than the tombstone is not touched, also within one batch."""
    await bench.write(made.Batch(PERSON, 0, [entry(1, 0, "Lama"), entry(1, 1, None), entry(1, 2, "Baru")]))
    assert bench.tables.rows("SELECT name FROM v_person") == [("Baru",)]
    await bench.write(made.Batch(PERSON, 0, [entry(1, 1, None)]))
    assert bench.tables.rows("SELECT name FROM v_person") == [("Baru",)]


def test_tombstone_key_is_read_bare_or_as_identity() -> None:
    """Both forms of key name the person; anything else names nobody and is handed back."""
    who = made.person_id(5)
    keys = [who.encode(), f'["{who}"]'.encode(), b"", None, b"[]", b'["x"]', b"\xff"]
    records = [made.record(PERSON, 0, n, None, key=key) for n, key in enumerate(keys)]
    plain, tombstones, broken = spell_out(records)
    assert [str(stone.employee_id) for stone in tombstones] == [who, who]
    assert [record.offset for record in plain] == [0, 1]
    assert [item.record.offset for item in broken] == [2, 3, 4, 5, 6]
