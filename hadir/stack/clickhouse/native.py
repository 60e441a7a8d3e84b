"""
The one place where the Native format's revision matters: the greeting of Go's driver (Grafana's plugin).

chDB has no way to be told ``client_protocol_version`` (the setting exists only in the server's HTTP handler), so its
Native blocks are always of revision 0: no block info, no serialization byte per column. clickhouse-connect probes and
adapts. Go's driver reads its first answer at its own revision and all later ones at the revision which that answer
names: answering 0 there, framed as it expects, makes it read chDB's blocks as they are.
"""

from __future__ import annotations

import re
import struct

CUSTOM_SERIALIZATION = 54454
"""From this revision on each column carries a byte for its serialization."""
_GREETING = re.compile(r"\s*SELECT\s+displayName\(\),\s*version\(\),\s*revision\(\),\s*timezone\(\)\s*;?\s*", re.I)
_BLOCK_INFO = bytes.fromhex("010002ffffffff00")


def is_greeting(text: str, protocol: int, format_: str) -> bool:
    """Whether this is Go's driver introducing itself at a revision that chDB does not write."""
    return protocol >= CUSTOM_SERIALIZATION and format_ == "Native" and _GREETING.fullmatch(text) is not None


def greeting(name: str, version: str, timezone: str) -> bytes:
    """The answer at revision 54454-54460: one row, one block; ``revision()`` is 0."""
    columns = [
        ("displayName()", "String", _string(name)),
        ("version()", "String", _string(version)),
        ("revision()", "UInt32", struct.pack("<I", 0)),
        ("timezone()", "String", _string(timezone)),
    ]
    head = _BLOCK_INFO + bytes([len(columns), 1])
    return head + b"".join(_string(title) + _string(type_) + b"\0" + data for title, type_, data in columns)


def _string(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 127:
        raise ValueError("names of a greeting are shorter than 128 bytes")
    return bytes([len(raw)]) + raw
