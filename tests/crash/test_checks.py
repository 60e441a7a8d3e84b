"""The checks of alerts, messages and phones see what is wrong, each in a log of a few lines."""

from __future__ import annotations

from typing import Any

import pytest

from producers.simulator.city import make_city
from producers.simulator.morning import make_morning
from producers.simulator.outings import make_outings
from producers.simulator.phone_app import PhoneReport
from tests.crash.check_alerts import ends_right, last_words, recounted
from tests.crash.check_notices import told
from tests.crash.check_phones import first_deliveries, nothing_lost, positions
from tests.crash.logs import Logs, Said
from tests.oracle.oracle import Record

DAY, CUTOFF, MINUTE = 20_780, 1_795_393_860_000, 60_000
END = CUTOFF + 60 * MINUTE


def part(offset: int, **people: str) -> Said:
    """The only partition says who had not arrived; ten others had."""
    states = list(people.values())
    record = {
        "unit_id": "dikbud",
        "work_date": DAY,
        "cutoff_at": CUTOFF,
        "partition": 0,
        "version": offset,
        "counts": {"present": 10} | {state: states.count(state) for state in states},
        "people": [{"employee_id": who, "state": state} for who, state in people.items()],
        "missing": [],
    }
    return Said(0, offset, "cutoff_judged", record)


def barrier(offset: int, minute: int) -> Said:
    """It has said all until so many minutes after the cutoff."""
    return Said(0, offset, "barrier", {"source_partition": 0, "at": CUTOFF + minute * MINUTE})


def tick(offset: int, minute: int) -> Said:
    """So late it is."""
    return Said(0, offset, "tick", {"at": CUTOFF + minute * MINUTE})


LOG = [
    part(0, ani="not_here", budi="undetermined"),
    tick(1, 0),
    barrier(2, 0),
    part(3, budi="not_here"),
    tick(4, 1),
    barrier(5, 1),
]
"""Ani is absent, of Budi one does not know; then it is known that she was there and he was not."""


def alert(revision: int, version: int, minute: int, **content: Any) -> Record:
    """A revision of the office's alert."""
    return {
        "unit_id": "dikbud",
        "work_date": DAY,
        "cutoff_at": CUTOFF,
        "revision": revision,
        "version": version,
        "raised_at": CUTOFF + minute * MINUTE,
        "unheard": [],
        **content,
    }


FIRST = alert(
    0,
    2,
    0,
    counts={"present": 10, "not_here": 1, "undetermined": 1},
    people=[{"employee_id": "ani", "state": "not_here"}, {"employee_id": "budi", "state": "undetermined"}],
    withdrawn=[],
    kind="raise",
    provisional=True,
)
SECOND = alert(
    1,
    5,
    1,
    counts={"present": 10, "not_here": 1},
    people=[{"employee_id": "budi", "state": "not_here"}],
    withdrawn=["ani"],
    kind="correction",
    provisional=False,
)


def test_alerts_that_follow_from_the_log_are_right() -> None:
    """Both revisions, one of them written twice."""
    assert recounted(LOG, [FIRST, SECOND, dict(SECOND)], 1) == []
    assert ends_right(LOG, [FIRST, SECOND], END) == []


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawn": [], "kind": "raise"},
        {"counts": {"present": 11, "not_here": 1}},
        {"people": []},
        {"provisional": True},
        {"unheard": [0]},
        {"raised_at": CUTOFF},
        {"revision": 2},
    ],
    ids=lambda change: "-".join(change),
)
def test_an_alert_that_does_not_follow_is_seen(change: Record) -> None:
    """Any column that is not what the log says, a missing revision, two within a minute."""
    assert recounted(LOG, [FIRST, SECOND | change], 1) != []


def test_a_revision_with_two_contents_is_seen() -> None:
    """Written again it is the same, or somebody made up another history."""
    assert recounted(LOG, [FIRST, SECOND, SECOND | {"provisional": True}], 1) != []


def test_a_history_that_ends_too_early_is_seen() -> None:
    """Ani was taken back in no revision, of Budi nobody was told, and the doubt has ended; without any alert nobody."""
    lines = ends_right(LOG, [FIRST], END)
    assert len(lines) == 3
    assert len(ends_right(LOG, [], END)) == 1


def test_what_is_said_of_a_cutoff_is_recounted() -> None:
    """Ten who came and one who did not; one who is missing in a part, or counted otherwise, is seen."""
    due = {"unit_id": "dikbud", "work_date": DAY, "cutoff_at": CUTOFF, "missing": []}
    rows = [due | {"employee_id": f"p{n}", "state": "present", "in_at": CUTOFF} for n in range(10)]
    rows.append(due | {"employee_id": "budi", "state": "not_here", "in_at": None})
    assert last_words(rows, LOG, END) == []
    assert last_words(rows[1:], LOG, END) != []
    assert last_words([*rows[:-1], rows[-1] | {"state": "absent"}], LOG, END) != []
    assert last_words([*rows[:-1], rows[-1] | {"state": "late", "in_at": CUTOFF - 1}], LOG, END) != []
    assert last_words(rows, [*LOG, part(3, ani="absent")], END) != []


