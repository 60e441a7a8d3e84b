"""The endpoint's process: killed, started again, stopped while it works, started twice, with a password, bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import requests

from hadir.stack.local import NotReady, Server, clickhouse_argv, local_clickhouse
from hadir.stack.waiting import free_ports, run_async, until

pytestmark = pytest.mark.clickhouse


def run(server: Server, sql: str | bytes, **params: str) -> str:
    """A statement that must succeed."""
    answer = requests.post(server.address, data=sql, params=params, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_acknowledged_rows_survive_kill_9(data: Path) -> None:
    """SIGKILL while inserts run: what was answered with 200 is there afterwards, whole, and each at most twice."""
    with local_clickhouse(data) as server:
        run(server, "CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n)")
        for round_ in range(3):
            acknowledged: list[int] = []
            reached = threading.Event()

            def feed(first: int, done: list[int] = acknowledged, go: threading.Event = reached) -> None:
                for batch in range(first, first + 10_000):
                    rows = "".join(f"{batch}\t{n}\n" for n in range(500))
                    try:
                        run(server, rows, query="INSERT INTO t FORMAT TSV")
                    except (requests.ConnectionError, requests.Timeout):
                        return
                    done.append(batch)
                    if len(done) >= 20:
                        go.set()

            thread = threading.Thread(target=feed, args=(round_ * 100_000,))
            thread.start()
            assert reached.wait(60)
            server.kill()
            thread.join()
            server.start()
            counts = run(server, f"SELECT batch, count() FROM t WHERE batch >= {round_ * 100_000} GROUP BY batch")
            found = {int(batch): int(count) for batch, count in (line.split("\t") for line in counts.splitlines())}
            assert set(acknowledged) <= set(found)
            assert set(found.values()) == {500}


def test_second_process_on_the_same_folder_is_told_who_has_it(data: Path) -> None:
    """One line, exit code 2, and the first one goes on."""
    with local_clickhouse(data) as server:
        argv = clickhouse_argv(data / "clickhouse", free_ports(1)[0])
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, env=server.env)
        assert done.returncode == 2
        assert f"in use by process {server.pid}" in done.stderr
        with pytest.raises(NotReady, match="in use by process"), local_clickhouse(data):
            pass
        assert run(server, "SELECT 1") == "1\n"


def test_taken_port_is_said(tmp_path: Path) -> None:
    """Instead of a traceback."""
    with local_clickhouse(tmp_path / "a") as first:
        argv = clickhouse_argv(tmp_path / "b", first.port)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, env=first.env)
        assert done.returncode == 2
        assert f":{first.port} cannot be listened on" in done.stderr


def test_sigterm_lets_running_statements_finish(data: Path) -> None:
    """A query of a second is answered, and the process ends with 0."""
    with local_clickhouse(data) as server:
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(run(server, "SELECT sleep(1.5), 'whole'")))
        thread.start()
        while run(server, "SELECT count() FROM system.processes WHERE query LIKE '%whole%'") == "1\n":
            assert thread.is_alive()
        server.signal(signal.SIGTERM)
        thread.join()
        assert answers == ["0\twhole\n"]
        server.stop()
        assert not server.alive
        server.start()
        assert run(server, "SELECT 1") == "1\n"


def test_password_is_asked_for(data: Path) -> None:
    """By header, Basic or parameter; wrong: 403 and code 516; ping needs none."""
    with local_clickhouse(data, user="hadir", password="s3cret") as server:
        assert requests.get(server.address + "/ping").status_code == 200
        for wrong in ({}, {"user": "hadir", "password": "x"}, {"user": "default", "password": "s3cret"}):
            answer = requests.post(server.address, "SELECT 1", params=wrong)
            assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
        assert requests.post(server.address, "SELECT 1", auth=("hadir", "s3cret")).text == "1\n"
        keys = {"X-ClickHouse-User": "hadir", "X-ClickHouse-Key": "s3cret"}
        assert requests.post(server.address, "SELECT 1", headers=keys).text == "1\n"
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert b"s3cret" not in command


def test_memory_is_bounded(data: Path) -> None:
    """A query that wants more than the bound fails with code 241; the process and the others go on."""
    with local_clickhouse(data, memory_mb=1000) as server:
        greedy = "SELECT groupArray(toString(number)) FROM numbers(100000000) FORMAT Null"
        answer = requests.post(server.address, greedy, timeout=60)
        assert answer.headers["X-ClickHouse-Exception-Code"] == "241"
        assert run(server, "SELECT 1") == "1\n"


@pytest.mark.parametrize("held", [True, False])
def test_server_ends_with_the_process_that_holds_it(tmp_path: Path, held: bool) -> None:
    """Whether its block ends or the holder is killed with SIGKILL in the middle of it: no orphan."""
    ending = "os.kill(os.getpid(), 9)" if held else "pass"
    code = (
        "import os, pathlib\n"
        "from hadir.stack.local import local_clickhouse\n"
        f"with local_clickhouse(pathlib.Path({str(tmp_path)!r})) as server:\n"
        f"    print(server.pid, flush=True)\n"
        f"    {ending}\n"
    )
    root = str(Path(__file__).parents[2])
    holder = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": root},
    )
    server = int(holder.stdout)

    async def gone() -> bool:
        try:
            return psutil.Process(server).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    run_async(lambda: until(gone, 20))
    with local_clickhouse(tmp_path) as again:
        assert run(again, "SELECT 1") == "1\n"
