"""How far an interrupted import has come: a small file beside the data, gone when the import is whole."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple


class Reached(NamedTuple):
    """
    Where an import stands.

    Attributes:
        row: number of the last row of which everything before is acknowledged; 0: none.
        end: records that ``device_log`` must hold by now; a log that holds fewer is another one.
    """

    row: int
    end: int


NOWHERE = Reached(0, 0)


class Progress:
    """
    The state file of one import.

    Args:
        folder: of hadir's data; None: nothing is remembered.
        content: what makes the import this one: the file's digest, mapping, terminal, zone, broker.
    """

    def __init__(self, folder: Path | None, *content: str) -> None:
        key = hashlib.blake2b("\0".join(content).encode("utf-8", "replace"), digest_size=16).hexdigest()
        self._path = None if folder is None else folder / "imports" / f"{key}.json"

    def load(self) -> Reached:
        """What was saved last; ``NOWHERE`` if nothing readable is there."""
        if self._path is None:
            return NOWHERE
        try:
            found = json.loads(self._path.read_text())
            row, end = found["row"], found["end"]
        except (OSError, ValueError, KeyError, TypeError):
            return NOWHERE
        return Reached(row, end) if type(row) is int and type(end) is int and row >= 0 else NOWHERE

    def save(self, reached: Reached) -> None:
        """Replace the file in one step. Raises OSError."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(reached._asdict()) + "\n")
        os.replace(part, self._path)

    def clear(self) -> None:
        """The import is whole."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
