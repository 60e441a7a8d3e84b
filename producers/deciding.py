"""What a person decided about a flag: into ``reference``, for ever, and never in place of another decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

VERDICTS = {"confirm": "confirmed", "dismiss": "dismissed", "reverse": "reversed"}
MOST_REASON = 1_000
"""Characters of a reason: a page is a document of its own, to be kept where the office keeps its papers."""
MOST_NAME = 100
_EPOCH = date(1970, 1, 1)


def told(what: str, text: str, most: int) -> str:
    """
    One line of text as it goes into the log: spaces and line breaks are single spaces.

    Raises:
        ValueError: nothing in it, longer than ``most`` characters, or characters that can't be shown.

    >>> told("reason", " ponsel\\n pinjaman ", 1_000)
    'ponsel pinjaman'
    """
    line = " ".join(text.split())
    if not line:
        raise ValueError(f"{what}: empty")
    if len(line) > most:
        raise ValueError(f"{what}: {len(line)} characters; at most {most}")
    if not line.isprintable():
        raise ValueError(f"{what}: holds characters that can't be shown")
    return line


def refusal(verb: str, before: Sequence[Mapping[str, Any]]) -> str:
    """
    Why that can't be decided after what was decided before (rows of ``v_decision``, oldest first); empty: it can.

    Of several decisions the last entered holds, so nothing would break; but whoever reads the log must see that a
    decision was taken back, by whom and why, before the opposite was decided.

    >>> refusal("confirm", [{"verdict": "dismissed"}])
    'it is dismissed already: reverse that first, with the reason'
    >>> refusal("confirm", [{"verdict": "dismissed"}, {"verdict": "reversed"}])
    ''
    """
    last = before[-1]["verdict"] if before else "reversed"
    if verb == "reverse":
        return "nothing is decided that could be reversed" if last == "reversed" else ""
    return "" if last == "reversed" else f"it is {last} already: reverse that first, with the reason"


def decision(
    verb: str, flag_id: UUID, employee_id: UUID, work_date: date, *, reason: str, by: str, at: int
) -> dict[str, Any]:
    """
    The record ``decision``.

    Args:
        verb: of ``VERDICTS``.
        at: hadir's clock, milliseconds UTC.

    Raises:
        ValueError: see ``told``.
    """
    return {
        "decision_id": str(uuid4()),
        "employee_id": str(employee_id),
        "work_date": (work_date - _EPOCH).days,
        "about": f"flag:{flag_id}",
        "verdict": VERDICTS[verb],
        "reason": told("reason", reason, MOST_REASON),
        "void": False,
        "recorded_at": at,
        "recorded_by": told("by", by, MOST_NAME),
        "reference_offset": -1,
    }
