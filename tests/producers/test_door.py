"""The gateway's door: what a terminal is told, and what is in Kafka by then."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hadir.settings import Settings
from producers.sources.gateway import Gateway
from producers.writing import Writer
from tests.producers.conftest import DAY, SN, Gate, at, device, noted
from tests.producers.memory import PARTITIONS, MemoryKafka

LINE = f"17\t{DAY} 05:59:50\t0\t1\t\t0\t0\n".encode()


async def test_handshake_gives_zone_of_device(gate: Gate):
    """A terminal that starts is told what to send, and the zone of its own record."""
    status, text = await gate.get("cdata", options="all", pushver="2.4.0")
    assert status == 200
    assert text.startswith(f"GET OPTION FROM: {SN}\n")
    assert "TimeZone=7\n" in text
    await gate.reference("device", device(timezone="Asia/Jayapura"))
    assert "TimeZone=9\n" in (await gate.get("cdata", options="all"))[1]


async def test_attlog_is_acknowledged_then_promised(gate: Gate):
    """Two punches: in Kafka with the receive time, and OK: 2."""
    assert await gate.post(LINE + LINE.replace(b"17\t", b"18\t")) == (200, "OK: 2")
    punches = gate.kafka.records("device_log", "punch")
    assert [(p["device_id"], p["pin"], p["received_at"]) for p in punches] == [
        (SN, "17", gate.now),
        (SN, "18", gate.now),
    ]


async def test_ok_waits_for_kafka(gate: Gate):
    """Nothing is promised while Kafka has not acknowledged."""
    gate.kafka.mode = "hold"
    posting = asyncio.create_task(gate.post(LINE))
    while not gate.kafka.held:
        await asyncio.sleep(0)
    await asyncio.wait([posting], timeout=0.05)
    assert not posting.done()
    gate.kafka.release()
    assert await posting == (200, "OK: 1")


@pytest.mark.parametrize("table", ["ATTLOG", "OPERLOG"])
@pytest.mark.parametrize("mode", ["hold", "fail"])
async def test_503_when_kafka_is_late_or_refuses(gate: Gate, mode: str, table: str, caplog: pytest.LogCaptureFixture):
    """Kafka silent (gateway_ack_s is over) or failing: 503, come again; afterwards the same post is taken."""
    body = LINE if table == "ATTLOG" else f"OPLOG 21\t0\t{DAY} 05:00:00\t0\n".encode()
    gate.kafka.mode = mode
    with caplog.at_level(logging.ERROR):
        assert (await gate.post(body, table=table))[0] == 503
    assert gate.kafka.records("device_log") == []
    gate.kafka.lose()
    gate.kafka.mode = "ok"
    assert await gate.post(body, table=table) == (200, "OK: 1")


async def test_reject_goes_to_dead_letter_before_ok(gate: Gate):
    """A bad line counts in n and lies in dead_letter with its bytes, its line number and its terminal."""
    assert await gate.post(LINE + b"17\t2026-02-30 07:00:00\t0\n" + LINE) == (200, "OK: 3")
    (letter,) = gate.kafka.records("dead_letter")
    assert letter["value"] == b"17\t2026-02-30 07:00:00\t0"
    assert (letter["stage"], letter["reason"], letter["device_id"]) == ("gateway", "line 2: no such date", SN)
    assert len(gate.kafka.records("device_log", "punch")) == 2


async def test_503_when_only_the_dead_letter_is_not_acknowledged(gate: Gate):
    """A reject is a promise too."""
    gate.kafka.mode = "hold"
    posting = asyncio.create_task(gate.post(b"bad line\n"))
    while not gate.kafka.held:
        await asyncio.sleep(0)
    gate.kafka.lose()
    assert (await posting)[0] == 503


async def test_garbage_body_makes_few_dead_letters_and_loses_no_byte(gate: Gate):
    """5,000 bad lines: of each 2,000 a hundred letters of a line and one of the rest; together they are the body."""
    lines = [b"garbage %d" % n for n in range(5000)]
    assert await gate.post(b"\n".join(lines)) == (200, "OK: 5000")
    letters = gate.kafka.records("dead_letter")
    assert len(letters) == 303
    assert [line for letter in letters for line in letter["value"].split(b"\n")] == lines


async def test_line_larger_than_kafka_takes_is_set_aside_in_pieces(gate: Gate):
    """One line of 2 MB: whole, in pieces that a broker accepts; otherwise the terminal would get 503 for ever."""
    line = b"x" * 2_000_000
    assert await gate.post(line) == (200, "OK: 1")
    letters = gate.kafka.records("dead_letter")
    assert b"".join(letter["value"] for letter in letters) == line
    assert max(len(letter["value"]) for letter in letters) < 1_000_000
    assert "piece 1 of 4" in letters[0]["reason"]


async def test_operlog_makes_events_and_drops_templates(gate: Gate):
    """OPLOG is kept; names and templates are in no topic, and the terminal is told that all was taken."""
    body = (
        f"OPLOG 21\t3\t{DAY} 05:40:57\t0\t0\t0\t0\nUSER PIN=1\tName=Budi\nFP PIN=1\tTMP=TUFMRQ==\nNEW Budi\n".encode()
    )
    assert await gate.post(body, table="OPERLOG") == (200, "OK: 4")
    (event,) = gate.kafka.records("device_log", "device_event")
    assert (event["code"], event["operator_pin"]) == (21, "3")
    everything = b"".join(v or b"" for log in gate.kafka.logs.values() for _, v in log)
    assert b"Budi" not in everything
    assert b"TUFMRQ" not in everything


@pytest.mark.parametrize("table", ["ATTPHOTO", "options", ""])
async def test_other_tables_are_acknowledged_and_dropped(gate: Gate, table: str):
    """What nobody asked for is taken off the terminal's hands."""
    assert await gate.post(b"a=1\nb=2\n", table=table) == (200, "OK: 2")
    assert gate.kafka.records("device_log", "punch") == []
    assert gate.kafka.records("dead_letter") == []


