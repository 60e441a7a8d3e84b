"""Writes a made city as the roster files of docs/roster.md: what ``hadir roster import`` reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from producers.simulator.phones import token_sha256
from producers.simulator.places import Place
from producers.simulator.world import WEEKDAYS, ZONE, City, Enrolment

HEADERS: dict[str, tuple[str, ...]] = {
    "units.csv": ("unit_id", "name", "parent_id", "kind", "timezone", "mode", "valid_from", "valid_to"),
    "geofences.csv": ("unit_id", "name", "lat", "lon", "radius_m", "valid_from", "valid_to"),
    "devices.csv": ("serial", "unit_id", "name", "protocol", "timezone", "valid_from", "valid_to"),
    "people.csv": ("staff_no", "name", "category", "unit_id", "valid_from", "valid_to"),
    "enrolments.csv": ("serial", "pin", "staff_no", "valid_from", "valid_to"),
    "phones.csv": ("staff_no", "install_id", "token_sha256", "valid_from", "valid_to"),
    "shifts.csv": (
        "shift_id",
        "starts_at",
        "ends_at",
        "in_opens_before_min",
        "in_closes_after_min",
        "out_opens_before_min",
        "out_closes_after_min",
        "observes_holidays",
        "valid_from",
        "valid_to",
    ),
    "schedules.csv": ("unit_id", "staff_no", *WEEKDAYS, "valid_from", "valid_to"),
    "leave.csv": ("staff_no", "kind", "letter_no", "valid_from", "valid_to"),
    "calendar.csv": ("date", "name", "kind"),
    "periods.csv": ("period", "state"),
}


def write_roster(city: City, folder: Path) -> None:
    """Write everything that is entered before the day begins; the folder is made, files in it are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder,
        "units.csv",
        ((u.unit_id, u.name, u.parent_id, u.kind, ZONE, u.mode, u.valid_from, None) for u in city.units),
    )
    _write(
        folder,
        "geofences.csv",
        ((u.unit_id, "kantor", *_circle(city.places[u.unit_id]), u.valid_from, None) for u in city.units),
    )
    _write(
        folder,
        "devices.csv",
        ((d.serial, d.unit_id, d.name, "adms", ZONE, d.valid_from, d.valid_to) for d in city.devices),
    )
    people = {person.staff_no: person for person in city.people}
    _write(
        folder,
        "people.csv",
        (
            (a.staff_no, people[a.staff_no].name, people[a.staff_no].category, a.unit_id, a.valid_from, a.valid_to)
            for a in city.assignments
        ),
    )
    _write(folder, "enrolments.csv", _enrolment_rows(city.enrolments))
    _write(
        folder,
        "phones.csv",
        ((p.staff_no, p.install_id, token_sha256(p.token), p.valid_from, None) for p in city.phones),
    )
    _write(
        folder,
        "shifts.csv",
        (
            (
                s.shift_id,
                _hhmm(s.starts_s),
                _hhmm(s.ends_s),
                s.in_opens_before_s // 60,
                s.in_closes_after_s // 60,
                s.out_opens_before_s // 60,
                s.out_closes_after_s // 60,
                "yes" if s.observes_holidays else "no",
                city.policy_from,
                None,
            )
            for s in city.shifts
        ),
    )
    _write(
        folder,
        "schedules.csv",
        ((s.unit_id, s.staff_no, *s.days, s.valid_from, s.valid_to) for s in city.schedules),
    )
    _write(folder, "leave.csv", ((p.staff_no, p.kind, p.letter_no, p.valid_from, p.valid_to) for p in city.leave))
    _write(folder, "calendar.csv", city.holidays)
    _write(folder, "periods.csv", ((period, "open") for period in city.periods))
    (folder / "policy.toml").write_text(_policy_toml(city), encoding="utf-8")


def write_change(city: City, folder: Path) -> None:
    """Write what is entered during the day, at ``city.later_at_ms``: the enrolment of a PIN nobody knew."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, "enrolments.csv", _enrolment_rows(city.later_enrolments))


def _enrolment_rows(enrolments: Iterable[Enrolment]) -> Iterable[Sequence[object]]:
    return ((e.serial, e.pin, e.staff_no, e.valid_from, e.valid_to) for e in enrolments)


def _write(folder: Path, name: str, rows: Iterable[Sequence[object]]) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS[name])
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def _hhmm(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _policy_toml(city: City) -> str:
    policy = city.policy
    return (
        f"[{policy.policy_id}]\n"
        f'valid_from = "{city.policy_from}"\n'
        'valid_to = ""\n'
        f"grace_s = {policy.grace_s}\n"
        f"cutoff_after_s = {policy.cutoff_after_s}\n"
        f"wait_s = {policy.wait_s}\n"
        f'in_punch = "{policy.in_punch}"\n'
        f"papers_days = {policy.papers_days}\n"
        f"presence_gap_s = {policy.presence_gap_s}\n"
        f"presence_worst_m = {policy.presence_worst_m}\n"
        f"travel_kmh = {policy.travel_kmh}\n"
        f"travel_m = {policy.travel_m}\n"
        f"clocks_s = {policy.clocks_s}\n"
        f"mock_minutes = {policy.mock_minutes}\n"
        f'source = "{policy.source}"\n'
    )


def _circle(place: Place) -> tuple[float, float, int]:
    return round(place.point.lat, 6), round(place.point.lon, 6), round(place.radius_m)
