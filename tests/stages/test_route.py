"""Whose punch it is, what is parked, who hears of a terminal."""

from __future__ import annotations

import pytest

from schemas import codec
from schemas.topics import partition_of
from streams.stages.base import Emission, Record, Settle
from streams.stages.judge import Judge
from streams.stages.route import RouteDevices, RoutePhones
from tests.stages import records as r
from tests.stages.harness import EPOCH, Row
from tests.stages.records import Fact

MONDAY = "2026-11-23"
P = 4


class Route:
    """A route of one device_log partition, fed by hand."""

    def __init__(self) -> None:
        self.stage = RouteDevices(1, P, EPOCH)
        self.offset = 0

    def put(self, *facts: Fact) -> list[tuple[str, str, Row]]:
        """What each record in turn makes it say: log, name, content."""
        out = []
        for name, record in facts:
            content = record | {"reference_offset": self.offset} if "reference_offset" in record else record
            assert self.stage.fold([Record(self.offset, None, codec.encode(name, content))]) == []
            for step in self.stage.drain(1):
                assert isinstance(step, Emission)
                said, row = codec.decode(step.value)
                if "version" in row:
                    assert row["version"] == self.offset
                if "employee_id" in row and step.log == "staff_log":
                    assert step.partition == partition_of(row["employee_id"].encode(), P)
                out.append((step.log, said, row))
            self.offset += 1
        return out


def gist(said: list[tuple[str, str, Row]]) -> list[tuple[object, ...]]:
    """Who is told what, in short."""
    out: list[tuple[object, ...]] = []
    for _, name, row in said:
        if name == "attribution":
            out.append(("attribution", row["employee_id"], row["reason"]))
        elif name == "attributed_punch":
            out.append((row["employee_id"], row["active"]))
        else:
            out.append((name, row["state"]))
    return out


def test_punch_goes_to_whom_the_pin_belongs_on_its_local_date() -> None:
    """The PIN changed hands on Monday: a punch at 23:59 on Sunday is the old one's, at 00:01 the new one's."""
    route = Route()
    route.put(r.device(), r.enrolment("ani", last="2026-11-22"), r.enrolment("budi", first=MONDAY))
    assert gist(route.put(r.punch("2026-11-22 23:59"))) == [("attribution", "ani", ""), ("ani", True)]
    assert gist(route.put(r.punch(f"{MONDAY} 00:01"))) == [("attribution", "budi", ""), ("budi", True)]


def test_of_several_enrolments_the_last_entered_counts() -> None:
    """Two people hold a PIN on the same date: the record with the higher offset; withdrawn, the other again."""
    route = Route()
    route.put(r.device(), r.enrolment("ani", first=10), r.enrolment("budi", first=5))
    assert gist(route.put(r.punch(f"{MONDAY} 07:30")))[1:] == [("budi", True)]
    said = gist(route.put(r.enrolment("budi", first=5, void=True)))
    assert said == [("attribution", "ani", ""), ("budi", False), ("ani", True)]


def test_parked_until_the_enrolment_is_entered() -> None:
    """Unknown PIN: parked and shown; entered afterwards it moves, with the version of what moved it."""
    route = Route()
    route.put(r.device())
    assert gist(route.put(r.punch(f"{MONDAY} 07:30", pin="77"))) == [("attribution", "", "unknown_pin")]
    moved = route.put(r.enrolment("ani", pin="77"))
    assert gist(moved) == [("attribution", "ani", ""), ("ani", True)]
    assert moved[0][2]["enrolment_offset"] == 2
    assert moved[1][2]["occurred_at"] == r.at(f"{MONDAY} 07:30")


def test_parked_until_the_terminal_is_entered() -> None:
    """Unknown terminal, or one retired by that date: parked without a moment; entered, it moves; retired, it leaves."""
    route = Route()
    route.put(r.enrolment())
    first = route.put(r.punch(f"{MONDAY} 07:30"))
    assert gist(first) == [("attribution", "", "unknown_device")]
    assert first[0][2]["occurred_at"] is None
    assert gist(route.put(r.device())) == [("attribution", "ani", ""), ("ani", True)]
    assert gist(route.put(r.device(last="2026-11-22"))) == [("attribution", "", "unknown_device"), ("ani", False)]


