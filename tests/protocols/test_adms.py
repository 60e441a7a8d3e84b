"""ADMS bodies to facts, and replies: captured frames with exact facts, then faults."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hadir.errors import Undecodable
from producers.protocols import adms
from schemas.codec import decode, encode

SN = "CKUH211960123"
RECEIVED = int(datetime(2024, 8, 5, 5, 41, tzinfo=UTC).timestamp() * 1000)


def wall(text: str) -> int:
    """Wall clock as if UTC, milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_attlog_captured_frame_gives_exact_fact():
    """The line captured on a Solution X100-C: PIN, local time, in/out 1, verify 1, no work code, 2 reserved."""
    found = adms.parse_attlog(b"1156\t2024-08-05 12:40:57\t1\t1\t\t0\t0\n", SN, RECEIVED)
    (punch,) = found.punches
    digest = punch.pop("digest")
    assert punch == {
        "device_id": SN,
        "pin": "1156",
        "device_time": wall("2024-08-05 12:40:57"),
        "minute_only": False,
        "in_out_code": 1,
        "verify_code": 1,
        "work_code": "",
        "source": "adms",
        "received_at": RECEIVED,
    }
    assert -(2**63) <= digest < 2**63
    assert found.taken == 1
    assert found.rejects == []


def test_punch_round_trips_through_its_schema():
    """What the protocol makes is what the schema carries."""
    punch = adms.parse_attlog(b"1156\t2024-08-05 12:40:57\t1\t1\t7\t0\t0", SN, RECEIVED).punches[0]
    assert decode(encode("punch", punch)) == ("punch", punch)


def test_digest_is_of_the_content_alone():
    """A redelivery has the digest of the first delivery; another code has another."""
    line = b"1156\t2024-08-05 12:40:57\t1\t1"
    first = adms.parse_attlog(line, SN, RECEIVED).punches[0]["digest"]
    assert adms.parse_attlog(line + b"\r\n", SN, RECEIVED + 999).punches[0]["digest"] == first
    assert adms.parse_attlog(b"1156\t2024-08-05 12:40:57\t0\t1", SN, RECEIVED).punches[0]["digest"] != first


