"""One row of a roster file to the reference records that it stands for, without what is noted at the writing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from producers.roster import cells as c
from producers.roster.table import Faults, Row, rows
from schemas.limits import BOUNDS, defaults

Record = tuple[str, dict[str, Any]]
Lookup = Callable[[str], str]

UNIT_KINDS = ("office", "kecamatan", "school", "puskesmas", "hospital")
MODES = ("in_force", "trial", "not_in_force")
PROTOCOLS = ("adms", "zk", "fingerspot", "file")
LEAVE_KINDS = (
    "tahunan",
    "besar",
    "sakit",
    "melahirkan",
    "alasan_penting",
    "bersama",
    "di_luar_tanggungan",
    "izin",
    "tugas_belajar",
    "dinas_luar",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S = 86_400
LARGEST_M = 50_000  # radius of a geofence; the streams refuse more


def unit(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``units.csv``: a ``unit`` and its ``unit_mode``."""
    first, last = c.span(row)
    unit_id = c.identifier(row["unit_id"], "unit_id")
    dated = {"valid_from": first, "valid_to": last, "void": c.void(row)}
    return [
        (
            "unit",
            {
                "unit_id": unit_id,
                "name": c.filled(row["name"], "name"),
                "parent_id": row["parent_id"] or None,
                "kind": c.one_of(row["kind"], "kind", UNIT_KINDS),
                "timezone": c.zone(row["timezone"]),
                **dated,
            },
        ),
        ("unit_mode", {"unit_id": unit_id, "mode": c.one_of(row["mode"], "mode", MODES), **dated}),
    ]


