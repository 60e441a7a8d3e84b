"""
Reading SQL just enough for the HTTP interface: what kind of statement, where its data starts, which format.

Pure. Not a parser: the engine parses. What this misreads the engine refuses; it never changes the text it passes on,
except to take ``FORMAT x`` and the data off an INSERT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

Kind = Literal["empty", "read", "insert", "change", "session"]
"""``insert``: data follows the statement; ``session``: SET or USE; ``change``: everything else that is not a read."""

_TOKEN = re.compile(
    r"""(?P<space>[\s\0]+|--[^\n]*|\#[\ !][^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<text>'(?:[^'\\]|\\.|'')*' | (?P<tag>\$\w*\$).*?(?P=tag))
      | (?P<name>[A-Za-z_][A-Za-z_0-9]* | `(?:[^`\\]|\\.|``)*` | "(?:[^"\\]|\\.|"")*" | \{[^{}]*\})
      | (?P<number>\d[\w.]*)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_SELECTS = frozenset({"SELECT", "FROM", "WITH"})
_READS = _SELECTS | {"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "EXISTS", "CHECK"}
_AFTER_FORMAT = re.compile(r"[ \t\v\f]*\r?\n?")
SYSTEM_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")


class Token(NamedTuple):
    """A piece of SQL: its kind, its text, where it ends, how many brackets it is in."""

    kind: str
    text: str
    start: int
    end: int
    depth: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these bare words, in any case."""
        return self.kind == "name" and self.text.upper() in words


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One statement.

    Attributes:
        kind: see ``Kind``.
        sql: what to give the engine; of an ``insert`` without FORMAT and data.
        format: the format named in it, of the output or of an insert's data; None if none is named.
        data_at: of an ``insert``, where in the text the data starts.
        selects: a SELECT, whose output chDB can stream (it refuses to stream SHOW, DESCRIBE, EXPLAIN ...).
        temporary: creates or drops a temporary table, so that a session must remember it.
        several: more than one statement, which the HTTP interface refuses.
        outfile: reads or writes a file named by the client, which the HTTP interface refuses.
    """

    kind: Kind
    sql: str
    format: str | None = None
    data_at: int = 0
    selects: bool = False
    temporary: bool = False
    several: bool = False
    outfile: bool = False


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text`` but for blanks and comments, one at a time; O(n) for what is taken."""
    depth = 0
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup or "mark", found.group()
        if kind == "tag":
            kind = "text"
        if kind == "space":
            continue
        if word in (")", "]"):
            depth -= 1
        yield Token(kind, word, found.start(), found.end(), depth)
        if word in ("(", "["):
            depth += 1


def read(text: str) -> Statement:
    """
    What ``text`` asks for.

    Args:
        text: the statement and, of an INSERT, at least the beginning of its data. Bytes decoded as Latin-1 keep
            their positions, so that ``data_at`` counts bytes.

    >>> read("INSERT INTO t (a, b) FORMAT CSV\\n1,2").kind, read("INSERT INTO t FORMAT CSV\\n1").data_at
    ('insert', 25)
    >>> read("insert into t select 1").kind, read("/* x */ SELECT 1 FORMAT JSON").format
    ('change', 'JSON')
    """
    stream = tokens(text)
    first = next(stream, None)
    while first is not None and first.text == "(":
        first = next(stream, None)
    if first is None:
        return Statement("empty", text)
    if first.is_word("INSERT"):
        return _read_insert(text, stream)
    rest = [first, *stream]
    if first.is_word("WITH"):
        for place, token in enumerate(rest):
            if token.is_word("INSERT") and token.depth == 0:
                return _read_insert(text, iter(rest[place + 1 :]))
    return _read_other(text, first, rest)


def _read_other(text: str, first: Token, rest: list[Token]) -> Statement:
    kind: Kind = "change"
    if first.is_word(*_READS):
        kind = "read"
    elif first.is_word("SET", "USE"):
        kind = "session"
    end = next((place for place, token in enumerate(rest) if token.text == ";" and token.depth == 0), len(rest))
    several = any(token.text != ";" for token in rest[end:])
    format_ = None
    for token, name in pairwise(rest[:end]):
        if token.is_word("FORMAT") and token.depth == 0 and name.kind == "name":
            format_ = name.text.strip('`"')
    outfile = any(a.is_word("INTO") and b.is_word("OUTFILE") for a, b in pairwise(rest))
    temporary = first.is_word("CREATE", "DROP", "REPLACE") and any(token.is_word("TEMPORARY") for token in rest[:4])
    selects = first.is_word(*_SELECTS)
    return Statement(kind, text, format_, selects=selects, temporary=temporary, several=several, outfile=outfile)


def _read_insert(text: str, stream: Iterator[Token]) -> Statement:
    named = False
    before: Token | None = None
    for token in stream:
        previous, before = before, token
        if token.depth == 1 and token.is_word("SELECT", "WITH") and previous is not None and previous.text == "(":
            return Statement("change", text)
        if token.depth or token.kind != "name":
            continue
        if not named:
            named = not token.is_word("INTO", "TABLE", "FUNCTION")
        elif previous is not None and previous.text == ".":
            continue
        elif token.is_word("SELECT", "WITH", "WATCH"):
            return Statement("change", text)
        elif token.is_word("INFILE"):
            return Statement("change", text, outfile=True)
        elif token.is_word("VALUES"):
            return Statement("insert", text[: token.start], "Values", token.end)
        elif token.is_word("FORMAT"):
            name = next(stream, None)
            if name is None or name.kind != "name":
                break
            if name.is_word("VALUES"):
                return Statement("insert", text[: token.start], "Values", name.end)
            gap = _AFTER_FORMAT.match(text, name.end)
            return Statement("insert", text[: token.start], name.text.strip('`"'), gap.end() if gap else name.end)
    return Statement("change", text)


def quote(value: str) -> str:
    """
    A string as a SQL literal.

    >>> quote("it's a \\\\")
    "'it\\\\'s a \\\\\\\\'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(value: str) -> str:
    """An identifier in backticks."""
    return "`" + value.replace("\\", "\\\\").replace("`", "\\`") + "`"


def set_statement(settings: dict[str, str]) -> str:
    """
    One SET for several settings; the names must match ``SYSTEM_NAME``, the values may be anything.

    >>> set_statement({"max_threads": "2", "param_a": "x"})
    "SET max_threads = '2', param_a = 'x'"
    """
    return "SET " + ", ".join(f"{name} = {quote(value)}" for name, value in settings.items())
