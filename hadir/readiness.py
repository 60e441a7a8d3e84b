"""How a process tells its supervisor that it is at work: it makes the file that ``HADIR_READY`` names."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "HADIR_READY"


def announce() -> None:
    """Tell it; nothing without a supervisor. Saying it again changes nothing."""
    name = os.environ.get(VARIABLE)
    if name:
        Path(name).touch()
