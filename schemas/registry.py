"""The schemas as they lie beside this file, and the lock that gives each its id for ever."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro

HERE = Path(__file__).parent
FOLDERS = ("facts", "reference", "derived")
LOCK = HERE / "lock.json"


@dataclass(frozen=True, slots=True)
class Schema:
    """
    One version of one record type.

    Attributes:
        id: number in front of every record of this version; 0 for a draft, which has none yet.
        name: record type, e.g. ``punch``.
        folder: ``facts``, ``reference`` or ``derived``.
        source: the schema as written, with docs and logical types.
        plain: parsed for fastavro without logical types, so that moments and dates stay ints.
        identity: names of the fields that identify a record; empty where there is none.
    """

    id: int
    name: str
    folder: str
    source: dict[str, Any]
    plain: Any
    identity: tuple[str, ...]


def without_logical_types(node: Any) -> Any:
    """The same schema with ``logicalType`` and docs removed everywhere."""
    if isinstance(node, dict):
        if "logicalType" in node:
            return node["type"]
        return {k: without_logical_types(v) for k, v in node.items() if k != "doc"}
    if isinstance(node, list):
        return [without_logical_types(item) for item in node]
    return node


def fingerprint(source: dict[str, Any]) -> str:
    """Hash of what a schema means for bytes: docs do not count, logical types do."""

    def bare(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: bare(v) for k, v in node.items() if k not in ("doc", "hadir.status")}
        if isinstance(node, list):
            return [bare(item) for item in node]
        return node

    text = json.dumps(bare(source), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _schema(schema_id: int, folder: str, source: dict[str, Any]) -> Schema:
    plain = fastavro.parse_schema(without_logical_types(source), named_schemas={})
    return Schema(schema_id, source["name"], folder, source, plain, tuple(source.get("hadir.identity") or ()))


def written() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every schema file: name -> (folder, schema as written)."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((HERE / folder).glob("*.avsc")):
            source = json.loads(path.read_text())
            if source["name"] != path.stem:
                raise ValueError(f"{path}: holds a schema named {source['name']}")
            found[path.stem] = (folder, source)
    return found


def locked() -> list[dict[str, Any]]:
    """Entries of the lock, oldest first: ``id``, ``name``, ``fingerprint``, ``folder``, ``schema``."""
    entries: list[dict[str, Any]] = json.loads(LOCK.read_text()) if LOCK.exists() else []
    return entries


@cache
def by_id() -> dict[int, Schema]:
    """Every version ever locked, by its id."""
    return {e["id"]: _schema(e["id"], e["folder"], e["schema"]) for e in locked()}


@cache
def by_name() -> dict[str, Schema]:
    """The version that is written today, by record type; drafts have id 0."""
    newest = {s.name: s for s in by_id().values()}
    drafts = {
        name: _schema(0, folder, source)
        for name, (folder, source) in written().items()
        if source["hadir.status"] == "draft"
    }
    return drafts | newest
