"""Rule: one phone, or one photo, speaks for several people on a date."""

from __future__ import annotations

from streams.rules.evidence import Finding, Rule, Shared, Trace, others

SCORES = {"boot": 0.8, "imei": 0.8, "install": 1.0, "photo": 1.0}
"""A phone may be lent, or handed on; an installation and a photo belong to one."""
MANY = 50
"""More people than this at one thing, and it says nothing about them: a broken app, a made-up number."""


def find(trace: Trace) -> Finding | None:
    """
    The gravest of what this person shares, with all whom he shares anything with.

    Source: Sukoharjo 2018 (nobody can punch for a colleague) and Sumatera Utara 2021 (an IMEI and a photo a person).

    >>> find(Trace([], shared=[Shared("imei", "5f", ("budi",))])).evidence["with"]
    'budi'
    >>> find(Trace([])) is None
    True
    """
    known = [shared for shared in trace.shared if shared.kind in SCORES and shared.others]
    if not known:
        return None
    worst = min(known, key=_gravest_first)
    return Finding(
        SCORES[worst.kind],
        {
            "kind": worst.kind,
            "kinds": " ".join(sorted({shared.kind for shared in known})),
            "value": worst.value,
            "with": others(known),
        },
    )


def _gravest_first(shared: Shared) -> tuple[float, str, str]:
    return -SCORES[shared.kind], shared.kind, shared.value


RULE = Rule("shared_phone", 1, find)
