"""Records in a few words, for tests: dates as ``2026-11-23`` or ints, moments as ``2026-11-23 07:30`` WIB or ints."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.limits import defaults

Fact = tuple[str, dict[str, Any]]
WIB_MS = 7 * 3_600_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000


def day(value: str | int) -> int:
    """Days since 1970."""
    return value if isinstance(value, int) else (date.fromisoformat(value) - date(1970, 1, 1)).days


def wall(value: str | int) -> int:
    """Wall clock as if UTC, milliseconds."""
    if isinstance(value, int):
        return value
    return int(
        (datetime.fromisoformat(value).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC))
        / timedelta(milliseconds=1)
    )


def at(value: str | int) -> int:
    """Moment of a WIB wall clock, UTC milliseconds."""
    return value if isinstance(value, int) else wall(value) - WIB_MS


def _made(recorded_at: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        **fields,
        "void": fields.get("void", False),
        "recorded_at": recorded_at,
        "recorded_by": "test",
        "reference_offset": -1,
    }


def _dated(first: str | int, last: str | int | None, **fields: Any) -> dict[str, Any]:
    return _made(valid_from=day(first), valid_to=None if last is None else day(last), **fields)


def unit(
    unit_id: str = "U",
    timezone: str = "Asia/Jakarta",
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
) -> Fact:
    return "unit", _dated(
        first, last, unit_id=unit_id, name=unit_id, parent_id=None, kind="office", timezone=timezone, void=void
    )


def unit_mode(
    unit_id: str = "U", mode: str = "in_force", first: str | int = 0, last: str | int | None = None, void: bool = False
) -> Fact:
    return "unit_mode", _dated(first, last, unit_id=unit_id, mode=mode, void=void)


def geofence(
    unit_id: str = "U",
    name: str = "kantor",
    lat: float = -7.4,
    lon: float = 112.4,
    radius_m: int = 100,
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
) -> Fact:
    return "geofence", _dated(first, last, unit_id=unit_id, name=name, lat=lat, lon=lon, radius_m=radius_m, void=void)


def device(
    device_id: str = "A",
    timezone: str = "Asia/Jakarta",
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
    unit_id: str = "U",
) -> Fact:
    return "device", _dated(
        first,
        last,
        device_id=device_id,
        unit_id=unit_id,
        name=device_id,
        protocol="adms",
        timezone=timezone,
        address=None,
        network=None,
        void=void,
    )


def assignment(
    employee_id: str = "ani",
    unit_id: str = "U",
    first: str | int = 0,
    last: str | int | None = None,
    category: str = "PNS",
    void: bool = False,
) -> Fact:
    return "assignment", _dated(first, last, employee_id=employee_id, unit_id=unit_id, category=category, void=void)


def enrolment(
    employee_id: str = "ani",
    device_id: str = "A",
    pin: str = "1",
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
) -> Fact:
    return "enrolment", _dated(first, last, device_id=device_id, pin=pin, employee_id=employee_id, void=void)


def schedule(
    unit_id: str = "U",
    employee_id: str = "",
    shifts: str = "S S S S S - -",
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
) -> Fact:
    """``shifts``: seven words, Monday first, ``-`` for off."""
    week = dict(
        zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [s.strip("-") for s in shifts.split()], strict=True)
    )
    return "schedule", _dated(
        first, last, unit_id="" if employee_id else unit_id, employee_id=employee_id, void=void, **week
    )


def hm(text: str) -> int:
    """Seconds of ``HH:MM``."""
    hours, minutes = map(int, text.split(":"))
    return (hours * 60 + minutes) * 60


def shift(
    shift_id: str = "S",
    starts: str = "07:30",
    ends: str = "16:00",
    observes_holidays: bool = True,
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
    in_before: str = "01:30",
    in_after: str = "01:00",
    out_before: str = "01:00",
    out_after: str = "06:00",
) -> Fact:
    return "shift", _dated(
        first,
        last,
        shift_id=shift_id,
        starts_s=hm(starts),
        ends_s=hm(ends),
        in_opens_before_s=hm(in_before),
        in_closes_after_s=hm(in_after),
        out_opens_before_s=hm(out_before),
        out_closes_after_s=hm(out_after),
        observes_holidays=observes_holidays,
        void=void,
    )


def policy(
    policy_id: str = "P",
    grace_s: int = 59,
    cutoff_after_s: int = 0,
    wait_s: int = 60,
    in_punch: str = "first",
    papers_s: int = 3 * 86_400,
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
    **limits: int,
) -> Fact:
    """``limits``: of presence and of manipulation, where they are not the usual ones."""
    return "policy", _dated(
        first,
        last,
        policy_id=policy_id,
        grace_s=grace_s,
        cutoff_after_s=cutoff_after_s,
        wait_s=wait_s,
        in_punch=in_punch,
        papers_s=papers_s,
        source="test",
        void=void,
        **(defaults() | limits),
    )


def leave(
    employee_id: str = "ani",
    kind: str = "sakit",
    letter_no: str = "L1",
    first: str | int = 0,
    last: str | int | None = None,
    void: bool = False,
) -> Fact:
    return "leave", _dated(first, last, employee_id=employee_id, kind=kind, letter_no=letter_no, void=void)


def holiday(date: str | int, void: bool = False) -> Fact:
    return "calendar", _made(date=day(date), name="Hari", kind="public", void=void)


def period(name: str = "2026-11", state: str = "open", void: bool = False) -> Fact:
    return "period", _made(period=name, state=state, void=void)


def tick(moment: str | int) -> Fact:
    return "tick", _made(at=at(moment))


def ticks(first: str | int, last: str | int, every_m: int = 1) -> list[Fact]:
    """Ticks from one moment through another."""
    return [tick(m) for m in range(at(first), at(last) + 1, every_m * MINUTE_MS)]


def punch(
    moment: str | int,
    device_id: str = "A",
    pin: str = "1",
    received_at: str | int | None = None,
    digest: int = 0,
    in_out_code: int = 0,
) -> Fact:
    """``moment``: the terminal's own wall clock."""
    shown = wall(moment)
    return "punch", {
        "device_id": device_id,
        "pin": pin,
        "device_time": shown,
        "minute_only": False,
        "in_out_code": in_out_code,
        "verify_code": 1,
        "work_code": "",
        "source": "adms",
        "received_at": shown - WIB_MS + 1000 if received_at is None else at(received_at),
        "digest": digest,
    }


