"""The simulated terminal, asked by hadir's own codec: every answer, every fault, TCP and UDP."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import zk
from producers.protocols.zk_frames import EF_ATTLOG, Command
from producers.protocols.zk_records import Bulk, parse_records, parse_users
from producers.simulator.zk.faults import Fault, Faults
from producers.simulator.zk.memory import ID_BYTES, Mark, make_marks, make_people, memory, record, stamp_of, wall_of
from producers.simulator.zk.server import Server
from producers.simulator.zk.terminal import Make, Terminal
from producers.simulator.zk.wire import Code, read_request
from tests.producers.zk.client import Client, Gone, client

NOW = int(datetime(2026, 11, 24, 1, tzinfo=UTC).timestamp() * 1000)
WALL = NOW + 7 * 3_600_000
every_line = pytest.mark.parametrize("udp", [False, True], ids=["tcp", "udp"])


def terminal(count: int = 3, now: Callable[[], int] = lambda: NOW, **make: Any) -> Terminal:
    """Seven people, so many punches."""
    people = make_people(7)
    return Terminal(Make(**make), people, make_marks(people, count, WALL), now)


async def read(line: Client) -> tuple[zk.Sizes, Bulk]:
    """Sizes, users, records, as a reader would ask for them."""
    sizes = zk.sizes((await line.ask(Command.FREE_SIZES)).data)
    users = parse_users(await line.bulk(Command.USERS), sizes.users)
    assert not users.stale
    return sizes, parse_records(await line.bulk(Command.ATTLOG), sizes.records, NOW, users.pins)


def said(bulk: Bulk) -> list[tuple[str, int, int, int]]:
    """What the records say."""
    return [(r.pin, r.device_time, r.verify, r.in_out) for r in bulk.records]


def done(made: Terminal) -> list[tuple[str, int, int, int]]:
    """What people did."""
    return [(m.person.user_id, wall_of(m.stamp), m.verify, m.state) for m in made.marks]


@every_line
@pytest.mark.parametrize("size", [8, 16, 40])
@pytest.mark.parametrize("count", [0, 1, 20, 2500])
async def test_read_is_whole(size: int, count: int, udp: bool) -> None:
    """None, one, a few at once, many in chunks: every record as it was done, in its order."""
    made = terminal(count, record_bytes=size)
    async with Server(made, udp=udp) as server, client(server, udp=udp) as line:
        assert (await line.connect()).command == Command.ACK_OK
        sizes, bulk = await read(line)
    assert (sizes.users, sizes.records) == (7, count)
    assert said(bulk) == done(made)
    assert (bulk.rejects, bulk.stale) == ([], False)


@pytest.mark.parametrize("packet_bytes", [16, 0x3F0, 0xFFF8, 0x10000])
@pytest.mark.parametrize("gap_s", [0.0, 0.0005])
async def test_packets_of_every_size_with_and_without_a_gap(packet_bytes: int, gap_s: float) -> None:
    """Packet size and gap are the terminal's own; the whole is the same."""
    made = terminal(100 if packet_bytes == 16 else 2000, packet_bytes=packet_bytes, gap_s=gap_s)
    async with Server(made) as server, client(server) as line:
        await line.connect()
        _, bulk = await read(line)
    assert said(bulk) == done(made)


@every_line
async def test_key_opens_and_another_does_not(udp: bool) -> None:
    """With a key everything but AUTH is refused until AUTH has brought it."""
    made = terminal(key=987_654_321)
    async with Server(made, udp=udp) as server, client(server, udp=udp) as line:
        assert (await line.connect(987_654_322)).command == Command.ACK_UNAUTH
        assert (await line.ask(Command.FREE_SIZES)).command == Command.ACK_UNAUTH
        assert (await line.connect(987_654_321)).command == Command.ACK_OK
        assert (await line.ask(Command.FREE_SIZES)).command == Command.ACK_OK
        line.session ^= 1
        assert (await line.ask(Command.FREE_SIZES)).command == Command.ACK_UNAUTH


async def test_option_with_and_without_nul() -> None:
    """A serial number is told however it is asked for; what no terminal has is an error, what none knows unknown."""
    async with Server(terminal()) as server, client(server) as line:
        await line.connect()
        for asked in (b"~SerialNumber\0", b"~SerialNumber"):
            assert zk.option((await line.ask(Command.OPTION, asked)).data) == ("~SerialNumber", "SIM0000000001")
        assert (await line.ask(Command.OPTION, b"~Nothing\0")).command == Command.ACK_ERROR
        assert (await line.ask(9999)).command == Code.ACK_UNKNOWN
        assert (await line.ask(Command.READ_CHUNK, struct.pack("<II", 0, 8))).command == Command.ACK_ERROR
        assert (await line.ask(Command.READ_BUFFER, b"\1")).command == Command.ACK_ERROR


