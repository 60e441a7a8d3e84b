"""The harness itself: it hits what it says, its schedules hit everything, its checks see what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from math import ceil
from pathlib import Path

import pytest

from hadir import crashpoint
from tests.crash.check import ahead, contradictions
from tests.crash.places import STOP_S, TWIN_STOP_S, TWINS, Fault, Place, Schedule, carried, schedules, wanted

LOOP = "from hadir.crashpoint import reach\nimport time\nwhile True:\n    reach('step'); time.sleep(0.01)"
SESSION_S = 6.0


@pytest.fixture
def walker(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that reaches ``step`` again and again."""
    return subprocess.Popen([sys.executable, "-c", LOOP], env=os.environ | {"HADIR_CRASH_DIR": str(tmp_path)})


def arm(folder: Path, order: str) -> None:
    """Arm ``step``, at once as a whole."""
    (folder / "new").write_text(order)
    (folder / "new").rename(folder / "step")


def test_a_step_does_nothing_when_no_test_asks() -> None:
    """Without the variable the hook is an empty function."""
    assert crashpoint.reach is crashpoint._pass_by


def test_an_armed_step_kills_once(walker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The process dies of SIGKILL; what armed it is gone, what tells of it is there."""
    arm(tmp_path, f"{int(signal.SIGKILL)} 0 0")
    assert walker.wait(30) == -signal.SIGKILL
    assert not (tmp_path / "step").exists()
    assert (tmp_path / "step.hit").exists()


def test_an_armed_step_kills_a_moment_later(walker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """With a delay the process goes on in between."""
    arm(tmp_path, f"{int(signal.SIGKILL)} 0.05 0")
    assert walker.wait(30) == -signal.SIGKILL


def test_an_armed_step_stops_until_somebody_wakes_it(walker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """SIGSTOP at the step; after SIGCONT the process goes on, and the step is not armed any more."""
    arm(tmp_path, f"{int(signal.SIGSTOP)} 0 0")
    end = time.monotonic() + 30
    while os.waitid(os.P_PID, walker.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    walker.send_signal(signal.SIGCONT)
    time.sleep(0.1)
    assert walker.poll() is None
    walker.kill()
    walker.wait()


def test_twenty_schedules_hit_every_place_by_kill_and_by_stop() -> None:
    """Whatever the seed, nothing that is wanted is left out, and it is shared evenly; twins get two blows more."""
    share = ceil(len(wanted()) / 20)
    for seed in range(3):
        plan = schedules(seed, 20)
        assert {(f.place, f.action) for s in plan for f in s.faults} >= set(wanted())
        assert all(len(s.faults) <= share + 2 * bool(s.twin) for s in plan)
        assert plan == schedules(seed, 20)


def test_two_owners_are_tried_of_every_stage_and_the_sink() -> None:
    """A first owner sleeps longer than its session; all other stops are longer than it too."""
    assert set(TWINS.values()) == {"distribute", "route", "cross", "judge", "alert", "sink"}
    assert min(STOP_S, TWIN_STOP_S) > SESSION_S


def test_what_a_schedule_did_not_come_to_is_left_to_the_next() -> None:
    """Misses come first in the next schedule, those of twins do not."""
    missed = Fault(Place("judge", "judge", "batch.acked"), "kill", 0.8)
    twin = Fault(Place("judge", "judge", "batch.acked"), "stop", 0.8, stop_s=TWIN_STOP_S)
    after = carried(Schedule(1, 1, ()), [missed, twin])
    assert [(f.place, f.action) for f in after.faults] == [(missed.place, "kill")]


def test_a_version_with_two_contents_is_seen() -> None:
    """The same person, date and version with another state is a contradiction; the same content twice is none."""
    row = {"employee_id": "a", "work_date": 1, "version": 7, "state": "late"}
    assert contradictions("attendance", [row, dict(row), row | {"version": 8, "state": "present"}]) == []
    (line,) = contradictions("attendance", [row, row | {"state": "present"}])
    assert "state" in line


def test_a_commit_ahead_of_the_state_is_seen() -> None:
    """Committed is the next offset: one beyond the head is right, two beyond is not."""
    assert ahead("judge", {("log", 0): 5}, "log", {0: 4}) == []
    assert ahead("judge", {("log", 0): 6}, "log", {0: 4}) != []
    assert ahead("judge", {("log", 1): 1}, "log", {}) != []
