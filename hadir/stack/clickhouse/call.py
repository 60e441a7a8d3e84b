"""
An HTTP request read into what is to be run. Pure.

Parameters that ClickHouse's HTTP interface knows are taken; every other one is a setting and goes to the engine, which
refuses those it does not know (code 115), as a server does.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hadir.stack.clickhouse.errors import AUTHENTICATION_FAILED, BAD_ARGUMENTS, NOT_IMPLEMENTED, ours
from hadir.stack.clickhouse.sessions import DEFAULT_S, LONGEST_S
from hadir.stack.clickhouse.sql import SYSTEM_NAME

IGNORED = frozenset({"user", "password", "quota_key", "stacktrace", "role", "buffer_size", "add_http_cors_header"})
"""Known to a server and without meaning here: one user, no quotas, no roles; responses are buffered to 1 MB."""
_EXTERNAL = re.compile(r"(.+)_(format|structure|types)")


@dataclass(frozen=True, slots=True)
class External:
    """A table sent along with a query (``multipart/form-data``): its name, columns as SQL, input format, bytes."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """
    A request, before its body is read.

    Attributes:
        query: the ``query=`` parameter; the statement continues in the body.
        settings: for SET, with query parameters under ``param_x``.
        format: output format where the statement names none.
        read_only: GET, which may not change anything.
        protocol: ``client_protocol_version``; see ``native``.
        encoding: what the client accepts, by name; used if ``enable_http_compression``.
    """

    query: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    database: str = ""
    format: str = "TabSeparated"
    read_only: bool = False
    query_id: str = ""
    session: str = ""
    session_timeout_s: float = DEFAULT_S
    session_check: bool = False
    session_close: bool = False
    wait_end: bool = False
    protocol: int = 0
    user: str = "default"
    password: str = ""

    @property
    def tag(self) -> str:
        """What the engine knows this request by; see ``Engine.kill``."""
        return self.settings["log_comment"]


def read_call(method: str, fields: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> Call:
    """
    Read URL parameters (and form fields) and headers; of a repeated parameter the last counts.

    Raises:
        ClickHouseError: a value that cannot be, or something that this endpoint does not have.

    >>> call = read_call("GET", [("query", "SELECT {a:Int8}"), ("param_a", "1"), ("max_threads", "2")], {})
    >>> call.read_only, call.settings["param_a"], call.settings["max_threads"]
    (True, '1', '2')
    """
    values = dict(fields)
    user, password = credentials(values, headers)
    if _truth(values.pop("compress", "0")) or _truth(values.pop("decompress", "0")):
        text = "compress= and decompress= (ClickHouse's own block compression): use Accept-Encoding, Content-Encoding"
        raise ours(NOT_IMPLEMENTED, f"Not implemented here: {text}", "NOT_IMPLEMENTED")
    call = Call(
        query=values.pop("query", ""),
        database=values.pop("database", "") or headers.get("X-ClickHouse-Database", ""),
        format=values.pop("default_format", "") or headers.get("X-ClickHouse-Format", "") or "TabSeparated",
        read_only=method in ("GET", "HEAD"),
        query_id=values.pop("query_id", "") or headers.get("X-ClickHouse-Query-Id", "") or str(uuid.uuid4()),
        session=values.pop("session_id", ""),
        session_timeout_s=min(_number(values.pop("session_timeout", ""), DEFAULT_S), LONGEST_S),
        session_check=_truth(values.pop("session_check", "0")),
        session_close=_truth(values.pop("close_session", "0")),
        wait_end=_truth(values.pop("wait_end_of_query", "0")),
        protocol=int(_number(values.pop("client_protocol_version", ""), 0)),
        user=user,
        password=password,
    )
    if any(character in call.query_id for character in "\r\n\0"):
        raise ours(BAD_ARGUMENTS, "query_id holds a line break", "BAD_ARGUMENTS")
    settings = {name: value for name, value in values.items() if name not in IGNORED}
    for name in settings:
        if not SYSTEM_NAME.fullmatch(name):
            raise ours(115, f"Unknown setting '{name[:100]}'", "UNKNOWN_SETTING")
    settings.setdefault("log_comment", call.query_id)
    return replace(call, settings=settings)


def credentials(values: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    """
    User and password: of ``X-ClickHouse-User`` and ``-Key``, ``Authorization: Basic``, or the parameters.

    Raises:
        ClickHouseError: 516, a broken header or another kind of authorization.
    """
    if "X-ClickHouse-User" in headers or "X-ClickHouse-Key" in headers:
        return headers.get("X-ClickHouse-User", "default"), headers.get("X-ClickHouse-Key", "")
    kind, _, token = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(token.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ours(AUTHENTICATION_FAILED, "Invalid HTTP header 'Authorization'", "AUTHENTICATION_FAILED") from None
        return user or "default", password
    if kind:
        raise ours(AUTHENTICATION_FAILED, "Only Basic authorization is supported", "AUTHENTICATION_FAILED")
    return values.get("user", "") or "default", values.get("password", "")


def externals(files: Mapping[str, bytes], settings: dict[str, str]) -> tuple[list[External], dict[str, str]]:
    """
    The tables in the parts of a form, and the settings without the parameters that describe them.

    Raises:
        ClickHouseError: a table without ``x_structure`` or ``x_types``.
    """
    described: dict[str, dict[str, str]] = {name: {} for name in files}
    rest = {}
    for key, value in settings.items():
        found = _EXTERNAL.fullmatch(key)
        if found and found[1] in described:
            described[found[1]][found[2]] = value
        else:
            rest[key] = value
    tables = []
    for name, data in files.items():
        told = described[name]
        structure = told.get("structure", "")
        if not structure and told.get("types"):
            structure = ", ".join(f"_{place} {kind}" for place, kind in enumerate(_split(told["types"]), 1))
        if not structure:
            raise ours(BAD_ARGUMENTS, f"External table {name} has neither structure nor types", "BAD_ARGUMENTS")
        tables.append(External(name, structure, told.get("format", "TabSeparated"), data))
    return tables, rest


def _split(types: str) -> list[str]:
    parts, depth = [""], 0
    for character in types:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _truth(value: str) -> bool:
    return value.strip().lower() in ("1", "true")


def _number(value: str, default: float) -> float:
    try:
        return float(value) if value else default
    except ValueError:
        raise ours(BAD_ARGUMENTS, f"Not a number: {value[:50]}", "BAD_ARGUMENTS") from None