async def test_clock_has_offset_and_drift_and_can_be_set() -> None:
    """90 s ahead, 100 µs/s: after 10,000 s one second more; set right, it drifts on from there."""
    now = NOW
    made = terminal(now=lambda: now, offset_s=90, drift_ppm=100)
    async with Server(made) as server, client(server) as line:
        await line.connect()

        async def shown() -> int:
            return zk.device_clock((await line.ask(Command.GET_TIME)).data)

        assert await shown() == WALL + 90_000
        now += 10_000_000
        assert await shown() == WALL + 10_000_000 + 91_000
        answer = await line.ask(Command.SET_TIME, struct.pack("<I", zk.encode_time(WALL + 10_000_000)))
        assert answer.command == Command.ACK_OK
        assert await shown() == WALL + 10_000_000
        now += 20_000_000
        assert await shown() == WALL + 30_000_000 + 2_000
        assert (await line.ask(Command.SET_TIME, struct.pack("<I", (31 + 29) * 86400))).command == Command.ACK_ERROR


async def test_nobody_punches_while_it_is_disabled() -> None:
    """A reader that does not enable it again leaves people at the door."""
    made = terminal()
    async with Server(made) as server, client(server) as line:
        await line.connect()
        await line.ask(Command.DISABLE)
        assert not await made.punch(made.people[0])
        await line.ask(Command.ENABLE)
        assert await made.punch(made.people[0])
    assert len(made.marks) == 4


@every_line
@pytest.mark.parametrize("size", sorted(ID_BYTES))
async def test_events_of_every_length(size: int, udp: bool) -> None:
    """Pushed with the event's code as session and reply 0, only to who asked; the codec reads each."""
    made = terminal(event_bytes=size)
    async with Server(made, udp=udp) as server, client(server, udp=udp) as line:
        await line.connect()
        await made.punch(made.people[0])  # nobody has asked yet
        await line.ask(Command.REG_EVENT, struct.pack("<I", EF_ATTLOG))
        await made.punch(made.people[1], verify=15, state=1)
        pushed = await line.next()
    assert (pushed.command, pushed.session, pushed.reply, len(pushed.data)) == (Command.REG_EVENT, EF_ATTLOG, 0, size)
    pins = {person.place: person.user_id for person in made.people}
    assert zk.event(pushed.data, NOW, pins) == zk.Record(0, made.people[1].user_id, WALL, 15, 1, "")


@pytest.mark.parametrize("cuts", [(), (3,), (8, 20), (47, 48, 49, 95), tuple(range(1, 96))])
async def test_events_in_one_segment_or_torn_into_many(cuts: tuple[int, ...]) -> None:
    """Two events of 48 bytes on the wire, however TCP cuts them."""
    made = terminal(gap_s=0.0002)
    async with Server(made) as server, client(server) as line:
        await line.connect()
        await line.ask(Command.REG_EVENT, struct.pack("<I", EF_ATTLOG))
        await made.push([Mark(made.people[0], stamp_of(WALL)), Mark(made.people[1], stamp_of(WALL))], cuts=cuts)
        heard = [zk.event((await line.next()).data, NOW).pin for _ in range(2)]
    assert heard == [person.user_id for person in made.people[:2]]


@every_line
async def test_goodbye_ends_the_session(udp: bool) -> None:
    """After EXIT the line is closed, or the reader is a stranger."""
    async with Server(terminal(), udp=udp) as server, client(server, udp=udp) as line:
        await line.connect()
        assert (await line.ask(Command.EXIT)).command == Command.ACK_OK
        if udp:
            assert (await line.ask(Command.FREE_SIZES)).command == Command.ACK_UNAUTH
        else:
            with pytest.raises(Gone):
                await line.next()


@pytest.mark.parametrize("count", [3, 3000])
async def test_fault_close_mid_chunk(count: int) -> None:
    """Half of the data and a closed line; the next reader gets the whole."""
    made = terminal(count)
    made.faults.plan(Fault.CLOSE)
    async with Server(made) as server:
        async with client(server) as line:
            await line.connect()
            with pytest.raises(Gone):
                await line.bulk(Command.ATTLOG)
        async with client(server) as line:
            await line.connect()
            assert said((await read(line))[1]) == done(made)


async def test_fault_garbage_is_a_fault_of_the_stream_alone() -> None:
    """Bytes that are no packet: told by the splitter, and the same line goes on."""
    made = terminal()
    made.faults.plan(Fault.GARBAGE, at=Code.GET_TIME)
    async with Server(made) as server, client(server) as line:
        await line.connect()
        asking = asyncio.create_task(line.ask(Command.GET_TIME))
        while not line.faults:
            await asyncio.sleep(0.005)
        asking.cancel()
        assert zk.sizes((await line.ask(Command.FREE_SIZES)).data).records == 3
    assert [fault.reason for fault in line.faults] == ["no frame begins here"]