@pytest.mark.parametrize("serial", ["UNKNOWN1", "", "../x", "FILEONLY"])
async def test_stranger_is_refused_and_learns_nothing(gate: Gate, serial: str):
    """Unknown, missing or impossible serial, or a terminal not entered as adms: 403 and not a word, on every path."""
    await gate.reference("device", device("FILEONLY", protocol="file"))
    answers = {
        await gate.get("cdata", serial, options="all"),
        await gate.post(LINE, serial),
        await gate.get("getrequest", serial),
        await gate.answer("ID=1&Return=0&CMD=INFO", serial),
        await gate.get("ping", serial),
        await gate.get("registry", serial),
    }
    assert answers == {(403, "")}
    assert gate.kafka.records("device_log") == []
    assert set(gate.gateway.door.terminals) == set()


async def test_device_entered_later_is_let_in(gate: Gate):
    """The allow-list follows reference live; a withdrawn terminal is out again."""
    assert (await gate.post(LINE, "NEW1"))[0] == 403
    await gate.reference("device", device("NEW1"))
    assert await gate.post(LINE, "NEW1") == (200, "OK: 1")
    await gate.reference("device", device("NEW1", **{**noted(), "void": True}))
    assert (await gate.post(LINE, "NEW1"))[0] == 403


async def test_retired_terminal_may_still_deliver(gate: Gate):
    """What a retired terminal holds belongs to the days before: accepted is not lost."""
    await gate.reference("device", device("OLD1", valid_to=device()["valid_from"] + 1))
    assert await gate.post(LINE, "OLD1") == (200, "OK: 1")
    gate.now = at("09:00:00")
    assert await gate.asked("OLD1") is None
    gate.watch()
    await gate.turns()
    assert [s["state"] for s in gate.statuses("OLD1")] == ["online"]


async def test_not_ready_until_caught_up():
    """Before reference is read to its end: 503 for everybody, known or not."""
    kafka = MemoryKafka()
    gateway = Gateway(Settings(), Writer(kafka, PARTITIONS), kafka, lambda: at("06:00:00"))
    async with TestClient(TestServer(gateway.app())) as client:
        for path in ("/healthz", f"/iclock/getrequest?SN={SN}", "/iclock/cdata?SN=UNKNOWN"):
            assert (await client.get(path)).status == 503


async def test_ready_says_so(gate: Gate):
    """After catching up healthz is 200."""
    assert (await gate.client.get("/healthz")).status == 200
    assert await gate.get("ping") == (200, "OK")


async def test_413_for_announced_and_for_streamed_bodies(kafka_in_memory: MemoryKafka, gate: Gate):
    """30 MB is refused: by its announced length unread, and in chunks as soon as the limit is passed."""
    limit = gate.gateway.door._bodies._limit
    assert (await gate.post(b"x" * 30_000_000))[0] == 413
    fed = 0

    async def stream():
        nonlocal fed
        while fed < 30_000_000:
            fed += 65_536
            yield b"y" * 65_536

    answer = await gate.client.post(f"/iclock/cdata?SN={SN}&table=ATTLOG", data=stream())
    assert answer.status == 413
    assert gate.gateway.door._bodies.held_bytes == 0
    assert limit < 30_000_000
    assert kafka_in_memory.records("dead_letter") == []


async def test_413_for_a_body_that_unpacks_too_large(gate: Gate):
    """A small gzip that becomes 30 MB costs no more than the limit."""
    packed = gzip.compress(b"0" * 30_000_000)
    assert len(packed) < 100_000
    status, _ = await gate.post(packed, headers={"Content-Encoding": "gzip"})
    assert status == 413


