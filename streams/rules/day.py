"""
Rule: what a person is due to do on a date, from the records in force on it. Steps 1 to 4 of the spine's judgement.
"""

from __future__ import annotations

import msgspec

from streams.folds.limits import USUAL, Limits
from streams.folds.references import Assignment, Leave, Schedule, in_force
from streams.folds.world import World
from streams.folds.zones import DAY_MS, utc_of

FIELD_DUTY = "dinas_luar"


class Plan(msgspec.Struct, frozen=True, gc=False, eq=False):
    """
    A person's work date before any punch. Each step fills its fields; those of later steps stay empty.

    Attributes:
        opens_at: local midnight, UTC: from then on the date has a row.
        rostered: shift that the schedule names, whatever comes of it.
        state: decided without punches (``not_judged``, ``off``, ``leave``, ``field_duty``); empty: judge it.
        in_opens, in_closes, out_opens, out_closes, start, end, cutoff, papers: moments, UTC.
        wait: how long terminals are waited for, ms.
        on_time_until: the last moment that still counts as on time, UTC.
        limits: the policy's, of presence and of manipulation.
    """

    unit_id: str
    mode: str
    category: str
    zone: str
    opens_at: int
    state: str
    reason: str
    letter_no: str
    shift_id: str
    rostered: str = ""
    policy_id: str = ""
    policy_offset: int = -1
    start: int = 0
    end: int = 0
    in_opens: int = 0
    in_closes: int = 0
    out_opens: int = 0
    out_closes: int = 0
    on_time_until: int = 0
    cutoff: int = 0
    wait: int = 0
    papers: int = 0
    last_counts: bool = False
    limits: Limits = USUAL

    @property
    def span(self) -> tuple[int, int]:
        """First and last moment of the punches that are looked at; empty when the date is decided without."""
        if self.state:
            return 0, -1
        return min(self.in_opens, self.out_opens), max(self.in_closes, self.out_closes)

    def spans(self, at: int) -> bool:
        """Whether a punch of that moment is looked at."""
        first, last = self.span
        return first <= at <= last


def plan(world: World, place: Assignment, own: Schedule | None, leave: Leave | None, day: int) -> Plan:
    """
    Resolve a person's work date. Two people whose own records say the same that day share it.

    Of records that cover the date the one with the highest ``reference_offset`` is in force, for every kind. What
    the region has not said yet is never held against anyone: without a unit, a mode, a schedule, a shift or a policy
    the date is ``not_judged`` (reasons ``no_unit``, ``not_in_force``, ``no_schedule``, ``no_shift``, ``no_policy``).

    Args:
        world: reference data of everybody.
        place, own, leave: what is in force of the person's own records on that date; without a place there is no
            plan and no row.
        day: work date, local, days since 1970.

    Pure; a few dictionary look-ups. Source: Perpres 21/2023 leaves hours to dated shifts and schedules, and the
    numbers to a dated policy; PP 94/2021 counts working days only, hence ``off`` before ``leave``.
    """
    unit_id = place.unit_id
    unit = in_force(world.units.get(unit_id, ()), day)
    zone = world.zone_of(unit_id, day)
    mode = in_force(world.modes.get(unit_id, ()), day)
    mode_name = "not_in_force" if mode is None else mode.mode
    opens_at = utc_of(day * DAY_MS, zone)

    shift_id = ""

    def decided(state: str, reason: str, letter_no: str = "", shown: str = "") -> Plan:
        return Plan(unit_id, mode_name, place.category, zone, opens_at, state, reason, letter_no, shown, shift_id)

    if unit is None:
        return decided("not_judged", "no_unit")
    if mode_name == "not_in_force":
        return decided("not_judged", "not_in_force")
    schedule = own or in_force(world.schedules.get(unit_id, ()), day)
    if schedule is None:
        return decided("not_judged", "no_schedule")
    shift_id = schedule.shift_on(day)
    if not shift_id:
        return decided("off", "day_off")
    shift = in_force(world.shifts.get(shift_id, ()), day)
    if shift is None:
        return decided("not_judged", "no_shift", "", shift_id)
    if shift.observes_holidays and in_force(world.holidays.get(f"{day}", ()), day) is not None:
        return decided("off", "holiday")
    if leave is not None:
        state = "field_duty" if leave.kind == FIELD_DUTY else "leave"
        return decided(state, leave.kind, leave.letter_no, shift_id)
    policy = in_force(world.policies.get("", ()), day)
    if policy is None:
        return decided("not_judged", "no_policy", "", shift_id)

    midnight = day * DAY_MS
    start = utc_of(midnight + shift.starts_s * 1000, zone)
    ends_s = shift.ends_s if shift.ends_s > shift.starts_s else shift.ends_s + 86_400
    end = utc_of(midnight + ends_s * 1000, zone)
    return Plan(
        unit_id,
        mode_name,
        place.category,
        zone,
        opens_at,
        "",
        "",
        "",
        shift_id,
        shift_id,
        policy.policy_id,
        policy.offset,
        start,
        end,
        start - shift.in_opens_before_s * 1000,
        start + shift.in_closes_after_s * 1000,
        end - shift.out_opens_before_s * 1000,
        end + shift.out_closes_after_s * 1000,
        start + policy.grace_s * 1000,
        start + policy.cutoff_after_s * 1000,
        policy.wait_s * 1000,
        start + policy.papers_s * 1000,
        policy.in_punch == "last",
        policy.limits,
    )
