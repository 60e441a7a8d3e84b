"""Who used what: a phone is known by bytes of its pings, and what is said is what decoding each would say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.topics import partition_of
from streams.folds.links import day_of, links
from streams.stages import linking
from streams.stages.base import Emission, Record, Step
from streams.stages.linking import Linking
from streams.stages.route_phones import RoutePhones
from tests.stages import records as r
from tests.stages.harness import EPOCH
from tests.stages.records import Fact

MIDNIGHT = r.day("2026-11-24") * r.DAY_MS - 8 * 3_600_000  # of UTC+8
NOON = MIDNIGHT + 12 * 3_600_000
PARTITIONS = 3
Link = tuple[str, str, int, str]

moments = (
    st.integers(-20 * 60_000, 20 * 60_000).map(lambda ms: MIDNIGHT + ms)
    | st.integers(0, 9).map(lambda n: NOON + n * 200_000)
    | st.sampled_from([MIDNIGHT + n * 1_048_576 for n in range(-3, 200, 40)])
    | st.sampled_from([0, -1, 63, 8191, 1 << 41, -(1 << 41), 946_684_799_999, 946_684_800_000, 4_102_444_800_000])
    | st.integers(-(2**62), 2**62)
)
late = st.sampled_from((500, 500, 500, 500, 0, -3_600_000, -3_600_001, 40 * r.DAY_MS, 40 * r.DAY_MS + 1))
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=70)
people = st.sampled_from(("ani", "ani", "budi", "a" * 36, "a" * 64, "é", "")) | texts
installs = st.sampled_from(("x", "x", "x", "i" * 36, "i" * 63, "i" * 64, "é", "")) | texts
boots = st.sampled_from((None, None, "b" * 36, "b" * 36, "c" * 36, "b", "b" * 64, "", "é")) | texts
imeis = st.sampled_from((None, None, None, "350000000000000", "350000000000001", "")) | texts
floats = st.none() | st.floats(0, 1000, width=32)
pings = st.builds(
    lambda at, late, who, install, more: r.ping(at, who, install, received_at=at + late, **more)[1],
    moments,
    late,
    people,
    installs,
    st.fixed_dictionaries(
        {
            "boot_id": boots,
            "imei": imeis,
            "elapsed_ms": st.sampled_from((None, None, 0, 1, 5_000_000, 2**41)),
            "accuracy_m": floats,
            "speed_mps": floats,
            "mock": st.none() | st.booleans(),
            "battery": floats,
            "lat": st.sampled_from((-7.4, 0.0, 112.4)),
        }
    ),
)


def said(steps: Sequence[Step]) -> list[Link]:
    """The links among what a stage asks for; each lies where all who use the thing meet."""
    found = []
    for step in steps:
        if isinstance(step, Emission) and step.log == "link":
            name, link = codec.decode(step.value)
            assert name == "link"
            assert step.key == f"{link['kind']}:{link['value']}".encode()
            assert step.partition == partition_of(step.key, PARTITIONS)
            found.append((link["kind"], link["value"], link["day"], link["employee_id"]))
    return found


def used(record: dict[str, Any]) -> set[Link]:
    """What there is to say of one record, by its fields."""
    return {(*link, record["employee_id"]) for link in links(record)}


def follow(told: Sequence[dict[str, Any]]) -> None:
    """Ping by ping: nothing is said that this one did not use, and all that it used has been said by then."""
    linking, known = Linking(PARTITIONS), set[Link]()
    for ping in told:
        new = said(linking.ping(codec.encode("ping", ping)))
        assert set(new) <= used(ping)
        known.update(new)
        assert used(ping) <= known


def one(at: int = NOON, **more: Any) -> dict[str, Any]:
    """Ani's ping, by default at noon of 2026-11-24: far from midnight, around which nothing is remembered."""
    return r.ping(at, **{"install_id": "x", "received_at": at} | more)[1]


