"""
What must hold when everything is back, whatever was killed: each check returns a line for every thing that is wrong.

The facts are what lies in ``device_log``, the reference data what lies in ``reference``; everything else follows from
them by the oracle, and is compared with ClickHouse column by column.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from hadir import queries
from hadir.cli import demo_report
from hadir.cli.system import groups
from hadir.lag import committed_offsets
from hadir.settings import Settings
from producers.simulator.run import RunReport
from producers.simulator.world import Morning
from schemas import codec
from schemas.registry import by_name
from schemas.topics import topics
from streams.stages.base import Emission
from streams.stages.base import Record as Input
from streams.stages.distribute import Distribute
from tests.crash import check_notices, tables
from tests.crash.logs import FACTS, Logs, read_heads, read_log
from tests.crash.system import Life
from tests.oracle import flags, oracle
from tests.oracle.presence import presence_rows

SHOWN = 12


def identity(schema: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two records the same."""
    return tuple(record[field] for field in by_name()[schema].identity)


def nothing_lost(report: RunReport, morning: Morning, logs: Logs) -> list[str]:
    """Every punch that got its OK is in ``device_log``; every punch there was really made."""
    acked = {(a.serial, a.pin, a.device_time_ms) for a in report.acks}
    made = {(p.serial, p.pin, p.device_time_ms) for p in morning.punches}
    lines = [f"acknowledged and not in device_log: {punch}" for punch in sorted(acked - logs.punches)]
    lines += [f"in device_log and never made: {punch}" for punch in sorted(logs.punches - made)]
    lines += [f"never got its OK: {punch}" for punch in sorted(report.undelivered)]
    return lines


def facts_stored(logs: Logs, settings: Settings) -> list[str]:
    """Every fact of ``device_log`` stands in its table exactly once; of a punch the representative."""
    lines: list[str] = []
    with closing(queries.connect(settings)) as client:
        for name in FACTS:
            rows = tables.facts(client, name)
            stored = Counter(identity(name, row) for row in rows)
            wanted = {identity(name, record) for kind, record in logs.facts if kind == name}
            lines += [f"{name} not stored: {key}" for key in sorted(wanted - stored.keys())]
            lines += [f"{name} stored and never a fact: {key}" for key in sorted(stored.keys() - wanted)]
            lines += [f"{name} stored {count} times: {key}" for key, count in sorted(stored.items()) if count > 1]
            if name == "punch":
                truth = oracle.representatives(logs.facts)
                lines += [f"punch {line}" for line in oracle.differences(truth, tables.by_punch(rows))]
    return lines


def told_stored(logs: Logs, settings: Settings) -> list[str]:
    """Alerts and notices stand in their tables as they lie in the logs, each identity once."""
    lines: list[str] = []
    with closing(queries.connect(settings)) as client:
        for name in ("alert", "notice"):
            rows = tables.facts(client, name)
            stored = {identity(name, row): row for row in rows}
            wanted = {identity(name, record): record for record in logs.derived[name]}
            lines += [f"{name} {line}" for line in oracle.differences(wanted, stored)]
            lines += [f"{name} stored twice: {key}" for key in twice(rows, name)]
    return lines


@dataclass(frozen=True)
class Expected:
    """What the oracle makes of facts, reference data and horizon."""

    attendance: dict[oracle.PersonDay, oracle.Record]
    attribution: dict[oracle.PunchId, oracle.Record]
    presence: dict[oracle.PersonDay, oracle.Record]
    flags: dict[oracle.PersonDay, flags.Row]

    @classmethod
    def of(cls, logs: Logs) -> Expected:
        """From nothing but what lies in the source logs."""
        horizon = oracle.horizon_of(logs.reference)
        return cls(
            oracle.attendance_rows(logs.facts, logs.reference, horizon),
            oracle.attribution_rows(logs.facts, logs.reference),
            presence_rows(logs.facts, logs.reference, horizon),
            flags.flag_rows(logs.facts, logs.reference, horizon),
        )


def rows_follow(expected: Expected, settings: Settings) -> list[str]:
    """Attendance, attribution, presence and flags are what the oracles say, in every column that they know."""
    with closing(queries.connect(settings)) as client:
        shown = tables.attendance(client)
        owned = tables.attribution(client, settings.epoch)
        stays = tables.presence(client, settings.epoch)
        signs = tables.flag(client, settings.epoch)
    lines = [f"attendance {x}" for x in oracle.differences(expected.attendance, tables.by_person_day(shown))]
    lines += [f"attribution {x}" for x in oracle.differences(expected.attribution, tables.by_punch(owned))]
    lines += [f"presence {x}" for x in oracle.differences(expected.presence, tables.by_person_day(stays))]
    lines += [f"flag {x}" for x in flags.differences(expected.flags, tables.by_person_day(signs))]
    for schema, rows in (("attendance", shown), ("attribution", owned), ("presence", stays), ("flag", signs)):
        lines += [f"{schema} shown twice: {key}" for key in twice(rows, schema)]
    return lines


