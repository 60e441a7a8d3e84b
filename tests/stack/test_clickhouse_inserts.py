"""INSERT over HTTP: every format that hadir or an analyst may send, compressed or not, refused whole when wrong."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Callable
from typing import Any

import cramjam
import fastavro
import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from tests.stack.conftest import Http

pytestmark = pytest.mark.clickhouse

ROWS: list[dict[str, Any]] = [
    {"id": n, "who": f"orang {n}", "at": 1_795_000_000_000 + n, "late": None if n % 3 else n} for n in range(1000)
]
SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "row",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "who", "type": "string"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "late", "type": ["null", "int"]},
        ],
    }
)


def as_avro(rows: list[dict[str, Any]]) -> bytes:
    """An Object Container File."""
    out = io.BytesIO()
    fastavro.writer(out, SCHEMA, rows)
    return out.getvalue()


def as_arrow(rows: list[dict[str, Any]]) -> pa.Table:
    """An Arrow table with ClickHouse's types."""
    fields = [("id", pa.uint64()), ("who", pa.string()), ("at", pa.timestamp("ms", "UTC")), ("late", pa.int32())]
    return pa.Table.from_pylist(rows, pa.schema(fields))


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    pq.write_table(as_arrow(rows), out)
    return out.getvalue()


def as_arrow_stream(rows: list[dict[str, Any]]) -> bytes:
    """An Arrow IPC stream."""
    out = io.BytesIO()
    table = as_arrow(rows)
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def as_row_binary(rows: list[dict[str, Any]]) -> bytes:
    """RowBinary, by hand."""
    parts = []
    for row in rows:
        who = row["who"].encode()
        late = b"\1" if row["late"] is None else b"\0" + struct.pack("<i", row["late"])
        parts.append(struct.pack("<Q", row["id"]) + bytes([len(who)]) + who + struct.pack("<q", row["at"]) + late)
    return b"".join(parts)


def as_native(rows: list[dict[str, Any]]) -> bytes:
    """One Native block of revision 0, by hand."""

    def column(name: str, type_: str, data: bytes) -> bytes:
        return bytes([len(name)]) + name.encode() + bytes([len(type_)]) + type_.encode() + data

    count = len(rows)
    varint = bytes([count & 0x7F | 0x80, count >> 7])
    who = b"".join(bytes([len(r["who"].encode())]) + r["who"].encode() for r in rows)
    late = bytes(r["late"] is None for r in rows) + struct.pack(f"<{count}i", *(r["late"] or 0 for r in rows))
    return (
        b"\4"
        + varint
        + column("id", "UInt64", struct.pack(f"<{count}Q", *(r["id"] for r in rows)))
        + column("who", "String", who)
        + column("at", "DateTime64(3, 'UTC')", struct.pack(f"<{count}q", *(r["at"] for r in rows)))
        + column("late", "Nullable(Int32)", late)
    )


def as_text(rows: list[dict[str, Any]], comma: str, null: str, quote: str) -> bytes:
    """CSV or TSV."""
    lines = []
    for row in rows:
        cells = [str(row["id"]), quote + row["who"] + quote, f"{row['at'] / 1000:.3f}"]
        lines.append(comma.join([*cells, null if row["late"] is None else str(row["late"])]))
    return "\n".join(lines).encode() + b"\n"


def as_values(rows: list[dict[str, Any]]) -> bytes:
    """SQL tuples."""
    text = ", ".join(
        f"({r['id']}, '{r['who']}', {r['at'] / 1000:.3f}, {'NULL' if r['late'] is None else r['late']})" for r in rows
    )
    return text.encode()


FORMATS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "Avro": as_avro,
    "Parquet": as_parquet,
    "ArrowStream": as_arrow_stream,
    "RowBinary": as_row_binary,
    "Native": as_native,
    "CSV": lambda rows: as_text(rows, ",", r"\N", '"'),
    "TSV": lambda rows: as_text(rows, "\t", r"\N", ""),
    "Values": as_values,
    "JSONEachRow": lambda rows: "\n".join(json.dumps({**r, "at": r["at"] / 1000}) for r in rows).encode(),
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": lambda data: bytes(cramjam.gzip.compress(data)),
    "deflate": lambda data: bytes(cramjam.zlib.compress(data)),
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
    "br": lambda data: bytes(cramjam.brotli.compress(data)),
}


def content(http: Http, table: str) -> list[list[Any]]:
    """What the table holds, in order."""
    sql = f"SELECT id, who, toUnixTimestamp64Milli(at), late FROM {table} ORDER BY id FORMAT JSONCompact"
    return list(http.post(sql, output_format_json_quote_64bit_integers="0").json()["data"])


EXPECTED = [[r["id"], r["who"], r["at"], r["late"]] for r in ROWS]


