"""The supervisor with tiny children: order, restarts, logs, status, locks, signals, and no orphans."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hadir.errors import Misconfigured
from hadir.stack import guard, status
from hadir.stack.child import BoundedLog, Child, Restart, State, in_order
from hadir.stack.supervisor import ChildFailed, Supervisor
from hadir.stack.waiting import until
from tests.stack.conftest import python

SLEEP = "import time\nprint('up')\ntime.sleep(600)"
QUICK = Restart(first_s=0.01, most_s=0.02)


def exists(path: Path) -> bool:
    """Whether a process or file is there, zombies not counted."""
    if path.parent == Path("/proc"):
        try:
            return psutil.Process(int(path.name)).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
    return path.exists()


async def holds(condition: object, timeout_s: float = 20.0) -> None:
    """Wait for a plain condition."""

    async def ask() -> bool:
        return bool(condition())  # type: ignore[operator]

    await until(ask, timeout_s)


def marks(path: Path, line: str) -> str:
    """Code that appends a line to a file."""
    return f"open({str(path)!r}, 'a').write({line + chr(10)!r})\n"


async def test_children_start_after_those_they_need_are_ready(data: Path, tmp_path: Path) -> None:
    """Not before they are ready, and what needs nothing starts at once."""
    order, gate = tmp_path / "order", tmp_path / "gate"

    async def open_() -> bool:
        return gate.exists()

    children = [
        Child("app", python(marks(order, "app") + SLEEP), after=["db", "log"]),
        Child("db", python(marks(order, "db") + SLEEP), ready=open_),
        Child("log", python(marks(order, "log") + SLEEP)),
    ]
    async with Supervisor(data, children) as supervisor:
        await supervisor.ready("log")
        await holds(lambda: order.exists() and len(order.read_text().split()) == 2)
        assert supervisor.state("app") is State.WAITING
        assert supervisor.state("db") is State.STARTING
        gate.touch()
        await supervisor.ready()
        await holds(lambda: order.read_text().split()[-1] == "app")


@pytest.mark.parametrize("kind", ["after", "uses"])
async def test_stop_ends_dependents_first(data: Path, tmp_path: Path, kind: str) -> None:
    """The sink goes before the database that it writes to, whoever waited for it."""
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    time.sleep(0.2)\n    open({path!r}, 'a').write({name!r} + chr(10))\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nopen({flag!r}, 'w').close()\ntime.sleep(600)"
    )
    children = []
    for name, needs in (("db", []), ("sink", ["db"]), ("wall", ["db", "sink"])):
        flag = tmp_path / name

        async def up(flag: Path = flag) -> bool:
            return flag.exists()

        children.append(
            Child(name, python(code.format(path=str(order), name=name, flag=str(flag))), ready=up, **{kind: needs})
        )
    async with Supervisor(data, children) as supervisor:
        await supervisor.ready()
    assert order.read_text().split() == ["wall", "sink", "db"]


async def test_killed_child_is_started_again(data: Path) -> None:
    """With another process, counted, its exit remembered."""
    async with Supervisor(data, [Child("a", python(SLEEP), restart=QUICK)]) as supervisor:
        await supervisor.ready()
        first = supervisor.pid("a")
        await supervisor.crash("a")
        assert supervisor.pid("a") != first
        assert supervisor.restarts("a") == 1
        found = status.read_status(data)
        assert found is not None
        assert found.children[0].last_exit == -signal.SIGKILL


async def test_policies_decide_what_is_started_again(data: Path) -> None:
    """Done, failed, and given up after too many in a row."""
    children = [
        Child("once", python("import time; time.sleep(0.3)"), once=True, restart=Restart("never")),
        Child("after", python(SLEEP), after=["once"]),
        Child("broken", python("raise SystemExit(3)"), restart=Restart("never")),
        Child("hopeless", python("raise SystemExit(4)"), restart=Restart("on-failure", 0.01, 0.01, most=2)),
        Child("missing", ["/no/such/program"], restart=Restart("always", 0.01, 0.01, most=1)),
    ]
    async with Supervisor(data, children) as supervisor:
        assert supervisor.state("after") is State.WAITING
        await supervisor.ready("after")
        assert supervisor.state("once") is State.DONE
        for name, code, restarts in (("broken", 3, 0), ("hopeless", 4, 2), ("missing", 127, 1)):
            await holds(lambda name=name: supervisor.state(name) is State.FAILED)
            with pytest.raises(ChildFailed, match=rf"{name} does not run \(exit {code}\).*logs/{name}\.log"):
                await supervisor.ready(name)
            assert supervisor.restarts(name) == restarts
    assert "cannot be started" in (data / "logs" / "missing.log").read_text()


async def test_child_that_never_gets_ready_is_killed(data: Path) -> None:
    """And said so in its log."""

    async def never() -> bool:
        return False

    child = Child("a", python(SLEEP), ready=never, ready_s=0.3, restart=Restart("never"))
    async with Supervisor(data, [child]) as supervisor:
        with pytest.raises(ChildFailed):
            await supervisor.ready()
    assert "not ready after 0.3 s: killed" in (data / "logs" / "a.log").read_text()


async def test_whole_group_is_killed_when_it_does_not_listen(data: Path, tmp_path: Path) -> None:
    """A child and its own child that both ignore SIGTERM are gone after the deadline."""
    pids = tmp_path / "pids"
    inner = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    code = (
        "import os, signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
        f"open({str(pids)!r} + '.part', 'w').write(str(os.getpid()) + ' ' + str(child.pid))\n"
        f"os.rename({str(pids)!r} + '.part', {str(pids)!r})\ntime.sleep(600)"
    )
    async with Supervisor(data, [Child("a", python(code), stop_s=0.3)]) as supervisor:
        await holds(pids.exists)
        both = [Path("/proc") / pid for pid in pids.read_text().split()]
        assert all(exists(path) for path in both)
        await supervisor.stop_child("a")
        assert supervisor.state("a") is State.STOPPED
    await holds(lambda: not any(exists(path) for path in both))


async def test_grandchild_does_not_outlive_a_crash(data: Path, tmp_path: Path) -> None:
    """What a child had started is gone before the child is started again."""
    pids = tmp_path / "pids"
    code = (
        "import subprocess, sys, time\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pids)!r}, 'a').write(str(child.pid) + chr(10))\ntime.sleep(600)"
    )
    async with Supervisor(data, [Child("a", python(code), restart=QUICK)]) as supervisor:
        await holds(lambda: pids.exists() and pids.read_text().endswith("\n"))
        first = Path("/proc") / pids.read_text().split()[0]
        os.kill(supervisor.pid("a"), signal.SIGKILL)  # the child alone, not its group
        await supervisor.restarted("a", 0)
        assert not exists(first)


async def test_one_child_is_stopped_and_started_by_name(data: Path) -> None:
    """Stopped stays stopped; started counts as new, not as a restart."""
    async with Supervisor(data, [Child("a", python(SLEEP)), Child("b", python(SLEEP))]) as supervisor:
        await supervisor.ready()
        await supervisor.stop_child("a")
        assert supervisor.state("b") is State.READY
        with pytest.raises(ProcessLookupError):
            supervisor.pid("a")
        await supervisor.start_child("a")
        await supervisor.ready("a")
        assert supervisor.restarts("a") == 0


async def test_child_waiting_for_another_can_be_stopped(data: Path) -> None:
    """Also when it never ran."""

    async def never() -> bool:
        return False

    children = [Child("db", python(SLEEP), ready=never), Child("app", python(SLEEP), after=["db"])]
    async with Supervisor(data, children) as supervisor:
        await supervisor.stop_child("app")
        assert supervisor.state("app") is State.STOPPED


async def test_child_in_its_pause_can_be_stopped_at_once(data: Path) -> None:
    """Not after the pause."""
    child = Child("a", python("raise SystemExit(1)"), restart=Restart(first_s=600, most_s=600))
    async with Supervisor(data, [child]) as supervisor:
        await holds(lambda: supervisor.state("a") is State.BACKOFF)
        async with asyncio.timeout(5):
            await supervisor.stop_child("a")


async def test_paused_child_stands_still_and_can_still_be_stopped(data: Path) -> None:
    """SIGSTOP, SIGCONT, and SIGTERM to one that is stopped."""
    async with Supervisor(data, [Child("a", python(SLEEP)), Child("b", python(SLEEP))]) as supervisor:
        await supervisor.ready()
        supervisor.pause("a")
        await holds(lambda: psutil.Process(supervisor.pid("a")).status() == psutil.STATUS_STOPPED)
        supervisor.resume("a")
        await holds(lambda: psutil.Process(supervisor.pid("a")).status() != psutil.STATUS_STOPPED)
        supervisor.pause("b")
        async with asyncio.timeout(10):
            await supervisor.stop_child("b")


async def test_output_goes_to_a_log_of_bounded_size(data: Path) -> None:
    """Both streams, in order, older parts kept up to a number."""
    code = "import sys\nfor n in range(3000):\n    print('line', n, 'x' * 80)\nprint('end', file=sys.stderr)"
    child = Child("a", python(code), once=True, restart=Restart("never"))
    async with Supervisor(data, [child], log_bytes=50_000) as supervisor:
        await supervisor.ready()
    files = sorted((data / "logs").iterdir())
    assert [file.name for file in files] == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert all(file.stat().st_size < 50_000 + 70_000 for file in files)
    assert files[0].read_text().endswith("end\n")


def test_log_that_cannot_be_written_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    """A full disk must not stop a child."""
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = BoundedLog(tmp_path / "logs" / "a.log")
    log.write(b"12345")
    assert log.dropped == 5


async def test_status_file_tells_what_is(data: Path) -> None:
    """Readable JSON at every moment, and ``alive`` sees through a stale one."""
    async with Supervisor(data, [Child("a", python(SLEEP))]) as supervisor:
        await supervisor.ready()
        found = status.read_status(data)
        assert found is not None
        assert found.alive
        assert found.pid == os.getpid()
        (row,) = found.children
        assert (row.name, row.state, row.pid, row.restarts) == ("a", "ready", supervisor.pid("a"), 0)
        assert row.started_at is not None
        assert row.ready_at is not None
        assert row.ready_at >= row.started_at >= found.started_at
    found = status.read_status(data)
    assert found is not None
    assert not found.alive
    text = json.loads(status.status_path(data).read_text())
    text.update(up=True, born=1.0)  # another process has the id now
    status.status_path(data).write_text(json.dumps(text))
    stale = status.read_status(data)
    assert stale is not None
    assert not stale.alive
    status.status_path(data).write_text("{half")
    assert status.read_status(data) is None
    assert status.stop(data) is False


async def test_second_supervisor_is_refused(data: Path) -> None:
    """And told who is there; afterwards the folder is free."""
    async with Supervisor(data, [Child("a", python(SLEEP))]) as first:
        await first.ready()
        with pytest.raises(Misconfigured, match=f"already up \\(process {os.getpid()}\\)"):
            async with Supervisor(data, []):
                pass
        assert first.state("a") is State.READY
    async with Supervisor(data, []):
        pass


DAEMON = """
import asyncio, pathlib, sys
from hadir.stack.child import Child
from hadir.stack.supervisor import Supervisor
code = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('up'); time.sleep(600)"
children = [Child(name, [sys.executable, "-c", code]) for name in ("a", "b")]
asyncio.run(Supervisor(pathlib.Path(sys.argv[1]), children).run())
"""


def start_daemon(data: Path) -> subprocess.Popen[bytes]:
    """A supervisor in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", DAEMON, str(data)], env=env)