def nobody_absent_in_haste(expected: Expected, logs: Logs, morning: Morning) -> list[str]:
    """
    Who has an in-punch in the end was at no time called absent, nor not here if he had come by the cutoff.

    Terminals with a wrong clock are left out: what they show at half past seven may have been punched later. So are
    those whose finger on the terminal was entered only in the course of the morning: nobody could know.
    """
    begun = min(offset for offset, name, _ in logs.reference if name == "tick")
    entered_later = {
        (record["employee_id"], record["device_id"])
        for offset, name, record in logs.reference
        if name == "enrolment" and offset > begun
    }
    wrong_clocks = {serial for serial, behaviour in morning.behaviours.items() if behaviour.clock_offset_s}
    lines = []
    for row in logs.derived["attendance"]:
        last = expected.attendance.get((row["employee_id"], row["work_date"]))
        if last is None or last["in_at"] is None or last["in_device_id"] in wrong_clocks:
            continue
        if (row["employee_id"], last["in_device_id"]) in entered_later:
            continue
        if row["state"] in ("absent", "unexplained") or (
            row["state"] == "not_here" and last["in_at"] <= last["cutoff_at"]
        ):
            lines.append(f"in haste: {row['employee_id']} was {row['state']} at version {row['version']}")
    return lines


def twice(rows: Iterable[oracle.Record], schema: str) -> list[tuple[Any, ...]]:
    """Identities that rows of a table have more than once."""
    return sorted(key for key, count in Counter(identity(schema, row) for row in rows).items() if count > 1)


def versions_agree(logs: Logs, settings: Settings) -> list[str]:
    """A version of a key never has two contents: neither in Kafka nor in ClickHouse's histories."""
    lines = []
    with closing(queries.connect(settings)) as client:
        for schema in ("attendance", "attribution"):
            written = logs.derived[schema]
            stored = tables.history(client, schema, settings.epoch)
            for where, rows in ((schema, written), (f"{schema}_history", stored)):
                lines += [f"{where}: {line}" for line in contradictions(schema, rows)]
            missing = {_versioned(schema, row) for row in written} - {_versioned(schema, row) for row in stored}
            lines += [f"{schema}_history lacks {key}" for key in sorted(missing)]
    for schema in ("presence", "flag"):
        lines += [f"{schema}: {line}" for line in contradictions(schema, logs.derived[schema])]
    return lines


def contradictions(schema: str, rows: Iterable[oracle.Record]) -> list[str]:
    """Rows of the same key and version with different content."""
    known: dict[tuple[Any, ...], oracle.Record] = {}
    lines = []
    for row in rows:
        key = _versioned(schema, row)
        first = known.setdefault(key, row)
        for column in sorted(row):
            if row[column] != first[column]:
                lines.append(f"version {key}: {column} is {row[column]!r} and {first[column]!r}")
    return lines


def _versioned(schema: str, row: oracle.Record) -> tuple[Any, ...]:
    return (*identity(schema, row), row["version"])


async def commits_behind(settings: Settings) -> list[str]:
    """No group has committed beyond what its stage's state, ``sink_offset``, or the ledger says is put away."""
    lines = []
    by_stage = {group.stage: group.id for group in groups(settings)}
    for stage, log in (("route", "device_log"), ("cross", "link"), ("judge", "staff_log"), ("alert", "cutoff")):
        committed = await committed_offsets(settings.kafka, by_stage[stage])  # first: heads only rise
        heads = await read_heads(settings, stage)
        lines += ahead(stage, committed, topics()[log].name(settings.epoch), heads)
    committed = await committed_offsets(settings.kafka, by_stage["sink"])
    stored = await asyncio.to_thread(_sink_offsets, settings)
    for (topic, partition), offset in committed.items():
        if offset > stored.get((topic, partition), 0):
            lines.append(f"sink {topic}/{partition}: committed {offset}, stored {stored.get((topic, partition), 0)}")
    committed = await committed_offsets(settings.kafka, by_stage["notify"])
    alerts = [(raw, codec.decode(raw.value)[1]) for raw in await read_log(settings, "alert")]
    ledger = [codec.decode(raw.value)[1] for raw in await read_log(settings, "notice")]
    told = {partition: offset for (_, partition), offset in committed.items()}
    return lines + check_notices.untold([a for raw, a in alerts if raw.offset < told.get(raw.partition, 0)], ledger)


def _sink_offsets(settings: Settings) -> dict[tuple[str, int], int]:
    with closing(queries.connect(settings)) as client:
        return tables.sink_offsets(client)


def ahead(stage: str, committed: Mapping[tuple[str, int], int], topic: str, heads: Mapping[int, int]) -> list[str]:
    """Where a stage has committed more than its state holds."""
    return [
        f"{stage} {topic}/{partition}: committed {offset}, state's head {heads.get(partition, -1)}"
        for (name, partition), offset in committed.items()
        if name == topic and offset > heads.get(partition, -1) + 1
    ]


def copies_made(logs: Logs, settings: Settings) -> list[str]:
    """Whatever ``distribute`` is to copy of ``reference`` lies in the logs that must hear of it."""
    stage = Distribute(settings.partitions)
    lines = []
    for raw in logs.references:
        stage.fold([Input(raw.offset, raw.key, raw.value)])
        for step in stage.drain(1):
            if isinstance(step, Emission) and (step.log, step.partition, step.value) not in logs.copies:
                lines.append(f"reference {raw.offset}: no copy in {step.log}/{step.partition}")
    return lines


def nothing_set_aside(logs: Logs) -> list[str]:
    """No record was sound when it was written and a dead letter afterwards."""
    lines = [f"undecodable in {log}/{raw.partition}@{raw.offset}" for log, raw in logs.undecodable]
    letters = logs.derived["dead_letter"]
    return lines + [f"dead letter of {r['stage']}: {r['reason']} ({r['topic']}@{r['offset']})" for r in letters]


def truth_shown(life: Life) -> list[str]:
    """What ClickHouse says of everybody is what the simulator knows."""
    outcome = demo_report.compare(life.stack.settings, life.day, life.truth)
    return [f"truth: {line}" for line in outcome.disagreements]


def shortened(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many there are."""
    return [*lines[:SHOWN], *([f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])]