def geofence(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``geofences.csv``: a ``geofence``, one circle of a unit's place."""
    first, last = c.span(row)
    return [
        (
            "geofence",
            {
                "unit_id": row["unit_id"],
                "name": c.filled(row["name"], "name"),
                "lat": c.degrees(row["lat"], "lat", 90),
                "lon": c.degrees(row["lon"], "lon", 180),
                "radius_m": c.metres(row["radius_m"], "radius_m", LARGEST_M),
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def device(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``devices.csv``: a ``device``."""
    first, last = c.span(row)
    return [
        (
            "device",
            {
                "device_id": c.serial(row["serial"]),
                "unit_id": row["unit_id"],
                "name": c.filled(row["name"], "name"),
                "protocol": c.one_of(row["protocol"], "protocol", PROTOCOLS),
                "timezone": c.zone(row["timezone"]),
                "address": c.address(row.get("address", "")),
                "network": c.networks(row.get("network", "")),
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def person(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``people.csv``: the ``person``, the one record with a name."""
    number = c.staff_no(row["staff_no"], c.one_of(row["category"], "category", c.CATEGORIES))
    return [("person", {"employee_id": employee(number), "staff_no": number, "name": c.filled(row["name"], "name")})]


def assignment(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``people.csv``: an ``assignment``."""
    first, last = c.span(row)
    category = c.one_of(row["category"], "category", c.CATEGORIES)
    return [
        (
            "assignment",
            {
                "employee_id": employee(c.staff_no(row["staff_no"], category)),
                "unit_id": row["unit_id"],
                "category": category,
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def enrolment(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``enrolments.csv``: an ``enrolment``."""
    first, last = c.span(row)
    return [
        (
            "enrolment",
            {
                "device_id": row["serial"],
                "pin": c.pin(row["pin"]),
                "employee_id": employee(row["staff_no"]),
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def phone(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``phones.csv``: a ``phone``."""
    first, last = c.span(row)
    return [
        (
            "phone",
            {
                "employee_id": employee(row["staff_no"]),
                "install_id": c.install(row["install_id"]),
                "token_sha256": c.token_sha256(row["token_sha256"]),
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def shift(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``shifts.csv``: a ``shift``; an end not after the start is on the next day."""
    first, last = c.span(row)
    starts, ends = c.clock_s(row["starts_at"], "starts_at"), c.clock_s(row["ends_at"], "ends_at")
    windows = ("in_opens_before", "in_closes_after", "out_opens_before", "out_closes_after")
    return [
        (
            "shift",
            {
                "shift_id": c.identifier(row["shift_id"], "shift_id"),
                "starts_s": starts,
                "ends_s": ends if ends > starts else ends + DAY_S,
                **{f"{w}_s": c.minutes_s(row[f"{w}_min"], f"{w}_min") for w in windows},
                "observes_holidays": c.yes_no(row["observes_holidays"], "observes_holidays"),
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def schedule(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``schedules.csv``: a ``schedule`` of a unit or of a person."""
    first, last = c.span(row)
    if bool(row["unit_id"]) == bool(row["staff_no"]):
        raise c.BadCell("exactly one of unit_id and staff_no is needed")
    return [
        (
            "schedule",
            {
                "unit_id": row["unit_id"],
                "employee_id": employee(row["staff_no"]) if row["staff_no"] else "",
                **{d: row[d] for d in WEEKDAYS},
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def leave(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``leave.csv``: a ``leave``."""
    first, last = c.span(row)
    return [
        (
            "leave",
            {
                "employee_id": employee(row["staff_no"]),
                "kind": c.one_of(row["kind"], "kind", LEAVE_KINDS),
                "letter_no": row["letter_no"],
                "valid_from": first,
                "valid_to": last,
                "void": c.void(row),
            },
        )
    ]


def holiday(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``calendar.csv``: a ``calendar``."""
    return [
        (
            "calendar",
            {
                "date": c.day(row["date"]),
                "name": c.filled(row["name"], "name"),
                "kind": c.one_of(row["kind"], "kind", ("public", "cuti_bersama")),
                "void": c.void(row),
            },
        )
    ]


def period(row: dict[str, str], employee: Lookup) -> list[Record]:
    """``periods.csv``: a ``period``."""
    state = c.one_of(row["state"], "state", ("open", "closed"))
    return [("period", {"period": c.month(row["period"]), "state": state, "void": c.void(row)})]


class Source(NamedTuple):
    """A file, its columns, what one of its rows becomes, and the columns that it may lack."""

    file: str
    columns: tuple[str, ...]
    build: Callable[[dict[str, str], Lookup], list[Record]]
    optional: tuple[str, ...] = ()


_SPAN = ("valid_from", "valid_to")
_PEOPLE = ("staff_no", "name", "category", "unit_id", *_SPAN)

# In the order of writing: what a record names stands before it; months open when everything else is there.
SOURCES = (
    Source("calendar.csv", ("date", "name", "kind"), holiday),
    Source(
        "shifts.csv",
        (
            "shift_id",
            "starts_at",
            "ends_at",
            "in_opens_before_min",
            "in_closes_after_min",
            "out_opens_before_min",
            "out_closes_after_min",
            "observes_holidays",
            *_SPAN,
        ),
        shift,
    ),
    Source("units.csv", ("unit_id", "name", "parent_id", "kind", "timezone", "mode", *_SPAN), unit),
    Source("geofences.csv", ("unit_id", "name", "lat", "lon", "radius_m", *_SPAN), geofence),
    Source(
        "devices.csv", ("serial", "unit_id", "name", "protocol", "timezone", *_SPAN), device, ("address", "network")
    ),
    Source("people.csv", _PEOPLE, person),
    Source("people.csv", _PEOPLE, assignment),
    Source("schedules.csv", ("unit_id", "staff_no", *WEEKDAYS, *_SPAN), schedule),
    Source("enrolments.csv", ("serial", "pin", "staff_no", *_SPAN), enrolment),
    Source("phones.csv", ("staff_no", "install_id", "token_sha256", *_SPAN), phone),
    Source("leave.csv", ("staff_no", "kind", "letter_no", *_SPAN), leave),
    Source("periods.csv", ("period", "state"), period),
)
POLICY_FILE = "policy.toml"
_POLICY = frozenset(
    ("valid_from", "valid_to", "grace_s", "cutoff_after_s", "wait_s", "in_punch", "papers_days", "source")
)


def read(source: Source, text: str, employee: Lookup, faults: Faults) -> Iterator[tuple[Row, list[Record]]]:
    """Every row of a file with its records; a row with a bad cell becomes a fault and has none."""
    for row in rows(source.file, text, source.columns, faults, source.optional):
        try:
            records = source.build(row.cells, employee)
        except c.BadCell as fault:
            faults.add(source.file, row.line, str(fault))
            records = []
        yield row, records


def read_policies(text: str, faults: Faults) -> Iterator[tuple[Row, list[Record]]]:
    """Every table of ``policy.toml`` as a ``policy``; the row's line is that of the table's heading."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        faults.add(
            POLICY_FILE,
            int(line[1]) if line else text.rstrip().count("\n") + 1,
            f"not TOML: {str(error).split(' (at')[0]}",
        )
        return
    for name, table in tables.items():
        heading = re.search(rf"^\s*\[\s*[\"']?{re.escape(name)}[\"']?\s*\]", text, re.MULTILINE)
        line_no = text.count("\n", 0, heading.end()) + 1 if heading else 0
        try:
            records = [("policy", _policy(name, table))]
        except c.BadCell as fault:
            faults.add(POLICY_FILE, line_no, f"[{name}] {fault}")
            records = []
        yield Row(line_no, {}), records


def _policy(name: str, table: Any) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise c.BadCell("stands outside of a table")
    strange = sorted(table.keys() - _POLICY - BOUNDS.keys() - {"void"})
    missing = sorted(_POLICY - table.keys() - {"valid_to"})
    if strange or missing:
        raise c.BadCell("; ".join(f"{w}: {', '.join(f)}" for w, f in (("unknown", strange), ("missing", missing)) if f))

    def seconds(field: str, factor: int = 1) -> int:
        value = table[field]
        if type(value) is not int or not 0 <= value * factor <= 366 * DAY_S:
            raise c.BadCell(f"{field}: a whole number from 0 on is needed")
        return int(value * factor)

    def limit(field: str, least: int, most: int) -> int:
        value = table.get(field, defaults()[field])
        if type(value) is not int or not least <= value <= most:
            raise c.BadCell(f"{field}: a whole number from {least} to {most} is needed")
        return value

    withdrawn = table.get("void", False)
    text = {k: str(table.get(k, "")) for k in ("valid_from", "valid_to")}  # TOML has dates of its own
    first, last = c.span(text)
    return {
        "policy_id": c.identifier(name, "name of the table"),
        "grace_s": seconds("grace_s"),
        "cutoff_after_s": seconds("cutoff_after_s"),
        "wait_s": seconds("wait_s"),
        "in_punch": c.one_of(str(table["in_punch"]), "in_punch", ("first", "last")),
        "papers_s": seconds("papers_days", DAY_S),
        **{field: limit(field, *bounds) for field, bounds in BOUNDS.items()},
        "source": c.filled(str(table["source"]), "source"),
        "valid_from": first,
        "valid_to": last,
        "void": withdrawn if isinstance(withdrawn, bool) else c.yes_no(str(withdrawn), "void"),
    }
