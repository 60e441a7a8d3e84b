"""
A year of a province's staff in ClickHouse: how long each query of dashboards, wall and the analysts' page takes.

Rows are made by ClickHouse itself: people, offices and terminals as in a province, six working days of seven, a tenth
late, a few missing; the last day is half over.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from grafana.files import HERE
from hadir import clock, queries
from hadir.migrate import bring_up
from hadir.settings import Settings
from hadir.stack.local import local_clickhouse

EPOCH = "bench"
PER_UNIT = 100
PER_TERMINAL = 25
PER_PHONE = 5  # people, one of whom has a phone
PER_FLAG = 1000  # dates of people with a phone, on one of which a flag stands; rows of the others say that none does
LAST = date(2026, 11, 23)
UNIT = "u7"
TRIES = 5
ANALYSTS = Path(__file__).parent.parent / "docs" / "analysts.md"


@dataclass
class Took:
    """Milliseconds of one query: the median of some tries, and the worst; ``rows``: of its answer."""

    query: str
    rows: int
    median_ms: float
    worst_ms: float


WHO = "reinterpretAsUUID(toUInt128(cityHash64(number)) * 18446744073709551557 + number)"
"""An id like the real ones, the same for the same number."""


def fill(client: Client, people: int, days: int) -> int:
    """Rows of ``people`` over the ``days`` up to ``LAST``; returns how many there are."""
    terminals, units = -(-people // PER_TERMINAL), -(-people // PER_UNIT)
    for insert in (
        "INSERT INTO unit (unit_id, name, kind, timezone, valid_from, _offset) SELECT 'u' || number,"
        f" 'Kantor ' || number, 'office', 'Asia/Jakarta', '2020-01-01', number FROM numbers({units})",
        f"INSERT INTO person (employee_id, staff_no, name) SELECT {WHO}, toString(number), 'Orang ' || number"
        f" FROM numbers({people})",
        "INSERT INTO device (device_id, unit_id, name, protocol, timezone, valid_from, _offset) SELECT 'D' || number,"
        f" 'u' || intDiv(number * {PER_TERMINAL}, {PER_UNIT}), 'Mesin ' || number, 'adms', 'Asia/Jakarta',"
        f" '2020-01-01', number FROM numbers({terminals})",
        "INSERT INTO device_status (device_id, observed_at, state) SELECT 'D' || number, now64(3), 'online'"
        f" FROM numbers({terminals})",
        "INSERT INTO policy (policy_id, grace_s, source, valid_from, _offset)"
        " VALUES ('p', 60, 'Perbup', '2020-01-01', 5)",
        "INSERT INTO sink_offset (topic, partition, offset) VALUES ('hadir.attendance.bench', 0, 1)",
    ):
        client.command(insert)
    for day in range(days):
        _fill_day(client, LAST - timedelta(days=days - 1 - day), people)
    (row,) = client.query("SELECT count() FROM attendance").result_rows
    return int(row[0])


def _fill_day(client: Client, day: date, people: int) -> None:
    off = "1" if day.weekday() == 6 else "0"
    client.command(
        "INSERT INTO attendance_history (employee_id, work_date, unit_id, unit_mode, category, epoch, version, state,"
        " policy_id, policy_offset, shift_id, in_at, late_s, punches) SELECT who, day, unit, 'in_force', 'PNS',"
        f" '{EPOCH}', toInt64(day) * 10, s, 'p', 5, 'pagi', if(came, at, NULL), if(s = 'late', dice * 17, 0),"
        " if(came, [(device, at + INTERVAL 7 HOUR, at, 'in')], []) FROM (SELECT"
        f" {WHO} AS who, toDate('{day}') AS day, 'u' || intDiv(number, {PER_UNIT}) AS unit,"
        f" 'D' || intDiv(number, {PER_TERMINAL}) AS device, cityHash64(number, day) % 100 AS dice,"
        f" multiIf({off}, 'off', dice < 2, 'unexplained', dice < 4, 'leave', dice < 14, 'late', 'present') AS s,"
        " s IN ('present', 'late') AS came, toDateTime64(day, 3, 'UTC') + toIntervalSecond(dice * 17) AS at"
        f" FROM numbers({people}))"
    )
    client.command(
        "INSERT INTO flag (employee_id, work_date, unit_id, findings, epoch, version)"
        f" SELECT {WHO}, '{day}', 'u' || intDiv(number, {PER_UNIT}), if(cityHash64(number, '{day}') % {PER_FLAG} = 0,"
        " [(generateUUIDv4(), 'mock_location', 1, 1, map('minutes_mocked', '9', 'minutes_told', '80'))], []),"
        f" '{EPOCH}', 9 FROM numbers({people}) WHERE number % {PER_PHONE} = 0"
    )


def asked() -> Iterator[tuple[str, str]]:
    """Every query of the dashboards and of the analysts' page, by name."""
    for path in sorted((HERE / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", _expanded(target["rawSql"])
    for title, sql in re.findall(r"## (.+?)\n\n```sql\n(.+?)```", ANALYSTS.read_text(), re.DOTALL):
        yield f"analysts: {title}", sql


def _expanded(sql: str) -> str:
    now = clock.system_ms() // 1000
    sql = re.sub(r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 15 second)", sql)
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= toDateTime({now - 10800}) AND \1 <= toDateTime({now})", sql)
    quarter = rf"\1 >= toDate('{LAST - timedelta(days=90)}') AND \1 <= toDate('{LAST}')"
    return re.sub(r"\$__dateFilter\((\w+)\)", quarter, sql).replace("${unit}", UNIT)


def measure(data: Path, people: int, days: int) -> dict[str, Any]:
    """Fill, then ask everything; the slowest first."""
    with local_clickhouse(data) as server:
        settings = Settings(clickhouse=server.address, clickhouse_database="year", epoch=EPOCH)  # type: ignore[call-arg]
        bring_up(settings)
        with closing(queries.connect(settings)) as client:
            rows = fill(client, people, days)
            found = [_timed(name, partial(_rows, client, sql)) for name, sql in asked()]
            found.append(_timed("wall: offices", lambda: len(queries.offices(client, LAST))))
            found.append(_timed("wall: signs to review", lambda: len(queries.open_flags(client))))
            found.append(_timed("wall: an office", lambda: len(queries.day(client, LAST, UNIT))))
            found.append(_timed("wall: arrivals", lambda: len(queries.arrivals(client, LAST, None, 40))))
    found.sort(key=lambda took: -took.median_ms)
    return {"rows": rows, "people": people, "days": days, "queries": [asdict(took) for took in found]}


def _rows(client: Client, sql: str) -> int:
    return len(client.query(sql).result_rows)


def _timed(name: str, ask: Callable[[], int]) -> Took:
    took, rows = [], 0
    for _ in range(TRIES):
        began = time.perf_counter()
        rows = ask()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return Took(name, rows, took[TRIES // 2], took[-1])
