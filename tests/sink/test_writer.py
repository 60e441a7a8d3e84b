"""What is in the log is in the tables: whole, once, and whatever else came with it."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from hadir.errors import Misconfigured
from schemas.codec import decode
from streams.sink import writer
from streams.sink.mapping import ROUTES, topic_names
from streams.sink.writer import Sink
from tests.clickhouse.fixtures import Tables
from tests.sink import made
from tests.sink.conftest import Bench

pytestmark = pytest.mark.clickhouse

TOPICS = {log: topic for topic, log in topic_names(made.EPOCH).items()}
POSITION, PUNCHES, PERSON = TOPICS["position"], TOPICS["device_log"], TOPICS["person"]


def plain(value: Any) -> Any:
    """A value as ClickHouse gives it, as the codec would: ints for moments and dates, text for UUIDs and bytes."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.schema)
async def test_every_field_arrives_for_every_route(bench: Bench, route: Any) -> None:
    """Each record type is stored field by field, with the place it came from."""
    topic, value = TOPICS[route.log], made.value(route.schema)
    written = await bench.write(made.batch(topic, 2, [value], first=41))
    assert (written.rows, written.dead, bench.letters) == ({route.table: 1}, 0, [])
    (row,) = bench.tables.dicts(f"SELECT *, _partition, _offset, _appended_at FROM {route.table}")
    record = decode(value)[1]
    for name, expected in record.items():
        if name == "reference_offset":
            expected = 41
            row[name] = bench.tables.one(f"SELECT reference_offset FROM {route.table}")
        if isinstance(expected, bytes):
            row[name] = bench.tables.one(f"SELECT hex({name}) FROM {route.table}")
            expected = expected.hex().upper()
        assert plain(row[name]) == expected, name
    assert (row["_partition"], row["_offset"], plain(row["_appended_at"])) == (2, 41, made.APPENDED + 41)
    assert row["written_at"].year >= 2025


async def test_replay_changes_nothing(bench: Bench) -> None:
    """The same batches again, cut otherwise: the same rows."""
    values: list[bytes | None] = [
        made.value("attendance", {"employee_id": made.person_id(n % 7), "version": n, "late_s": n}) for n in range(40)
    ]
    topic = TOPICS["attendance"]
    await bench.write(made.batch(topic, 0, values))
    query = "SELECT * EXCEPT written_at FROM {} FINAL ORDER BY employee_id, version"
    before = [bench.tables.rows(query.format(table)) for table in ("attendance", "attendance_history")]
    shown = bench.tables.rows("SELECT version, written_at FROM attendance_history FINAL ORDER BY version")
    await bench.write(made.batch(topic, 0, values[:13]), made.batch(topic, 0, values[10:], first=10))
    assert [bench.tables.rows(query.format(table)) for table in ("attendance", "attendance_history")] == before
    assert bench.tables.rows("SELECT version, written_at FROM attendance_history FINAL ORDER BY version") == shown
    assert [row[0] for row in bench.tables.rows("SELECT max(version) FROM attendance FINAL GROUP BY employee_id")]
    assert bench.tables.one("SELECT count() FROM attendance FINAL") == 7
    assert bench.tables.one("SELECT count() FROM attendance_history FINAL") == 40


DELIVERIES = [(5, -3), (4, 9), (4, -(2**63)), (4, 2**63 - 1), (6, 0)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::17])
async def test_smallest_delivery_of_a_punch_wins_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    """Of redeliveries the smallest (received_at, digest) stays, before and after parts are merged."""
    for offset, which in enumerate(order):
        received, digest = DELIVERIES[which]
        value = made.value("punch", {"received_at": made.MORNING + received, "digest": digest})
        await bench.write(made.batch(PUNCHES, 0, [value], first=offset))
    expected = [(min(DELIVERIES)[1],)]
    assert bench.tables.rows("SELECT digest FROM punch FINAL") == expected
    bench.tables.run("OPTIMIZE TABLE punch FINAL")
    assert bench.tables.rows("SELECT digest FROM punch") == expected


