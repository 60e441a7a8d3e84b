"""
What the command line and the wall ask ClickHouse. Every function reads views only and returns rows as dicts by column.

Moments are aware UTC datetimes unless a view says that they are local text; ``employee_id`` is a ``UUID``. All raise
``clickhouse_connect.driver.exceptions.Error`` when ClickHouse can't be reached or refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.httputil import get_pool_manager
from urllib3 import PoolManager

from hadir.settings import Settings

Row = dict[str, Any]


class Explanation(NamedTuple):
    """
    Why a person's work date is what it is.

    Attributes:
        day: row of ``v_person_day``; None: nothing is known of that date.
        policy: the version of the policy that judged it, from ``v_policy``; None: none did.
        enrolments: rows of ``v_enrolment`` under which the punches were taken for this person's.
        punches: rows of ``v_punch``, the person's from a day before to a day after by the terminals' clocks.
        history: rows of ``v_attendance_history``: everything that was ever shown, oldest first.
        presence: row of ``v_presence``; None: the phone said nothing, or the unit has no place on record.
        flags: rows of ``v_flag``: signs of manipulation on that date, with what a person decided.
    """

    day: Row | None
    policy: Row | None
    enrolments: list[Row]
    punches: list[Row]
    history: list[Row]
    presence: Row | None
    flags: Sequence[Row] = ()


def connect(settings: Settings, database: str | None = None) -> Client:
    """A client for ClickHouse's HTTP address in the settings, on their database unless another is named."""
    address = settings.clickhouse_address
    return clickhouse_connect.get_client(
        host=address.host,
        port=address.port,
        secure=address.scheme == "https",
        pool_mgr=_trusting(settings.clickhouse_ca) if settings.clickhouse_ca else None,
        username=settings.clickhouse_user,
        password=settings.clickhouse_password,
        database=database or settings.clickhouse_database,
        tz_mode="aware",
        autogenerate_session_id=False,
    )


@cache
def _trusting(authority: str) -> PoolManager:
    """Connections that believe this file of authorities; one for all clients, or each client would leave one behind."""
    manager: PoolManager = get_pool_manager(ca_cert=authority)
    return manager


def _rows(client: Client, query: str, raw: Sequence[str] = (), **parameters: Any) -> list[Row]:
    """Rows of a query; ``raw``: text columns whose bytes are wanted as they are."""
    formats: dict[str, str | dict[str, str]] = dict.fromkeys(raw, "bytes")
    return list(client.query(query, parameters=parameters or None, column_formats=formats or None).named_results())


def day(client: Client, work_date: date, unit: str | None = None) -> list[Row]:
    """Everybody's work date (``v_person_day``), of one unit if named; by unit, then name."""
    return _rows(
        client,
        "SELECT * FROM v_person_day WHERE work_date = {day:Date} AND ({unit:String} = '' OR unit_id = {unit:String})"
        " ORDER BY unit_name, unit_id, name, employee_id",
        day=work_date,
        unit=unit or "",
    )


def offices(client: Client, work_date: date) -> list[Row]:
    """Counts by office (``v_office_day``), by name."""
    query = "SELECT * FROM v_office_day WHERE work_date = {day:Date} ORDER BY unit_name, unit_id"
    return _rows(client, query, day=work_date)


def find_people(client: Client, text: str) -> list[Row]:
    """People (``v_person``) whose employee_id or staff number is ``text``, or whose name contains it in any case."""
    return _rows(
        client,
        "SELECT * FROM v_person WHERE toString(employee_id) = lower({text:String}) OR staff_no = {text:String}"
        " OR ({text:String} != '' AND positionCaseInsensitiveUTF8(name, {text:String}) > 0) ORDER BY name, staff_no",
        text=text,
    )


