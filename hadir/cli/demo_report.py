"""What the demo says at its end: ClickHouse beside the truth, office by office, and how fast it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from clickhouse_connect.driver.exceptions import Error
from rich.table import Table

from hadir import queries
from hadir.cli.demo_outcome import Count, Outcome
from hadir.settings import Settings
from producers.simulator.terminal import Ack
from producers.simulator.truth import disagreements

WITHDRAWN = ("awaited", "not_here", "undetermined", "absent")
COLUMNS = (
    ("wajib", "due"),
    ("hadir", "present"),
    ("terlambat", "late"),
    ("belum_hadir", "not_here"),
    ("tidak_hadir", "absent"),
    ("belum_dapat_dipastikan", "undetermined"),
    ("cuti_sakit_izin", "leave"),
    ("dinas_luar", "field_duty"),
    ("belum_waktunya", "not_due_yet"),
    ("libur", "off"),
    ("tidak_dinilai", "not_judged"),
    ("roster", "roster"),
)


NOTHING = Count(0, 0, True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison: a table by office, and a line for each person whose row is not the truth."""

    table: Table
    disagreements: list[str]

    @property
    def agreed(self) -> bool:
        """Nobody differs."""
        return not self.disagreements


def anybody_judged(settings: Settings) -> bool:
    """Whether a row of any person can be read."""
    try:
        with closing(queries.connect(settings)) as client:
            return bool(client.command("SELECT count() FROM v_attendance LIMIT 1"))
    except Error:
        return False


def compare(settings: Settings, day: date, truth: Mapping[str, Any], beside: Iterable[Outcome] = ()) -> Verdict:
    """Hold every person's row and every office's sums against the truth; ``beside``: what was compared by itself."""
    more = {title: units for one in beside for title, units in one.columns.items()}
    with closing(queries.connect(settings)) as client:
        people = queries.day(client, day)
        offices = {row["unit_id"]: row for row in queries.offices(client, day)}
    shown = {row["staff_no"]: (row["state"], row["late_s"]) for row in people}
    lines = disagreements(truth, shown)
    table = Table(title=f"{truth['city']}, {day}: ClickHouse, and in brackets the truth where it differs")
    table.add_column("unit", no_wrap=True)
    for name, _ in COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    for title in more:
        table.add_column(title, justify="right")
    sums: dict[str, int] = dict.fromkeys((name for name, _ in COLUMNS), 0)
    for unit_id, true in sorted(truth["units"].items(), key=lambda item: str(item[1]["name"])):
        row = offices.get(unit_id, {})
        cells = []
        for name, state in COLUMNS:
            have, want = int(row.get(name, 0)), int(true.get(state, 0))
            sums[name] += have
            cells.append(Count(have, want, have == want).text())
            if have != want:
                lines.append(f"{unit_id}: {name} {have}, truly {want}")
        cells += [units.get(unit_id, NOTHING).text() for units in more.values()]
        table.add_row(true["name"], *cells)
    table.add_section()
    totals = [sum(count.shown for count in units.values()) for units in more.values()]
    table.add_row("semua", *(str(sums[name]) for name, _ in COLUMNS), *map(str, totals))
    return Verdict(table, lines)


def latencies(settings: Settings, day: date, acks: Iterable[Ack]) -> list[str]:
    """
    From the acknowledged POST to the row, machine time: of every first in-punch, and of those that withdrew a state.

    ``written_at`` is the moment at which ClickHouse took the row in.
    """
    told = {(ack.serial, ack.pin, ack.device_time_ms): ack.acked_system_ms for ack in acks}
    by_place = {(serial, at): acked for (serial, _, at), acked in told.items()}
    with closing(queries.connect(settings)) as client:
        history = client.query(
            "SELECT employee_id, state, shown_from, in_device_id, punches FROM v_attendance_history"
            " WHERE work_date = {day:Date} ORDER BY employee_id, shown_from",
            parameters={"day": day},
        ).named_results()
        first: list[float] = []
        withdrawn: list[float] = []
        before: tuple[Any, str] = (None, "")
        for row in history:
            state = before[1] if before[0] == row["employee_id"] else ""
            if row["state"] in ("present", "late") and state not in ("present", "late"):
                used = [p for p in row["punches"] if p["used_as"] == "in"]
                for punch in used:
                    moment = int(punch["device_time"].replace(tzinfo=UTC).timestamp() * 1000)
                    acked = by_place.get((punch["device_id"], moment))
                    if acked is not None:
                        took = row["shown_from"].replace(tzinfo=UTC).timestamp() * 1000 - acked
                        first.append(took)
                        if state in WITHDRAWN:
                            withdrawn.append(took)
            before = row["employee_id"], row["state"]
    return [
        _line("from the acknowledged POST to the row", first),
        _line("of these, a state that was withdrawn", withdrawn),
    ]


def _line(what: str, values: list[float]) -> str:
    if not values:
        return f"{what}: none"
    values.sort()
    p50, p99 = (values[min(len(values) - 1, len(values) * share // 100)] for share in (50, 99))
    return f"{what}: {len(values)}, p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {values[-1]:.0f} ms"
