"""``hadir simulate terminal`` as somebody starts it: it says where it listens, answers, and ends at Ctrl-C."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from hadir.cli import main
from hadir.clock import system_ms
from producers.protocols import zk
from producers.protocols.zk_frames import Command
from producers.protocols.zk_records import parse_records
from tests.producers.zk.client import client

RUN = [sys.executable, "-c", "from hadir.cli import main; main()", "simulate", "terminal", "--port", "0"]
SAID = re.compile(r"SIM0000000001 listens on (127\.0\.0\.1):(\d+)/(tcp|udp): 4 people, 120 punches of 16 bytes")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_command_listens_answers_and_ends(transport: str) -> None:
    """Key, people, punches, record size, a broken record, somebody who punches; exit 0 and nothing on stderr."""
    asked = ["--people", "4", "--punches", "120", "--record-size", "16", "--key", "77", "--impossible-date"]
    asked += ["--every", "0.05", *(["--udp"] if transport == "udp" else [])]
    process = await asyncio.create_subprocess_exec(
        *RUN, *asked, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        said = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        found = SAID.match(said.replace("121 punches", "120 punches"))
        assert found is not None, said
        where = SimpleNamespace(host=found[1], port=int(found[2]))
        async with client(where, udp=transport == "udp") as line:
            assert (await line.connect(77)).command == Command.ACK_OK
            while zk.sizes((await line.ask(Command.FREE_SIZES)).data).records < 123:
                await asyncio.sleep(0.02)
            await line.ask(Command.DISABLE)  # nobody punches now: the count is the buffer's
            counted = zk.sizes((await line.ask(Command.FREE_SIZES)).data).records
            bulk = parse_records(await line.bulk(Command.ATTLOG), counted, system_ms())
        assert (bulk.stale, [reject.reason for reject in bulk.rejects]) == (False, ["no such date"])
        assert len({record.pin for record in bulk.records}) == 4
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err) == (0, b"")


def test_port_that_is_taken_is_told() -> None:
    """One line, no trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = CliRunner().invoke(main, ["simulate", "terminal", "--port", port])
    assert told.exit_code == 1
    assert told.output.startswith(f"Error: port {port}: ")
    assert "Traceback" not in told.output