async def daemon_ready(data: Path, daemon: subprocess.Popen[bytes]) -> status.Status:
    """Its status once both children and their own children run."""

    def up() -> bool:
        found = status.read_status(data)
        full = found is not None and found.pid == daemon.pid and all(c.state == "ready" for c in found.children)
        return full and len(of_folder(data)) == 4

    await holds(up)
    found = status.read_status(data)
    assert found is not None
    return found


def of_folder(data: Path) -> list[psutil.Process]:
    """The processes that some supervisor of this folder started."""
    prefix = f"{data.resolve()}|"
    return [p for p in guard.marked(lambda mark: mark.startswith(prefix)) if p.status() != psutil.STATUS_ZOMBIE]


async def test_no_orphan_when_the_supervisor_is_killed(data: Path) -> None:
    """SIGKILL of the supervisor alone: children and grandchildren are gone, ``up`` works again, ``stop`` too."""
    daemon = start_daemon(data)
    await daemon_ready(data, daemon)
    daemon.kill()
    daemon.wait()
    await holds(lambda: not of_folder(data))
    found = status.read_status(data)
    assert found is not None
    assert found.up
    assert not found.alive
    daemon = start_daemon(data)
    await daemon_ready(data, daemon)
    assert await asyncio.to_thread(status.stop, data)
    assert daemon.wait() == 0
    assert not of_folder(data)


