"""The endpoint over plain HTTP, held against what a ClickHouse server answers."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import uuid

import cramjam
import lz4.frame
import pytest
import requests
from backports import zstd

from hadir.stack.local import Server
from tests.stack.conftest import Http

pytestmark = pytest.mark.clickhouse


def test_ping_and_default_answer(endpoint: Server) -> None:
    """What load balancers and people ask first."""
    assert requests.get(endpoint.address + "/ping").text == "Ok.\n"
    assert requests.get(endpoint.address + "/replicas_status").text == "Ok.\n"
    assert requests.get(endpoint.address).text == "Ok.\n"
    assert requests.get(endpoint.address + "/nowhere").status_code == 404


def test_statement_comes_by_url_body_or_both(http: Http) -> None:
    """The body continues the parameter."""
    assert http.get("SELECT 1").text == "1\n"
    assert http.post("SELECT 2").text == "2\n"
    assert http.post("+ 2", query="SELECT 1").text == "3\n"
    assert http.post("SELECT 'héé — ✓'").text == "héé — ✓\n"


def test_headers_of_an_answer(http: Http) -> None:
    """The headers that clients read."""
    answer = http.post("SELECT number FROM numbers(3) FORMAT JSON", query_id="my-query")
    assert answer.headers["X-ClickHouse-Query-Id"] == "my-query"
    assert answer.headers["X-ClickHouse-Format"] == "JSON"
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["X-ClickHouse-Timezone"]
    assert answer.headers["X-ClickHouse-Server-Display-Name"]
    summary = json.loads(answer.headers["X-ClickHouse-Summary"])
    assert summary["read_rows"] == "3"
    assert summary["result_rows"] == "3"
    assert answer.json()["rows"] == 3


def test_default_format_gives_way_to_format_clause(http: Http) -> None:
    """Parameter, header, clause: the clause wins."""
    assert http.post("SELECT 1 AS a", default_format="JSONEachRow").text == '{"a":1}\n'
    assert http.post("SELECT 1 AS a", headers={"X-ClickHouse-Format": "CSVWithNames"}).text == '"a"\n1\n'
    assert http.post("SELECT 1 AS a FORMAT TSV", default_format="JSON").text == "1\n"


@pytest.mark.parametrize("format_", ["JSON", "TSVWithNames", "Parquet", "ArrowStream", "CSVWithNames"])
def test_empty_result_keeps_its_header(http: Http, format_: str) -> None:
    """A result without rows still says its columns."""
    answer = http.post(f"SELECT number AS abc FROM numbers(0) FORMAT {format_}")
    assert answer.status_code == 200
    assert b"abc" in answer.content


def test_parameters_are_values_never_sql(http: Http) -> None:
    """Escaped as ClickHouse's HTTP interface has it."""
    sql = "SELECT {s:String}, {n:Nullable(String)}, {a:Array(String)}, {d:Date}, {i:Int32} + 1"
    given = {"param_s": "x' OR 1 --", "param_n": r"\N", "param_a": r"['a\'b','c']", "param_d": "2026-11-23"}
    answer = http.post(sql + " FORMAT JSONCompact", **given, param_i="41")
    assert answer.json()["data"] == [["x' OR 1 --", None, ["a'b", "c"], "2026-11-23", 42]]
    assert http.post("SELECT {s:String}", param_s=r"a\tb\\c").text == "a\\tb\\\\c\n"  # a tab and a backslash, as TSV
    assert http.post("SELECT 7 AS x FROM {t:Identifier}.one", param_t="system").text == "7\n"


def test_settings_by_url_hold_for_that_request_only(http: Http) -> None:
    """Also SET without a session leaves nothing behind."""
    assert http.post("SELECT getSetting('max_block_size')", max_block_size="123").text == "123\n"
    http.run("SET max_block_size = 77")
    assert http.post("SELECT getSetting('max_block_size')").text != "77\n"


def test_database_is_chosen_by_parameter(http: Http) -> None:
    """And an unknown one is an error."""
    assert http.post("SELECT currentDatabase()", database="system").text == "system\n"
    answer = http.post("SELECT 1", database="nowhere")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (404, "81")


@pytest.mark.parametrize(
    ("sql", "code", "status"),
    [
        ("SELECT nope", 47, 404),
        ("SELECT * FROM nope", 60, 404),
        ("SELEC 1", 62, 400),
        ("SELECT 1; SELECT 2", 62, 400),
        ("SELECT throwIf(1)", 395, 500),
        ("SELECT 1 FORMAT Nope", 73, 404),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 48, 501),
        ("", 62, 400),
        ("-- nothing", 62, 400),
    ],
)
def test_errors_are_not_200_and_name_the_code(http: Http, sql: str, code: int, status: int) -> None:
    """Status, header and text as of a server."""
    answer = http.post(sql)
    assert answer.status_code == status
    assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)
    assert re.match(rf"Code: {code}\. DB::Exception: ", answer.text), answer.text


