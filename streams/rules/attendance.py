"""Rule: what is known of a person's work date: state, lateness, and why. Steps 5 and 6 of the spine's judgement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from streams.folds.punches import Punch
from streams.rules.day import Plan

LAST_SECOND_MS = 1000


class Terminal(NamedTuple):
    """
    A terminal on which a person could have punched that date.

    Attributes:
        settled: False while ``route`` may still have punches to move: it counts as not delivered.
        delivered_through: UTC; None: unknown.
    """

    device_id: str
    settled: bool
    silent_since: int | None = None
    delivered_through: int | None = None

    def complete(self, at: int) -> bool:
        """Whether every punch up to a moment is here, its whole second included: terminals know no finer time."""
        return self.settled and self.delivered_through is not None and self.delivered_through >= at + LAST_SECOND_MS


class Judgement(NamedTuple):
    """
    A person's work date as known at a horizon.

    Attributes:
        in_punch, out_punch: None: there is none.
        late_s: whole seconds after the start; 0 when on time, within grace, or without an in-punch.
        open_until: when the state ends by itself, UTC; None: it does not.
        look_again: next moment of horizon at which anything here may change by itself; None: never.
        missing: terminals that keep it undetermined, by ``device_id``.
        hangs_on_terminals: more data from a terminal could change it.
    """

    state: str
    reason: str = ""
    in_punch: Punch | None = None
    out_punch: Punch | None = None
    late_s: int = 0
    open_until: int | None = None
    look_again: int | None = None
    missing: tuple[Terminal, ...] = ()
    hangs_on_terminals: bool = False


def uses(plan: Plan, punches: Sequence[Punch]) -> tuple[Punch | None, Punch | None]:
    """
    In-punch and out-punch of a plan that is to be judged, of punches in order of time.

    Without an in-punch the last punch of the out-window counts as out all the same: it is evidence.
    """
    in_punch = out_punch = None
    for punch in punches:
        at = punch.occurred_at
        if plan.in_opens <= at <= plan.in_closes and (in_punch is None or plan.last_counts):
            in_punch = punch
    for punch in reversed(punches):
        at = punch.occurred_at
        if plan.out_opens <= at <= plan.out_closes:
            if in_punch is None or at > in_punch.occurred_at:
                out_punch = punch
            break
    return in_punch, out_punch


def standing(plan: Plan, at: int, through_cutoff: bool, through_close: bool) -> str:
    """State of someone without an in-punch, at a horizon, by what his terminals have delivered."""
    if at < plan.cutoff:
        return "not_due_yet"
    if at < plan.in_closes:
        if through_cutoff:
            return "not_here"
        state = "awaited" if at < plan.cutoff + plan.wait else "undetermined"
    elif through_close:
        state = "absent"
    elif through_cutoff and at < plan.in_closes + plan.wait:
        state = "not_here"
    else:
        state = "undetermined"
    if at >= plan.papers:
        if state == "absent":
            return "unexplained"
        if state == "undetermined":
            return "present_unmeasured"
    return state


def judge(plan: Plan, punches: Sequence[Punch], terminals: Sequence[Terminal], at: int) -> Judgement:
    """
    Judge one person's work date.

    Args:
        plan: what is due; moments aware of the zone already, UTC milliseconds.
        punches: the person's active punches within ``plan.span``, in order of time.
        terminals: those he is enrolled on that date, by ``device_id``; not looked at when there is an in-punch.
        at: the horizon, UTC milliseconds; nothing else says that time has passed.

    Returns:
        state and why. ``late_s`` is the whole delay once past grace, not the part beyond it, in whole seconds.

    Pure, O(punches + terminals). Source: Perpres 21/2023, 07:30 local, hours of the shift; ANRI 18/2016 counts the
    first punch, Pergub Bali 54/2014 the last (``policy.in_punch``); absence is said only where data are complete
    (Kota Mojokerto 2017: 1,122 people shown absent who were not).

    >>> from streams.rules.examples import plan, punch, moment
    >>> judge(plan(start="07:30", grace_s=60), [punch("07:31:10")], [], moment("07:31:30")).late_s
    70
    >>> judge(plan(start="07:30", grace_s=60), [], [Terminal("A", True)], moment("07:33")).state
    'undetermined'
    """
    if plan.state:
        return Judgement(plan.state, plan.reason)
    in_punch, out_punch = uses(plan, punches)
    if in_punch is not None:
        arrived = in_punch.occurred_at
        if arrived <= plan.on_time_until:
            return Judgement("present", "", in_punch, out_punch)
        return Judgement("late", "", in_punch, out_punch, (arrived - plan.start) // 1000)

    judgement = _without_in_punch(plan, tuple(terminals), at)
    return judgement if out_punch is None else judgement._replace(out_punch=out_punch)


@lru_cache(maxsize=16_384)
def _without_in_punch(plan: Plan, terminals: tuple[Terminal, ...], at: int) -> Judgement:
    """Whoever shares plan and terminals shares this: at a cutoff a whole office, judged once."""
    through_cutoff = bool(terminals) and all([t.complete(plan.cutoff) for t in terminals])
    through_close = bool(terminals) and all([t.complete(plan.in_closes) for t in terminals])
    state = standing(plan, at, through_cutoff, through_close)
    open_until = None
    for moment in sorted(
        (plan.cutoff, plan.cutoff + plan.wait, plan.in_closes, plan.in_closes + plan.wait, plan.papers)
    ):
        if moment > at and standing(plan, moment, through_cutoff, through_close) != state:
            open_until = moment
            break
    look_again = open_until
    reason = ""
    missing: tuple[Terminal, ...] = ()
    if state in ("undetermined", "present_unmeasured"):
        asked = plan.in_closes if at >= plan.in_closes else plan.cutoff
        missing = tuple([t for t in terminals if not t.complete(asked)])
        if not terminals:
            reason = "no_terminal"
        elif all([t.settled for t in terminals]):
            reason = "terminal_incomplete"
        else:
            reason = "unsettled_enrolment"
        if at < plan.in_closes and (look_again is None or look_again > plan.in_closes):
            look_again = plan.in_closes  # from then on it is asked for the whole window, and `missing` with it
    return Judgement(state, reason, None, None, 0, open_until, look_again, missing, not through_close)