@settings(max_examples=400)
@given(st.lists(pings, max_size=25))
@example([one(boot_id="b" * 36), one(boot_id="c" * 36), one(boot_id="b" * 36)])
@example([one(), one(imei="350000000000000"), one(imei="350000000000001"), one()])
@example([one(), one(boot_id="b"), one(elapsed_ms=0), one(boot_id="", elapsed_ms=0), one(imei="")])
@example([one(boot_id="b"), one(NOON + r.DAY_MS, boot_id="c"), one(NOON + r.DAY_MS, boot_id="b")])
@example([one(received_at=0), one(), one(received_at=0)])
@example([one(MIDNIGHT - 1), one(MIDNIGHT), one(MIDNIGHT - 2)])
def test_every_ping_is_as_if_decoded(told: list[dict[str, Any]]) -> None:
    """Whatever the ids, the clocks, the phones in turn."""
    follow(told)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 9), max_size=60), st.sampled_from((1, 2)), st.sampled_from((1, 2, 200)))
def test_forgotten_phones_are_met_again(turns: list[int], phones: int, dates: int) -> None:
    """Memory for one or two of them, for one or two dates of each: what was forgotten may be said again."""
    with patch.object(linking, "REMEMBERED", phones), patch.object(linking, "DATES", dates):
        follow(
            [
                one(MIDNIGHT + n // 3 * 7_200_000 + n * 1000, employee_id=f"e{turn % 3}", boot_id=f"boot {turn % 2}")
                for n, turn in enumerate(turns)
            ]
        )


def test_phone_on_a_desk_is_hardly_ever_decoded() -> None:
    """A ping a minute through a shift: each quarter of an hour once, and its links once a date."""
    worker = Linking(PARTITIONS)
    told = [one(MIDNIGHT + n * 60_000, boot_id="b" * 36, elapsed_ms=n * 60_000) for n in range(510)]
    values = [codec.encode("ping", ping) for ping in told]
    with patch.object(codec, "decode", wraps=codec.decode) as decode:
        steps = [step for value in values for step in worker.ping(value)]
        assert decode.call_count <= 510 // 17 + 17 + 2  # the span that holds midnight is never remembered
        assert [worker.ping(value) for value in values[60:]] == [[]] * 450
    assert sorted(kind for kind, *_ in said(steps)) == ["boot", "install"]


@given(pings, st.integers(0, 140), st.binary(max_size=6))
def test_broken_ping_says_nothing_that_it_does_not_hold(ping: dict[str, Any], cut: int, more: bytes) -> None:
    """Cut anywhere, or with others behind, by a worker that knows the phone: no error, and ``judge`` refuses it."""
    worker, value = Linking(PARTITIONS), codec.encode("ping", ping)
    worker.ping(value)
    broken = value[: max(5, len(value) - cut)] + more
    new = set(said(worker.ping(broken)))
    if new:
        assert new <= used(codec.decode(broken)[1])


def route(*facts: Fact) -> list[Link]:
    """What ``route`` says of a phone's records."""
    stage = RoutePhones(0, PARTITIONS, EPOCH)
    values = [codec.encode(name, record) for name, record in facts]
    keys = [record["employee_id"].encode() for _, record in facts]
    assert stage.fold([Record(n, key, value) for n, (key, value) in enumerate(zip(keys, values, strict=True))]) == []
    return said(stage.drain(1000))


def test_face_check_says_its_photo_and_its_phone() -> None:
    """Each thing by a hash, never by its name; the same phone in a ping is the same thing."""
    phone: dict[str, Any] = {"boot_id": "b" * 36, "imei": "350000000000000"}
    faces = route(r.face_check("2026-11-23 07:30", **phone))
    assert [kind for kind, *_ in faces] == ["boot", "imei", "install", "photo"]
    assert set(route(r.ping("2026-11-23 07:30", **phone))) == set(faces[:3])
    assert {(len(value), day, who) for _, value, day, who in faces} == {(32, r.day("2026-11-23"), "ani")}
    assert not {value for _, value, *_ in faces} & {"b" * 36, "350000000000000", "phone", "ab" * 32}


@pytest.mark.parametrize(("wib", "date"), [("22:59", "2026-11-23"), ("23:00", "2026-11-24"), ("00:30", "2026-11-23")])
def test_date_of_use_is_that_of_utc_8(wib: str, date: str) -> None:
    """Its midnight is 23:00 in Jakarta, 00:00 in Makassar and 01:00 in Jayapura."""
    assert (
        {day for *_, day, _ in route(r.ping(f"2026-11-23 {wib}"))} == {r.day(date)} == {day_of(r.at(f"{date} 12:00"))}
    )