def test_unknown_setting_is_refused(http: Http) -> None:
    """Not silently ignored."""
    answer = http.post("SELECT 1", max_threds="1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (404, "115")


def test_get_changes_nothing(http: Http, table: str) -> None:
    """GET is read-only, its settings still count."""
    answer = http.get(f"INSERT INTO {table} (id) VALUES (1)")
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get("CREATE TABLE x (a Int8) ENGINE = Memory").headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get(f"SELECT count() FROM {table}", max_threads="1").text == "0\n"


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [
        ("gzip", lambda data: bytes(cramjam.gzip.decompress(data))),
        ("deflate", lambda data: bytes(cramjam.zlib.decompress(data))),
        ("zstd", zstd.decompress),
        ("lz4", lz4.frame.decompress),
        ("br", lambda data: bytes(cramjam.brotli.decompress(data))),
    ],
)
@pytest.mark.parametrize("rows", [0, 3, 400_000])
def test_output_is_compressed_as_asked(http: Http, encoding: str, unpack: object, rows: int) -> None:
    """Small answers, empty ones, and streams of several MB."""
    sql = f"SELECT number, toString(number) FROM numbers({rows})"
    plain = http.run(sql, enable_http_compression="0")
    with http.session.post(
        http.server.address,
        sql,
        params={"enable_http_compression": "1"},
        headers={"Accept-Encoding": encoding},
        stream=True,
    ) as answer:
        assert answer.headers["Content-Encoding"] == encoding
        packed = answer.raw.read(decode_content=False)
    assert unpack(packed).decode() == plain  # type: ignore[operator]


def test_output_is_not_compressed_unless_enabled(http: Http) -> None:
    """``enable_http_compression=0`` wins over the header."""
    answer = http.post("SELECT 1", headers={"Accept-Encoding": "gzip"}, enable_http_compression="0")
    assert "Content-Encoding" not in answer.headers


def test_max_execution_time_is_kept(http: Http) -> None:
    """Code 159, status 408, in about the time that was given."""
    begun = time.monotonic()
    answer = http.post(
        "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", max_execution_time="1"
    )
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (408, "159")
    assert time.monotonic() - begun < 5


def test_error_in_the_middle_of_an_answer_is_marked(http: Http) -> None:
    """The status is out already: the block with the tag says so, and the body does not end properly."""
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(10000000) FORMAT TSV"
    with http.session.post(http.server.address, sql, params={"max_block_size": "10000"}, stream=True) as answer:
        assert answer.status_code == 200
        tag = answer.headers["X-ClickHouse-Exception-Tag"]
        parts: list[bytes] = []

        def read_all() -> None:
            for part in answer.iter_content(1 << 20):
                parts.append(part)

        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            read_all()
    body = b"".join(parts)
    assert b"\r\n__exception__\r\n" + tag.encode() + b"\r\nCode: 395. " in body
    assert body.endswith(tag.encode() + b"\r\n__exception__\r\n")


def test_wait_end_of_query_gives_errors_their_status(http: Http) -> None:
    """The whole result is made before the first byte."""
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(10000000) FORMAT TSV"
    assert http.post(sql, wait_end_of_query="1", max_block_size="10000").status_code == 500
    assert len(http.post("SELECT number FROM numbers(2000000)", wait_end_of_query="1").content) > 10_000_000


def test_read_is_cancelled_when_the_client_leaves(http: Http) -> None:
    """Nobody computes for nobody."""
    tag = uuid.uuid4().hex
    sql = f"SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number, '{tag}'))"
    with pytest.raises(requests.Timeout):
        requests.post(http.server.address, sql, timeout=0.5)
    running = (
        f"SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%{tag}%' AND query NOT LIKE '%processes%'"
    )
    end = time.monotonic() + 10
    while http.run(running) != "0\n":
        assert time.monotonic() < end


def test_reads_run_side_by_side_and_beside_inserts(http: Http, table: str) -> None:
    """A slow report holds back neither the next one nor the sink."""
    done: list[str] = []
    slow = threading.Thread(
        target=lambda: done.append(requests.post(http.server.address, "SELECT sleep(2.5)", timeout=20).text)
    )
    slow.start()
    http.run(f"INSERT INTO {table} (id) VALUES (1)")
    assert http.run(f"SELECT count() FROM {table}") == "1\n"
    assert not done
    slow.join()
    assert done == ["0\n"]