@pytest.mark.parametrize("where", ["url", "body"])
@pytest.mark.parametrize("format_", FORMATS)
def test_rows_arrive_as_sent(http: Http, table: str, format_: str, where: str) -> None:
    """The statement in the URL with data as body, or both in the body; the summary counts the rows."""
    sql, data = f"INSERT INTO {table} (id, who, at, late) FORMAT {format_}", FORMATS[format_](ROWS)
    answer = http.post(data, query=sql) if where == "url" else http.post(sql.encode() + b"\n" + data)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "1000"
    assert content(http, table) == EXPECTED


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize("format_", ["Avro", "CSV"])
def test_bodies_may_be_compressed(http: Http, table: str, format_: str, encoding: str) -> None:
    """The whole body, statement included, in any encoding."""
    body = f"INSERT INTO {table} FORMAT {format_}\n".encode() + FORMATS[format_](ROWS)
    headers = {"Content-Encoding": encoding} if encoding else None
    answer = http.post(PACK[encoding](body), headers=headers)
    assert answer.status_code == 200, answer.text
    assert content(http, table) == EXPECTED


def test_large_body_is_spooled_and_arrives_whole(http: Http, table: str) -> None:
    """More than is kept in memory, sent in chunks without a length."""
    lines = (f"{n},orang {n},1795000000.000,\\N\n".encode() for n in range(600_000))
    answer = http.session.post(http.server.address, data=lines, params={"query": f"INSERT INTO {table} FORMAT CSV"})
    assert answer.status_code == 200, answer.text
    assert http.run(f"SELECT count(), sum(id) FROM {table}") == f"600000\t{sum(range(600_000))}\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_truncated_data_is_refused(http: Http, table: str, format_: str) -> None:
    """Cut anywhere in the middle, a container or a row: an error, and of this one block nothing stays."""
    if format_ in ("CSV", "TSV", "JSONEachRow", "Values"):
        data = FORMATS[format_](ROWS)[:-9] + b"\x00!"
    else:
        data = FORMATS[format_](ROWS)[:-9]
    answer = http.post(data, query=f"INSERT INTO {table} FORMAT {format_}")
    assert answer.status_code >= 400
    assert "Code: " in answer.text
    assert http.run(f"SELECT count() FROM {table}") == "0\n"


def test_mutated_container_never_ends_the_process(http: Http, table: str) -> None:
    """A wrong byte anywhere: refused or read as something, but the endpoint goes on."""
    dice, whole = random.Random(7), as_avro(ROWS[:50])
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 3)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        answer = http.post(bytes(data), query=f"INSERT INTO {table} FORMAT Avro")
        assert answer.status_code == 200 or "Code: " in answer.text
    assert http.run("SELECT 1") == "1\n"


def test_no_rows_is_no_error(http: Http, table: str) -> None:
    """An empty body of a text format, an empty container."""
    assert http.post(b"", query=f"INSERT INTO {table} FORMAT CSV").status_code == 200
    assert http.post(as_avro([]), query=f"INSERT INTO {table} FORMAT Avro").status_code == 200
    assert http.run(f"SELECT count() FROM {table}") == "0\n"


def test_errors_of_inserts(http: Http, table: str) -> None:
    """Unknown table, unknown format, wrong cell: code, status, and the row that was wrong."""
    assert http.post(b"1", query="INSERT INTO nope FORMAT CSV").headers["X-ClickHouse-Exception-Code"] == "60"
    assert http.post(b"1", query=f"INSERT INTO {table} FORMAT Nope").headers["X-ClickHouse-Exception-Code"] == "73"
    answer = http.post(b"1,a,1795000000.000,\\N\nx,b,1795000000.000,\\N\n", query=f"INSERT INTO {table} FORMAT CSV")
    assert answer.status_code == 400
    assert "at row 2" in answer.text


def test_insert_select_counts_what_it_wrote(http: Http, table: str) -> None:
    """No data follows, the engine does it all."""
    answer = http.post(f"INSERT INTO {table} (id) SELECT number FROM numbers(10)")
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "10"
    assert http.run(f"SELECT count() FROM {table}") == "10\n"


def test_settings_and_parameters_reach_an_insert(http: Http, table: str) -> None:
    """Table by parameter, a setting of the format, deduplication by token."""
    sql = "INSERT INTO {t:Identifier} (id) FORMAT CSV"
    answer = http.post(
        b"1;\n2;\n", query=sql, param_t=table, format_csv_delimiter=";", input_format_allow_errors_num="0"
    )
    assert answer.status_code in (200, 400)
    http.run(f"TRUNCATE TABLE {table}")
    http.run(f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 100")
    for _ in range(2):
        given = {"insert_deduplication_token": "batch-1", "async_insert": "0"}
        assert http.post(b"1\n2\n", query=f"INSERT INTO {table} (id) FORMAT CSV", **given).status_code == 200
    assert http.run(f"SELECT count() FROM {table}") == "2\n"


def test_unpackable_body_is_refused(http: Http, table: str) -> None:
    """Said to be gzip and is not; an encoding that nobody knows."""
    sql = f"INSERT INTO {table} FORMAT CSV"
    broken = http.post(b"1", {"Content-Encoding": "gzip"}, query=sql)
    unknown = http.post(b"1", {"Content-Encoding": "rot13"}, query=sql)
    assert broken.headers["X-ClickHouse-Exception-Code"] == "271"
    assert unknown.headers["X-ClickHouse-Exception-Code"] == "89"
