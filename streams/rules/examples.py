"""Small builders for doctests and tests of the rules: one shift on 1970-01-01, in Jakarta, in a few words."""

from __future__ import annotations

from streams.folds.punches import Punch
from streams.folds.zones import utc_of
from streams.rules.day import Plan

ZONE = "Asia/Jakarta"


def moment(text: str) -> int:
    """``HH:MM`` or ``HH:MM:SS`` of that morning in Jakarta, UTC milliseconds."""
    hours, minutes, seconds = [*map(int, text.split(":")), 0][:3]
    return utc_of(((hours * 60 + minutes) * 60 + seconds) * 1000, ZONE)


def punch(text: str, device_id: str = "A") -> Punch:
    """A punch at that time."""
    at = moment(text)
    return Punch(at, device_id, "1", at + 7 * 3_600_000, 0, True)


def plan(start: str = "07:30", end: str = "16:00", grace_s: int = 0, last_counts: bool = False) -> Plan:
    """In-window 06:00 to 08:30, cutoff at the start, wait 60 s, out-window 15:00 to 22:00, papers at noon."""
    starts, ends = moment(start), moment(end)
    return Plan(
        unit_id="U",
        mode="in_force",
        category="PNS",
        zone=ZONE,
        opens_at=moment("00:00"),
        state="",
        reason="",
        letter_no="",
        shift_id="S",
        rostered="S",
        policy_id="P",
        policy_offset=1,
        start=starts,
        end=ends,
        in_opens=starts - 5_400_000,
        in_closes=starts + 3_600_000,
        out_opens=ends - 3_600_000,
        out_closes=ends + 6 * 3_600_000,
        on_time_until=starts + grace_s * 1000,
        cutoff=starts,
        wait=60_000,
        papers=starts + 4 * 3_600_000 + 1_800_000,
        last_counts=last_counts,
    )
