"""Flags in ``judge``: raised, taken back when the facts no longer bear them, put away, taken up and let go."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from streams.folds import places
from streams.stages.base import Record
from streams.stages.flags import KEYS
from streams.stages.stays import KEPT_DAYS, NEAR
from tests.stages import records as r
from tests.stages.harness import City, Row
from tests.stages.records import Fact
from tests.stages.test_presence import Log, desk, here

MONDAY = "2026-11-23"
DAY = r.day(MONDAY)
FAR = -7.9  # 56 km south of the office
PLACED = [*r.office(), r.geofence(), r.unit("V"), r.geofence("V", lat=FAR), r.device("B", unit_id="V")]
EVENING = r.tick(f"{MONDAY} 17:00")
NINE = r.at(f"{MONDAY} 09:00") + (crc32(b"ani") % 60 * 1000 - r.at(f"{MONDAY} 09:00")) % r.MINUTE_MS  # a minute of hers


def flag_log(*facts: Fact) -> Log:
    """Ani's office, another far away with terminal B, and what happened."""
    return Log(*PLACED, *facts, into="flag")


def punched(moment: str, device_id: str = "A", version: int = 1, active: bool = True) -> Fact:
    """Ani's finger, as ``route`` gives it to her."""
    return "attributed_punch", {
        "employee_id": "ani", "device_id": device_id, "pin": "1", "device_time": r.wall(moment), "minute_only": False,
        "occurred_at": r.at(moment), "active": active, "in_out_code": 0, "verify_code": 1,
        "received_at": r.at(moment), "version": version,
    }  # fmt: skip


def suspicion(*others: str, day: int = DAY, kind: str = "install", value: str = "5f", version: int = 1) -> Fact:
    """What ``cross`` tells of Ani."""
    return "suspicion", {
        "employee_id": "ani", "day": day, "kind": kind, "value": value, "others": list(others), "version": version
    }  # fmt: skip


def made_up(minutes: int = 3) -> list[Fact]:
    """Pings whose position the phone calls mocked, in the middle of minutes of hers."""
    return [here(NINE + 30_000 + n * r.MINUTE_MS, mock=True) for n in range(minutes)]


def found(rows: list[Row]) -> list[list[str]]:
    """Of each row the rules that found something."""
    return [[finding["rule"] for finding in row["findings"]] for row in rows]


def last(rows: list[Row]) -> list[str]:
    """Of the last row; something must have been written."""
    return found(rows)[-1]


def evidence(rows: list[Row], rule: str) -> dict[str, str]:
    """What a rule rests on, in the last row."""
    (said,) = [finding["evidence"] for finding in rows[-1]["findings"] if finding["rule"] == rule]
    assert isinstance(said, dict)
    return said


def test_honest_day_writes_nothing_that_stands() -> None:
    """A phone on a desk, two fingers at its own office, every quarter of an hour: no finding in any row."""
    log = flag_log(*desk(f"{MONDAY} 07:25", f"{MONDAY} 16:00"), punched(f"{MONDAY} 07:20"), punched(f"{MONDAY} 15:30"))
    rows = [row for tick in r.ticks(f"{MONDAY} 07:00", f"{MONDAY} 17:00", 5) for row in log.take(tick)]
    assert found(rows) == [[]] * len(rows)


def test_flag_is_raised_with_its_evidence() -> None:
    """Unit, how far the day was looked at, and what the rule saw."""
    log = flag_log(*made_up(), *desk(f"{MONDAY} 10:00", f"{MONDAY} 10:30"))
    (row,) = log.take(r.tick(f"{MONDAY} 12:00"))
    own = crc32(b"ani") % 900 * 1000
    noon = r.at(f"{MONDAY} 12:00")
    assert (row["employee_id"], row["work_date"], row["unit_id"]) == ("ani", DAY, "U")
    assert row["until_at"] == max(m for m in range(noon - 900_000, noon + 1, 1000) if (m - own) % 900_000 == 0)
    (finding,) = row["findings"]
    assert (finding["rule"], finding["rule_version"], finding["score"]) == ("mock_location", 1, 1.0)
    assert finding["evidence"]["minutes_mocked"] == "3"
    assert finding["evidence"]["minutes_told"] == "10"
    assert finding["evidence"]["first_at"] == str(NINE + 30_000)


