"""Alert rules: each with a heading of its own in the runbook, which says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grafana.boards import TODAY
from grafana.query import UID, Target

RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Rule:
    """
    One rule; an instance for each row of the answer.

    Attributes:
        sql: exactly one number, and text columns that become labels.
        above: it fires where the number is greater.
        lasting: for how long, as Grafana writes it.
        quiet: what no rows mean: ``OK`` (nothing is wrong) or ``Alerting`` (nothing is said at all).
    """

    uid: str
    title: str
    sql: str
    above: float
    lasting: str
    summary: str
    quiet: str = "OK"


RULES = (
    Rule(
        "hadir-absent-at-cutoff",
        "Belum hadir pada batas",
        f"""SELECT unit_id, unit_name, toString(work_date) AS date, toFloat64(belum_hadir + tidak_hadir) AS missing
        FROM v_office_day WHERE {TODAY} AND belum_hadir + tidak_hadir > 0""",
        0,
        "0s",
        "{{ $labels.unit_name }}: {{ $values.A }} orang belum hadir. Angka dapat berubah.",
    ),
    Rule(
        "hadir-terminal-silent",
        "Mesin tidak terhubung",
        """SELECT unit_name, device_name, device_id, toFloat64(1) AS silent FROM v_device
        WHERE missed""",
        0,
        "5m",
        "{{ $labels.device_name }} ({{ $labels.unit_name }}) tidak terhubung.",
    ),
    Rule(
        "hadir-pipeline-behind",
        "Pipeline behind",
        "SELECT 'sink' AS part, min(age_s) AS age_s FROM v_sink HAVING count() > 0",
        180,
        "1m",
        "Nothing was written to ClickHouse for {{ $values.A }} s.",
        "Alerting",
    ),
    Rule(
        "hadir-dead-letters",
        "Dead letters",
        """SELECT stage, toFloat64(count()) AS letters FROM v_dead_letter
        WHERE last_failed_at > now64(3, 'UTC') - INTERVAL 1 HOUR GROUP BY stage""",
        0,
        "0s",
        "{{ $labels.stage }} set aside {{ $values.A }} records within an hour.",
    ),
)


def provisioned() -> dict[str, Any]:
    """What Grafana reads from ``provisioning/alerting``."""
    return {
        "apiVersion": 1,
        "groups": [
            {"orgId": 1, "name": "hadir", "folder": "hadir", "interval": "30s", "rules": [_rule(r) for r in RULES]}
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    query = Target(" ".join(rule.sql.split())).to_json()
    threshold = {
        "refId": "B",
        "type": "threshold",
        "expression": "A",
        "datasource": {"type": "__expr__", "uid": "__expr__"},
        "conditions": [{"evaluator": {"type": "gt", "params": [rule.above]}}],
    }
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "B",
        "for": rule.lasting,
        "noDataState": rule.quiet,
        "execErrState": "Error",
        "annotations": {"summary": rule.summary, "runbook_url": f"{RUNBOOK}#{rule.uid}"},
        "labels": {"source": "hadir"},
        "data": [
            {"refId": "A", "datasourceUid": UID, "relativeTimeRange": {"from": 600, "to": 0}, "model": query},
            {"refId": "B", "datasourceUid": "__expr__", "relativeTimeRange": {"from": 0, "to": 0}, "model": threshold},
        ],
    }