async def test_earliest_fix_of_a_minute_wins(bench: Bench) -> None:
    """A position that comes later for the same minute replaces the row only if its fix was earlier."""
    for offset, fixed in enumerate((30_000, 10_000, 20_000)):
        value = made.value("position", {"fixed_at": made.MORNING + fixed})
        await bench.write(made.batch(POSITION, 0, [value], first=offset))
    assert bench.tables.rows("SELECT toUnixTimestamp64Milli(fixed_at) FROM position FINAL") == [
        (made.MORNING + 10_000,)
    ]


async def test_highest_version_wins_whatever_comes_last(bench: Bench) -> None:
    """A zombie that writes an older version late changes nothing."""
    topic = TOPICS["attendance"]
    for offset, (version, state) in enumerate([(5, "awaited"), (9, "late"), (7, "not_here")]):
        await bench.write(
            made.batch(topic, 0, [made.value("attendance", {"version": version, "state": state})], offset)
        )
    assert bench.tables.rows("SELECT state, version FROM attendance FINAL") == [("late", 9)]


@pytest.mark.parametrize("seed", range(24))
async def test_broken_record_never_touches_its_neighbours(bench: Bench, seed: int) -> None:
    """Whatever changes in one record of thirty, the other 29 are stored exactly; it itself is stored or set aside."""
    chance = random.Random(seed)
    route = chance.choice([r for r in ROUTES if r.schema in ("position", "attendance", "punch", "attribution")])
    identity = {"position": "employee_id", "attendance": "employee_id", "punch": "pin", "attribution": "pin"}
    field = identity[route.schema]
    owner = [made.person_id(n) if field == "employee_id" else f"p{n}" for n in range(30)]
    values = [made.value(route.schema, {field: owner[n]}) for n in range(30)]
    place = chance.randrange(30)
    broken = bytearray(values[place])
    for _ in range(chance.choice((1, 1, 2, 5))):
        broken[chance.randrange(5, len(broken))] = chance.randrange(256)
    if chance.random() < 0.3:
        del broken[chance.randrange(5, len(broken)) :]
    elif chance.random() < 0.3:
        broken += bytes(chance.randrange(256) for _ in range(chance.randrange(1, 30)))
    contents: list[bytes | None] = [*values]
    contents[place] = bytes(broken)
    await bench.write(made.batch(TOPICS[route.log], 1, contents))

    rows = bench.tables.dicts(f"SELECT *, _offset FROM {route.table} WHERE _offset != {place} ORDER BY _offset")
    assert [row["_offset"] for row in rows] == [n for n in range(30) if n != place]
    for row in rows:
        record = decode(values[row["_offset"]])[1]
        assert {name: plain(row[name]) for name in record} == record
    mine = bench.tables.rows(f"SELECT _partition, _appended_at FROM {route.table} WHERE _offset = {place}")
    assert plain(mine) == ([] if bench.letters else [[1, made.APPENDED + place]])
    for letter in bench.letters:
        assert (letter.topic, letter.partition, letter.offset) == (TOPICS[route.log], 1, place)
        assert (letter.value, letter.key) == (bytes(broken), b"k")


async def test_sound_record_that_the_table_refuses_is_set_aside_alone(bench: Bench) -> None:
    """An employee_id that is no UUID decodes, but no table takes it: found by halves, with ClickHouse's reason."""
    values: list[bytes | None] = [made.value("position", {"employee_id": made.person_id(n)}) for n in range(100)]
    values[63] = made.value("position", {"employee_id": "nobody"})
    written = await bench.write(made.batch(POSITION, 4, values))
    assert written == ({"position": 99}, 1)
    (letter,) = bench.letters
    assert letter.offset == 63
    assert "position refuses it: code 376" in letter.reason


async def test_table_that_refuses_everything_ends_the_sink(bench: Bench) -> None:
    """Fifty sound records refused and none taken is the table's fault: nothing is set aside, no offset is written."""
    bench.tables.run("ALTER TABLE position ADD CONSTRAINT nothing CHECK lat > 100")
    try:
        values: list[bytes | None] = [made.value("position", {"employee_id": made.person_id(n)}) for n in range(60)]
        with pytest.raises(Misconfigured, match="position refuses sound records"):
            await bench.write(made.batch(POSITION, 0, values))
    finally:
        bench.tables.run("ALTER TABLE position DROP CONSTRAINT nothing")
    assert bench.letters == []
    assert await bench.sink.start_offsets() == {}


