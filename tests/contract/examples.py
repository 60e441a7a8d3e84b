"""
Golden examples: ``schemas/examples/<record type>/<case>.json``, made up, no real people.

Each file says what it is ``about``, the ``record``, and its ``bytes`` as hex by the id of the schema that wrote them.
Bytes in a record stand as ``{"hex": "00ff"}``. ``python -m tests.contract.examples`` adds the bytes of the version
written today where they are missing; bytes that are there are never changed: records like them lie in logs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from schemas.codec import encode
from schemas.registry import HERE, by_name

FOLDER = HERE / "examples"


class Example(NamedTuple):
    """One file: record type, case, record, and its bytes by schema id."""

    name: str
    case: str
    about: str
    record: dict[str, Any]
    bytes: dict[int, bytes]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / self.name / f"{self.case}.json"


def _value(node: Any) -> Any:
    if isinstance(node, dict):
        return bytes.fromhex(node["hex"]) if set(node) == {"hex"} else {k: _value(v) for k, v in node.items()}
    return [_value(item) for item in node] if isinstance(node, list) else node


def read(path: Path) -> Example:
    """One example. Raises KeyError or ValueError for a file of another form."""
    content = json.loads(path.read_text())
    written = {int(number): bytes.fromhex(text) for number, text in content["bytes"].items()}
    return Example(path.parent.name, path.stem, content["about"], _value(content["record"]), written)


def examples() -> list[Example]:
    """All of them, by record type and case."""
    return [read(path) for path in sorted(FOLDER.glob("*/*.json"))]


def main() -> None:
    """Add missing bytes of today's version."""
    for example in examples():
        today = by_name()[example.name].id
        if today and today not in example.bytes:
            content = json.loads(example.path.read_text())
            content["bytes"][str(today)] = encode(example.name, example.record).hex()
            example.path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
            print(f"{example.path.relative_to(HERE)}: bytes of schema {today}")


if __name__ == "__main__":
    main()
