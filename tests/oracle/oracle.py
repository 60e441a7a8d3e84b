"""
The oracle: what the rows must be, said in the plainest way, to hold the pipeline against.

It starts from nothing, takes every fact and every reference record there is, sorts them, and reads the rules of
``docs/decisions/0001-the-spine.md`` aloud for each person and each date. It remembers nothing between two days and
knows nothing of ``streams``: whoever reads it should need the spine, a calendar and patience.

Where the spine leaves a choice, one is made here and numbered; the code says (R3) where it acts on it.

Records
    R1  Of several records of one kind that cover the same date, the highest ``reference_offset`` wins: for *every* kind
        (assignment, unit, unit_mode, device, shift, policy, leave), not only where the spine says so.
    R2  ``void`` ends an identity altogether: earlier versions of it don't come back. A later record revives it.
    R3  Every reference record counts, also one above the horizon's ``tick_offset``; only enrolments, and the device
        records of their terminals, are *unsettled* by it. A void record above it is simply gone: it leaves nothing
        unsettled.
Days
    R4  A unit without a ``unit_mode`` that covers the date is ``not_in_force``: nobody is judged unannounced.
    R5  No ``unit`` covering the date (so no zone), a shift id without a covering ``shift``, no covering ``policy``:
        ``not_judged``, reason ``no_schedule``. Without a unit the day opens at midnight of Asia/Jakarta.
    R6  Rules go in the order of their numbers: a day off stays ``off`` during leave; ``no_schedule`` beats leave.
        A row decided by rules 1 to 3 carries no times, policy or punches, and no shift either ("shift *worked*; empty:
        none"), but that leave names the shift that would have been.
    R7  A leave's ``reason`` is its kind, for ``field_duty`` too (``dinas_luar``).
    R8  A date that is not open, or has no assignment, has no row. That a row once written may have to go away
        (assignment voided, month closed) is not said anywhere: the oracle leaves it out.
    R9  What month a punch is "for" is decided by the *work date* that looks at it, never by its own date.
        Nothing keeps one punch from serving two work dates (out of a night shift, in of the next day).
Punches
    R10 Identity is literal: a ``minute_only`` punch and one with seconds in that minute are two punches.
    R11 Order of punches: ``occurred_at``, then ``device_id``, then ``pin``. An out-punch is later by the clock, not
        only in that order.
    R12 Without an in-punch the last punch of the out-window is still ``out_at``: it is evidence for the person.
    R13 The row shows the punches from the first opening to the last closing of its two windows, both ends inclusive.
    R14 A punch counts as soon as it is there, even when it lies after the horizon.
    R15 No ``device`` record: ``unknown_device`` even if the PIN is unknown too; ``occurred_at`` null. Only the PIN
        unknown: ``unknown_pin`` with ``occurred_at``. Parked: ``enrolment_offset`` -1. Attribution heeds no months.
Completeness
    R16 A person holds an enrolment although another person's higher one takes its punches.
    R17 Only an unsettled enrolment that covers the work date counts, and it does on any terminal, even a retired one.
    R18 Reason: ``unsettled_enrolment`` before ``no_terminal`` before ``terminal_incomplete``.
    R19 ``missing``: each terminal once, by ``device_id``, with what its status really says; an unsettled one is named
        even when it has delivered.
    R20 Only ``undetermined``, and ``present_unmeasured`` that it became, carry a reason and ``missing``.
    R21 Two statuses of one terminal with the same ``observed_at``: ``silent`` before ``online``, then the later
        ``silent_since``.
Time
    R22 The horizon is the highest tick by (``at``, offset).
    R23 ``open_until``: ``not_due_yet`` the cutoff; ``awaited`` the end of the wait, or ``in_closes`` if that is sooner;
        ``not_here`` ``in_closes`` + wait, or ``in_closes`` where it is known to decide; ``undetermined`` and
        ``absent`` the papers' deadline; all else null.
    R24 The papers' deadline acts whenever it lies: before ``in_closes`` too.
    R25 ``late`` when in_at > start + grace, even if that is less than one whole second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Record = dict[str, Any]
Fact = tuple[str, Record]
"""Name of the record type, and the record."""
Entry = tuple[int, str, Record]
"""Offset in ``reference``, name of the record type, and the record."""
PersonDay = tuple[str, int]
"""employee_id, work_date."""
PunchId = tuple[str, str, int]
"""device_id, pin, device_time."""

DAY_MS = 24 * 60 * 60 * 1000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REGION_ZONE = "Asia/Jakarta"

IDENTITY = {
    "unit": ("unit_id", "valid_from"),
    "unit_mode": ("unit_id", "valid_from"),
    "geofence": ("unit_id", "name", "valid_from"),
    "device": ("device_id", "valid_from"),
    "assignment": ("employee_id", "unit_id", "valid_from"),
    "enrolment": ("device_id", "pin", "employee_id", "valid_from"),
    "schedule": ("unit_id", "employee_id", "valid_from"),
    "shift": ("shift_id", "valid_from"),
    "calendar": ("date",),
    "policy": ("policy_id", "valid_from"),
    "leave": ("employee_id", "kind", "valid_from"),
    "period": ("period",),
}
"""What makes two reference records two versions of the same one."""

NOT_COMPARED = ("epoch", "partition", "version")
"""Columns that say who computed a row and when, not what is true."""

COLUMNS_BY_READING = {
    "R6": ("shift_id", "shift_start_at", "shift_end_at", "cutoff_at", "policy_id", "policy_offset", "punches"),
    "R7": ("reason",),
    "R12": ("out_at", "punches"),
    "R13": ("punches",),
    "R18": ("reason",),
    "R19": ("missing",),
    "R20": ("reason", "missing"),
    "R23": ("open_until",),
}
"""Columns whose content, where the state is beyond doubt, still rests on a reading."""


class Horizon(NamedTuple):
    """How far time has come behind all barriers: ``at`` in ms UTC, and the offset of that tick in ``reference``."""

    at: int
    tick_offset: int


class Terminal(NamedTuple):
    """What is known of a terminal's connection; all None and ``online`` when it never said anything."""

    state: str = "online"
    silent_since: int | None = None
    delivered_through: int | None = None