def test_corrected_zone_moves_the_moment_and_keeps_the_owner() -> None:
    """The same punch, active, at another moment: nobody loses it in between."""
    route = Route()
    route.put(r.device(), r.enrolment(), r.punch(f"{MONDAY} 08:30"))
    said = route.put(r.device(timezone="Asia/Makassar"))
    assert gist(said) == [("attribution", "ani", ""), ("ani", True)]
    assert said[1][2]["occurred_at"] == r.at(f"{MONDAY} 07:30")


def test_smaller_redelivery_represents_and_others_say_nothing() -> None:
    """A later delivery changes nothing; an earlier one takes over; the same again is silent."""
    route = Route()
    route.put(r.device(), r.enrolment())
    assert len(route.put(r.punch(f"{MONDAY} 07:30", received_at=5000, digest=3))) == 2
    assert route.put(r.punch(f"{MONDAY} 07:30", received_at=6000, digest=1)) == []
    assert route.put(r.punch(f"{MONDAY} 07:30", received_at=5000, digest=3)) == []
    said = route.put(r.punch(f"{MONDAY} 07:30", received_at=5000, digest=2, in_out_code=1))
    assert [(row["received_at"], row["in_out_code"]) for _, _, row in said] == [(5000, 1)] * 2


def test_terminals_state_goes_to_the_partitions_of_its_people_when_it_changes() -> None:
    """Nobody enrolled: nobody told; then the newcomer's partition; then all, and only of what changed."""
    route = Route()
    route.put(r.device())
    assert route.put(r.status(f"{MONDAY} 07:00", f"{MONDAY} 06:59")) == []
    people = ["ani", "budi", "cici", "dewi"]
    said = [route.put(r.enrolment(who, pin=str(n))) for n, who in enumerate(people)]
    told = sum(len(s) for s in said)
    assert told == len({partition_of(who.encode(), P) for who in people})
    assert route.put(r.status(f"{MONDAY} 07:05", f"{MONDAY} 06:59")) == []
    assert len(route.put(r.status(f"{MONDAY} 07:10", f"{MONDAY} 07:09"))) == told
    silent = route.put(r.status(f"{MONDAY} 07:30", None, silent_since=f"{MONDAY} 07:10"))
    assert {(row["state"], row["silent_since"], row["delivered_through"]) for _, _, row in silent} == {
        ("silent", r.at(f"{MONDAY} 07:10"), r.at(f"{MONDAY} 07:09"))
    }
    assert route.put(r.status(f"{MONDAY} 07:20", f"{MONDAY} 07:05")) == []


def test_people_once_enrolled_go_on_hearing_of_the_terminal() -> None:
    """An enrolment withdrawn may be entered again: its partition is told all the while."""
    route = Route()
    route.put(r.device(), r.enrolment(), r.enrolment(void=True))
    assert gist(route.put(r.status(f"{MONDAY} 07:00", f"{MONDAY} 06:59"))) == [("device_state", "online")]


@pytest.mark.parametrize("source", ["device_log", "phone_log"])
def test_tick_becomes_a_barrier_everywhere_behind_all_before_it(source: str) -> None:
    """Acknowledged first, then a barrier for every partition of staff_log."""
    stage = RouteDevices(2, P, EPOCH) if source == "device_log" else RoutePhones(2, P, EPOCH)
    name, tick = r.tick(f"{MONDAY} 07:30")
    stage.fold([Record(0, b"k", codec.encode(name, tick | {"reference_offset": 55}))])
    settle, *rest = stage.drain(1)
    assert isinstance(settle, Settle)
    expected = {"source": source, "source_partition": 2, "at": r.at(f"{MONDAY} 07:30"), "tick_offset": 55}
    steps = [s for s in rest if isinstance(s, Emission)]
    assert [(s.log, s.partition, codec.decode(s.value)[1]) for s in steps] == [
        ("staff_log", p, expected) for p in range(P)
    ]