async def test_unroutable_records_are_set_aside(bench: Bench) -> None:
    """An unknown frame, a record of another log and a tombstone outside `person` end in dead letters."""
    contents: list[bytes | None] = [b"\x00\x7f\xff\xff\xffx", made.value("ping"), None, made.value("position")]
    written = await bench.write(made.batch(POSITION, 0, contents))
    assert written == ({"position": 1}, 3)
    assert sorted((letter.offset, letter.value) for letter in bench.letters[:2]) == [
        (0, contents[0]),
        (1, contents[1]),
    ]
    assert bench.letters[2].offset == 2


async def test_letter_about_a_letter_is_never_written(bench: Bench) -> None:
    """A broken record of dead_letter stays where it is: it would come back for ever."""
    broken = made.value("dead_letter")[:-4]
    written = await bench.write(made.batch(TOPICS["dead_letter"], 0, [made.value("dead_letter"), broken]))
    assert written == ({"dead_letter": 1}, 1)
    assert bench.letters == []


async def test_names_never_reach_dead_letters(bench: Bench) -> None:
    """A broken `person` is set aside without its bytes: names live in one place."""
    await bench.write(made.batch(PERSON, 0, [made.value("person")[:-1]]))
    (letter,) = bench.letters
    assert (letter.value, letter.key, letter.offset) == (None, b"k", 0)
    assert "Budi" not in letter.reason


async def test_offsets_are_what_comes_next(bench: Bench) -> None:
    """Excused records count too; partitions never written are not there; an earlier batch never lowers an offset."""
    tick = made.value("tick")
    await bench.write(made.batch(POSITION, 3, [made.value("position")] * 4, first=10), made.batch(PUNCHES, 0, [tick]))
    assert await bench.sink.start_offsets() == {(POSITION, 3): 14, (PUNCHES, 0): 1}
    await bench.write(made.batch(POSITION, 3, [made.value("position")], first=10))
    assert (await bench.sink.start_offsets())[POSITION, 3] == 14
    assert await bench.write() == ({}, 0)


async def test_writes_take_turns(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets of a later batch are never written down before those of an earlier one; large calls go in rounds."""
    monkeypatch.setattr(writer, "ROUND_BYTES", 2000)
    monkeypatch.setattr(writer, "BLOCK_BYTES", 500)
    values: list[bytes | None] = [made.value("position", {"employee_id": made.person_id(n)}) for n in range(200)]
    first = bench.write(made.batch(POSITION, 0, values[:120]))
    second = bench.write(made.batch(POSITION, 0, values[120:], first=120))
    assert [written.rows for written in await asyncio.gather(first, second)] == [{"position": 120}, {"position": 80}]
    await bench.sink.flush()
    assert bench.tables.one("SELECT uniqExact(employee_id) FROM position") == 200
    said = bench.tables.rows("SELECT offset FROM sink_offset ORDER BY written_at, offset")
    assert said == [(120,), (200,)]


async def test_start_refuses_tables_that_do_not_fit(migrated: Any) -> None:
    """A column that a record needs and no migration made is named before anything is read from Kafka."""
    tables = Tables(migrated)
    tables.run("ALTER TABLE leave RENAME COLUMN letter_no TO letter_number")
    sink = Sink(migrated, made.EPOCH, Bench(tables)._keep)
    try:
        with pytest.raises(Misconfigured, match="leave has no column letter_no"):
            await sink.start()
    finally:
        await sink.stop()
        tables.run("ALTER TABLE leave RENAME COLUMN letter_number TO letter_no")


async def test_unknown_topic_is_an_error_of_the_caller(bench: Bench) -> None:
    """The sink stores nothing of a topic that it does not know, and says so."""
    with pytest.raises(Misconfigured, match=r"does not read hadir\.staff_log"):
        await bench.write(made.batch("hadir.staff_log.e1", 0, [made.value("ping")]))