NUMBERS = [
    (r.policy(travel_kmh=60), "impossible_travel", ["mock_location", "impossible_travel"]),
    (r.policy(travel_kmh=60, travel_m=60_000), "", ["mock_location"]),
    (r.policy(travel_kmh=60, clocks_s=3600), "", ["mock_location"]),
    (r.policy(mock_minutes=1), "mock_location", ["mock_location"]),
]


@pytest.mark.parametrize(("policy", "grave", "rules"), NUMBERS)
def test_numbers_of_the_policy_decide_and_correct(policy: Fact, grave: str, rules: list[str]) -> None:
    """
    56 km in half an hour, and one mocked minute: by the usual numbers a slip on a fast road. Another number entered in
    the evening says more or as much, and names itself; taken back, the row is as it was.
    """
    drive = [here(f"{MONDAY} 10:00"), punched(f"{MONDAY} 10:30", "B"), r.enrolment("ani", "B")]
    log = flag_log(*made_up(1), *drive)
    (before,) = log.take(EVENING)
    assert (found([before]), before["findings"][0]["score"]) == ([["mock_location"]], 0.5)
    assert before["policy_offset"] == PLACED.index(r.policy())
    (row,) = log.take(policy)
    assert (found([row]), row["policy_offset"]) == ([rules], len(log.values) - 1)
    assert [f["rule"] for f in row["findings"] if f["score"] not in (0.5,)] == ([grave] if grave else [])
    (again,) = log.take(r.policy())
    assert again["findings"] == before["findings"]
    (early,) = flag_log(policy, *made_up(1), *drive).take(EVENING)
    assert early["findings"] == row["findings"]


def test_what_lies_behind_the_quarter_waits() -> None:
    """A mocked ping of now asks for nothing until her quarter of an hour is over."""
    log = flag_log(here(f"{MONDAY} 08:00"), r.tick(f"{MONDAY} 09:00"))
    assert log.take(*made_up(1)) == []
    rows = [row for tick in r.ticks(f"{MONDAY} 09:01", f"{MONDAY} 09:20") for row in log.take(tick)]
    assert rows[0]["until_at"] > NINE + 30_000
    assert {*map(tuple, found(rows))} == {("mock_location",)}


def test_late_honest_ping_takes_back_what_a_mocked_one_said() -> None:
    """It was earlier in the same minute, so it represents it; a second mocked minute still stands."""
    log = flag_log(*made_up(2))
    assert evidence(log.take(EVENING), "mock_location")["minutes_mocked"] == "2"
    assert evidence(log.take(here(NINE + 10_000)), "mock_location")["minutes_mocked"] == "1"
    (row,) = log.take(here(NINE + 70_000))
    assert (row["findings"], row["unit_id"]) == ([], "U")
    assert log.take(*made_up(2), here(NINE + 10_000)) == []


def test_late_mocked_ping_raises_behind_the_quarter() -> None:
    """A phone without a net tells of its morning in the evening: as if it had been there."""
    morning = [*desk(f"{MONDAY} 07:25", f"{MONDAY} 12:00"), *made_up()]
    early = flag_log(*morning).take(EVENING)[-1]
    log = flag_log(*desk(f"{MONDAY} 07:25", f"{MONDAY} 12:00"))
    assert last([*log.take(EVENING), {"findings": []}]) == []
    late = log.take(*made_up())[-1]
    assert {**late, "version": 0} == {**early, "version": 0}


CHANGES = [
    r.assignment(void=True), r.leave(), r.schedule(shifts="- - - - - - -"), r.holiday(MONDAY),
    r.unit_mode(mode="not_in_force"), r.policy(void=True), r.shift(void=True), r.unit(void=True),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda fact: fact[0])