def notice(revision: int, **changes: Any) -> Record:
    """A line of the ledger."""
    kind = "correction" if revision else "raise"
    return {
        "unit_id": "dikbud",
        "work_date": DAY,
        "cutoff_at": CUTOFF,
        "revision": revision,
        "channel": "bkd",
        "outcome": "sent",
        "kind": kind,
        "tries": 1,
    } | changes


CAME = [("dikbud", CUTOFF, False), ("dikbud", CUTOFF + 2 * MINUTE, True)]


def test_messages_that_came_once_are_right_and_one_more_after_a_crash() -> None:
    """Both were noted and came; a message may come again at once after a crash, or when a try failed."""
    assert told([FIRST, SECOND], [notice(0), notice(1)], CAME, 0) == []
    again = [CAME[0], ("dikbud", CUTOFF + 5000, False), CAME[1]]
    assert told([FIRST, SECOND], [notice(0), notice(1)], again, 1) == []
    assert told([FIRST, SECOND], [notice(0, tries=2), notice(1)], again, 0) == []
    merged = [notice(0, outcome="merged", kind="correction"), notice(1)]
    assert told([FIRST, SECOND], merged, CAME[1:], 0) == []
    assert told([FIRST, SECOND], [notice(1)], CAME[1:], 1) == [], "the newest noted stands for those before it"


def test_a_message_that_did_not_come_or_came_too_often_is_seen() -> None:
    """Not noted, noted and not come, given up, repeated without a crash, of an office that has no alert."""
    both = [notice(0), notice(1)]
    assert told([FIRST, SECOND], both[:1], CAME[:1], 0) != []
    assert told([FIRST, SECOND], both, CAME[:1], 1) != []
    assert told([FIRST, SECOND], [both[0], notice(1, outcome="given_up")], CAME[:1], 0) != []
    assert told([FIRST, SECOND], both, [CAME[0], ("dikbud", CUTOFF + 5000, False), CAME[1]], 0) != []
    assert told([FIRST], both, CAME, 0) != []
    assert told([FIRST, SECOND], both, [*CAME, ("setda", CUTOFF, False)], 1) != []


def test_tables_of_phones_are_the_first_of_each() -> None:
    """Of a minute the earliest fix, of redeliveries of a face check the first received; in any order."""
    ping = {"employee_id": "a", "fixed_at": 1_000_000, "received_at": 1_000_000, "lat": -7.0, "lon": 111.0}
    ping |= {"accuracy_m": 5.0, "mock": False}
    pings = [ping | {"fixed_at": at} for at in (1_047_000, 1_046_999, 1_000_000, 1_000_000)]
    rows = positions(pings)
    assert {key: row["fixed_at"] for key, row in rows.items()} == {
        ("a", 987_000): 1_000_000,
        ("a", 1_047_000): 1_047_000,
    }
    face = {"employee_id": "a", "install_id": "i", "taken_at": 5}
    (row,) = first_deliveries([face | {"received_at": 9}, face | {"received_at": 7}]).values()
    assert row["received_at"] == 7


def test_what_a_phone_was_told_and_what_is_held_must_be_the_same() -> None:
    """A ping acknowledged and lost, one that nobody saw, a face check that never got out, a sound item refused."""
    city = make_city(1, people=160, terminals=16)
    morning = make_morning(city)
    outings = make_outings(city, morning)
    end = morning.end_ms
    report, logs = PhoneReport(), Logs()
    for outing in outings:
        who = outing.phone.staff_no
        logs.reference.append((0, "phone", {"install_id": outing.phone.install_id, "employee_id": who, "void": False}))
        report.pings |= {(who, fix.at_ms) for fix in outing.fixes if outing.gets_out(fix.at_ms, end)}
        report.face_checks |= {(who, shot.at_ms) for shot in outing.shots if outing.gets_out(shot.at_ms, end)}
    logs.facts += [("ping", {"employee_id": who, "fixed_at": at}) for who, at in report.pings]
    logs.facts += [("face_check", {"employee_id": who, "taken_at": at}) for who, at in report.face_checks]
    assert nothing_lost(report, outings, end, logs) == []
    logs.facts.pop(0)
    logs.facts.append(("ping", {"employee_id": outings[0].phone.staff_no, "fixed_at": 1}))
    report.face_checks.pop()
    report.faulty = 1
    lines = nothing_lost(report, outings, end, logs)
    assert [line.split(" ")[1] for line in lines].count("acknowledged") == 1
    assert sum("never seen" in line for line in lines) == 1
    assert sum("never got its 200" in line for line in lines) == 1
    assert sum("refused" in line for line in lines) == 1