@pytest.mark.parametrize(
    ("line", "pin", "in_out", "verify", "work"),
    [
        (b"7\t2024-08-05 07:00:00", "7", -1, -1, ""),
        (b"7\t2024-08-05 07:00:00\t0", "7", 0, -1, ""),
        (b"7\t2024-08-05 07:00:00\t255\t15", "7", 255, 15, ""),
        (b"7\t2024-08-05 07:00:00\t4\t101\t12", "7", 4, 101, "12"),
        (b"    7\t2024-08-05 07:00:00\t0\t1\t0\t0\t0\t0\t0\t0\t", "7", 0, 1, "0"),
        (b"007\t2024-08-05 07:00:00\t\t\t", "007", -1, -1, ""),
        (b"7\t2024-08-05 07:00:00\tx\t99999999999", "7", -1, -1, ""),
        (b"7\t2024-8-5 7:00:00\t0", "7", 0, -1, ""),
        (b"7\t2024/08/05 07:00:00\t0", "7", 0, -1, ""),
        (b"7\t2024-08-05T07:00:00\t0", "7", 0, -1, ""),
    ],
)
def test_attlog_columns_two_to_many(line: bytes, pin: str, in_out: int, verify: int, work: str):
    """Firmware sends 2 to 11 columns; padding goes, leading zeros stay, codes that are none are -1."""
    (punch,) = adms.parse_attlog(line, SN, RECEIVED).punches
    assert (punch["pin"], punch["in_out_code"], punch["verify_code"], punch["work_code"]) == (pin, in_out, verify, work)
    assert punch["device_time"] == wall("2024-08-05 07:00:00")
    assert not punch["minute_only"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_attlog_any_line_end(end: bytes):
    """CRLF, LF and CR all end a line, and blank lines and a closing NUL count for nothing."""
    body = end.join((b"1\t2024-08-05 07:00:00\t0\t1", b"", b"2\t2024-08-05 07:00:09\t0\t1", b"\0"))
    found = adms.parse_attlog(body, SN, RECEIVED)
    assert [p["pin"] for p in found.punches] == ["1", "2"]
    assert found.taken == 2


def test_attlog_without_seconds_is_minute_only():
    """A time to the minute says so, and stands at the minute's beginning."""
    (punch,) = adms.parse_attlog(b"7\t2024-08-05 07:01\t0", SN, RECEIVED).punches
    assert punch["minute_only"]
    assert punch["device_time"] == wall("2024-08-05 07:01:00")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"7\t2024-02-30 07:00:00\t0", "no such date"),
        (b"7\t2023-02-29 07:00\t0", "no such date"),
        (b"7\t2024-13-01 07:00:00\t0", "no such date"),
        (b"7\t2024-08-05 24:00:00\t0", "no such time"),
        (b"7\t2024-8-5 7:61:00\t0", "no such date or time"),
        (b"7\t2000-01-01 00:03:12\t0", "clock was reset: before 2005"),
        (b"7\t2099-01-01 07:00:00\t0", "clock is ahead by more than a day"),
        (b"7\t2024-08-08 07:00:00\t0", "clock is ahead by more than a day"),
        (b"7\t2024-08-05 07:0", "not a time"),
        (b"7\t2024-08-05 07:00:0", "not a time"),
        (b"7\t\t0", "not a time"),
        (b"\t2024-08-05 07:00:00\t0", "no PIN"),
        (b"7 8\t2024-08-05 07:00:00\t0", "not a PIN"),
        (b"\xe5\xbc\xa0\t2024-08-05 07:00:00\t0", "not a PIN"),
        (b"1" * 25 + b"\t2024-08-05 07:00:00\t0", "not a PIN"),
        (b"7", "fewer than 2 columns"),
    ],
)
def test_attlog_bad_line_is_rejected_the_others_go_on(line: bytes, reason: str):
    """One bad record never loses the others, and still counts in n, or the terminal sends it for ever."""
    body = b"1\t2024-08-05 07:00:00\t0\n" + line + b"\n2\t2024-08-05 07:00:01\t0\n"
    found = adms.parse_attlog(body, SN, RECEIVED)
    assert [p["pin"] for p in found.punches] == ["1", "2"]
    assert [(r.number, r.raw, r.reason) for r in found.rejects] == [(2, line, reason)]
    assert found.taken == 3


def test_attlog_in_another_charset_is_rejected_line_by_line():
    """UTF-16 is no protocol: every line with something in it is set aside, none becomes a punch."""
    found = adms.parse_attlog("1\t2024-08-05 07:00:00\t0\n2\t2024-08-05 07:00:01\n".encode("utf-16"), SN, RECEIVED)
    assert found.punches == []
    assert len(found.rejects) == found.taken >= 2


def test_attlog_with_private_lines_drops_them_unread():
    """A name that strays into ATTLOG, whole or torn, ends in no reject."""
    body = b"USER PIN=1\tName=Budi\nER PIN=1\tName=Budi\tPri=0\nFP PIN=1\tTMP=oco8\n1\t2024-08-05 07:00:00\n"
    found = adms.parse_attlog(body, SN, RECEIVED)
    assert (len(found.punches), found.rejects, found.dropped, found.taken) == (1, [], 3, 4)


def test_slices_number_lines_on():
    """A large body is parsed in slices, and a reject keeps the line number that it has in the body."""
    body = b"\n".join([b"1\t2024-08-05 07:00:00"] * 7 + [b"bad"])
    parts = [adms.parse_attlog_lines(f, rows, SN, RECEIVED) for f, rows in adms.attlog_slices(body, 3)]
    assert [len(p.punches) for p in parts] == [3, 3, 1]
    assert [r.number for p in parts for r in p.rejects] == [8]