def test_flag_without_a_shift_is_taken_back(change: Fact) -> None:
    """Whatever takes the shift away takes the flag back; what gives it back raises it again, and it is the same."""
    log = flag_log(*made_up(), suspicion("budi"))
    before = log.take(EVENING)[-1]
    assert len(before["findings"]) == 2
    row = log.take(change)[-1]
    assert (row["findings"], row["unit_id"], row["until_at"], row["policy_offset"]) == ([], "", 0, -1)
    name, record = change
    restored = next((fact for fact in PLACED if fact[0] == name), (name, record | {"void": True}))
    assert log.take(restored)[-1]["findings"] == before["findings"]


def test_place_that_goes_away_takes_only_journeys_with_it() -> None:
    """Without circles nobody knows where a terminal hangs; what the phone itself says stands."""
    log = flag_log(*made_up(1), here(f"{MONDAY} 10:00"), punched(f"{MONDAY} 10:05", "B"), r.enrolment("ani", "B"))
    assert last(log.take(EVENING)) == ["mock_location", "impossible_travel"]
    assert last(log.take(r.geofence("V", lat=FAR, void=True))) == ["mock_location"]
    assert last(log.take(r.geofence("V", lat=FAR))) == ["mock_location", "impossible_travel"]


def test_finger_without_a_fix_says_nothing_of_travel() -> None:
    """Two terminals far apart in a minute: a flag only of somebody who has a phone that told of the shift."""
    fingers = [punched(f"{MONDAY} 10:00"), punched(f"{MONDAY} 10:01", "B"), r.enrolment("ani", "B")]
    assert flag_log(*fingers).take(EVENING) == []
    assert found(flag_log(*fingers, suspicion("budi")).take(EVENING)) == [["shared_phone"]]
    said = evidence(flag_log(*fingers, here(f"{MONDAY} 14:00")).take(EVENING), "impossible_travel")
    assert (said["from_device"], said["to_device"], said["to_at"]) == ("A", "B", str(r.at(f"{MONDAY} 10:01")))


def test_late_punch_touches_what_lies_behind_the_quarter() -> None:
    """Raised by a punch that comes in the evening, taken back when it turns out not to be hers."""
    log = flag_log(*desk(f"{MONDAY} 09:30", f"{MONDAY} 10:30"), r.enrolment("ani", "B"), EVENING)
    assert last(log.take(punched(f"{MONDAY} 10:02", "B"))) == ["impossible_travel"]
    assert found(log.take(punched(f"{MONDAY} 10:02", "B"))) == []
    assert last(log.take(punched(f"{MONDAY} 10:02", "B", version=2, active=False))) == []


def test_punch_of_now_waits_for_its_quarter() -> None:
    """As a ping does."""
    log = flag_log(*desk(f"{MONDAY} 07:30", f"{MONDAY} 08:50"), r.enrolment("ani", "B"), r.tick(f"{MONDAY} 09:00"))
    assert found(log.take(punched(f"{MONDAY} 09:00:05", "B"))) == []
    rows = [row for tick in r.ticks(f"{MONDAY} 09:01", f"{MONDAY} 09:20") for row in log.take(tick)]
    assert rows[0]["until_at"] > r.at(f"{MONDAY} 09:00:05")
    assert {*map(tuple, found(rows))} == {("impossible_travel",)}


@pytest.mark.parametrize(
    ("moment", "counts"),
    [("05:59:59", False), ("06:00:00", True), ("15:59:59", True), ("16:00:00", False), ("16:05:00", False)],
)
def test_only_what_is_of_the_shift_counts(moment: str, counts: bool) -> None:
    """From the opening of the in-window to the end: fingers and fixes before and after are nobody's business."""
    fixes = [here(f"{MONDAY} 06:00"), here(f"{MONDAY} 15:55")]
    finger = flag_log(*fixes, punched(f"{MONDAY} {moment}", "B"), r.enrolment("ani", "B")).take(EVENING)
    fix = flag_log(here(f"{MONDAY} {moment}", mock=True)).take(EVENING)
    assert any(found(finger)) == any(found(fix)) == counts