def explain(client: Client, employee_id: UUID | str, work_date: date) -> Explanation:
    """From what is shown back to the policy, the punches and everything that was shown before."""
    who: dict[str, Any] = {"who": str(employee_id), "day": work_date}
    days = _rows(client, "SELECT * FROM v_person_day WHERE employee_id = {who:UUID} AND work_date = {day:Date}", **who)
    punches = _rows(
        client,
        "SELECT * FROM v_punch WHERE device_time >= toDateTime64({first:Date}, 3, 'UTC')"
        " AND device_time < toDateTime64({end:Date}, 3, 'UTC') AND employee_id = toString({who:UUID})"
        " ORDER BY occurred_at, device_id",
        who=str(employee_id),
        first=work_date - timedelta(days=1),
        end=work_date + timedelta(days=2),
    )
    history = _rows(
        client,
        "SELECT * FROM v_attendance_history WHERE employee_id = {who:UUID} AND work_date = {day:Date}"
        " ORDER BY shown_from",
        **who,
    )
    policies = _rows(
        client,
        "SELECT * FROM v_policy WHERE reference_offset = {offset:Int64}",
        offset=days[0]["policy_offset"] if days else -1,
    )
    enrolments = _rows(
        client,
        "SELECT * FROM v_enrolment WHERE reference_offset IN {offsets:Array(Int64)} ORDER BY reference_offset",
        offsets=sorted({punch["enrolment_offset"] for punch in punches}),
    )
    stays = _rows(client, "SELECT * FROM v_presence WHERE employee_id = {who:UUID} AND work_date = {day:Date}", **who)
    flags = _rows(
        client, "SELECT * FROM v_flag WHERE employee_id = {who:UUID} AND work_date = {day:Date} ORDER BY rule", **who
    )
    first = [rows[0] if rows else None for rows in (days, policies, stays)]
    return Explanation(first[0], first[1], enrolments, punches, history, first[2], flags)


def seen_by_phone(client: Client, employee_id: UUID | str, unit: str, work_date: date) -> tuple[bool, bool]:
    """
    Whether a person has a phone on a date (``v_phone``), and whether the unit's place is on record (``v_geofence``):
    without either there is no presence.

    Of several records of one installation that cover the date the one that began last says whose it is.
    """
    (row,) = _rows(
        client,
        "SELECT toString({who:UUID}) IN (SELECT toString(argMax(employee_id, (valid_from, reference_offset)))"
        " FROM v_phone WHERE valid_from <= {day:Date} AND ifNull(valid_to, {day:Date}) >= {day:Date}"
        " GROUP BY install_id) AS phone,"
        " (SELECT count() FROM v_geofence WHERE unit_id = {unit:String} AND valid_from <= {day:Date}"
        " AND ifNull(valid_to, {day:Date}) >= {day:Date}) > 0 AS place",
        who=str(employee_id),
        unit=unit,
        day=work_date,
    )
    return bool(row["phone"]), bool(row["place"])


def shown_at(client: Client, work_date: date, moment: datetime, unit: str | None = None) -> list[Row]:
    """What was shown of everybody's work date at an aware moment by the machine's clock (``v_attendance_history``)."""
    return _rows(
        client,
        "SELECT * FROM v_attendance_history WHERE work_date = {day:Date}"
        " AND shown_from <= {moment:DateTime64(3, 'UTC')}"
        " AND (shown_until IS NULL OR shown_until > {moment:DateTime64(3, 'UTC')})"
        " AND ({unit:String} = '' OR unit_id = {unit:String}) ORDER BY unit_id, employee_id",
        day=work_date,
        moment=moment,
        unit=unit or "",
    )


def freshness(client: Client) -> list[Row]:
    """By topic and partition how far the sink has come and how many seconds ago it last wrote (``v_sink``)."""
    return _rows(client, "SELECT * FROM v_sink ORDER BY topic, partition")


def newest_age_s(client: Client) -> float | None:
    """Age of the newest row of all, seconds by the server's clock; None: nothing was ever written."""
    (row,) = _rows(client, "SELECT minOrNull(age_s) AS age_s FROM v_sink")
    return row["age_s"]  # type: ignore[no-any-return]


