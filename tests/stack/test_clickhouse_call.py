"""Reading a request: parameters, credentials, settings, external tables, the greeting of Go's driver."""

from __future__ import annotations

import asyncio
import base64

import pytest
from multidict import CIMultiDict

from hadir.stack.clickhouse import native
from hadir.stack.clickhouse.app import Places
from hadir.stack.clickhouse.call import externals, read_call
from hadir.stack.clickhouse.errors import ClickHouseError
from hadir.stack.clickhouse.sessions import Sessions


def test_known_parameters_are_taken_and_the_rest_are_settings() -> None:
    """Unknown names go to the engine, which refuses what it does not know."""
    fields = [("query", "SELECT 1"), ("database", "d"), ("max_threads", "1"), ("param_x", "y"), ("quota_key", "k")]
    call = read_call("POST", [*fields, ("query_id", "q"), ("session_timeout", "99999")], {})
    assert call.settings == {"max_threads": "1", "param_x": "y", "log_comment": "q"}
    assert (call.query, call.database, call.read_only, call.session_timeout_s) == ("SELECT 1", "d", False, 3600)


@pytest.mark.parametrize("name", ["a'b", "x y", "", "a=1, b"])
def test_name_that_cannot_be_a_setting_is_refused(name: str) -> None:
    """Names are put into SQL, so only real ones pass."""
    with pytest.raises(ClickHouseError, match="115"):
        read_call("POST", [(name, "1")], {})


@pytest.mark.parametrize(
    ("fields", "headers", "expected"),
    [
        ([], {}, ("default", "")),
        ([("user", "a"), ("password", "b")], {}, ("a", "b")),
        ([("user", "a")], {"X-ClickHouse-User": "c", "X-ClickHouse-Key": "d"}, ("c", "d")),
        ([], {"Authorization": "Basic " + base64.b64encode(b"e:f:g").decode()}, ("e", "f:g")),
    ],
)
def test_credentials_are_found(
    fields: list[tuple[str, str]], headers: dict[str, str], expected: tuple[str, str]
) -> None:
    """Headers before parameters."""
    call = read_call("GET", fields, CIMultiDict(headers))
    assert (call.user, call.password) == expected


@pytest.mark.parametrize("value", ["Bearer x", "Basic ???", "Basic " + base64.b64encode(b"\xff\xfe").decode()])
def test_broken_authorization_is_refused(value: str) -> None:
    """Never taken for nobody."""
    with pytest.raises(ClickHouseError, match="516"):
        read_call("GET", [], {"Authorization": value})


@pytest.mark.parametrize("name", ["compress", "decompress"])
def test_clickhouses_own_block_compression_is_said_to_be_missing(name: str) -> None:
    """Refused loudly: ignoring it would give the client bytes that it cannot read."""
    with pytest.raises(ClickHouseError, match="48"):
        read_call("POST", [(name, "1")], {})


def test_external_tables_take_their_description() -> None:
    """Types become columns _1, _2; brackets in types are kept together."""
    settings = {"x_types": "UInt8, Tuple(a Int8, b String)", "x_format": "CSV", "max_threads": "1"}
    tables, rest = externals({"x": b"1"}, settings)
    assert (tables[0].structure, tables[0].format) == ("_1 UInt8, _2 Tuple(a Int8, b String)", "CSV")
    assert rest == {"max_threads": "1"}
    with pytest.raises(ClickHouseError, match="neither"):
        externals({"y": b""}, {})


def test_greeting_is_framed_as_its_reader_expects() -> None:
    """Block info, one serialization byte per column, revision 0 so that later blocks are read as chDB writes them."""
    block = native.greeting("vm", "26.9.2.1", "UTC")
    assert block.startswith(bytes.fromhex("010002ffffffff00") + b"\x04\x01")
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in block
    query = "SELECT displayName(), version(), revision(), timezone()"
    assert native.is_greeting(query, 54460, "Native")
    assert not native.is_greeting(query, 0, "Native")
    assert not native.is_greeting(query + ", 1", 54460, "Native")


def test_session_ends_after_its_timeout_and_serves_one_at_a_time() -> None:
    """As ClickHouse: 373 while it is busy, 372 when it must be there and is not."""
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    session = sessions.acquire("s", 10, False)
    with pytest.raises(ClickHouseError, match="373"):
        sessions.acquire("s", 10, False)
    sessions.release(session)
    now[0] = 9.0
    assert sessions.acquire("s", 10, True) is session
    sessions.release(session)
    now[0] = 20.0
    with pytest.raises(ClickHouseError, match="372"):
        sessions.acquire("s", 10, True)


async def test_more_than_may_wait_are_told_so() -> None:
    """Code 202 instead of a queue without end; a place given back goes to the next."""
    places = Places(1, 2)
    await places.take()
    waiting = [asyncio.create_task(places.take()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ClickHouseError, match="202"):
        await places.take()
    for task in waiting:
        places.give()
        await task
