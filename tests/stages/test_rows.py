"""Rows written field by field are the codec's, and positions read off a ping's bytes are those of the decoded one."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.region import Region
from hadir.errors import InvalidFact
from schemas import codec
from streams.folds.deliveries import Delivered
from streams.folds.punches import Punch
from streams.rules.attendance import Judgement, Terminal
from streams.rules.attribution import Owner
from streams.rules.evidence import Finding
from streams.rules.examples import plan
from streams.rules.manipulation import Flag
from streams.rules.position import Positions, minute_of
from streams.stages import flags, rows
from streams.stages.stays import Sight

moments = st.integers(-(2**60), 2**60)
texts = st.text(max_size=70)
held = st.lists(st.builds(Punch, moments, texts, texts, moments, moments, st.just(True)), max_size=4)
missing = st.lists(st.builds(Terminal, texts, st.booleans(), st.none() | moments, st.none() | moments), max_size=3)


@given(texts, st.integers(-(2**31), 2**31 - 1), held, missing, st.none() | moments, st.integers(0, 2**31 - 1), texts)
def test_attendance_row_is_what_the_codec_writes(
    employee: str, day: int, punches: list[Punch], gone: list[Terminal], until: int | None, late_s: int, state: str
) -> None:
    """Any content: the same bytes as through a dict."""
    due = plan()
    came, left = (punches[0] if punches else None), (punches[-1] if len(punches) > 1 else None)
    said = Judgement(state, "why", came, left, late_s, until, None, tuple(gone))
    data = employee.encode()
    told, digest = rows.attendance(due, said, punches)
    assert digest == rows.digest(told)
    body = codec.long_bytes(len(data)) + data + codec.long_bytes(day) + told + rows.tail("abcd1234", 5)
    uses = ["in" if p is came else "out" if p is left else "none" for p in punches]
    expected: dict[str, Any] = {
        "employee_id": employee, "work_date": day, "unit_id": due.unit_id, "unit_mode": due.mode,
        "category": due.category, "state": state, "reason": "why", "letter_no": "", "shift_id": due.shift_id,
        "shift_start_at": due.start, "shift_end_at": due.end, "cutoff_at": due.cutoff,
        "in_at": came.occurred_at if came else None, "in_device_id": came.device_id if came else "",
        "out_at": left.occurred_at if left else None, "late_s": late_s, "open_until": until,
        "policy_id": due.policy_id, "policy_offset": due.policy_offset,
        "punches": [
            {"device_id": p.device_id, "device_time": p.device_time, "occurred_at": p.occurred_at, "used_as": use}
            for p, use in zip(punches, uses, strict=True)
        ],
        "missing": [
            {"device_id": t.device_id, "silent_since": t.silent_since, "delivered_through": t.delivered_through}
            for t in gone
        ],
        "epoch": "abcd1234", "partition": 5, "version": 2**40,
    }  # fmt: skip
    assert codec.header("attendance") + body + codec.long_bytes(2**40) == codec.encode("attendance", expected)


ints = st.integers(-(2**31), 2**31 - 1)
deliveries = st.builds(Delivered, moments, moments, moments, st.booleans(), ints, ints)
owners = st.builds(Owner, texts, texts, moments, moments)


@given(texts, texts, deliveries, owners, st.booleans(), moments)
def test_rows_of_route_are_what_the_codec_writes(
    device_id: str, pin: str, punch: Delivered, to: Owner, known: bool, version: int
) -> None:
    """Any content: the same bytes as through a dict; an attribution also where the zone is not known."""
    said = to if known else to._replace(occurred_at=None)
    common: dict[str, Any] = {
        "device_id": device_id, "pin": pin, "device_time": punch.device_time, "minute_only": punch.minute_only,
        "in_out_code": punch.in_out_code, "verify_code": punch.verify_code, "received_at": punch.received_at,
        "version": version,
    }  # fmt: skip
    attribution = common | {
        "employee_id": said.employee_id, "reason": said.reason, "occurred_at": said.occurred_at,
        "enrolment_offset": said.enrolment_offset, "epoch": "abcd1234",
    }  # fmt: skip
    body = rows.attribution(device_id, pin, punch, said, rows.text("abcd1234"), version)
    assert codec.header("attribution") + body == codec.encode("attribution", attribution)
    given_to = common | {"employee_id": to.employee_id, "occurred_at": to.occurred_at, "active": known}
    body = rows.attributed_punch(device_id, pin, punch, to, known, version)
    assert codec.header("attributed_punch") + body == codec.encode("attributed_punch", given_to)


def test_withdrawal_is_a_row() -> None:
    """It decodes, names nobody's unit, and says that it takes back."""
    body = b"\x06ani" + codec.long_bytes(20_780) + rows.withdrawal() + rows.tail("e", 0)
    name, row = codec.decode(codec.header("attendance") + body + codec.long_bytes(9))
    assert (name, row["employee_id"], row["state"], row["reason"]) == ("attendance", "ani", "withdrawn", "")
    assert (row["unit_id"], row["shift_start_at"], row["policy_offset"]) == ("", None, -1)


findings = st.builds(Finding, st.floats(0, 1), st.dictionaries(texts, texts, max_size=9))
found_flags = st.lists(st.builds(Flag, texts, texts, st.integers(0, 2**31 - 1), findings), max_size=4)