def devices(client: Client, *, silent: bool = False) -> list[Row]:
    """
    Terminals (``v_device``) by unit and name; ``silent``: only those ``missed``, that should be connected and are not.
    """
    return _rows(
        client,
        "SELECT * FROM v_device WHERE NOT {silent:Bool} OR missed ORDER BY unit_name, device_name, device_id",
        silent=silent,
    )


def parked(client: Client) -> list[Row]:
    """PINs whose punches are nobody's (``v_parked``), most punches first."""
    return _rows(client, "SELECT * FROM v_parked ORDER BY punches DESC, device_id, pin")


def dead_letters(client: Client, limit: int = 100) -> list[Row]:
    """What could not be taken in (``v_dead_letter``), newest first; ``key`` and ``value`` are the original bytes."""
    return _rows(
        client,
        "SELECT * FROM v_dead_letter ORDER BY last_failed_at DESC, dead_letter_offset DESC LIMIT {limit:UInt32}",
        raw=("key", "value"),
        limit=limit,
    )


def dead_letter_count(client: Client) -> int:
    """How many different records were set aside."""
    (row,) = _rows(client, "SELECT count() AS n FROM v_dead_letter")
    return int(row["n"])


def marker(client: Client) -> datetime | None:
    """When the sink last wrote, by the server's clock (``v_sink``): unchanged means that no view has anything new."""
    (row,) = _rows(client, "SELECT maxOrNull(written_at) AS at FROM v_sink")
    return row["at"]  # type: ignore[no-any-return]


def arrivals(client: Client, work_date: date, since: datetime | None, limit: int) -> list[Row]:
    """
    Rows of a work date that know an arrival and were written after ``since``, oldest first; the newest ``limit`` of
    them: ``employee_id``, ``unit_id``, ``unit_name``, ``name``, ``in_time`` (local), ``late_m``, ``written_at``.
    """
    return _rows(
        client,
        "SELECT a.employee_id AS employee_id, unit_id, unit_name, name, in_time, late_m, written_at FROM (SELECT"
        " employee_id, unit_id, unit_name, formatDateTime(in_at, '%H:%i:%S', timezone) AS in_time,"
        " intDiv(late_s + 59, 60) AS late_m, written_at FROM v_attendance WHERE work_date = {day:Date}"
        " AND in_at IS NOT NULL AND written_at > {since:DateTime64(3, 'UTC')}"
        " ORDER BY written_at DESC, employee_id LIMIT {limit:UInt32}) AS a"
        " LEFT ANY JOIN v_person AS p ON p.employee_id = a.employee_id ORDER BY written_at, employee_id",
        day=work_date,
        since=since or datetime(1970, 1, 1, tzinfo=UTC),
        limit=limit,
    )


def units(client: Client) -> list[Row]:
    """All records of units (``v_unit``) that are in force, by id and offset."""
    return _rows(client, "SELECT * FROM v_unit ORDER BY unit_id, reference_offset")


def units_below(client: Client, units: Sequence[str], work_date: date) -> frozenset[str]:
    """These units and all below them on a date (``v_unit``)."""
    rows = _rows(
        client,
        "SELECT unit_id, argMax(parent_id, reference_offset) AS parent FROM v_unit"
        " WHERE valid_from <= {day:Date} AND ifNull(valid_to, {day:Date}) >= {day:Date} GROUP BY unit_id",
        day=work_date,
    )
    children: dict[str, list[str]] = {}
    for row in rows:
        children.setdefault(row["parent"] or "", []).append(row["unit_id"])
    found: set[str] = set()
    line = list(units)
    while line:
        unit = line.pop()
        if unit not in found:
            found.add(unit)
            line += children.get(unit, ())
    return frozenset(found)