def test_terminal_of_a_unit_with_two_circles_may_hang_in_either() -> None:
    """Its place is one circle around both: from its middle to its edge nobody has travelled."""
    fixes, finger = (
        desk(f"{MONDAY} 09:30", f"{MONDAY} 10:30"),
        [punched(f"{MONDAY} 10:02", "B"), r.enrolment("ani", "B")],
    )
    annex = r.geofence("V", "gudang", lat=-7.7)
    said = evidence(flag_log(annex, *fixes, *finger).take(EVENING), "impossible_travel")
    assert said["from_place" if said["from_device"] else "to_place"] == "-7.80000,112.40000 (11220 m)"
    assert not any(found(flag_log(r.geofence("V", "gudang"), *fixes, *finger).take(EVENING)))


MOVES = [
    ("device moved", [r.device("A", unit_id="V")], [r.device("A")]),
    ("circle moved", [r.geofence(lat=FAR)], [r.geofence()]),
    ("device ended, another begun", [r.device("A", last=DAY - 1), r.device("A", first=DAY, unit_id="V")],
     [r.device("A", first=DAY, unit_id="V", void=True), r.device("A")]),
]  # fmt: skip


@pytest.mark.parametrize(("moved", "back"), [move[1:] for move in MOVES], ids=[move[0] for move in MOVES])
@pytest.mark.parametrize("unit_id", ["U", "W"])
def test_terminal_that_hangs_elsewhere_is_looked_at_again(moved: list[Fact], back: list[Fact], unit_id: str) -> None:
    """A correction in the evening: whose unit's it is doesn't matter, nor whether the punch was hers by then."""
    staff = [r.unit("W"), r.unit_mode("W"), r.schedule("W"), r.assignment("ani", unit_id)]
    log = flag_log(*staff, *desk(f"{MONDAY} 09:30", f"{MONDAY} 10:30"), punched(f"{MONDAY} 10:02"), EVENING)
    assert last(log.take(*moved)) == ["impossible_travel"]
    assert last(log.take(*back)) == []


@pytest.mark.parametrize("unit_id", ["U", "W"])
def test_circle_entered_afterwards_is_looked_at(unit_id: str) -> None:
    """Of her own unit or another: until then nobody knew where the terminal was."""
    bare = [fact for fact in PLACED if fact != r.geofence()]
    staff = [r.unit("W"), r.unit_mode("W"), r.schedule("W"), r.assignment("ani", unit_id)]
    fixes = [here(f"{MONDAY} 10:00", lat=FAR), here(f"{MONDAY} 10:05", lat=FAR)]
    log = Log(*bare, *staff, *fixes, punched(f"{MONDAY} 10:02"), EVENING, into="flag")
    said = evidence(log.take(r.geofence()), "impossible_travel")
    assert said["to_device"] == "A"
    assert said["to_place"] == "-7.40000,112.40000 (100 m)"


@pytest.mark.parametrize("place", [r.device("A", unit_id="V"), r.geofence("U", lat=FAR)], ids=lambda fact: fact[0])
def test_enrolment_that_comes_after_a_move_finds_it(place: Fact) -> None:
    """
    ``route`` gave her the punch before her own log heard of the enrolment: what moved the terminal in between passed
    her by, and is looked at when she is known to punch there.
    """
    bare = [fact for fact in PLACED if fact[0] not in ("enrolment", "assignment")]
    staff = [r.unit("W"), r.unit_mode("W"), r.schedule("W"), r.assignment("ani", "W")]
    log = Log(*bare, *staff, *desk(f"{MONDAY} 09:30", f"{MONDAY} 10:30"), into="flag")
    log.take(punched(f"{MONDAY} 10:02"), EVENING)
    assert found(log.take(place)) == []
    assert last(log.take(r.enrolment())) == ["impossible_travel"]


def test_punches_of_one_second_keep_their_order_by_terminal() -> None:
    """Moment, terminal, PIN, as everywhere: the journey goes on from the later of them, wherever it hangs."""
    places = [(r.unit(f"N{n}"), r.geofence(f"N{n}", lat=-7.4 + km / 111.2)) for n, km in ((1, 0), (2, 10), (3, 20))]
    units = [fact for place in places for fact in place] + [r.enrolment("ani", f"T{n}") for n in (1, 2, 3)]
    for order, rules in (((1, 2, 3), []), ((2, 1, 3), ["impossible_travel"])):
        hung = [r.device(f"T{n}", unit_id=f"N{unit}") for n, unit in enumerate(order, 1)]
        times = [f"{MONDAY} 10:00", f"{MONDAY} 10:00", f"{MONDAY} 10:01"]
        fingers = [punched(moment, f"T{n}") for n, moment in enumerate(times, 1)]
        rows = flag_log(*units, *hung, *fingers, here(f"{MONDAY} 15:00")).take(EVENING)
        assert last([{"findings": []}, *rows]) == rules


