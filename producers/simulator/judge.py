"""
What a person's state must be at a moment, by the rules of docs/decisions/0001 (Judgement), from the world alone.

The world says who was where when and which terminal was connected when. What it cannot say is how quickly the pipeline
works; that is a ``View``. Written apart from the pipeline's own rules, on purpose; it shares no code with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from producers.simulator.lookup import Roster
from producers.simulator.world import Behaviour, City, Morning, Punch, Shift, local_text, wall_ms

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class View:
    """
    What has come through by ``horizon_ms``.

    ``ahead_s``: facts may already be there that happened this long after the horizon. ``delay_s``: a released punch
    needs this long. ``answer_s``: a terminal must have been connected this long after a moment to have answered for it.
    ``cautious``: a terminal whose clock is slow, or which keeps records back, answers that much later.
    """

    horizon_ms: int
    ahead_s: int = 0
    delay_s: int = 0
    answer_s: int = 120
    cautious: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """
    A person's state. ``late_s`` whole seconds after the start, 0 unless late. ``terminals``: those still missing.

    ``in_time``/``out_time``: local time of the punches that count, by the terminal's clock, else empty.
    """

    state: str
    late_s: int = 0
    reason: str = ""
    terminals: tuple[str, ...] = ()
    in_time: str = ""
    out_time: str = ""
    shift_id: str = ""


class World:
    """A city, its morning, and indexes over both. Read only."""

    def __init__(self, city: City, morning: Morning) -> None:
        self.city = city
        self.morning = morning
        self.roster = Roster(city)
        self.punches: dict[str, list[Punch]] = defaultdict(list)
        for punch in morning.punches:
            self.punches[punch.staff_no].append(punch)

    def expected(self, staff_no: str, day: date, view: View) -> Expected | None:
        """
        State of a person's work date at a view; None: no row, because no assignment covers the date.

        Pure, O(the person's records).
        """
        roster, policy = self.roster, self.city.policy
        assignment = roster.assignment(staff_no, day)
        if assignment is None:
            return None
        if roster.units[assignment.unit_id].mode == "not_in_force":
            return Expected("not_judged", reason="not_in_force")
        shift, reason = roster.shift(staff_no, assignment.unit_id, day)
        if shift is None:
            return Expected("not_judged" if reason == "no_schedule" else "off", reason=reason)
        paper = roster.leave(staff_no, day)
        if paper is not None:
            state = "field_duty" if paper.kind == "dinas_luar" else "leave"
            return Expected(state, reason=paper.kind, shift_id=shift.shift_id)
        start = roster.start_ms(shift, day)
        closes, cutoff = start + shift.in_closes_after_s * 1000, start + policy.cutoff_after_s * 1000
        terminals = self._terminals(staff_no, day, view)
        seen = self._seen(staff_no, (cutoff, closes), view)
        came = [at for at in seen if start - shift.in_opens_before_s * 1000 <= at <= closes]
        if came:
            in_at = min(came) if policy.in_punch == "first" else max(came)
            late_s = 0 if in_at <= start + policy.grace_s * 1000 else (in_at - start) // 1000
            out_time = self._out(seen, shift, day, in_at)
            state = "late" if late_s else "present"
            return Expected(state, late_s, "", (), local_text(in_at), out_time, shift.shift_id)
        missing = self._missing(terminals, closes if view.horizon_ms >= closes else cutoff, view)
        complete = bool(terminals) and not missing
        by_cutoff = bool(terminals) and not self._missing(terminals, cutoff, view)
        state = self._without_punch(view.horizon_ms, start, cutoff, closes, complete, by_cutoff)
        out_time = self._out(seen, shift, day, None)
        if state != "undetermined":
            return Expected(state, 0, "", (), "", out_time, shift.shift_id)
        why = "terminal_incomplete" if terminals else "no_terminal"
        return Expected(state, 0, why, tuple(missing), "", out_time, shift.shift_id)

    def _without_punch(
        self, horizon: int, start: int, cutoff: int, closes: int, complete: bool, by_cutoff: bool
    ) -> str:
        """Rule 6: the state of somebody who is due and of whom no punch counts."""
        wait = self.city.policy.wait_s * 1000
        if horizon < cutoff:
            return "not_due_yet"
        if horizon < closes:
            if complete:
                return "not_here"
            return "awaited" if horizon < cutoff + wait else "undetermined"
        over = horizon >= start + self.city.policy.papers_days * DAY_S * 1000
        if complete:
            return "unexplained" if over else "absent"
        if horizon < closes + wait and by_cutoff:
            return "not_here"
        return "present_unmeasured" if over else "undetermined"

    def _terminals(self, staff_no: str, day: date, view: View) -> list[str]:
        later = view.horizon_ms + view.ahead_s * 1000 >= self.city.later_at_ms + view.delay_s * 1000
        held = self.roster.enrolments(staff_no, day, with_later=later)
        return list(dict.fromkeys(e.serial for e in held))

    def _seen(self, staff_no: str, asked: Sequence[int], view: View) -> list[int]:
        """
        Moments of the known punches, by the terminals' own clocks (not corrected).

        Known is what was delivered by itself, and what a terminal handed over because it was asked for that range.
        """
        seen: list[int] = []
        now = view.horizon_ms + view.ahead_s * 1000
        for punch in self.punches.get(staff_no, ()):
            behaviour = self.morning.behaviours[punch.serial]
            shown = punch.at_ms + behaviour.clock_offset_s * 1000
            if punch.at_ms <= now and self._known_pin(punch, view):
                handed_over = any(shown <= t and self._answered(behaviour, t, view) for t in asked)
                if handed_over or self._delivered(behaviour, punch.at_ms, view):
                    seen.append(shown)
        return seen

    def _known_pin(self, punch: Punch, view: View) -> bool:
        """Whether anybody's enrolment gives the punch an owner on its date (the night before has a date of its own)."""
        shown = wall_ms(punch.at_ms, self.morning.behaviours[punch.serial].clock_offset_s)
        day = date.fromordinal(date(1970, 1, 1).toordinal() + shown // (DAY_S * 1000))
        later = view.horizon_ms + view.ahead_s * 1000 >= self.city.later_at_ms + view.delay_s * 1000
        held = self.roster.enrolments(punch.staff_no, day, with_later=later)
        return any(e.serial == punch.serial and e.pin == punch.pin for e in held)

    def _delivered(self, behaviour: Behaviour, at_ms: int, view: View) -> bool:
        """Whether the terminal has sent a punch by itself."""
        ready = behaviour.release_ms(at_ms) if view.cautious or not view.ahead_s else at_ms
        back = behaviour.silent_until(ready)
        if back == -1:
            return False
        return (back or ready) + view.delay_s * 1000 <= view.horizon_ms + view.ahead_s * 1000

    def _answered(self, behaviour: Behaviour, moment_ms: int, view: View) -> bool:
        """Whether the terminal was connected long enough after a moment to be asked for everything up to it."""
        begin, end = moment_ms, view.horizon_ms + view.ahead_s * 1000
        need = view.answer_s * 1000
        if view.cautious:
            begin += max(0, -behaviour.clock_offset_s) * 1000
            need += behaviour.hold_back_s * 1000
        for silent_from, silent_to in behaviour.silences:
            if silent_from < end and (silent_to is None or silent_to > begin):
                if silent_from - begin > 0 and silent_from - begin >= need:
                    return True
                if silent_to is None:
                    return False
                begin = max(begin, silent_to)
        return end - begin > 0 and end - begin >= need

    def _missing(self, terminals: Sequence[str], moment_ms: int, view: View) -> list[str]:
        return [s for s in terminals if not self._answered(self.morning.behaviours[s], moment_ms, view)]

    def _out(self, seen: Sequence[int], shift: Shift, day: date, in_at: int | None) -> str:
        end = self.roster.end_ms(shift, day)
        opens, closes = end - shift.out_opens_before_s * 1000, end + shift.out_closes_after_s * 1000
        left = [at for at in seen if opens <= at <= closes and (in_at is None or at > in_at)]
        return local_text(max(left)) if left else ""