# ---------------------------------------------------------------------------------------------------- time


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware moment."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def wall_clock(work_date: int, seconds: int, zone: str) -> int:
    """The moment (ms UTC) at which a clock in ``zone`` shows so many seconds after midnight of ``work_date``."""
    shown = datetime(1970, 1, 1) + timedelta(days=work_date, seconds=seconds)
    return milliseconds(shown.replace(tzinfo=ZoneInfo(zone)))


def moment_of_device_time(device_time: int, zone: str) -> int:
    """The moment (ms UTC) at which a terminal in ``zone`` shows ``device_time``."""
    shown = datetime(1970, 1, 1) + timedelta(milliseconds=device_time)
    return milliseconds(shown.replace(tzinfo=ZoneInfo(zone)))


def date_of(work_date: int) -> date:
    """The calendar date of so many days since 1970."""
    return date(1970, 1, 1) + timedelta(days=work_date)


def days_of_month(period: str) -> list[int]:
    """Every date (days since 1970) of a month such as ``2026-11``."""
    year, month = int(period[:4]), int(period[5:])
    day = date(year, month, 1)
    days = []
    while day.month == month:
        days.append((day - date(1970, 1, 1)).days)
        day += timedelta(days=1)
    return days


# ------------------------------------------------------------------------------------------- reference records


def in_force(reference: Iterable[Entry], name: str) -> list[Record]:
    """
    The records of one kind as they stand: of each identity the highest offset, void ones left out (R2).

    Each comes as a copy that carries its own offset in ``reference_offset``.
    """
    latest: dict[tuple[Any, ...], Record] = {}
    for offset, kind, record in sorted(reference, key=lambda entry: entry[0]):
        if kind == name:
            identity = tuple(record[field] for field in IDENTITY[name])
            latest[identity] = {**record, "reference_offset": offset}
    return [record for record in latest.values() if not record["void"]]