def status(
    observed: str | int, through: str | int | None = None, device_id: str = "A", silent_since: str | int | None = None
) -> Fact:
    return "device_status", {
        "device_id": device_id,
        "observed_at": at(observed),
        "state": "online" if silent_since is None else "silent",
        "silent_since": None if silent_since is None else at(silent_since),
        "delivered_through": None if through is None else at(through),
        "drift_ms": None,
        "source": "adms",
    }


def ping(
    moment: str | int,
    employee_id: str = "ani",
    install_id: str = "phone",
    lat: float = -7.4,
    lon: float = 112.4,
    **more: Any,
) -> Fact:
    return "ping", {
        "employee_id": employee_id,
        "install_id": install_id,
        "fixed_at": at(moment),
        "lat": lat,
        "lon": lon,
        "accuracy_m": None,
        "speed_mps": None,
        "mock": None,
        "battery": None,
        "received_at": at(moment) + 500,
        "boot_id": None,
        "elapsed_ms": None,
        "imei": None,
        **more,
    }


def face_check(moment: str | int, employee_id: str = "ani", install_id: str = "phone", **more: Any) -> Fact:
    return "face_check", {
        "employee_id": employee_id,
        "install_id": install_id,
        "taken_at": at(moment),
        "match": 0.9,
        "liveness": 0.9,
        "model": "m1",
        "photo_sha256": "ab" * 32,
        "photo_phash": None,
        "mock": False,
        "received_at": at(moment) + 500,
        "boot_id": None,
        "elapsed_ms": None,
        "imei": None,
        **more,
    }


def phone(employee_id: str = "ani", install_id: str = "phone") -> Fact:
    return "phone", _dated(0, None, employee_id=employee_id, install_id=install_id, token_sha256="cd" * 32)


def office() -> list[Fact]:
    """One office with one terminal and one person, November 2026 open."""
    return [
        period(),
        unit(),
        unit_mode(),
        shift(),
        schedule(),
        policy(),
        device(),
        assignment(),
        enrolment(),
    ]
