"""What each comparison of the demo says at its end: a line, the faults, and columns of the table by office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Count(NamedTuple):
    """One office's number as hadir has it, as it truly was, and whether they agree as far as they can."""

    shown: int
    true: int
    agrees: bool

    def text(self) -> str:
        """
        For the table; nothing for nothing.

        >>> Count(3, 3, True).text(), Count(3, 4, False).text(), Count(0, 0, True).text()
        ('3', '[red]3 (4)[/red]', '')
        """
        return str(self.shown or "") if self.agrees else f"[red]{self.shown} ({self.true})[/red]"


class Outcome(NamedTuple):
    """The comparison in a line, a line for each thing that is not as it should be; columns: title -> unit -> count."""

    summary: str
    faults: list[str]
    columns: Mapping[str, Mapping[str, Count]] = {}