def test_ping_goes_on_untouched() -> None:
    """Same key, same bytes, same partition; even bytes that no reader would take."""
    stage = RoutePhones(2, P, EPOCH)
    value = codec.encode(*r.ping(f"{MONDAY} 07:30"))
    records = [Record(0, b"ani", value), Record(1, b"ani", value[:9])]
    assert stage.fold(records) == []
    out = [step for step in stage.drain(1) if isinstance(step, Emission) and step.log != "link"]
    assert out == [Emission("staff_log", 2, b"ani", value), Emission("staff_log", 2, b"ani", value[:9])]
    assert stage.drain(1) == []


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (RouteDevices, None),
        (RouteDevices, codec.encode(*r.punch(f"{MONDAY} 07:30"))[:-2]),
        (RouteDevices, codec.encode(*r.punch("1999-12-31 23:59"))),
        (RouteDevices, codec.encode(*r.punch(2**61, received_at=0))),
        (RouteDevices, codec.encode(*r.ping(f"{MONDAY} 07:30"))),
        (RouteDevices, codec.encode(*r.device(timezone="Mars/Olympus"))),
        (RoutePhones, None),
        (RoutePhones, b"\0\0\0\xff\xff"),
        (RoutePhones, codec.encode(*r.punch(f"{MONDAY} 07:30"))),
        (RoutePhones, codec.encode(*r.face_check(f"{MONDAY} 07:30"))[:-1]),
        (RoutePhones, codec.encode(*r.tick(f"{MONDAY} 07:30"))[:-1]),
    ],
)
def test_records_without_a_place_are_refused(make: type[RouteDevices | RoutePhones], value: bytes | None) -> None:
    """Broken, of another log, or of a time that no terminal can mean: refused, and nothing is said of it."""
    stage = make(0, P, EPOCH)
    rejects = stage.fold([Record(7, b"k", value)])
    assert [(reject.record.offset, bool(reject.reason)) for reject in rejects] == [(7, True)]
    assert stage.drain(1) == []
    assert list(stage.changed()) == []


@pytest.mark.parametrize("fact", [r.ping(f"{MONDAY} 07:30"), r.face_check(f"{MONDAY} 07:30")], ids=lambda fact: fact[0])
def test_phone_fact_without_a_key_is_refused(fact: Fact) -> None:
    """It could not be placed with its person."""
    assert len(RoutePhones(0, P, EPOCH).fold([Record(0, None, codec.encode(*fact))])) == 1


def test_face_checks_go_on_unchanged_and_into_a_log_of_their_own() -> None:
    """The person's log hears of it between the pings, as it came; whoever stores it need not read those."""
    facts = [r.ping(f"{MONDAY} 07:30"), r.face_check(f"{MONDAY} 07:31"), r.ping(f"{MONDAY} 07:32")]
    values = [codec.encode(*fact) for fact in facts]
    stage = RoutePhones(2, P, EPOCH)
    assert stage.fold([Record(n, b"ani", value) for n, value in enumerate(values)]) == []
    out = stage.drain(1)
    staff = [Emission("staff_log", 2, b"ani", value) for value in values]
    assert [step for step in out if isinstance(step, Emission) and step.log == "staff_log"] == staff
    others = [step for step in out if step not in staff and isinstance(step, Emission) and step.log != "link"]
    assert others == [Emission("face_check", 2, b"ani", values[1])]
    judge, without = Judge(2, P, EPOCH), Judge(2, P, EPOCH)
    assert judge.fold([Record(n, b"ani", value) for n, value in enumerate(values)]) == []
    assert without.fold([Record(n, b"ani", values[n]) for n in (0, 2)]) == []
    assert list(judge.changed()) == list(without.changed()), "what a face check shares comes back as a suspicion"


def test_restored_route_moves_old_punches() -> None:
    """Put away whole and taken up: an enrolment entered a week later still finds the punches, packed as they are."""
    route = Route()
    route.put(r.device(), r.punch(f"{MONDAY} 07:30", pin="77"), r.punch(f"{MONDAY} 16:00", pin="77"))
    route.stage.fold([Record(50, None, codec.encode(*r.tick("2026-11-30 08:00")))])
    state = list(route.stage.changed())
    assert list(route.stage.changed()) == []
    route.stage = RouteDevices(1, P, EPOCH)
    for key, value in reversed(state):
        assert value is not None
        route.stage.restore(key, value)
    route.stage.restored(50)
    assert gist(route.put(r.enrolment("ani", pin="77"))) == [("attribution", "ani", ""), ("ani", True)] * 2
