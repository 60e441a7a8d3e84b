"""
The only user of chDB: opening the data, running statements, streaming results, streaming inserts.

Everything here blocks and is called from threads. A connection costs 0.1 ms and holds its own settings, so each request
gets a fresh one and nothing leaks from one request to the next. A connection is not bound to a thread, but runs one
thing at a time.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlencode

from hadir.errors import Misconfigured
from hadir.stack.clickhouse import sql
from hadir.stack.clickhouse.errors import ClickHouseError, from_engine

LOCK = "hadir.lock"
_SETTINGS = re.compile(r"(.*?)(\bSETTINGS\b[^'`\"]*)?$", re.IGNORECASE | re.DOTALL)
"""An INSERT without its FORMAT: what comes before its SETTINGS, and these."""

FAILURES = (RuntimeError, UnicodeDecodeError)
"""How chDB refuses; the second where its text quotes data that is no UTF-8: then the text is in ``error.object``."""


@dataclass(slots=True)
class Progress:
    """What a statement has read, written and given so far; the engine reports only at the end of some statements."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0


@dataclass(slots=True)
class Connection:
    """One chDB connection; ``close`` it when the request is over."""

    raw: Any
    version: str
    spool: Path

    def apply(self, settings: dict[str, str]) -> None:
        """
        Put settings and query parameters (``param_x``) on the connection.

        Raises:
            ClickHouseError: an unknown setting (115), a value that it refuses.
        """
        if settings:
            self.run(sql.set_statement(settings))

    def run(self, text: str, format_: str = "TabSeparated", progress: Progress | None = None) -> bytes:
        """Run one statement to its end; its whole output in memory."""
        try:
            result = self.raw._conn.query(text, format_, params={})
        except FAILURES as error:
            raise from_engine(_text(error), self.version) from None
        data = bytes(result.bytes())
        if progress is not None:
            _count(progress, result, len(data))
            progress.written_rows, progress.written_bytes = int(result.rows_written()), int(result.bytes_written())
        return data

    def stream(self, text: str, format_: str, progress: Progress) -> Iterator[bytes]:
        """
        Run a SELECT and yield its output as the engine makes it: memory for a block, not for the result.

        Each piece is a whole document of the format (a JSON object, an Arrow stream): see ``run.STREAMED``.

        The public ``StreamingResult`` drops what comes with zero rows (headers of empty results), hence the private
        calls. Closing the iterator early cancels the query.
        """
        conn = self.raw._conn
        try:
            handle = conn.send_query(text, format_, params={})
        except FAILURES as error:
            raise from_engine(_text(error), self.version) from None
        done = False
        try:
            while not done:
                try:
                    piece = conn.streaming_fetch_result(handle)
                except FAILURES as error:
                    done = True
                    raise from_engine(_text(error), self.version) from None
                done = piece is None or piece.rows_read() == 0
                if piece is not None:
                    data = bytes(piece.bytes())
                    _count(progress, piece, len(data))
                    if data:
                        yield data
        finally:
            if not done:
                conn.streaming_cancel_query(handle)

    def insert(self, text: str, format_: str, pieces: Iterable[bytes], progress: Progress) -> None:
        """
        Run ``INSERT INTO ...`` (without FORMAT) over data of any input format, in constant memory.

        The data goes through a file that the engine reads: chDB's own streaming insert answers success when a
        constraint, a materialized view or the storage refuses rows that were parsed already. The statement is committed
        by the engine block by block, as in ClickHouse: an error in a later block leaves earlier ones in place. No data
        at all inserts nothing.

        Raises:
            ClickHouseError: the statement or the data is refused; or what ``pieces`` raises.
        """
        self.spool.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.spool, prefix="insert-") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            if not file.tell():
                return
            head, settings = _SETTINGS.match(text).groups()  # type: ignore[union-attr]
            self.run(
                f"{head} FROM INFILE {sql.quote(file.name)} {settings or ''} FORMAT {format_}", "TabSeparated", progress
            )
        progress.read_rows, progress.read_bytes = progress.written_rows, progress.written_bytes

    def close(self) -> None:
        """Give it back; a running stream on it is cancelled."""
        self.raw.close()


def _text(error: RuntimeError | UnicodeDecodeError) -> str:
    return error.object.decode(errors="replace") if isinstance(error, UnicodeDecodeError) else str(error)


def _count(progress: Progress, result: Any, size: int) -> None:
    progress.read_rows += int(result.storage_rows_read())
    progress.read_bytes += int(result.storage_bytes_read())
    progress.result_rows += int(result.rows_read())
    progress.result_bytes += size


class Engine:
    """
    The data folder, opened by this process alone.

    Args:
        path: folder of the data, made if it is not there.
        memory_bytes: ``max_server_memory_usage``: queries beyond it fail with code 241; 0 leaves ClickHouse's default,
            nine tenths of the machine.
        mark_cache_bytes: ClickHouse's own default is 5 GB.
        config: a ClickHouse configuration file, which may name users and their grants; the engine itself always works
            as ``default``. None: no limits.
    """

    def __init__(
        self, path: Path, memory_bytes: int = 0, mark_cache_bytes: int = 256 << 20, config: Path | None = None
    ) -> None:
        self.path = path
        self.spool = path.with_name(f"{path.name}.incoming")
        self._options: dict[str, int | str] = {"mark_cache_size": mark_cache_bytes}
        if config is not None:
            self._options["config-file"] = str(config.absolute())
        if memory_bytes:
            self._options["max_server_memory_usage"] = memory_bytes
        self._lock: TextIO | None = None
        self._first: Any = None
        self.version = ""
        self.timezone = "UTC"
        self.compress_by_default = False

    def open(self) -> None:
        """
        Lock the folder and start the engine in this process.

        The first connection stays open: when the last one closes the engine shuts down and starts anew at the next.

        Raises:
            Misconfigured: another process has the folder; the text names it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.path / LOCK, "a+", encoding="ascii")  # noqa: SIM115  (held until close)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            self._lock.close()
            raise Misconfigured(
                f"{self.path} is in use by process {owner}: one process per ClickHouse folder"
            ) from None
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()
        shutil.rmtree(self.spool, ignore_errors=True)  # of a predecessor that was killed
        import chdb  # noqa: PLC0415  (0.5 GB of shared library: only the process that serves loads it)

        self._first = chdb.connect(f"{self.path}?{urlencode(self._options)}")
        query = "SELECT version(), timezone(), getSetting('enable_http_compression')"
        version, zone, compress = bytes(self._first.query(query, "TSV").bytes()).decode().rstrip("\n").split("\t")
        self.version, self.timezone, self.compress_by_default = version, zone, compress in ("1", "true")

    def connect(self) -> Connection:
        """A fresh connection with ClickHouse's own settings, but for ``implicit_select``, which a server has off."""
        import chdb  # noqa: PLC0415

        connection = Connection(chdb.connect(str(self.path)), self.version, self.spool)
        connection.run("SET implicit_select = 0")
        return connection

    def kill(self, tag: str) -> None:
        """Cancel the statements whose ``log_comment`` is ``tag``; they end with code 394."""
        connection = self.connect()
        try:
            connection.run(f"KILL QUERY WHERE Settings['log_comment'] = {sql.quote(tag)} ASYNC")
        except ClickHouseError:  # it has ended by itself
            pass
        finally:
            connection.close()

    def close(self) -> None:
        """Shut the engine down and give the folder free. Statements still running must have been killed before."""
        if self._first is not None:
            self._first.close()
            self._first = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
