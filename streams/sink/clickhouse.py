"""
The sink's way to ClickHouse: inserts and a few questions over HTTP, tried again until ClickHouse has them.

What went wrong decides what follows: *transient* (connection lost, 5xx, out of memory, too many parts) is tried again
for as long as it takes; *refused* (the data) is the caller's to take apart; *misfit* (no such table, no right, not our
SQL) ends the process, because every further record would fare the same.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import Any

import aiohttp

from hadir import metrics
from hadir.errors import HadirError, Misconfigured
from hadir.settings import Settings
from hadir.tls import clickhouse_context

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0  # ClickHouse is found again within two seconds of its coming back
CONNECT_S = 5.0
ANSWER_S = 60.0  # an insert of 16 MB takes a second; one that was only slow is harmless when done twice

STD_EXCEPTION = 1001
REFUSED = frozenset({6, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 131, 349, 376, 395, 407, 469, 691, STD_EXCEPTION})
"""
Codes that speak of the data: CANNOT_PARSE_*, ATTEMPT_TO_READ_AFTER_EOF (32), CANNOT_READ_ALL_DATA (33), TYPE_MISMATCH
(53), ARGUMENT_OUT_OF_BOUND (69), INCORRECT_DATA (117), TOO_LARGE_STRING_SIZE (131), null into a column without null
(349), CANNOT_PARSE_UUID (376), the mark behind a record (395), overflow (407), VIOLATED_CONSTRAINT (469), an unknown
element of an enum (691), and 1001, under which the Avro library's own exceptions come.
"""
TRANSIENT = frozenset({74, 75, 76, 159, 160, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252}) | frozenset(
    {279, 285, 286, 319, 394, 425, 439, 999, 1000}
)
"""
Codes that speak of the moment: files (74 to 76) and space (243), time, too many queries or parts (202, 252), network,
keeper, memory (241), cancelled. Any other that is not listed here is doubtful: after ``DOUBTS`` tries the data is
blamed.
"""
DOUBTS = 10
MISFIT = frozenset({8, 10, 16, 20, 36, 44, 47, 60, 62, 81, 115, 164, 192, 194, 291, 497, 516})
"""Codes that speak of statement, tables or rights: NO_SUCH_COLUMN (16), UNKNOWN_TABLE (60), ACCESS_DENIED (497) ..."""


class Refused(HadirError):
    """ClickHouse does not take these rows; nothing of them is stored. Carries its code and first line."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"code {code}: {text}")
        self.code = code


class Failed(HadirError):
    """A try that may succeed the next time. ``code`` is ClickHouse's own, 0 when it did not say anything."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


def verdict(status: int, code: int, text: str) -> HadirError:
    """
    What an answer that is no success means.

    Args:
        status: HTTP status.
        code: ``X-ClickHouse-Exception-Code``, 0 when there is none: then ClickHouse did not say it.
        text: the body.
    """
    line = text.strip().split("\n", 1)[0][:300]
    if code == STD_EXCEPTION and "avro" not in text.lower():
        return Failed(f"HTTP {status}: {line}", code)  # e.g. the file system's
    if code in MISFIT or (status in (401, 403, 404, 413) and code not in REFUSED):
        return Misconfigured(f"ClickHouse, HTTP {status}: {line}")
    if code in REFUSED or (400 <= status < 500 and code):
        return Refused(code, line)
    return Failed(f"HTTP {status}: {line}", code)


INSERTING = {
    "async_insert": "0",
    "max_partitions_per_insert_block": "0",
    "optimize_on_insert": "0",  # what replaces what is seen by FINAL and by merges; here it would cost a tenth
}


class ClickHouse:
    """One database over HTTP, with so many requests at a time."""

    def __init__(self, settings: Settings, connections: int = 6) -> None:
        self._url = settings.clickhouse_address.url
        self._headers = {
            "X-ClickHouse-User": settings.clickhouse_user,
            "X-ClickHouse-Key": settings.clickhouse_password,
        }
        self._fixed = {"database": settings.clickhouse_database}
        self._connections = connections
        self._tls = clickhouse_context(settings)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the connection pool; nothing is sent yet."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=30, ssl=True if self._tls is None else self._tls
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=ANSWER_S),
            headers=self._headers,
        )

    async def close(self) -> None:
        """Drop the connections; requests under way are cancelled."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def once(self, statement: str, data: bytes = b"", **settings: str) -> bytes:
        """
        One try.

        Raises:
            Failed: no answer, or one that may be another next time.
            Refused: the data.
            Misconfigured: the statement, the tables, the rights.
        """
        assert self._session is not None, "open() first"
        parameters = {**self._fixed, **settings, "query": statement}
        try:
            async with self._session.post(self._url, params=parameters, data=io.BytesIO(data)) as answer:
                body = await answer.read()
                code = answer.headers.get("X-ClickHouse-Exception-Code", "0")
                if answer.status == 200 and code == "0":
                    return body
                raise verdict(answer.status, int(code) if code.isdecimal() else 0, body.decode(errors="replace"))
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Failed(f"{type(error).__name__}: {error}") from error

    async def again(
        self, statement: str, data: bytes = b"", *, tries: int = 0, table: str = "", **settings: str
    ) -> bytes:
        """
        Try until there is an answer, without end or ``tries`` times; the statement must be harmless when done twice.

        The second try follows at once, because an idle connection may just have been closed by the other side.

        Raises:
            Refused, Misconfigured: see ``once``.
            Failed: still no success after ``tries`` tries.
        """
        tried, doubts, pause = 0, 0, 0.0
        while True:
            try:
                return await self.once(statement, data, **settings)
            except Failed as error:
                tried += 1
                if table:
                    metrics.SINK_RETRIES.labels(table).inc()
                if tries and tried >= tries:
                    raise
                doubts += error.code not in TRANSIENT and error.code not in (0, STD_EXCEPTION)
                if doubts >= DOUBTS:
                    raise Refused(error.code, str(error)) from error
                if tried > 1:
                    logger.warning("ClickHouse, try %d, %s: %s", tried, table or "question", error)
                await asyncio.sleep(pause)
                pause = min(max(pause * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)

    async def insert(self, statement: str, data: bytes, table: str, tries: int = 0) -> None:
        """
        Insert one block and return when ClickHouse has it; raises as ``again``.

        An insert that was answered too late may have been done twice: every table tells rows apart by their identity.
        """
        with metrics.SINK_INSERT_SECONDS.labels(table).time():
            await self.again(statement, data, tries=tries, table=table, **INSERTING)

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """Answer of a question, row by row; raises as ``again``."""
        body = await self.again(f"{query} FORMAT JSONEachRow", output_format_json_quote_64bit_integers="0")
        return [json.loads(line) for line in body.splitlines()]
