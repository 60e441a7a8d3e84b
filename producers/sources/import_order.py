"""What an import is asked for, and what it says it found and did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hadir.errors import Misconfigured
from producers.protocols.lines import Reject


@dataclass(slots=True)
class ImportReport:
    """
    What an import found and did.

    Attributes:
        form: which form the file was recognised as.
        punches: readable rows; all written, unless it was a dry run.
        people: PINs, each on its terminal.
        devices: terminals with a punch, sorted.
        first_day, last_day: local dates of the first and last punch, days since 1970; None without punches.
        days: local dates with a punch.
        repeats: rows whose terminal, PIN and time stood in the file before; they fold into one punch.
        double_punches: punches of a PIN within a minute after its last one.
        rejected: rows that can't be read; the first 10,000 are in ``dead_letter``.
        rejects: the first of them, without their bytes.
        skipped: rows of terminals other than the one that was asked for.
        examples: the first punches.
        resumed_after: row after which an interrupted import went on; 0: from the beginning.
        device_written: a ``device`` record was made, because the terminal was unknown or known for later dates only
            (in a dry run: would be).
        delivered_through: moment vouched for, milliseconds UTC; None: none.
        warnings: what the operator should know.
    """

    form: str
    punches: int
    people: int
    devices: list[str]
    first_day: int | None
    last_day: int | None
    days: int
    repeats: int
    double_punches: int
    rejected: int
    rejects: list[Reject]
    skipped: int
    examples: list[dict[str, Any]]
    resumed_after: int = 0
    device_written: bool = False
    delivered_through: int | None = None
    warnings: list[str] = field(default_factory=list)


class Order(NamedTuple):
    """
    What was asked for.

    Attributes:
        device_id: the terminal that the file comes from; of a file whose rows name theirs: the only one taken. None:
            every row says it.
        zone: IANA zone of its clock; None: that of its ``device`` record.
        complete_through: as typed (``parse_moment``); None: nothing is vouched for.
        dry_run: look, and write nothing.
        rejects: where rejected rows are left as CSV; None: nowhere.
    """

    device_id: str | None = None
    zone: str | None = None
    complete_through: str | None = None
    dry_run: bool = False
    rejects: Path | None = None


def parse_moment(text: str, zone: str) -> int:
    """
    ``--complete-through``: ``2026-05-13`` (to the end of that day), ``2026-05-13 16:00`` or ISO with an offset.

    Returns:
        Milliseconds UTC. A time without an offset is read in ``zone``.

    Raises:
        Misconfigured: not a moment.

    >>> parse_moment("2026-05-13 16:00", "Asia/Jakarta")
    1778662800000
    """
    try:
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time())
        else:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return int(moment.timestamp()) * 1000
    except (ValueError, OverflowError):
        raise Misconfigured(f"{text}: not a date, nor a date and time") from None
