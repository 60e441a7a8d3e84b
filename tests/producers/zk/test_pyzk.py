"""A client that other people wrote reads the simulated terminal: so it speaks the protocol, and not ours alone."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from producers.simulator.zk.memory import Person, make_marks, make_people, wall_of
from producers.simulator.zk.server import Server
from producers.simulator.zk.terminal import Make, Terminal
from producers.simulator.zk.wire import Code

NOW = int(datetime(2026, 11, 24, 1, tzinfo=UTC).timestamp() * 1000)

pytestmark = pytest.mark.skipif(importlib.util.find_spec("zk") is None, reason="pyzk is not here: the extra `pull`")


def shown(stored: int) -> str:
    """A stored time as pyzk prints it."""
    return datetime.fromtimestamp(wall_of(stored) // 1000, UTC).replace(tzinfo=None).isoformat()


async def pyzk(server: Server, *what: str, udp: bool = False, key: int = 0) -> dict[str, Any]:
    """What pyzk brings from a server, in a process that can be killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("pyzk_reader.py")),
        *(str(server.port), "udp" if udp else "tcp", str(key), *what),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return json.loads(out.splitlines()[-1])


def terminal(count: int, **make: Any) -> Terminal:
    """Ten people and so many punches."""
    people = make_people(10)
    return Terminal(Make(**make), people, make_marks(people, count, NOW), lambda: NOW)


@pytest.mark.parametrize("udp", [False, True], ids=["tcp", "udp"])
@pytest.mark.parametrize("size", [8, 16, 40])
@pytest.mark.parametrize("count", [5, 3000], ids=["small", "chunked"])
async def test_pyzk_reads_everything(size: int, count: int, udp: bool) -> None:
    """Users, records, clock and serial number, whole and in order; afterwards people may punch again."""
    made = terminal(count, record_bytes=size, key=0 if count == 5 else 135792)
    async with Server(made, udp=udp) as server:
        found = await pyzk(server, "read", udp=udp, key=made.make.key)
    assert found["serial"] == made.make.serial
    assert found["time"] == "2026-11-24T08:00:00"
    assert found["users"] == [[person.place, person.user_id] for person in made.people]
    assert found["marks"] == [[m.person.user_id, shown(m.stamp), m.verify, m.state] for m in made.marks]
    assert made.enabled
    assert made.seen[Code.AUTH] == (made.make.key != 0)
    assert (made.seen[Code.DATA_RDY] > 0) == (count == 3000)


async def test_pyzk_is_refused_with_another_key() -> None:
    """UNAUTH stays UNAUTH: nothing is read."""
    made = terminal(5, key=4711)
    async with Server(made) as server:
        with pytest.raises(AssertionError, match="Unauthenticated"):
            await pyzk(server, "read", key=4712)
    assert made.seen[Code.DATA_WRRQ] == 0


@pytest.mark.parametrize("packet_bytes", [0xFFF8, 0x10000])
async def test_pyzk_reads_several_chunks(packet_bytes: int) -> None:
    """Three chunks, each in one packet. (Of more packets back to back pyzk 0.9 waits for bytes that have come.)"""
    made = terminal(4000, packet_bytes=packet_bytes)
    async with Server(made) as server:
        found = await pyzk(server, "read")
    assert len(found["marks"]) == 4000
    assert made.seen[Code.DATA_RDY] == 3


@pytest.mark.parametrize("size", [12, 32, 36, 52])
async def test_pyzk_hears_events(size: int) -> None:
    """Events of the lengths that pyzk knows, one at a time, each acknowledged."""
    made = terminal(2, event_bytes=size)
    made.people.append(Person(99, "4711"))
    async with Server(made) as server:
        reading = asyncio.create_task(pyzk(server, "events", "2"))
        while made.seen[Code.REG_EVENT] == 0 and not reading.done():
            await asyncio.sleep(0.01)
        for acks in (1, 2):
            assert await made.punch(made.people[-1], state=acks - 1)
            while made.acks < acks and not reading.done():
                await asyncio.sleep(0.01)
        found = await reading
    assert [mark[0] for mark in found["marks"]] == ["4711", "4711"]
    assert [mark[3] for mark in found["marks"]] == [0, 1]
