"""
What must hold of alerts, told anew without ``streams``: what was said of each cutoff, what follows, how it ends.

Pure; each check returns a line for every thing that is wrong. ``cutoff`` is all of that log, whatever came twice twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.crash.check_notices import MINUTE_MS, CutoffKey, key_of
from tests.crash.logs import Said
from tests.oracle.oracle import Record, differences

ABSENT = {"not_here", "absent", "unexplained"}
DOUBT = {"awaited", "undetermined"}
SPOKEN_OF_MS = 6 * 3_600_000  # docs/alerts.md: up to six hours after the cutoff
Parts = dict[CutoffKey, dict[int, Record]]


def parts_of(cutoff: Iterable[Said]) -> Parts:
    """What each partition of ``judge`` said last of each cutoff: the highest version."""
    parts: Parts = defaultdict(dict)
    for said in cutoff:
        if said.name == "cutoff_judged":
            held = parts[key_of(said.record)]
            partition = said.record["partition"]
            if partition not in held or held[partition]["version"] < said.record["version"]:
                held[partition] = said.record
    return parts


def people_of(parts: Mapping[int, Record]) -> dict[str, str]:
    """All who had not arrived by a cutoff, and their state."""
    return {person["employee_id"]: person["state"] for part in parts.values() for person in part["people"]}


def counts_of(parts: Mapping[int, Record]) -> dict[str, int]:
    """All who are due at a cutoff, by state."""
    sums: Counter[str] = Counter()
    for part in parts.values():
        sums.update(part["counts"])
    return dict(sums)


def one_content(records: Iterable[Record], *identity: str) -> list[str]:
    """Records of one identity with different content."""
    known: dict[tuple[Any, ...], Record] = {}
    lines = []
    for record in records:
        key = tuple(record[field] for field in identity)
        if known.setdefault(key, record) != record:
            lines.append(f"{identity[-1]} said twice and not the same: {key}")
    return lines


def last_words(rows: Iterable[Record], cutoff: Sequence[Said], horizon: int) -> list[str]:
    """
    What was said last of each office's cutoff is a recount of its people, one by one.

    Args:
        rows: of attendance as they must be, with every person and date.
        horizon: through which moment they are judged.
    """
    wanted: dict[CutoffKey, Record] = {}
    for row in rows:
        at = row["cutoff_at"]
        if at is None or not at <= horizon < at + SPOKEN_OF_MS:
            continue
        office = wanted.setdefault(key_of(row), {"counts": Counter(), "people": {}, "terminals": Counter()})
        office["counts"][row["state"]] += 1
        if row["in_at"] is None or row["in_at"] > at:
            office["people"][row["employee_id"]] = row["state"]
            office["terminals"].update({terminal["device_id"] for terminal in row["missing"]})
    told: dict[CutoffKey, Record] = {}
    for key, parts in parts_of(cutoff).items():
        if sum(counts_of(parts).values()) and horizon < key[2] + SPOKEN_OF_MS:
            terminals: Counter[str] = Counter()
            for part in parts.values():
                for terminal in part["missing"]:
                    terminals[terminal["device_id"]] += terminal["people"]
            told[key] = {"counts": counts_of(parts), "people": people_of(parts), "terminals": terminals}
    lines = [f"cutoff {line}" for line in differences(wanted, told)]
    judged = [said.record for said in cutoff if said.name == "cutoff_judged"]
    return lines + one_content(judged, "unit_id", "work_date", "cutoff_at", "partition", "version")


def recounted(cutoff: Sequence[Said], alerts: Iterable[Record], partitions: int) -> list[str]:
    """Each revision of each alert says what ``cutoff`` said up to its version; one an office and minute."""
    alerts = list(alerts)
    lines = one_content(alerts, "unit_id", "work_date", "cutoff_at", "revision")
    home = {said.record["unit_id"]: said.partition for said in cutoff if said.name == "cutoff_judged"}
    for key, revisions in histories(alerts).items():
        if sorted(revisions) != list(range(len(revisions))):
            lines.append(f"alert {key}: revisions {sorted(revisions)}")
        shown: set[str] | None = None
        for _, alert in sorted(revisions.items()):
            before = [s for s in cutoff if s.partition == home[key[0]] and s.offset <= alert["version"]]
            content, shown = _content(key, before, shown, partitions)
            wanted, got = {(*key, alert["revision"]): content}, {(*key, alert["revision"]): _said(alert)}
            lines += [f"alert {line}" for line in differences(wanted, got)]
    raised: dict[str, set[int]] = defaultdict(set)
    count: Counter[str] = Counter()
    for (unit_id, _, _), revisions in histories(alerts).items():
        raised[unit_id] |= {alert["raised_at"] for alert in revisions.values()}
        count[unit_id] += len(revisions)
    for unit_id, moments in sorted(raised.items()):
        if len(moments) < count[unit_id] or any(b - a < MINUTE_MS for a, b in pairwise(sorted(moments))):
            lines.append(f"alerts of {unit_id} within a minute: {sorted(moments)}")
    return lines


def histories(alerts: Iterable[Record]) -> dict[CutoffKey, dict[int, Record]]:
    """Alerts by cutoff and revision."""
    found: dict[CutoffKey, dict[int, Record]] = defaultdict(dict)
    for alert in alerts:
        found[key_of(alert)][alert["revision"]] = alert
    return found


def _content(key: CutoffKey, before: list[Said], shown: set[str] | None, partitions: int) -> tuple[Record, set[str]]:
    """What an alert must say, and who has been said to be absent by then."""
    parts = parts_of(before)[key]
    people = people_of(parts)
    through = dict.fromkeys(range(partitions), -1)
    for said in before:
        if said.name == "barrier":
            partition = said.record["source_partition"]
            through[partition] = max(through[partition], said.record["at"])
    unheard = [partition for partition, at in through.items() if at < key[2]]
    withdrawn = sorted((shown or set()) - people.keys()) if not unheard else []
    content = {
        "counts": counts_of(parts),
        "people": {who: state for who, state in people.items() if state in ABSENT | DOUBT},
        "withdrawn": withdrawn,
        "kind": "correction" if withdrawn else "raise",
        "unheard": unheard,
        "provisional": bool(unheard) or any(state in DOUBT for state in people.values()),
        "raised_at": max(said.record["at"] for said in before if said.name == "tick"),
    }
    absent = {who for who, state in people.items() if state in ABSENT}
    return content, ((shown or set()) | absent) - set(withdrawn)


def _said(alert: Record) -> Record:
    columns = ("counts", "withdrawn", "kind", "unheard", "provisional", "raised_at")
    said = {column: alert[column] for column in columns}
    return said | {"people": {person["employee_id"]: person["state"] for person in alert["people"]}}


def ends_right(cutoff: Sequence[Said], alerts: Iterable[Record], horizon: int) -> list[str]:
    """
    Whoever is absent in the end was told of, whoever was there was taken back, a doubt that has ended was said to.

    An office that heard within the last minute is left out: what else there is would be told when that is over.
    """
    lines = []
    told = histories(alerts)
    for key, parts in parts_of(cutoff).items():
        people = people_of(parts)
        absent = {who for who, state in people.items() if state in ABSENT}
        doubt = any(state in DOUBT for state in people.values())
        revisions = [alert for _, alert in sorted(told.get(key, {}).items())]
        if not revisions:
            lines += [f"alert {key}: nobody was told of {sorted(people)}"] if absent or doubt else []
            continue
        if revisions[-1]["raised_at"] > horizon - MINUTE_MS:
            continue
        shown: set[str] = set()
        for alert in revisions:
            shown |= {person["employee_id"] for person in alert["people"] if person["state"] in ABSENT}
            shown -= set(alert["withdrawn"])
        lines += [f"alert {key}: {who} is absent and nobody was told" for who in sorted(absent - shown)]
        lines += [f"alert {key}: {who} was there and it was not taken back" for who in sorted(shown - people.keys())]
        if revisions[-1]["provisional"] and not doubt:
            lines.append(f"alert {key}: the last doubt has ended and nobody was told")
    return lines
