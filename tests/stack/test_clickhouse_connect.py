"""clickhouse-connect's ordinary HTTP client against the endpoint, with its defaults (compression, sessions)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal

import clickhouse_connect
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData

from hadir.stack.local import Server

pytestmark = pytest.mark.clickhouse


@pytest.fixture(params=[True, False, "lz4", "zstd", "gzip"])
def client(endpoint: Server, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of each kind of compression."""
    made = clickhouse_connect.get_client(host=endpoint.host, port=endpoint.port, compress=request.param)
    yield made
    made.close()


@pytest.fixture
def wide(client: Client) -> Iterator[str]:
    """A table of the column types that hadir uses."""
    name = f"w_{uuid.uuid4().hex[:8]}"
    client.command(
        f"CREATE TABLE {name} (id UUID, kind LowCardinality(String), day Date, at DateTime64(3, 'UTC'), "
        "late Nullable(Int32), why Array(String), score Decimal(9, 2), pos Tuple(lat Float64, lon Float64), "
        "tags Map(String, UInt16)) ENGINE = MergeTree ORDER BY id"
    )
    yield name
    client.command(f"DROP TABLE {name}")


ROW = [
    uuid.UUID(int=5),
    "punch",
    dt.date(2026, 11, 23),
    dt.datetime(2026, 11, 23, 0, 31, 10, 250_000, dt.UTC),
    None,
    ["a", "b'c"],
    Decimal("1.25"),
    (-7.5, 110.8),
    {"x": 1},
]


def test_rows_go_in_and_come_out(client: Client, wide: str) -> None:
    """By rows and by columns, with the types that hadir uses."""
    second = [uuid.UUID(int=6), *ROW[1:4], 70, *ROW[5:]]
    assert client.insert(wide, [ROW, second]).written_rows == 2
    names = ["id", "kind", "day", "at", "late", "why", "score", "pos", "tags"]
    client.insert(wide, [[uuid.UUID(int=7)], *([value] for value in ROW[1:])], names, column_oriented=True)
    found = client.query(f"SELECT * FROM {wide} ORDER BY id", query_tz="UTC").result_rows
    assert [row[0].int for row in found] == [5, 6, 7]
    assert list(found[0])[:3] == ROW[:3]
    assert found[0][3].replace(tzinfo=dt.UTC) == ROW[3]
    assert list(found[1])[4:7] == [70, ["a", "b'c"], Decimal("1.25")]
    assert found[0][8] == {"x": 1}


def test_parameters_server_side(client: Client) -> None:
    """Bound by the engine."""
    sql = "SELECT {s:String}, {d:Date}, {a:Array(Int32)}, {n:Nullable(Int32)}"
    row = client.query(
        sql, parameters={"s": "it's \\ \n x", "d": dt.date(2026, 1, 2), "a": [1, 2], "n": None}
    ).first_row
    assert list(row) == ["it's \\ \n x", dt.date(2026, 1, 2), [1, 2], None]


def test_command_and_settings(client: Client) -> None:
    """Single values and settings of one call."""
    assert client.command("SELECT 41 + 1") == 42
    assert client.command("SELECT getSetting('max_block_size')", settings={"max_block_size": 321}) == 321
    assert client.server_version.startswith("26.")
    assert client.ping()


def test_empty_result_has_columns(client: Client, wide: str) -> None:
    """LIMIT 0 asks for the columns alone."""
    assert client.query(f"SELECT id, late FROM {wide} LIMIT 0").column_names == ("id", "late")
    assert client.query(f"SELECT id FROM {wide}").result_rows == []


def test_arrow_out_and_in(client: Client, wide: str) -> None:
    """Arrow both ways."""
    table = client.query_arrow("SELECT number AS n, toString(number) AS s FROM numbers(1000)")
    assert table.num_rows == 1000
    arrow = pa.table({"kind": ["a", "b"], "late": pa.array([1, None], pa.int32())})
    client.insert_arrow(wide, arrow)
    assert client.command(f"SELECT count() FROM {wide}") == 2


def test_streams(client: Client) -> None:
    """Blocks, rows, Arrow batches and raw bytes as they come."""
    sql = "SELECT number, toString(number) FROM numbers(500000)"
    with client.query_row_block_stream(sql) as blocks:
        assert sum(len(block) for block in blocks) == 500_000
    with client.query_rows_stream(sql) as rows:
        assert sum(row[0] for row in rows) == sum(range(500_000))
    with client.query_arrow_stream(sql) as batches:
        assert sum(batch.num_rows for batch in batches) == 500_000
    with client.raw_stream(sql, fmt="CSV") as raw:
        assert raw.read().count(b"\n") == 500_000


def test_stream_left_early_frees_its_place(client: Client) -> None:
    """More abandoned streams than there are places, and the next query still runs."""
    for _ in range(12):
        with client.query_row_block_stream("SELECT number FROM numbers(3000000)") as blocks:
            next(iter(blocks))
    assert client.command("SELECT 1") == 1


def test_raw_insert_and_raw_query(client: Client, wide: str) -> None:
    """Bytes of any format."""
    summary = client.raw_insert(wide, ["kind", "late"], "x,1\ny,\\N\n", fmt="CSV")
    assert summary.written_rows == 2
    assert client.raw_query(f"SELECT kind FROM {wide} ORDER BY kind", fmt="TSV") == b"x\ny\n"


def test_error_reaches_the_caller(client: Client) -> None:
    """With ClickHouse's code and text."""
    with pytest.raises(DatabaseError, match=r"code: 60.*UNKNOWN_TABLE"):
        client.query("SELECT * FROM nope")


def test_error_in_a_stream_reaches_the_caller(client: Client) -> None:
    """A result that breaks off is never taken for whole."""
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(10000000)"

    def read_all() -> None:
        with client.query_row_block_stream(sql, settings={"max_block_size": 10_000}) as blocks:
            for _ in blocks:
                pass

    with pytest.raises(DatabaseError, match="throwIf"):
        read_all()


def test_temporary_table_of_the_clients_session(client: Client) -> None:
    """The client names a session by itself."""
    client.command("CREATE TEMPORARY TABLE mine (a Int32)")
    client.insert("mine", [[1], [2]], ["a"], column_type_names=["Int32"])
    assert client.command("SELECT sum(a) FROM mine") == 3


def test_external_data(client: Client) -> None:
    """A table sent with the query."""
    data = ExternalData(file_name="ids.csv", fmt="CSV", structure=["id UInt32", "name String"], data=b"1,a\n2,b\n")
    assert client.query("SELECT name FROM ids ORDER BY id", external_data=data).result_rows == [("a",), ("b",)]


async def test_asynchronous_client(endpoint: Server) -> None:
    """The aiohttp client, with queries side by side."""
    import asyncio

    client = await clickhouse_connect.get_async_client(
        host=endpoint.host, port=endpoint.port, autogenerate_session_id=False
    )
    try:
        answers = await asyncio.gather(*(client.query(f"SELECT {n}, sleep(0.1)") for n in range(20)))
        assert [answer.first_row[0] for answer in answers] == list(range(20))
    finally:
        await client.close()
