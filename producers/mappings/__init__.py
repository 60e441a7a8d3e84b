"""Mappings for what attendance programs of this country export: a TOML file each. The folder is the registry."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from producers.protocols.mapping import Mapping, load


@cache
def ready() -> dict[str, Mapping]:
    """All ready mappings by name, in the order of their names."""
    files = sorted(Path(__file__).parent.glob("*.toml"), key=lambda path: path.stem)
    return {path.stem: load(path.read_text(encoding="utf-8"), path.stem) for path in files}