def covers(record: Record, day: int) -> bool:
    """Whether a dated record holds on a local date; both ends are inclusive, no end means open."""
    return record["valid_from"] <= day and (record["valid_to"] is None or day <= record["valid_to"])


def the_one(records: Iterable[Record]) -> Record | None:
    """Of several records that would all apply, the one entered last (R1); None when there is none."""
    by_offset = sorted(records, key=lambda record: record["reference_offset"])
    return by_offset[-1] if by_offset else None


def open_months(reference: Iterable[Entry]) -> set[str]:
    """The months that are open for judgement, e.g. ``{"2026-11"}``."""
    return {record["period"] for record in in_force(reference, "period") if record["state"] == "open"}


def horizon_of(reference: Iterable[Entry]) -> Horizon | None:
    """The horizon when everything has been folded: the highest tick (R22). None before the first."""
    ticks = sorted(Horizon(record["at"], offset) for offset, kind, record in reference if kind == "tick")
    return ticks[-1] if ticks else None


# --------------------------------------------------------------------------------------------- facts of devices


def terminals_of(facts: Iterable[Fact]) -> dict[str, Terminal]:
    """What every terminal that ever spoke is known to have delivered: highest ``delivered_through``, newest rest."""
    spoken: dict[str, list[Record]] = {}
    for kind, record in facts:
        if kind == "device_status":
            spoken.setdefault(record["device_id"], []).append(record)
    terminals = {}
    for device_id, statuses in spoken.items():
        promises = [status["delivered_through"] for status in statuses if status["delivered_through"] is not None]
        newest = sorted(
            statuses,
            key=lambda status: (status["observed_at"], status["state"] == "silent", status["silent_since"] or 0),  # R21
        )[-1]
        terminals[device_id] = Terminal(newest["state"], newest["silent_since"], max(promises, default=None))
    return terminals


def representatives(facts: Iterable[Fact]) -> dict[PunchId, Record]:
    """Every punch once: of redeliveries the one with the smallest (``received_at``, ``digest``) (R10)."""
    deliveries: dict[PunchId, list[Record]] = {}
    for kind, record in facts:
        if kind == "punch":
            identity = (record["device_id"], record["pin"], record["device_time"])
            deliveries.setdefault(identity, []).append(record)
    return {
        identity: sorted(records, key=lambda record: (record["received_at"], record["digest"]))[0]
        for identity, records in deliveries.items()
    }


# --------------------------------------------------------------------------------------------------- attribution


def attribution_rows(facts: Iterable[Fact], reference: Iterable[Entry]) -> dict[PunchId, Record]:
    """
    What became of every punch: whose it is, or why it is parked.

    Returns:
        All columns of ``attribution`` but ``epoch`` and ``version``, by identity of the punch. Months don't matter.
    """
    reference = list(reference)
    devices = in_force(reference, "device")
    enrolments = in_force(reference, "enrolment")
    rows = {}
    for identity, punch in representatives(facts).items():
        local_date = punch["device_time"] // DAY_MS
        device = the_one(d for d in devices if d["device_id"] == punch["device_id"] and covers(d, local_date))
        enrolment = the_one(
            e
            for e in enrolments
            if e["device_id"] == punch["device_id"] and e["pin"] == punch["pin"] and covers(e, local_date)
        )
        row = {
            "device_id": punch["device_id"],
            "pin": punch["pin"],
            "device_time": punch["device_time"],
            "minute_only": punch["minute_only"],
            "employee_id": "",
            "reason": "",
            "occurred_at": None,
            "in_out_code": punch["in_out_code"],
            "verify_code": punch["verify_code"],
            "received_at": punch["received_at"],
            "enrolment_offset": -1,
        }
        if device is None:
            row["reason"] = "unknown_device"  # R15
        else:
            row["occurred_at"] = moment_of_device_time(punch["device_time"], device["timezone"])
            if enrolment is None:
                row["reason"] = "unknown_pin"
            else:
                row["employee_id"] = enrolment["employee_id"]
                row["enrolment_offset"] = enrolment["reference_offset"]
        rows[identity] = row
    return rows