def test_shared_phone_is_raised_and_taken_back() -> None:
    """By a suspicion alone, without a fix; of several words on a thing the one of the highest version holds."""
    log = flag_log(EVENING)
    assert evidence(log.take(suspicion("budi", version=5)), "shared_phone")["with"] == "budi"
    assert evidence(log.take(suspicion("budi", "cici", version=7)), "shared_phone")["with"] == "budi cici"
    assert log.take(suspicion("budi", version=5), suspicion("dodi", version=6), suspicion("budi", version=7)) == []
    said = evidence(log.take(suspicion("dodi", kind="imei", version=1)), "shared_phone")
    assert (said["kind"], said["kinds"], said["with"]) == ("install", "imei install", "budi cici dodi")
    assert evidence(log.take(suspicion(version=8)), "shared_phone")["kinds"] == "imei"
    assert last(log.take(suspicion(kind="imei", version=2))) == []
    assert log.take(suspicion("budi", version=7)) == []


def test_suspicion_before_the_first_barrier_is_heard() -> None:
    """There is no horizon yet, so nothing is said; the first one says it."""
    log = flag_log(suspicion("budi"))
    assert log.rows() == []
    assert last(log.take(EVENING)) == ["shared_phone"]


def test_suspicion_waits_for_the_shift() -> None:
    """Of a date that has not begun nothing is said until its first quarter of an hour is over."""
    log = flag_log(r.tick(f"{MONDAY} 06:00"))
    assert found(log.take(suspicion("budi"))) == []
    rows = [row for tick in r.ticks(f"{MONDAY} 06:01", f"{MONDAY} 07:50") for row in log.take(tick)]
    assert (found(rows)[0], rows[0]["until_at"] > r.at(f"{MONDAY} 07:30")) == (["shared_phone"], True)


def test_use_at_night_is_of_its_own_date() -> None:
    """The night shift of Monday: what was shared after midnight of UTC+8 is Tuesday's, when she has one too."""
    night = [r.shift("N", "21:00", "05:00"), r.schedule(shifts="N N N N N N N")]
    log = flag_log(*night, here("2026-11-24 02:00"), r.tick("2026-11-24 23:00"))
    rows = log.take(suspicion("budi", day=DAY + 1))
    assert [(row["work_date"], found([row])) for row in rows] == [(DAY + 1, [["shared_phone"]])]


@pytest.mark.parametrize("kind", ["aura", ""])
def test_suspicion_of_an_unknown_kind_is_refused(kind: str) -> None:
    """Nothing of it is kept."""
    log = flag_log(EVENING)
    value = codec.encode(*suspicion("budi", kind=kind))
    (reject,) = log.stage.fold([Record(len(log.values), b"ani", value)])
    assert reject.reason == "suspicion of an unknown kind"
    log.put_away()
    assert not flag_keys(log)


def flag_keys(log: Log) -> set[bytes]:
    """Kinds of the keys about flags that are put away."""
    return {key[:1] for key in log.state} & set(KEYS)


def test_closed_month_says_nothing_until_it_opens() -> None:
    """What came meanwhile is kept."""
    log = Log(*PLACED[1:], *made_up(), suspicion("budi"), EVENING, into="flag")
    assert log.rows() == []
    assert last(log.take(r.period())) == ["mock_location", "shared_phone"]
    closed = log.take(r.period(state="closed"), suspicion("budi", "cici", version=2))
    assert found(closed) == []
    assert evidence(log.take(r.period()), "shared_phone")["with"] == "budi cici"