async def test_start_kills_what_a_predecessor_without_guard_left(data: Path) -> None:
    """The machine's memory killer took supervisor and guard together: the next start cleans up."""
    mark = f"{data.resolve()}|dead"
    sleep = ("sleep", "600")
    left = await asyncio.create_subprocess_exec(*sleep, env={**os.environ, guard.MARK: mark})
    other = await asyncio.create_subprocess_exec(*sleep, env={**os.environ, guard.MARK: f"{data.resolve()}-other|run"})
    try:
        async with Supervisor(data, []):
            assert await asyncio.wait_for(left.wait(), 10) == -signal.SIGKILL
            assert other.returncode is None
    finally:
        other.kill()
        await other.wait()


async def test_sigterm_ends_a_daemon_cleanly(data: Path) -> None:
    """Children stopped, exit code 0."""
    daemon = start_daemon(data)
    await daemon_ready(data, daemon)
    daemon.terminate()
    assert await asyncio.to_thread(daemon.wait, 20) == 0
    assert not of_folder(data)


def test_children_that_do_not_fit_are_refused() -> None:
    """Twice the same name, unknown names, circles, names that are no file names."""
    a, b = Child("a", ["x"], after=["b"]), Child("b", ["x"], after=["a"])
    for children, text in (
        ([Child("a", ["x"]), Child("a", ["y"])], "two children"),
        ([a], "unknown in 'after' or 'uses'"),
        ([a, b], "wait for each other"),
        ([Child("../a", ["x"])], "not a name"),
    ):
        with pytest.raises(Misconfigured, match=text):
            in_order(children)
    assert [child.name for child in in_order([a, Child("b", ["x"])])] == ["b", "a"]
