"""The screen of the command line: wide enough in a pipe, and text from the data is never taken for markup."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 200  # characters; a staff number cut off by a pipe could not be used


def screen() -> Console:
    """A console on standard output that prints ``[...]`` as it stands; colours are given as styles."""
    if sys.stdout.isatty():
        return Console(markup=False, highlight=False)
    return Console(markup=False, highlight=False, width=PIPE_WIDTH)