def test_operlog_oplog_becomes_device_event():
    """Clock set (21) by administrator 3, with the values as sent."""
    found = adms.parse_operlog(b"OPLOG 21\t3\t2024-08-05 12:40:57\t0\t0\t0\t12\n", SN, RECEIVED)
    (event,) = found.events
    assert {k: event[k] for k in ("device_id", "code", "operator_pin", "device_time", "values", "received_at")} == {
        "device_id": SN,
        "code": 21,
        "operator_pin": "3",
        "device_time": wall("2024-08-05 12:40:57"),
        "values": ["0", "0", "0", "12"],
        "received_at": RECEIVED,
    }
    assert decode(encode("device_event", event))[1] == event


def test_operlog_private_and_unknown_lines_are_counted_and_dropped():
    """Templates, names and what nobody knows leave a count and nothing else."""
    body = b"\r\n".join(
        (
            b"OPLOG 4\t0\t2024-07-07 01:44:19\t1\t0\t0\t0",
            b"USER PIN=1\tName=Budi Santoso\tPri=0",
            b"FP PIN=1\tFID=0\tSize=4\tValid=1\tTMP=TUFMRQ==",
            b"FACE PIN=1\tFID=0\tTMP=TUFMRQ==",
            b"BIODATA Pin=1\tNo=0\tTmp=TUFMRQ==",
            b"BIOPHOTO PIN=1\tContent=TUFMRQ==",
            b"SOMETHING Budi Santoso",
            b"OPLOG 4\t0\t2024-02-30 01:44:19",
        )
    )
    found = adms.parse_operlog(body, SN, RECEIVED)
    assert [e["operator_pin"] for e in found.events] == [""]
    assert (found.dropped, found.unknown, found.taken) == (5, 1, 8)
    assert [(r.number, r.reason) for r in found.rejects] == [(8, "no such date")]
    assert b"Budi" not in repr(found).encode()
    assert b"TUFMRQ" not in repr(found).encode()


def test_results_batched():
    """Several answers in one body, and the options after an INFO passed over."""
    body = b"ID=1&Return=0&CMD=INFO\n~DeviceName=X100-C\nUserCount=8\nID=77&Return=-1002&CMD=DATA%20QUERY\n"
    assert adms.parse_results(body) == [adms.Result("1", 0, "INFO"), adms.Result("77", -1002, "DATA QUERY")]


@pytest.mark.parametrize("body", [b"", b"ID=&Return=0", b"ID=1", b"ID=1&Return=x", b"Return=0&CMD=INFO"])
def test_results_without_an_answer_are_undecodable(body: bytes):
    """A body that answers nothing is refused."""
    with pytest.raises(Undecodable):
        adms.parse_results(body)


@pytest.mark.parametrize(
    ("offset_s", "zone"), [(25200, "7"), (28800, "8"), (32400, "9"), (-10800, "-3"), (19800, "330")]
)
def test_handshake_text(offset_s: int, zone: str):
    """The reply captured in the field: first line names the terminal, then one option a line."""
    reply = adms.handshake(SN, offset_s).split("\n")
    assert reply[0] == f"GET OPTION FROM: {SN}"
    options = dict(line.split("=", 1) for line in reply[1:] if line)
    assert options["TimeZone"] == zone
    assert (options["Realtime"], options["Encrypt"], options["TransTimes"]) == ("1", "None", "00:00;23:59")
    assert options["TransFlag"] == "TransData AttLog\tOpLog"


def test_replies():
    """``OK: n`` and the range command, byte for byte."""
    assert adms.accepted(3) == "OK: 3"
    assert adms.query_attlog("9", wall("2024-08-04 00:00:00"), wall("2024-08-06 23:59:59")) == (
        "C:9:DATA QUERY ATTLOG StartTime=2024-08-04 00:00:00\tEndTime=2024-08-06 23:59:59\n"
    )


@pytest.mark.parametrize("value", [None, "", "a b", "x" * 65, "../etc", "CK\n", "-1"])
def test_serial_refuses(value: str | None):
    """A serial number is letters, digits, dot, dash, underscore; nothing else gets further."""
    with pytest.raises(Undecodable):
        adms.serial(value)