def test_session_keeps_settings_database_and_temporary_tables(http: Http) -> None:
    """And the settings of one request do not stay in it."""
    name = uuid.uuid4().hex
    http.run("SET max_block_size = 99", session_id=name)
    http.run("CREATE TEMPORARY TABLE mine (a Int32)", session_id=name)
    http.run("INSERT INTO mine VALUES (5)", session_id=name)
    http.run("USE system", session_id=name)
    assert http.run("SELECT currentDatabase()", session_id=name) == "system\n"
    assert http.run("SELECT currentDatabase()", session_id=name, database="default") == "default\n"
    assert http.run("SELECT currentDatabase()", session_id=name) == "system\n"
    assert http.run("SELECT a, getSetting('max_block_size') FROM mine", session_id=name) == "5\t99\n"
    assert http.run("SELECT getSetting('max_block_size')", session_id=name, max_block_size="11") == "11\n"
    assert http.run("SELECT getSetting('max_block_size')", session_id=name) == "99\n"
    assert http.post("SELECT * FROM mine").headers["X-ClickHouse-Exception-Code"] == "60"
    http.run("SELECT 1", session_id=name, close_session="1")
    assert http.post("SELECT 1", session_id=name, session_check="1").headers["X-ClickHouse-Exception-Code"] == "372"


def test_session_is_free_when_its_answer_has_ended(http: Http) -> None:
    """Also after a streamed answer: the next request of the same session never meets 373."""
    name = uuid.uuid4().hex
    for _ in range(30):
        assert len(http.run("SELECT number FROM numbers(300000)", session_id=name)) > 1 << 20
        assert http.run("SELECT 1", session_id=name) == "1\n"


def test_session_serves_one_request_at_a_time(http: Http) -> None:
    """Code 373, as a server."""
    name = uuid.uuid4().hex
    slow = threading.Thread(
        target=lambda: requests.post(http.server.address, "SELECT sleep(2)", params={"session_id": name})
    )
    slow.start()
    running = "SELECT count() FROM system.processes WHERE query = 'SELECT sleep(2)'"
    while http.run(running) == "0\n":
        assert slow.is_alive()
    assert http.post("SELECT 1", session_id=name).headers["X-ClickHouse-Exception-Code"] == "373"
    slow.join()
    assert http.run("SELECT 1", session_id=name) == "1\n"


def test_external_table_comes_with_the_query(http: Http) -> None:
    """multipart/form-data, as clickhouse-connect and curl -F send it."""
    answer = requests.post(
        http.server.address,
        params={"query": "SELECT sum(a), any(b) FROM x", "x_structure": "a Int32, b String", "x_format": "CSV"},
        files={"x": ("x", b"1,p\n2,p\n")},
    )
    assert answer.text == "3\tp\n"


def test_pages_of_other_sites_are_refused(http: Http) -> None:
    """A web page must not reach a database on the reader's own machine."""
    assert http.post("SELECT 1", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert http.post("SELECT 1", headers={"Host": "evil.example:8123"}).status_code == 403
    assert http.post("SELECT 1", headers={"Host": "localhost:1"}).status_code == 200


def test_half_a_request_runs_nothing(http: Http, table: str) -> None:
    """An upload that breaks off inserts nothing."""
    sql = f"INSERT INTO {table} (id) FORMAT CSV\n"
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(sql) + 4000}\r\n\r\n"
    with socket.create_connection((http.server.host, http.server.port)) as broken:
        broken.sendall((head + sql + "1\n2\n3\n").encode())
    assert http.run(f"SELECT count() FROM {table}") == "0\n"


def test_metrics_are_served(http: Http) -> None:
    """For Prometheus, on the same port."""
    http.run("SELECT 1")
    text = requests.get(http.server.address + "/metrics").text
    assert 'hadir_clickhouse_queries_total{kind="read"}' in text


def test_long_statement_and_long_url_are_taken(http: Http) -> None:
    """A list of 36,000 people in a body, 100 kB in a URL."""
    people = ",".join(f"'{uuid.UUID(int=n)}'" for n in range(36_000))
    assert (
        http.run(f"SELECT count() FROM numbers(10) WHERE toString(number) IN ({people})", max_query_size="10000000")
        == "0\n"
    )
    assert http.get("SELECT length('" + "x" * 100_000 + "')").text == "100000\n"


def test_go_driver_greeting(http: Http) -> None:
    """Grafana's plugin reads this answer at its own revision, the next ones at the revision named here: 0."""
    sql = "SELECT displayName(), version(), revision(), timezone()"
    params = {"client_protocol_version": "54460", "default_format": "Native", "database": "default"}
    block = http.post(sql, **params).content
    assert block.startswith(bytes.fromhex("010002ffffffff000401"))
    assert b"revision()\x06UInt32\x00\x00\x00\x00\x00" in block
    assert http.post("SELECT 1", **params).content == b"\x01\x01\x011\x05UInt8\x01"
