"""One request running: from the connection to the last byte of the answer. Blocks; called from threads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from hadir.stack.clickhouse import sql
from hadir.stack.clickhouse.call import Call, External
from hadir.stack.clickhouse.codecs import Compressor, compressor, decompress
from hadir.stack.clickhouse.engine import Connection, Engine, Progress
from hadir.stack.clickhouse.errors import NOT_IMPLEMENTED, READONLY, SYNTAX_ERROR, TOO_LARGE, ClickHouseError, ours
from hadir.stack.clickhouse.sessions import Session
from hadir.stack.clickhouse.sql import Statement

HEAD_BYTES = 1 << 16
"""How much of a body is looked at to find where an INSERT's data starts."""
QUERY_BYTES = 16 << 20
"""Longest statement; ClickHouse's own ``max_query_size`` is 256 kB of parsed SQL, but literals may be long."""
BUFFER_BYTES = 1 << 20
"""Output held back before the first byte is sent, so that most errors still get their status: ClickHouse's size."""
PIECE = 1 << 20
STREAMED = frozenset({"native", "rowbinary", "tabseparated", "tsv", "tabseparatedraw", "tsvraw", "csv", "jsoneachrow"})
STREAMED |= {
    "ndjson",
    "jsonlines",
    "jsoncompacteachrow",
    "jsonstringseachrow",
    "tskv",
    "msgpack",
    "lineasstring",
    "null",
}
"""Formats of which pieces put together are the whole. chDB ends the document with every piece it streams, so of the
others (JSON, Arrow, Parquet, anything with a header or footer) a streamed result would be several documents."""