# ---------------------------------------------------------------------------------------------------- attendance


def attendance_rows(
    facts: Iterable[Fact],
    reference: Iterable[Entry],
    horizon: Horizon | None,
    delivered: Mapping[str, Terminal] | None = None,
) -> dict[PersonDay, Record]:
    """
    What is known of every person on every date of the open months, up to the horizon.

    Args:
        facts: everything from ``device_log`` (what is from phones is passed over), in any order, with repetitions.
        reference: everything in ``reference``, in any order.
        horizon: how far time has come; None: nothing has opened yet.
        delivered: what each terminal has delivered; left out: what ``facts`` say.

    Returns:
        All columns of ``attendance`` but ``epoch``, ``partition`` and ``version``, by (employee_id, work_date).
    """
    facts, reference = list(facts), list(reference)
    if horizon is None:
        return {}
    if delivered is None:
        delivered = terminals_of(facts)
    book = {name: in_force(reference, name) for name in IDENTITY}
    owned = [row for row in attribution_rows(facts, reference).values() if row["employee_id"]]
    people = sorted({assignment["employee_id"] for assignment in book["assignment"]})
    rows = {}
    for month in sorted(open_months(reference)):
        for work_date in days_of_month(month):
            for employee_id in people:
                punches = [punch for punch in owned if punch["employee_id"] == employee_id]
                row = judge_day(employee_id, work_date, book, punches, horizon, delivered)
                if row is not None:
                    rows[(employee_id, work_date)] = row
    return rows


