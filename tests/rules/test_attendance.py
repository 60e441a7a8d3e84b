"""The judgement of a work date by itself; through the whole core: ``tests/stages/test_attendance.py``."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.rules.attendance import Judgement, Terminal, judge, standing, uses
from streams.rules.examples import moment, plan, punch

minutes = st.integers(5 * 60, 14 * 60).map(lambda m: moment(f"{m // 60:02}:{m % 60:02}"))
terminals = st.lists(
    st.builds(
        Terminal,
        st.sampled_from("ABC"),
        st.booleans(),
        st.none(),
        st.one_of(st.none(), st.sampled_from([moment("07:29"), moment("07:30"), moment("08:29"), moment("08:30")])),
    ),
    max_size=3,
    unique_by=lambda t: t.device_id,
)
GONE = ("not_here", "absent", "unexplained")


def said(judgement: Judgement) -> tuple[object, ...]:
    """All that a row shows."""
    return judgement[:6] + judgement[7:8]


@settings(deadline=None, max_examples=500)
@given(minutes, terminals, st.permutations([3600, 60, 9000]))
def test_nothing_changes_before_it_says_that_it_should_be_looked_at(
    at: int, asked: list[Terminal], odd: list[int]
) -> None:
    """Between now and ``look_again`` every horizon gives the same row, whatever the windows and waits."""
    due = plan()
    due = type(due)(
        **{f: getattr(due, f) for f in due.__struct_fields__}
        | {
            "wait": odd[0] * 1000,
            "in_closes": due.start + odd[1] * 1000,
            "papers": due.start + odd[2] * 1000,
            "cutoff": due.start + 60_000,
        }
    )
    now = judge(due, [], asked, at)
    until = moment("23:59") if now.look_again is None else now.look_again
    assert until > at
    for later in {at + 1000, at + 61_000, (at + until) // 2, until - 1}:
        if at <= later < until:
            assert said(judge(due, [], asked, later)) == said(now)
    if now.open_until is not None:
        assert judge(due, [], asked, now.open_until - 1).state == now.state
        assert judge(due, [], asked, now.open_until).state != now.state


@settings(deadline=None)
@given(minutes, terminals)
def test_absent_only_where_every_terminal_has_delivered(at: int, asked: list[Terminal]) -> None:
    """Nobody is gone without a terminal, or with one that has not delivered through the moment that is asked for."""
    due = plan()
    state = judge(due, [], asked, at).state
    if state in GONE:
        assert asked
        assert all(t.complete(due.cutoff) for t in asked)
    if state in ("absent", "unexplained"):
        assert all(t.complete(due.in_closes) for t in asked)
    if state in ("undetermined", "present_unmeasured"):
        assert judge(due, [], asked, at).reason
    if not asked:
        assert judge(due, [], asked, at).reason in ("", "no_terminal")


@settings(deadline=None)
@given(minutes, minutes, terminals)
def test_more_delivered_never_makes_a_person_less_certain(at: int, through: int, asked: list[Terminal]) -> None:
    """When the last terminal delivers, a day that was absent stays so: completeness only grows."""
    before = judge(plan(), [], asked, at)
    more = [t._replace(delivered_through=max(through, t.delivered_through or 0)) for t in asked]
    after = judge(plan(), [], more, at)
    if before.state in ("absent", "unexplained", "not_here"):
        assert after.state in ("absent", "unexplained", "not_here")
    assert {t.device_id for t in after.missing} <= {t.device_id for t in asked}


@given(st.lists(minutes, max_size=5), st.booleans())
def test_out_is_later_than_in(times: list[int], last: bool) -> None:
    """However the windows lie, the way out comes after the way in, and a single punch is never both."""
    due = plan(end="09:00", last_counts=last)
    punches = sorted(punch("07:30")._replace(occurred_at=at) for at in times)
    came, left = uses(due, punches)
    if came is not None and left is not None:
        assert left.occurred_at > came.occurred_at
    within = [p for p in punches if due.in_opens <= p.occurred_at <= due.in_closes]
    assert came == ((within[-1] if last else within[0]) if within else None)


def test_states_of_someone_who_never_came() -> None:
    """The whole way of a day, with and without what the terminal delivers."""
    due = plan()
    way = ["07:29", "07:30", "07:31", "08:29", "08:30", "08:31", "11:59", "12:00"]
    u, n, a = "undetermined", "not_here", "absent"
    for through, expected in {
        (False, False): ["not_due_yet", "awaited", u, u, u, u, u, "present_unmeasured"],
        (True, False): ["not_due_yet", n, n, n, n, u, u, "present_unmeasured"],
        (True, True): ["not_due_yet", n, n, n, a, a, a, "unexplained"],
    }.items():
        assert [standing(due, moment(t), *through) for t in way] == expected