@dataclass(slots=True)
class Run:
    """
    A request being served.

    ``begin`` does the work up to the first MB of output, ``more`` gives the rest; ``finish`` must be called whatever
    happened, from any thread.
    """

    engine: Engine
    call: Call
    body: IO[bytes]
    body_encoding: str
    body_limit: int
    encoding: str = ""
    tables: list[External] = field(default_factory=list)
    session: Session | None = None
    statement: Statement | None = None
    progress: Progress = field(default_factory=Progress)
    finished: bool = False
    started: float = field(default_factory=time.monotonic)
    _connection: Connection | None = None
    _output: Iterator[bytes] | None = None
    _data: Iterator[bytes] = field(default_factory=lambda: iter(()))
    _packer: Compressor = field(default_factory=lambda: compressor(""))

    @property
    def format(self) -> str:
        """The format of the output."""
        named = self.statement.format if self.statement is not None and self.statement.kind != "insert" else None
        return named or self.call.format

    def read(self) -> Statement:
        """
        Read the statement out of ``query=`` and the body; what remains of the body is the data of an INSERT.

        Raises:
            ClickHouseError: empty, too long, several statements, files of the client, a body that cannot be unpacked.
        """
        pieces = decompress(self.body_encoding, iter(lambda: self.body.read(PIECE), b""), self.body_limit)
        start = self.call.query.encode()
        head = start + b"\n" if start else b""
        for piece in pieces:
            head += piece
            if len(head) >= HEAD_BYTES + len(start):
                break
        statement = sql.read(head.decode("latin-1"))
        if statement.kind != "insert":
            for piece in pieces:
                head += piece
                if len(head) > QUERY_BYTES:
                    raise ours(TOO_LARGE, f"The statement is longer than {QUERY_BYTES} bytes", "TOO_MANY_BYTES")
            statement = sql.read(head.decode("latin-1"))
        if statement.kind == "empty":
            raise ours(SYNTAX_ERROR, "Syntax error: empty query", "SYNTAX_ERROR")
        if statement.several:
            raise ours(SYNTAX_ERROR, "Syntax error: Multi-statements are not allowed", "SYNTAX_ERROR")
        if statement.outfile:
            raise ours(NOT_IMPLEMENTED, "INTO OUTFILE and FROM INFILE are for clients", "NOT_IMPLEMENTED")
        text = statement.sql.encode("latin-1").decode("utf-8", "replace")
        self.statement = replace(statement, sql=text)
        self._data = _chain(head[statement.data_at :], pieces)
        return self.statement

    def begin(self) -> bytes:
        """
        Run it until it is done or 1 MB of output is there (all of it with ``wait_end_of_query``).

        Returns:
            the (compressed) output so far; ``finished`` says whether that is all.

        Raises:
            ClickHouseError: nothing of the answer has been sent.
        """
        statement = self.statement or self.read()
        connection = self._connection = self._connect(statement)
        if statement.kind == "insert":
            connection.insert(statement.sql, statement.format or "Values", self._data, self.progress)
            source: Iterable[bytes] = ()
        elif statement.selects and self._streams(statement):
            source = connection.stream(statement.sql, self.format, self.progress)
        else:
            source = (connection.run(statement.sql, self.format, self.progress),)
            if statement.kind == "session":
                self._remember(statement)
        self._packer = compressor(self.encoding)
        self._output = self._packed(source)
        if self.call.wait_end:
            self._output = self._spooled(self._output)
        head = b""
        while len(head) < BUFFER_BYTES:
            piece = next(self._output, None)
            if piece is None:
                self.finished = True
                break
            head += piece
        return head

    def more(self) -> bytes:
        """The next bytes of the output; none when it is over. Raises ClickHouseError in the middle of an answer."""
        piece = next(self._output, b"") if self._output is not None else b""
        self.finished = not piece
        return piece

    def broken_off(self, error: ClickHouseError, tag: str) -> bytes:
        """The last bytes of an answer that ``more`` broke off: the error, inside the compression."""
        return self._packer.compress(exception_block(error, tag)) + self._packer.flush()

    def finish(self) -> None:
        """Give the connection back: closed, or a session's with this request's settings taken off."""
        output, self._output = self._output, None
        if output is not None and hasattr(output, "close"):
            output.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            if self.session is not None and self.session.connection is connection:
                self.session.restore(self.call.settings, self.call.database)
            else:
                connection.close()
        self.body.close()

    def _connect(self, statement: Statement) -> Connection:
        kept = self.session.connection if self.session is not None else None
        if kept is not None and self.call.read_only and statement.kind != "read":
            raise ours(READONLY, "Cannot execute query in readonly mode", "READONLY")
        connection = kept or self.engine.connect()
        self._connection = connection  # so that finish() closes it if what follows fails
        if self.session is not None and (statement.kind == "session" or statement.temporary):
            self.session.connection = connection
        for table in self.tables:
            connection.run(f"CREATE TEMPORARY TABLE {sql.quote_name(table.name)} ({table.structure})")
            text = f"INSERT INTO {sql.quote_name(table.name)}"
            connection.insert(text, table.format, [table.data], Progress())
        settings = dict(self.call.settings)
        if self.call.read_only and kept is None:
            settings = {**settings, "readonly": "1" if settings.get("readonly") == "1" else "2"}
        if self.call.database and (kept is not None or self.call.database != "default"):
            connection.run(f"USE {sql.quote_name(self.call.database)}")
        connection.apply(settings)
        return connection

    def _streams(self, statement: Statement) -> bool:
        array = "output_format_json_array_of_rows"
        whole = array in self.call.settings or array in statement.sql
        return self.format.lower() in STREAMED and not whole

    def _remember(self, statement: Statement) -> None:
        if self.session is not None and self.session.connection is self._connection:
            words = [token.text.upper() for token, _ in zip(sql.tokens(statement.sql), range(2), strict=False)]
            if words[0] == "SET":
                self.session.remembered.append(statement.sql)
            elif words[0] == "USE" and self._connection is not None:
                self.session.database = (
                    self._connection.run("SELECT currentDatabase()", "LineAsString").decode().strip()
                )

    def _packed(self, source: Iterable[bytes]) -> Iterator[bytes]:
        for piece in source:
            packed = self._packer.compress(piece)
            if packed:
                yield packed
        rest = self._packer.flush()
        if rest:
            yield rest

    def _spooled(self, source: Iterator[bytes]) -> Iterator[bytes]:
        with tempfile.SpooledTemporaryFile(max_size=16 * PIECE) as spool:
            for piece in source:
                spool.write(piece)
            spool.seek(0)
            yield from iter(lambda: spool.read(PIECE), b"")


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def summary(progress: Progress, started: float) -> dict[str, str]:
    """``X-ClickHouse-Summary``: numbers as text, as ClickHouse writes them."""
    return {
        "read_rows": str(progress.read_rows),
        "read_bytes": str(progress.read_bytes),
        "written_rows": str(progress.written_rows),
        "written_bytes": str(progress.written_bytes),
        "total_rows_to_read": "0",
        "result_rows": str(progress.result_rows or progress.written_rows),
        "result_bytes": str(progress.result_bytes),
        "elapsed_ns": str(int((time.monotonic() - started) * 1e9)),
    }


def exception_block(error: ClickHouseError, tag: str) -> bytes:
    """
    An error in the middle of a 200 answer, as ClickHouse 25.11 and later mark it (``X-ClickHouse-Exception-Tag``).

    >>> exception_block(ours(395, "x", "Y"), "t" * 16)[:40]
    b'\\r\\n__exception__\\r\\ntttttttttttttttt\\r\\nCode'
    """
    text = str(error).encode()[: 15 * 1024]
    mark, name = b"\r\n__exception__\r\n", tag.encode()
    return mark + name + b"\r\n" + text + b"\n" + str(len(text) + 1).encode() + b" " + name + mark