def judge_day(
    employee_id: str,
    work_date: int,
    book: Mapping[str, list[Record]],
    punches: list[Record],
    horizon: Horizon,
    delivered: Mapping[str, Terminal],
) -> Record | None:
    """
    One person, one work date of an open month, by the numbered rules of the spine.

    Args:
        book: reference records in force, by kind, as from :func:`in_force`.
        punches: rows of ``attribution`` that belong to this person.

    Returns:
        The row, or None: not on the roster that day, or the day has not begun where he works.
    """
    # Rule 1: the roster, and whether the rules hold for the unit.
    assignment = the_one(a for a in book["assignment"] if a["employee_id"] == employee_id and covers(a, work_date))
    if assignment is None:
        return None
    unit_id = assignment["unit_id"]
    unit = the_one(u for u in book["unit"] if u["unit_id"] == unit_id and covers(u, work_date))
    zone = unit["timezone"] if unit is not None else REGION_ZONE  # R5

    # Rule 7: the day opens at local midnight.
    if horizon.at < wall_clock(work_date, 0, zone):
        return None

    mode = the_one(m for m in book["unit_mode"] if m["unit_id"] == unit_id and covers(m, work_date))
    row: Record = {
        "employee_id": employee_id,
        "work_date": work_date,
        "unit_id": unit_id,
        "unit_mode": mode["mode"] if mode is not None else "not_in_force",  # R4
        "category": assignment["category"],
        "state": "",
        "reason": "",
        "letter_no": "",
        "shift_id": "",
        "shift_start_at": None,
        "shift_end_at": None,
        "cutoff_at": None,
        "in_at": None,
        "in_device_id": "",
        "out_at": None,
        "late_s": 0,
        "open_until": None,
        "policy_id": "",
        "policy_offset": -1,
        "punches": [],
        "missing": [],
    }
    if row["unit_mode"] == "not_in_force":
        return row | {"state": "not_judged", "reason": "not_in_force"}

    # Rule 2: the shift of the day.
    own = the_one(s for s in book["schedule"] if s["employee_id"] == employee_id and covers(s, work_date))
    units = the_one(
        s for s in book["schedule"] if not s["employee_id"] and s["unit_id"] == unit_id and covers(s, work_date)
    )
    schedule = own if own is not None else units
    if schedule is None:
        return row | {"state": "not_judged", "reason": "no_schedule"}
    shift_id = schedule[WEEKDAYS[date_of(work_date).weekday()]]
    if shift_id == "":
        return row | {"state": "off", "reason": "day_off"}
    shift = the_one(s for s in book["shift"] if s["shift_id"] == shift_id and covers(s, work_date))
    if shift is None:
        return row | {"state": "not_judged", "reason": "no_schedule"}  # R5
    holiday = any(c["date"] == work_date for c in book["calendar"])
    if holiday and shift["observes_holidays"]:
        return row | {"state": "off", "reason": "holiday"}

    # Rule 3: leave.
    leave = the_one(x for x in book["leave"] if x["employee_id"] == employee_id and covers(x, work_date))
    if leave is not None:
        state = "field_duty" if leave["kind"] == "dinas_luar" else "leave"
        kind, letter = leave["kind"], leave["letter_no"]  # R7
        return row | {"state": state, "reason": kind, "letter_no": letter, "shift_id": shift_id}  # R6

    # Rule 4: the times of the shift in the unit's zone, and the punches in its windows.
    policy = the_one(p for p in book["policy"] if covers(p, work_date))
    if unit is None or policy is None:
        return row | {"state": "not_judged", "reason": "no_schedule"}  # R5
    starts_s, ends_s = shift["starts_s"], shift["ends_s"]
    if ends_s <= starts_s:
        ends_s += 24 * 60 * 60
    start = wall_clock(work_date, starts_s, zone)
    end = wall_clock(work_date, ends_s, zone)
    in_opens = start - shift["in_opens_before_s"] * 1000
    in_closes = start + shift["in_closes_after_s"] * 1000
    out_opens = end - shift["out_opens_before_s"] * 1000
    out_closes = end + shift["out_closes_after_s"] * 1000
    cutoff = start + policy["cutoff_after_s"] * 1000
    wait = policy["wait_s"] * 1000
    papers = start + policy["papers_s"] * 1000

    in_time_order = sorted(punches, key=lambda p: (p["occurred_at"], p["device_id"], p["pin"], p["device_time"]))  # R11
    looked_at = [
        p
        for p in in_time_order
        if min(in_opens, out_opens) <= p["occurred_at"] <= max(in_closes, out_closes)  # R13
    ]
    may_be_in = [p for p in looked_at if in_opens <= p["occurred_at"] <= in_closes]
    came = None
    if may_be_in:
        came = may_be_in[0] if policy["in_punch"] == "first" else may_be_in[-1]
    may_be_out = [p for p in looked_at if out_opens <= p["occurred_at"] <= out_closes]
    if came is not None:
        may_be_out = [p for p in may_be_out if p["occurred_at"] > came["occurred_at"]]
    went = may_be_out[-1] if may_be_out else None  # R12

    row["shift_id"] = shift_id
    row["shift_start_at"] = start
    row["shift_end_at"] = end
    row["cutoff_at"] = cutoff
    row["policy_id"] = policy["policy_id"]
    row["policy_offset"] = policy["reference_offset"]
    row["out_at"] = went["occurred_at"] if went is not None else None
    for punch in looked_at:
        used_as = "in" if punch is came else "out" if punch is went else "none"
        row["punches"].append(
            {
                "device_id": punch["device_id"],
                "device_time": punch["device_time"],
                "occurred_at": punch["occurred_at"],
                "used_as": used_as,
            }
        )

    # Rule 5: he came.
    if came is not None:
        row["in_at"] = came["occurred_at"]
        row["in_device_id"] = came["device_id"]
        if came["occurred_at"] <= start + policy["grace_s"] * 1000:
            return row | {"state": "present"}
        return row | {"state": "late", "late_s": (came["occurred_at"] - start) // 1000}  # R25

    # Rule 6: no in-punch. First: is it time to say anything?
    if horizon.at < cutoff:
        return row | {"state": "not_due_yet", "open_until": cutoff}

    # Which terminals could still hold a punch of his?
    held = [e for e in book["enrolment"] if e["employee_id"] == employee_id and covers(e, work_date)]  # R16
    unsettled = {e["device_id"] for e in held if e["reference_offset"] > horizon.tick_offset}  # R17
    settled = set()
    for enrolment in held:
        hangs = the_one(d for d in book["device"] if d["device_id"] == enrolment["device_id"] and covers(d, work_date))
        if hangs is None or enrolment["reference_offset"] > horizon.tick_offset:
            continue
        if hangs["reference_offset"] > horizon.tick_offset:
            unsettled.add(enrolment["device_id"])  # route may still hold its punches back: R3
        else:
            settled.add(enrolment["device_id"])
    settled -= unsettled

    def has_delivered(device_id: str, through: int) -> bool:
        known = delivered.get(device_id, Terminal()).delivered_through
        return known is not None and known >= through + 1000  # terminals know seconds: the whole last one is over

    def complete(through: int) -> bool:
        return bool(settled) and not unsettled and all(has_delivered(device_id, through) for device_id in settled)

    if horizon.at < in_closes:
        if complete(cutoff):
            state = "not_here"
        elif horizon.at < cutoff + wait:
            state = "awaited"
        else:
            state = "undetermined"
    else:
        if complete(in_closes):
            state = "absent"
        elif horizon.at < in_closes + wait and complete(cutoff):
            state = "not_here"
        else:
            state = "undetermined"

    if state == "undetermined":
        asked = in_closes if horizon.at >= in_closes else cutoff
        if unsettled:
            row["reason"] = "unsettled_enrolment"  # R18
        elif not settled:
            row["reason"] = "no_terminal"
        else:
            row["reason"] = "terminal_incomplete"
        for device_id in sorted(settled | unsettled):  # R19
            if device_id in unsettled or not has_delivered(device_id, asked):
                terminal = delivered.get(device_id, Terminal())
                row["missing"].append(
                    {
                        "device_id": device_id,
                        "silent_since": terminal.silent_since,
                        "delivered_through": terminal.delivered_through,
                    }
                )

    if horizon.at >= papers:  # R24
        if state == "absent":
            state = "unexplained"
        elif state == "undetermined":
            state = "present_unmeasured"

    row["state"] = state
    if state == "awaited":  # R23
        row["open_until"] = min(cutoff + wait, in_closes)
    elif state == "not_here":
        known = horizon.at < in_closes and complete(in_closes)
        row["open_until"] = in_closes if known else in_closes + wait
    elif state in ("undetermined", "absent"):
        row["open_until"] = papers
    return row


# ---------------------------------------------------------------------------------------------------- comparison


def differences(
    expected: Mapping[Any, Record], actual: Mapping[Any, Record], ignoring: Iterable[str] = NOT_COMPARED
) -> list[str]:
    """
    Where two sets of rows disagree, one line a column, empty when they agree.

    Args:
        expected: what the oracle says.
        actual: what the pipeline says; restrict it with :func:`of_open_months` first.
        ignoring: columns that are not compared.
    """
    ignored = set(ignoring)
    lines = []
    for key in sorted(expected.keys() | actual.keys()):
        if key not in actual:
            lines.append(f"{key}: no row, expected {expected[key].get('state', expected[key])}")
        elif key not in expected:
            lines.append(f"{key}: row {actual[key].get('state', actual[key])}, expected none")
        else:
            for column in sorted((expected[key].keys() | actual[key].keys()) - ignored):
                wanted, got = expected[key].get(column, "(no such column)"), actual[key].get(column, "(no such column)")
                if wanted != got:
                    lines.append(f"{key}: {column} is {got!r}, expected {wanted!r}")
    return lines


def of_open_months(rows: Mapping[PersonDay, Record], reference: Iterable[Entry]) -> dict[PersonDay, Record]:
    """The rows whose month is open in the end: what a closed month shows depends on when it was closed (R8)."""
    months = open_months(reference)
    return {key: row for key, row in rows.items() if date_of(key[1]).strftime("%Y-%m") in months}
