"""What waits for a channel: never two messages an office and minute, nothing lost, nothing for ever."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notify.line import FIRST_PAUSE_MS, MOST_TRIES, Cap, Line
from tests.notify.made import CUTOFF, MINUTE, alert

HOUR = 60 * MINUTE

comings = st.lists(
    st.tuples(st.sampled_from(("a", "b", "c")), st.integers(0, 5), st.integers(0, 90), st.booleans()), max_size=30
)


@given(comings, st.lists(st.booleans(), min_size=1, max_size=20))
def test_every_alert_ends_once_and_no_office_hears_twice_a_minute(
    given_: list[tuple[str, int, int, bool]], fates: list[bool]
) -> None:
    """Any alerts at any minute, twice or not, on a channel that fails as it likes."""
    line = Line(HOUR)
    ends: dict[tuple[str, int], list[str]] = defaultdict(list)
    tried: dict[str, list[int]] = defaultdict(list)
    known: set[tuple[str, int]] = set()
    now, turn = CUTOFF, 0
    waiting = sorted(given_, key=lambda coming: coming[2])
    while waiting or len(line):
        while waiting and CUTOFF + waiting[0][2] * MINUTE <= now:
            unit, revision, minute, ralat = waiting.pop(0)
            if (unit, revision) not in known:
                known.add((unit, revision))
                kind = "correction" if ralat else "raise"
                told = alert(revision, unit, raised_at=CUTOFF + minute * MINUTE, kind=kind)
                line.put(told)
                line.put(told)
        for late, outcome, _ in line.expired(now):
            ends[late["unit_id"], late["revision"]].append(outcome)
        message = line.next(now)
        if message is None:
            wake = line.next_at(now)
            coming = CUTOFF + waiting[0][2] * MINUTE if waiting else None
            assert wake is None or wake > now, "a line that waits for nothing would spin"
            now = min(moment for moment in (wake, coming) if moment is not None) if (wake or coming) else now
            continue
        tried[message.newest["unit_id"]].append(now)
        assert message.tries <= MOST_TRIES
        assert (message.kind == "correction") == any(a["kind"] == "correction" for a in message.alerts)
        turn += 1
        if fates[turn % len(fates)]:
            line.sent(message, now)
            for told in message.alerts:
                ends[told["unit_id"], told["revision"]].append("told")
        else:
            line.failed(message, now)
    assert {key: len(outcomes) for key, outcomes in ends.items()} == dict.fromkeys(known, 1)
    for moments in tried.values():
        assert all(later - earlier >= MINUTE for earlier, later in pairwise(moments))


def test_channel_that_fails_pauses_longer_each_time_and_gives_up() -> None:
    """Five tries within an hour; then the alert is given up and the next has the channel."""
    line = Line(HOUR)
    line.put(alert(raised_at=CUTOFF))
    now, moments = CUTOFF, []
    while not (gone := line.expired(now)):
        message = line.next(now)
        if message is None:
            wake = line.next_at(now)
            assert wake is not None
            now = wake
            continue
        moments.append(now - CUTOFF)
        line.failed(message, now)
    assert moments == [0, MINUTE, 2 * MINUTE, 6 * MINUTE, 22 * MINUTE]
    assert FIRST_PAUSE_MS < MINUTE, "an office's own minute is the longer of the two at first"
    assert [(outcome, tries) for _, outcome, tries in gone] == [("given_up", MOST_TRIES)]
    assert len(line) == 0


def test_alert_of_long_ago_is_not_sent() -> None:
    """Read after a long standstill: marked, not told."""
    line = Line(HOUR)
    line.put(alert(raised_at=CUTOFF))
    assert [(a["revision"], outcome, tries) for a, outcome, tries in line.expired(CUTOFF + HOUR)] == [(0, "too_old", 0)]
    assert line.next(CUTOFF + HOUR) is None


def test_revisions_that_wait_are_told_together_and_ralat_is_not_lost() -> None:
    """The newest in full, and that ani's absence was withdrawn by the one before it."""
    line = Line(HOUR)
    line.put(alert(2))
    line.put(alert(1, kind="correction", withdrawn=["ani"]))
    message = line.next(CUTOFF)
    assert message is not None
    assert [a["revision"] for a in message.alerts] == [1, 2]
    assert (message.newest["revision"], message.kind, message.withdrawn) == (2, "correction", {"ani"})
    line.put(alert(3))
    line.sent(message, CUTOFF)
    assert line.next(CUTOFF + MINUTE - 1) is None
    rest = line.next(CUTOFF + MINUTE)
    assert rest is not None
    assert [a["revision"] for a in rest.alerts] == [3]


def test_cap_bounds_all_channels_together() -> None:
    """Three a minute: the fourth waits until the first is a minute old."""
    cap = Cap(3)
    for second in (0, 1000, 2000):
        assert cap.free_at(CUTOFF + second) == CUTOFF + second
        cap.take(CUTOFF + second)
    assert cap.free_at(CUTOFF + 3000) == CUTOFF + MINUTE
    assert cap.free_at(CUTOFF + MINUTE) == CUTOFF + MINUTE
