"""What a rule found, in words, as ClickHouse can say it: the clauses of ``hadir.flag_words`` as an expression in SQL."""

from __future__ import annotations

from hadir.flag_words import CLAUSES, KEY, KINDS, RULES

UNSAID = ("from_place", "to_place", "first_place", "value")
"""What leads to a person and is of no use on a dashboard: where he was, and what stands for his phone."""


def rule_sql() -> str:
    """What a rule saw, in short; an unknown rule stands for itself."""
    return _chosen("rule", {rule: words[0] for rule, words in RULES.items()})


def evidence_sql() -> str:
    """
    The clauses of a finding whose keys are all there, in the unit's time; whoever else it names is counted.

    Of a clause with a place in it the rest is said, without the place.
    """
    rules = ", ".join(f"rule = {_text(rule)}, {_clauses([c[0] for c in clauses])}" for rule, clauses in CLAUSES.items())
    return f"multiIf({rules}, '')"


def _clauses(texts: list[str]) -> str:
    said = [told for text in texts if (told := _clause(text))]
    return f"arrayStringConcat(arrayFilter(c -> c != '', [{', '.join(said)}]), '; ')"


def _clause(text: str) -> str:
    for key in UNSAID:
        text = text.replace(f" {{{key}}} pukul", " pukul")
    keys = KEY.findall(text)
    if any(key in UNSAID for key in keys):
        return ""
    told = [
        f"evidence['{key}'] != ''" if not key.endswith("_device") else f"mapContains(evidence, '{key}')" for key in keys
    ]
    parts = KEY.split(text)  # words, key, words, key, words
    said = [_text(part) if n % 2 == 0 else _value(part) for n, part in enumerate(parts) if part]
    return f"if({' AND '.join(told)}, concat({', '.join(said)}), '')"


def _value(key: str) -> str:
    value = f"evidence['{key}']"
    if key.endswith("_at"):
        return f"formatDateTime(fromUnixTimestamp64Milli(toInt64OrZero({value})), '%H.%i', timezone)"
    if key.endswith("_m"):
        return f"concat(replaceOne(toString(round(toFloat64OrZero({value}) / 1000, 1)), '.', ','), ' km')"
    if key.endswith("_device"):
        return f"if({value} = '', 'ponsel', 'mesin')"
    if key == "kind":
        return _chosen(value, {kind: words[0] for kind, words in KINDS.items()})
    if key == "with":
        return f"concat(toString(length(splitByChar(' ', {value}))), ' pegawai lain')"
    return value


def _chosen(value: str, words: dict[str, str]) -> str:
    cases = ", ".join(f"{value} = {_text(code)}, {_text(word)}" for code, word in words.items())
    return f"multiIf({cases}, {value})"


def _text(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"