async def test_gzip_body_is_read(gate: Gate):
    """Newer firmware may pack: the same punch comes out."""
    assert await gate.post(gzip.compress(LINE), headers={"Content-Encoding": "gzip"}) == (200, "OK: 1")


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (b"\x1f\x8bnot gzip", "gzip", 400),
        (gzip.compress(LINE)[:-9], "gzip", 400),
        (LINE, "deflate", 400),
        (LINE, "br", 415),
    ],
)
async def test_body_that_does_not_unpack_is_refused(gate: Gate, body: bytes, encoding: str, expected: int):
    """Wrongly packed, cut off, or packed in an unknown way: refused, nothing written, the terminal keeps it."""
    status, _ = await gate.post(body, headers={"Content-Encoding": encoding}, compress=False)
    assert status == expected
    assert gate.kafka.records("device_log", "punch") == []


async def test_torn_body_writes_nothing(gate: Gate):
    """The connection ends before the announced length: no OK, nothing written, and the failed post is counted."""
    server = gate.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = f"POST /iclock/cdata?SN={SN}&table=ATTLOG HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    writer.write(head.encode() + LINE)
    await writer.drain()
    while SN not in gate.gateway.door.terminals or not gate.gateway.door.terminals[SN].posts:
        await asyncio.sleep(0)
    writer.write_eof()
    terminal = gate.gateway.door.terminals[SN]
    async with asyncio.timeout(5):
        while terminal.posts:
            await asyncio.sleep(0)
    assert terminal.faults == 1
    assert gate.kafka.records("device_log", "punch") == []
    assert b"OK" not in await reader.read()
    writer.close()


async def test_503_when_all_bodies_together_are_too_much(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    """More bytes in hand than the gateway holds: come again; afterwards nothing is held."""
    monkeypatch.setattr("producers.sources.bodies.HELD_BYTES", 1_000)
    assert (await gate.post(LINE * 100))[0] == 503
    assert await gate.post(LINE) == (200, "OK: 1")
    assert gate.gateway.door._bodies.held_bytes == 0


async def test_408_for_a_body_that_never_ends(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    """A terminal that stops in the middle keeps no memory for ever."""
    monkeypatch.setattr("producers.sources.bodies.BODY_S", 0.05)
    never = asyncio.Event()

    async def stream():
        yield LINE
        await never.wait()

    posting = asyncio.create_task(gate.client.post(f"/iclock/cdata?SN={SN}&table=ATTLOG", data=stream()))
    async with asyncio.timeout(5):
        while SN not in gate.gateway.door.terminals or not gate.gateway.door.terminals[SN].faults:
            await asyncio.sleep(0.01)
    never.set()
    await asyncio.gather(posting, return_exceptions=True)
    assert gate.gateway.door._bodies.held_bytes == 0
    assert gate.kafka.records("device_log", "punch") == []


async def test_large_bodies_take_turns_and_all_arrive(gate: Gate):
    """Twelve bodies of 3,000 lines at once: four at a time, each promised whole."""
    line = b"%d\t2026-11-23 05:00:00\t0\t1\n"
    bodies = [b"".join(line % (n * 3_000 + i) for i in range(3_000)) for n in range(12)]
    assert set(await asyncio.gather(*map(gate.post, bodies))) == {(200, "OK: 3000")}
    assert len({p["pin"] for p in gate.kafka.records("device_log", "punch")}) == 36_000


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "gbk"])
async def test_wrong_charset_is_set_aside_or_read(gate: Gate, charset: str):
    """Bytes decide, not the header: ASCII-compatible ones are read, others are dead letters, never 500."""
    status, text = await gate.post(
        LINE.decode().encode(charset), headers={"Content-Type": f"text/plain; charset={charset}"}
    )
    assert status == 200
    assert text.startswith("OK: ")
    punches, letters = gate.kafka.records("device_log", "punch"), gate.kafka.records("dead_letter")
    assert len(punches) == (1 if charset == "gbk" else 0)
    assert bool(letters) == (charset != "gbk")


async def test_empty_post(gate: Gate):
    """Nothing is nothing, and OK."""
    assert await gate.post(b"") == (200, "OK: 0")


async def test_registry(gate: Gate):
    """Newer firmware registers before it pushes."""
    answer = await gate.client.post(f"/iclock/registry?SN={SN}", data=b"~DeviceName=SpeedFace,MAC=00")
    assert (answer.status, await answer.text()) == (200, f"RegistryCode={SN}")


async def test_paths_with_aspx(gate: Gate):
    """Some firmware asks for cdata.aspx and getrequest.aspx."""
    assert "GET OPTION FROM" in (await gate.get("cdata.aspx", options="all"))[1]
    assert (await gate.get("getrequest.aspx"))[0] == 200
    assert (await gate.get("getrequest.aspx", "UNKNOWN"))[0] == 403


async def test_answer_that_is_none_is_400(gate: Gate):
    """A devicecmd body without an answer."""
    assert (await gate.answer("hello"))[0] == 400
