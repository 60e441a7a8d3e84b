"""
What must hold of messages: each alert is told at least once, a crash repeats one at most, no office is flooded.

Pure; each check returns a line for every thing that is wrong. There is one channel, and it takes everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tests.oracle.oracle import Record

MINUTE_MS = 60_000
CutoffKey = tuple[str, int, int]
"""Unit, work date, cutoff."""
Came = tuple[str, int, bool]
"""A message that came: its unit, when, whether it is a *Ralat*."""


def key_of(record: Record) -> CutoffKey:
    """Whose cutoff a record is about."""
    return record["unit_id"], record["work_date"], record["cutoff_at"]


def untold(alerts: Iterable[Record], ledger: Iterable[Record]) -> list[str]:
    """Alerts of which neither they nor a later revision of theirs is noted."""
    noted: dict[CutoffKey, int] = {}
    for notice in ledger:
        noted[key_of(notice)] = max(notice["revision"], noted.get(key_of(notice), -1))
    return [
        f"alert settled and not in the ledger: {key_of(alert)} revision {alert['revision']}"
        for alert in alerts
        if alert["revision"] > noted.get(key_of(alert), -1)
    ]


def told(alerts: Sequence[Record], ledger: Sequence[Record], came: Sequence[Came], crashes: int) -> list[str]:
    """
    Hold the ledger against the alerts, and what came to the channel against the ledger.

    Args:
        came: in order of arrival.
        crashes: how often ``notify`` was started again.
    """
    lines = untold(alerts, ledger)
    raised = {(key_of(alert), alert["revision"]) for alert in alerts}
    notices = {(key_of(notice), notice["revision"], notice["channel"]): notice for notice in ledger}
    for (key, revision, _), notice in sorted(notices.items()):
        if (key, revision) not in raised:
            lines.append(f"in the ledger and never an alert: {key} revision {revision}")
        if notice["outcome"] not in ("sent", "merged"):
            lines.append(f"{notice['outcome']}, though the channel takes everything: {key} revision {revision}")
    sent = [notice for notice in notices.values() if notice["outcome"] == "sent"]
    wanted = Counter((notice["unit_id"], notice["kind"] == "correction") for notice in sent)
    heard = Counter((unit, ralat) for unit, _, ralat in came)
    for (unit, ralat), count in sorted(wanted.items()):
        if heard[unit, ralat] < count:
            what = "Ralat" if ralat else "alert"
            lines.append(f"{unit}: {count} of kind {what} noted as sent, {heard[unit, ralat]} came")
    strange = {unit for unit, _ in heard} - {unit for unit, _ in wanted}
    lines += [f"a message of whom nothing was noted: {unit}" for unit in sorted(strange)]
    return lines + flood(sent, came, crashes)


def flood(sent: Sequence[Record], came: Sequence[Came], crashes: int) -> list[str]:
    """More repetitions than crashes and failed tries account for; an office that hears twice a minute without any."""
    may = crashes + sum(notice["tries"] - 1 for notice in sent)
    lines = []
    if len(came) - len(sent) > may:
        lines.append(f"{len(came)} messages came, {len(sent)} were to be told, and only {may} may be repetitions")
    moments: dict[str, list[int]] = {}
    for unit, at, _ in came:
        moments.setdefault(unit, []).append(at)
    near = [(unit, b - a) for unit, times in moments.items() for a, b in pairwise(times) if b - a < MINUTE_MS]
    if len(near) > may:
        lines.append(f"only {may} repetitions, and within a minute of each other came {near}")
    return lines