def test_row_is_written_again_when_two_records_touched_it() -> None:
    """Another owner may have written what held in between; after one touch nothing is new."""
    log = flag_log(*made_up(), EVENING)
    leave = r.leave(first=MONDAY, last=MONDAY)
    (row,) = log.take(leave, r.leave(first=MONDAY, last=MONDAY, void=True))
    assert found([row]) == [["mock_location"]]
    assert log.take(r.leave("budi")) == log.take(r.leave(first="2026-11-25")) == []
    (nothing,) = flag_log(*desk(f"{MONDAY} 09:00", f"{MONDAY} 09:30"), EVENING).take(
        suspicion("budi"), suspicion(version=2)
    )
    assert nothing["findings"] == []


def test_restart_takes_up_what_was_put_away() -> None:
    """After every step another owner: the same rows as from one who went on."""
    steps: list[list[Fact]] = [
        [suspicion("budi")], [*made_up(2)], [punched(f"{MONDAY} 10:02", "B"), r.enrolment("ani", "B")],
        [*desk(f"{MONDAY} 09:30", f"{MONDAY} 10:30")], [EVENING], [r.device("B")], [suspicion("budi")],
        [suspicion("budi", "cici", version=2)], [r.device("B", unit_id="V")], [suspicion(version=3)],
        [here(NINE + 10_000), here(NINE + 70_000)], [r.tick("2026-11-27 12:00")], [r.device("B")],
        [r.leave(first=MONDAY, last=MONDAY)], [suspicion("budi", version=4)],
        [r.leave(first=MONDAY, last=MONDAY, void=True)],
    ]  # fmt: skip
    plain, other = flag_log(), flag_log()
    seen, kept = [], set()
    for facts in steps:
        said = plain.take(*facts)
        assert other.take(*facts) == said
        other.restart()
        seen += said
        kept |= flag_keys(other)
    assert kept == set(KEYS)
    assert {rule for rules in found(seen) for rule in rules} == {"mock_location", "impossible_travel", "shared_phone"}
    assert last(seen) == ["shared_phone"]


def test_what_is_long_over_is_let_go() -> None:
    """Six weeks later nothing of a date is remembered, in memory or put away, and nothing comes back."""
    log = flag_log(*made_up(), suspicion("budi"), EVENING)
    log.put_away()
    assert flag_keys(log) == {b"s", b"f"}
    log.take(r.tick(r.at(EVENING[1]["at"]) + (KEPT_DAYS + NEAR + 2) * places.DAY_S * 1000))
    log.put_away()
    assert flag_keys(log) == set()
    assert log.take(suspicion("cici", version=9), *made_up(1), r.leave(first=MONDAY)) == []
    log.put_away()
    assert flag_keys(log) == set()


people = st.sampled_from(("ani", "budi", "cici"))
lent = st.builds(
    lambda who, install, boot, minute: r.ping(
        r.at(f"{MONDAY} 09:00") + minute * r.MINUTE_MS, who, install, boot_id=boot, accuracy_m=8.0
    ),
    people, st.sampled_from(("x", "y", "z")), st.sampled_from((None, "b", "c")), st.integers(0, 3),
)  # fmt: skip
faces = st.builds(
    lambda who, photo: r.face_check(f"{MONDAY} 09:10", who, f"phone of {who}", photo_sha256=photo),
    people, st.sampled_from((None, "ab" * 32, "cd" * 32)),
)  # fmt: skip


@given(st.lists(lent | faces, max_size=12), st.integers(0, 2**32))
def test_who_shares_is_flagged_the_whole_way(told: list[Fact], seed: int) -> None:
    """From the phones' log through ``route`` and ``cross`` into the table, under crashes and second owners."""
    users: dict[Any, set[str]] = {}
    for _, record in told:
        for field in ("install_id", "boot_id", "photo_sha256"):
            if record.get(field):
                users.setdefault((field, record[field]), set()).add(record["employee_id"])
    expected = {
        who: {other for having in users.values() if who in having for other in having} - {who}
        for who in ("ani", "budi", "cici")
    }
    city = City(3, seed, crash=0.05, zombies=0.03)
    city.reference(*r.office(), r.assignment("budi"), r.assignment("cici"), EVENING)
    city.phone(*told)
    city.run()
    rows = city.result().flags
    assert {who: set(evidence([row], "shared_phone")["with"].split()) for (who, _), row in rows.items()} == {
        who: others for who, others in expected.items() if others
    }