async def test_fault_silence() -> None:
    """No answer, an open line; asked again, it answers."""
    made = terminal()
    made.faults.plan(Fault.SILENCE, at=Code.GET_TIME)
    async with Server(made) as server, client(server) as line:
        await line.connect()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.ask(Command.GET_TIME), 0.1)
        assert (await line.ask(Command.GET_TIME)).command == Command.ACK_OK


@every_line
async def test_fault_restart(udp: bool) -> None:
    """Sessions and events are gone, the port is shut for a while and then answers again; nobody is locked out."""
    made = terminal(restart_s=0.05)
    made.faults.plan(Fault.RESTART)
    async with Server(made, udp=udp) as server:
        async with client(server, udp=udp) as line:
            await line.connect()
            await line.ask(Command.DISABLE)
            reading = asyncio.create_task(line.bulk(Command.ATTLOG))
            while server.listening.is_set():
                await asyncio.sleep(0.002)
            if not udp:
                with pytest.raises(Gone):
                    await reading
            reading.cancel()
        await asyncio.wait_for(server.listening.wait(), 10)
        assert made.enabled
        async with client(server, udp=udp) as line:
            await line.connect()
            assert said((await read(line))[1]) == done(made)


async def test_reader_may_restart_it() -> None:
    """The command is answered, then every line is closed; it listens again on the same port."""
    async with Server(terminal(restart_s=0.05)) as server:
        async with client(server) as line:
            await line.connect()
            assert (await line.ask(Code.RESTART)).command == Command.ACK_OK
            with pytest.raises(Gone):
                await line.next()
        await asyncio.wait_for(server.listening.wait(), 10)
        async with client(server) as line:
            assert (await line.connect()).command == Command.ACK_OK


@pytest.mark.parametrize("size", [8, 16, 40])
@pytest.mark.parametrize("fault", [Fault.GROWS, Fault.SHRINKS])
@pytest.mark.parametrize("count", [2, 3, 9, 60, 1000])
async def test_fault_count_is_stale(size: int, fault: Fault, count: int) -> None:
    """A record more or fewer than counted is told, whatever the size; the records that came are right all the same."""
    made = terminal(count, record_bytes=size)
    made.faults.plan(fault)
    async with Server(made) as server, client(server) as line:
        await line.connect()
        _, bulk = await read(line)
        assert bulk.stale
        assert bulk.held == bulk.counted + (1 if fault == Fault.GROWS else -1)
        assert said(bulk) == done(made)
        _, bulk = await read(line)
        assert not bulk.stale


@pytest.mark.parametrize("size", [8, 16, 40])
async def test_impossible_date_loses_one_record(size: int) -> None:
    """30 February is a reject with its bytes; those before and behind it are read."""
    made = terminal(5, record_bytes=size)
    made.spoil(made.people[0])
    made.marks.append(Mark(made.people[1], stamp_of(WALL)))
    async with Server(made) as server, client(server) as line:
        await line.connect()
        _, bulk = await read(line)
    assert [(r.number, len(r.raw), r.reason) for r in bulk.rejects] == [(6, size, "no such date")]
    assert [r.number for r in bulk.records] == [1, 2, 3, 4, 5, 7]
    assert not bulk.stale


@given(count=st.integers(1, 60))
async def test_unknown_record_size_is_told(count: int) -> None:
    """Records of 49 bytes are never cut into others."""
    people = make_people(3)
    raw = memory([record(mark, 49) for mark in make_marks(people, count, WALL)])
    with pytest.raises(Undecodable, match="records of 49 bytes: unknown"):
        parse_records(raw, count, NOW, {person.place: person.user_id for person in people})


@given(st.binary(max_size=64))
def test_broken_requests_get_no_answer(payload: bytes) -> None:
    """Whatever comes, the terminal's own reader either understands it or says nothing."""
    request = read_request(payload)
    assert request is None or request.data == payload[8:]


async def test_other_protocols_are_shown_out() -> None:
    """Somebody who speaks HTTP to it, or announces gigabytes, gets a closed line."""
    async with Server(terminal()) as server:
        for hello in (b"GET / HTTP/1.0\r\n\r\n", b"\x50\x50\x82\x7d\xff\xff\xff\x7f"):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(hello)
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()


def test_faults_come_as_often_as_planned() -> None:
    """Each by its own request, then no more."""
    faults = Faults()
    faults.plan(Fault.SILENCE, times=2, at=Code.GET_TIME)
    faults.plan(Fault.CLOSE)
    struck = [faults.strike(Code.GET_TIME, brings_data=False) for _ in range(3)]
    assert struck == [Fault.SILENCE, Fault.SILENCE, None]
    assert faults.strike(Code.DATA_RDY, brings_data=True) == Fault.CLOSE
    faults.plan(Fault.RESTART)
    faults.clear()
    assert faults.strike(Code.DATA_WRRQ, brings_data=True) is None