@given(texts, st.integers(-(2**31), 2**31 - 1), st.none() | moments, found_flags)
def test_flag_row_is_what_the_codec_writes(employee: str, day: int, until: int | None, found: list[Flag]) -> None:
    """Any content: the same bytes as through a dict; without a shift too."""
    sight = None if until is None else Sight(plan(), until, [])
    data = employee.encode()
    body = flags.row(codec.long_bytes(len(data)) + data, day, sight, found, rows.tail("abcd1234", 5))
    expected: dict[str, Any] = {
        "employee_id": employee, "work_date": day, "unit_id": "" if until is None else plan().unit_id,
        "until_at": until or 0, "policy_offset": -1 if until is None else plan().policy_offset,
        "findings": [
            {"flag_id": f.id, "rule": f.rule, "rule_version": f.rule_version, "score": f.finding.score,
             "evidence": f.finding.evidence}
            for f in found
        ],
        "epoch": "abcd1234", "partition": 5, "version": 2**40,
    }  # fmt: skip
    assert codec.header("flag") + body + codec.long_bytes(2**40) == codec.encode("flag", expected)


floats = st.none() | st.floats(0, 1000, width=32)
pings = st.fixed_dictionaries(
    {
        "employee_id": st.sampled_from(("e" * 36, "ani")) | texts,
        "install_id": st.sampled_from(("i" * 36, "x")) | texts,
        "fixed_at": st.integers(1_795_400_000_000, 1_795_400_100_000) | moments,
        "lat": st.sampled_from((-7.5, 112.0)),
        "lon": st.sampled_from((-7.5, 112.0)),
        "accuracy_m": floats,
        "speed_mps": floats,
        "mock": st.none() | st.booleans(),
        "battery": floats,
        "received_at": moments,
        "boot_id": st.none() | st.sampled_from(("b" * 36, "é")) | texts,
        "elapsed_ms": st.none() | st.integers(0, 10**9) | moments,
        "imei": st.none() | st.just("490154203237518") | texts,
    }
)


@given(st.lists(pings, min_size=1, max_size=8))
def test_position_of_a_minute_is_its_earliest_fix(found: list[dict[str, Any]]) -> None:
    """Whatever the order and the lengths of ids: the smallest of the rows written is the earliest ping."""
    positions = Positions("abcd1234")
    written: dict[tuple[str, int], list[tuple[int, bytes]]] = {}
    expected: dict[tuple[str, int], tuple[int, bytes]] = {}
    for ping in found:
        row = positions.take(codec.encode("ping", ping))
        if row is not None:
            name, said = codec.decode(row[1])
            assert (name, row[0]) == ("position", said["employee_id"].encode())
            written.setdefault((said["employee_id"], said["minute_at"]), []).append((said["fixed_at"], row[1]))
        second = crc32(ping["employee_id"].encode()) % 60  # at which this person's minutes begin
        minute = (ping["fixed_at"] - second * 1000) // 60_000 * 60_000 + second * 1000
        kept = {f: ping[f] for f in ("employee_id", "fixed_at", "lat", "lon", "accuracy_m", "mock")}
        one = (ping["fixed_at"], codec.encode("position", kept | {"minute_at": minute, "epoch": "abcd1234"}))
        key = (ping["employee_id"], minute)
        expected[key] = min(one, expected.get(key, one))
    assert {key: min(all_of_it) for key, all_of_it in written.items()} == expected
    assert len(positions) <= len({ping["employee_id"] for ping in found})


def test_position_is_written_once_a_minute() -> None:
    """Twelve pings of a minute, in order: one row; the same once more: none."""
    positions = Positions("abcd1234")
    begins = minute_of(b"ani", 1_795_400_040_000)
    ping = {
        "employee_id": "ani", "install_id": "x", "lat": 0.0, "lon": 0.0, "accuracy_m": 5.0, "speed_mps": None,
        "mock": False, "battery": None, "received_at": 0, "boot_id": "b", "elapsed_ms": 5, "imei": None,
    }  # fmt: skip
    values = [codec.encode("ping", ping | {"fixed_at": begins + n * 5000}) for n in range(12)]
    assert [positions.take(v) is not None for v in [*values, *values]] == [True] + [False] * 23


@given(pings, st.integers(0, 140), st.sampled_from((b"", b"\2\2\xff", b"\0\0\2\2\xff")) | st.binary(max_size=6))
def test_broken_ping_is_refused_and_nothing_else_raised(ping: dict[str, Any], cut: int, more: bytes) -> None:
    """Bytes cut anywhere, or with others behind: refused, or the row of an unharmed one."""
    value = codec.encode("ping", ping)
    broken = value[: max(5, len(value) - cut)] + more
    try:
        row = Positions("abcd1234").take(broken)
    except InvalidFact:
        return
    assert row is not None
    codec.decode(row[1])
    assert codec.decode(broken)[0] == "ping"


def test_ping_of_the_benchmark_is_one() -> None:
    """Put together from bytes, it is what the codec writes, and taken without being decoded."""
    made = Region(10, 4, 20_780, 27_000, 5_400)
    at = 1_795_400_040_000
    _, key, value = made.ping(3, at)
    name, ping = codec.decode(value)
    assert (name, ping["employee_id"], ping["fixed_at"], ping["received_at"]) == ("ping", key.decode(), at, at)
    assert codec.encode("ping", ping) == value
    assert Positions("abcd1234").take(value) is not None


def test_ping_that_is_not_one_is_refused() -> None:
    """Only a frame."""
    with pytest.raises(InvalidFact):
        Positions("abcd1234").take(codec.header("ping"))
