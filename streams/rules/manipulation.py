"""All rules of manipulation over one date: which flags stand."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID, uuid5

from streams.rules import impossible_travel, mock_location, shared_phone
from streams.rules.evidence import Finding, Rule, Trace

RULES: tuple[Rule, ...] = (mock_location.RULE, impossible_travel.RULE, shared_phone.RULE)
"""Another rule is a module like these and a line here."""
_FLAGS = UUID("6f1f3a52-6d0e-5b0c-9a44-0d7a5f2f8c11")


class Flag(NamedTuple):
    """A finding with its rule; ``id`` is the same whoever finds it, and however often it is found anew."""

    id: str
    rule: str
    rule_version: int
    finding: Finding


def flag_id(employee_id: str, work_date: int, rule: str) -> str:
    """
    Of one person, date (days since 1970) and rule: at most one flag stands.

    >>> flag_id("ani", 20_000, "mock_location") == flag_id("ani", 20_000, "mock_location")
    True
    """
    return str(uuid5(_FLAGS, f"{employee_id}/{work_date}/{rule}"))


def flags(employee_id: str, work_date: int, trace: Trace) -> list[Flag]:
    """
    What the rules find in a date, in their order.

    Source: design promise of hadir: a flag is evidence, a decision is a person's (PP 94/2021 hears a person before it
    judges him).
    """
    found = []
    for rule in RULES:
        finding = rule.find(trace)
        if finding is not None:
            found.append(Flag(flag_id(employee_id, work_date, rule.name), rule.name, rule.version, finding))
    return found