def unit_names(client: Client, work_date: date) -> dict[str, str]:
    """What units are called on a date (``v_unit``), by id."""
    rows = _rows(
        client,
        "SELECT unit_id, argMax(name, reference_offset) AS name FROM v_unit WHERE valid_from <= {day:Date}"
        " AND ifNull(valid_to, {day:Date}) >= {day:Date} GROUP BY unit_id",
        day=work_date,
    )
    return {row["unit_id"]: row["name"] for row in rows}


def terminal_names(client: Client) -> dict[str, str]:
    """What terminals are called (``v_device``), by id."""
    rows = _rows(client, "SELECT device_id, device_name FROM v_device WHERE device_name != ''")
    return {row["device_id"]: row["device_name"] for row in rows}


def person_names(client: Client, employee_ids: Sequence[str]) -> dict[str, str]:
    """What people are called (``v_person``), by employee_id as text. For whoever may see names."""
    query = "SELECT toString(employee_id) AS id, name FROM v_person WHERE toString(employee_id) IN {ids:Array(String)}"
    return {row["id"]: row["name"] for row in _rows(client, query, ids=list(employee_ids))}


def undelivered(client: Client, hours: int) -> list[Row]:
    """Alerts given up on some channel, raised within so many hours of the newest: ``channel`` and ``alerts``."""
    return _rows(
        client,
        "SELECT n.channel AS channel, count() AS alerts FROM v_alert ARRAY JOIN notices AS n"
        " WHERE n.outcome = 'given_up'"
        " AND raised_at > (SELECT max(raised_at) FROM v_alert) - toIntervalHour({hours:UInt32})"
        " GROUP BY channel ORDER BY channel",
        hours=hours,
    )


_FLAG = (
    "SELECT f.*, p.name AS name, p.staff_no AS staff_no FROM v_flag AS f"
    " LEFT ANY JOIN v_person AS p ON p.employee_id = f.employee_id"
)


def flags(client: Client, *, unit: str | None = None, decided: bool = False) -> list[Row]:
    """
    Signs of manipulation (``v_flag``) with ``name`` and ``staff_no`` of the person, oldest date first; the open ones,
    or with ``decided`` all.
    """
    return _rows(
        client,
        _FLAG + " WHERE ({decided:Bool} OR f.state = 'open') AND ({unit:String} = '' OR f.unit_id = {unit:String})"
        " ORDER BY f.work_date, f.unit_name, f.unit_id, name, f.employee_id, f.rule",
        unit=unit or "",
        decided=decided,
    )


def flag(client: Client, flag_id: UUID) -> Row | None:
    """That flag, as ``flags`` has it; None: nothing stands under this id."""
    rows = _rows(
        client,
        _FLAG + " WHERE f.flag_id = {flag:UUID}",
        flag=str(flag_id),
    )
    return rows[0] if rows else None


def decisions(client: Client, flag_id: UUID) -> list[Row]:
    """Everything that was decided about a flag (``v_decision``), in the order in which it was entered."""
    return _rows(
        client,
        "SELECT * FROM v_decision WHERE flag_id = {flag:UUID} ORDER BY reference_offset",
        flag=str(flag_id),
    )


def open_flags(client: Client) -> dict[str, int]:
    """How many signs are to be reviewed (``v_flag``), of any date, by unit."""
    rows = _rows(client, "SELECT unit_id, count() AS flags FROM v_flag WHERE state = 'open' GROUP BY unit_id")
    return {row["unit_id"]: row["flags"] for row in rows}


def people_of_units(client: Client, employee_ids: Sequence[str], work_date: date) -> list[Row]:
    """``employee_id`` as text, ``name`` and ``unit_id`` of these people on a date (``v_person_day``)."""
    return _rows(
        client,
        "SELECT toString(employee_id) AS employee_id, name, unit_id FROM v_person_day"
        " WHERE work_date = {day:Date} AND has({ids:Array(String)}, toString(employee_id))",
        day=work_date,
        ids=list(employee_ids),
    )
