"""Every protocol: random and truncated bytes raise ``Undecodable`` only, and what comes out is sane and encodable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import (
    adms,
    attlog_file,
    delimited,
    fingerspot,
    lines,
    mapped_file,
    mapping,
    owntracks,
    phone,
    stamps,
    traccar,
    zk,
    zk_frames,
    zk_records,
)
from producers.sources.region import wall_clock
from schemas.codec import encode

RECEIVED = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)

ATTLOG = b"1156\t2024-08-05 12:40:57\t1\t1\t\t0\t0\r\n12\t2024-08-05 12:41\t0\t15\n"
OPERLOG = b"OPLOG 21\t0\t2024-08-05 12:40:57\t0\t0\t0\t0\nUSER PIN=1\tName=X\nFP PIN=1\tFID=0\tTMP=AAAA\n"
RESULTS = b"ID=1&Return=0&CMD=INFO\nID=2&Return=-1&CMD=DATA\n"
SIX = b"        2\t2022-11-30 04:02:11\t1\t1\t15\t0\n" * 3
PHONE = (
    b'{"install_id":"install-1","sent_at":1780000000000,"items":[{"type":"ping","fixed_at":1780000000000,"lat":-7.5,'
    b'"lon":112.4},{"type":"face","taken_at":1780000000000,"match":0.5,"photo_phash":"c3a1f00d5e6b7980"}]}'
)
ZK_EVENT = b"1156".ljust(24, b"\0") + b"\x01\x00\x18\x08\x05\x0c\x28\x39"
ZK_TIME = ((24 * 372 + 7 * 31 + 4) * 86400 + 45_657).to_bytes(4, "little")  # 2024-08-05 12:40:57
ZK_RECORDS = b"\x50\0\0\0" + (b"\x03\0" + b"1156".ljust(24, b"\0") + b"\x01" + ZK_TIME + bytes(9)) * 2
ZK_USERS = b"\x48\0\0\0" + (b"\x03\0" + bytes(46) + b"1156".ljust(24, b"\0"))
TRACCAR_FORM = b"id=5&timestamp=1780000000&lat=-7.5&lon=112.4&speed=1.5&accuracy=0.0&batt=81.0&mock=true"
TRACCAR_JSON = (
    b'{"location":{"timestamp":"2026-05-28T20:26:40.000Z","coords":{"latitude":-7.5,"longitude":112.4,"accuracy":8,'
    b'"speed":0.5},"battery":{"level":0.5},"mock":true},"device_id":"5"}'
)
OWNTRACKS = (
    b'{"_type":"location","tst":1780000000,"created_at":1780000009,"lat":-7.5,"lon":112.4,"acc":8,"vel":5,"batt":81}'
)
WEBHOOK = (
    b'{"type":"attlog","cloud_id":"C1","data":{"pin":"1","scan":"2026-05-28 10:11","verify":"1","status_scan":"1"}}'
)
HUB = (
    b'{"event":"attendance","cloudId":"C1","employeeNo":"1","verifyMode":"1","attendanceStatus":"0",'
    b'"eventTime":"2026-05-28T10:11:12+07:00"}'
)
FIVE = b"10021\t2026-04-10 17:08:59\t1\t4\t0\n" * 3


def _attlog(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("punch", p) for p in adms.parse_attlog(body, "D1", RECEIVED).punches]


def _operlog(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("device_event", e) for e in adms.parse_operlog(body, "D1", RECEIVED).events]


def _results(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    adms.parse_results(body)
    return []


def _file(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("punch", p) for p in attlog_file.parse(body, "D1", RECEIVED).punches]


MAPPING = """
[columns]
pin = "PIN"
time = ["Waktu", "Time"]
in_out = "Status"
device = "SN"
[formats]
time = ["%d/%m/%Y %H.%M.%S", "%d %B %Y %H:%M"]
[in_out]
"Masuk" = 0
"""
CSV = b'Nama;PIN;Waktu;Status;SN\n"Budi; S.";12;23/11/2025 07.31.02;Masuk;D1\nSiti;7;1 Mei 2026 16:02;2;D1\n'


def _mapped(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    wanted = mapping.load(MAPPING, "test")
    rows = list(delimited.rows(iter(body.decode("utf-8", "replace").splitlines(keepends=True)), ";"))
    bound = mapped_file.bind(wanted, rows)
    found = []
    for row in rows:
        if bound is not None and not mapped_file.passed_over(bound, row):
            mapped_file.nameless(bound, row)
            try:
                device = mapped_file.device_of(bound, row)
                found.append(("punch", mapped_file.read(bound, row, device, RECEIVED)))
            except Undecodable:
                continue
    return found


def _serial(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    adms.serial(body.decode("latin-1"))
    return []


def _phone(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    read = phone.records(phone.envelope(body), "5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31", RECEIVED)
    return [*[("ping", r) for r in read.pings], *[("face_check", r) for r in read.face_checks]]


def _zk_stream(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [made for p in zk_frames.Splitter().feed(body).packets for made in _zk_event(p.data)]


def _zk_event(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("punch", zk.punch_of(zk.event(body, RECEIVED), "D1", RECEIVED))]


def _zk_records(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("punch", zk.punch_of(r, "D1", RECEIVED)) for r in zk_records.parse_records(body, 2, RECEIVED).records]


def _zk_small(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    for read in (zk.sizes, zk.option, zk.device_clock, zk_frames.unpack, lambda raw: zk_records.parse_users(raw, 1)):
        with suppress(Undecodable):
            read(body)
    return []


def _traccar(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [("ping", r) for r in traccar.read("", body, "5f0c1a52", "install-1", RECEIVED).pings]


def _query(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    query = body.decode("utf-8", "surrogateescape")
    return [("ping", r) for r in traccar.read(query, b"", "5f0c1a52", "install-1", RECEIVED).pings]


def _owntracks(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    read = owntracks.read(body, "5f0c1a52", "install-1", RECEIVED)
    return [("ping", r) for r in read.pings] if read else []


def _webhook(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    event = fingerspot.webhook(body)
    return [("punch", fingerspot.punch_of(event, _jayapura, RECEIVED))] if event else []


def _hub(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    event = fingerspot.hub(body)
    return [("punch", fingerspot.punch_of(event, _jayapura, RECEIVED))] if event else []


def _jayapura(at: int) -> int:
    return wall_clock("Asia/Jayapura", at)


# parser, a frame that it takes
PROTOCOLS: tuple[tuple[Callable[[bytes], list[tuple[str, dict[str, Any]]]], bytes], ...] = (
    (_attlog, ATTLOG),
    (_operlog, OPERLOG),
    (_results, RESULTS),
    (_file, SIX),
    (_file, FIVE),
    (_mapped, CSV),
    (_serial, b"CKUH211960123"),
    (_phone, PHONE),
    (_zk_event, ZK_EVENT),
    (_zk_stream, zk_frames.frame(zk_frames.pack(zk_frames.Packet(500, 1, 0, ZK_EVENT))) * 2),
    (_zk_records, ZK_RECORDS),
    (_zk_small, ZK_USERS),
    (_traccar, TRACCAR_FORM),
    (_traccar, TRACCAR_JSON),
    (_query, TRACCAR_FORM),
    (_owntracks, OWNTRACKS),
    (_webhook, WEBHOOK),
    (_hub, HUB),
)
every = pytest.mark.parametrize(("parse", "frame"), PROTOCOLS)


def check(parse: Callable[[bytes], list[tuple[str, dict[str, Any]]]], body: bytes) -> None:
    """Only Undecodable may come out, or records that their schema takes and whose times a clock can show."""
    try:
        records = parse(body)
    except Undecodable:
        return
    for name, record in records:
        encode(name, record)
        (at,) = [record[name] for name in ("device_time", "fixed_at", "taken_at") if name in record]
        assert lines.EARLIEST_MS <= at <= RECEIVED + lines.AHEAD_MS


@every
@given(body=st.binary(max_size=300))
def test_random_bytes(parse: Any, frame: bytes, body: bytes):
    """Bytes from nowhere."""
    check(parse, body)


@every
def test_every_truncation(parse: Any, frame: bytes):
    """A frame that ends anywhere."""
    for end in range(len(frame)):
        check(parse, frame[:end])


@every
@given(data=st.data())
@settings(max_examples=200)
def test_damaged_frames(parse: Any, frame: bytes, data: st.DataObject):
    """A real frame with bytes replaced, cut out and put in: gets much further than random ones."""
    body = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(body) - 1)))
        what = data.draw(st.sampled_from(["set", "cut", "add"]))
        piece = data.draw(
            st.one_of(
                st.binary(min_size=1, max_size=4), st.sampled_from([b"\t", b"\n", b"\0", b"9", b"-", b"e99", b"null"])
            )
        )
        body[at : at + (0 if what == "add" else len(piece))] = b"" if what == "cut" else piece
    check(parse, bytes(body))


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)))
def test_device_time_reads_every_date_the_usual_way_and_the_slow_way(moment: datetime):
    """Both paths of the time reader agree with the calendar."""
    moment = moment.replace(microsecond=0)
    expected = int(moment.replace(tzinfo=UTC).timestamp()) * 1000
    usual = moment.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    assert lines.device_time(usual.encode()) == (expected, False)
    assert lines.device_time(usual.replace("-", "/").encode()) == (expected, False)
    assert lines.device_time(usual[:16].encode()) == (expected - expected % 60_000, True)


def test_every_protocol_is_checked():
    """Whoever adds a protocol module adds it to PROTOCOLS."""
    from pathlib import Path

    import producers.protocols

    modules = {p.stem for p in Path(producers.protocols.__path__[0]).glob("*.py")} - {"__init__", "lines"}
    terminals = {"adms", "attlog_file", "fingerspot", "zk", "zk_frames", "zk_records"}
    files = {"delimited", "mapped_file", "mapping", "stamps"}
    assert modules == {*terminals, *files, "owntracks", "phone", "traccar"}, (
        "add the new protocol's parsers to PROTOCOLS and its name here"
    )


def test_examples_in_docstrings():
    """What a docstring shows is so."""
    import doctest

    from producers import issuing
    from producers.sources import import_order, phones, reject_file

    zks = (zk, zk_frames, zk_records)
    modules = (
        adms,
        attlog_file,
        lines,
        mapping,
        phone,
        stamps,
        traccar,
        *zks,
        import_order,
        phones,
        reject_file,
        issuing,
    )
    assert [doctest.testmod(m).failed for m in modules] == [0] * len(modules)
