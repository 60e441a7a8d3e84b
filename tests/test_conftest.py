"""What ``tests/conftest.py`` promises of every test, tried on a few made for it; and how tests wait."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until, wait_until

ROOT = Path(__file__).parents[1]
CONFTEST = """
import tests.conftest
globals().update({name: value for name, value in vars(tests.conftest).items() if not name.startswith("__")})
"""
TESTS = """
import logging
from pathlib import Path
import pytest
from hadir.stack.local import Server, local_clickhouse

def test_unmarked_uses_kafka(kafka): ...
def test_unmarked_uses_clickhouse(clickhouse): ...
@pytest.mark.clickhouse
def test_wrongly_marked_uses_kafka(kafka): ...
def test_unmarked_starts_clickhouse(tmp_path):
    with local_clickhouse(tmp_path): ...
@pytest.mark.kafka
def test_marked_uses_kafka(kafka):
    assert kafka == "given:1"
@pytest.fixture
def clickhouse_in_memory(): return "memory"
def test_unmarked_uses_something_else(clickhouse_in_memory): ...

def test_logs_an_error(): logging.getLogger("hadir.outbox").error("lost %d", 3)
def test_logs_an_exception_in_a_thread():
    import threading
    thread = threading.Thread(target=lambda: logging.getLogger("streams.partition").critical("broke"))
    thread.start(); thread.join()
def test_logs_a_warning(): logging.getLogger("producers.writing").warning("slow")
def test_logs_of_a_library(): logging.getLogger("aiokafka").error("no broker")
def test_looks_at_what_is_logged(caplog):
    logging.getLogger("hadir.outbox").error("expected")
    assert "expected" in caplog.text
def test_is_not_run(): pytest.skip("no terminal here")
"""
FAIL = {
    "test_unmarked_uses_kafka": "uses the fixture kafka: mark it with pytest.mark.kafka",
    "test_unmarked_uses_clickhouse": "uses the fixture clickhouse: mark it with pytest.mark.clickhouse",
    "test_wrongly_marked_uses_kafka": "uses the fixture kafka: mark it with pytest.mark.kafka",
    "test_unmarked_starts_clickhouse": "starts hadir.stack.clickhouse: mark it with pytest.mark.clickhouse",
    "test_logs_an_error": "hadir.outbox: lost 3",
    "test_logs_an_exception_in_a_thread": "streams.partition: broke",
}


def test_servers_are_for_marked_tests_and_logged_errors_fail(tmp_path: Path) -> None:
    """Exactly the tests that break a rule fail, with a text that says what to do; what is skipped is said aloud."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_made.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  kafka: k\n  clickhouse: c\n")
    env = os.environ | {"PYTHONPATH": str(ROOT), "TEST_KAFKA": "given:1"}
    command = [sys.executable, "-m", "pytest", str(tmp_path), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^(?:FAILED|ERROR) test_made\.py::(\w+)", done.stdout, re.MULTILINE))
    assert failed == set(FAIL), done.stdout
    assert [text for text in FAIL.values() if text not in done.stdout] == []
    assert "NOT RUN test_made.py::test_is_not_run: no terminal here" in done.stdout


async def test_until_asks_again_until_it_is_so() -> None:
    """Plain and async conditions; not once more than needed."""
    asked: list[int] = []

    def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    async def sixth() -> bool:
        return third() or len(asked) == 6

    await until(third, timeout_s=10, what="the third time", every_s=0.001)
    assert len(asked) == 3
    await until(sixth, timeout_s=10, what="the sixth time", every_s=0.001)
    assert len(asked) == 6
    wait_until(lambda: third() or len(asked) == 9, timeout_s=10, what="the ninth time", every_s=0.001)
    assert len(asked) == 9


async def test_until_names_what_did_not_come() -> None:
    """Also when the condition itself hangs."""

    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    for condition in (hangs, lambda: False):
        with pytest.raises(AssertionError, match=r"not within 0\.02 s: the bus"):
            await until(condition, timeout_s=0.02, what="the bus", every_s=0.001)
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: the bus"):
        wait_until(lambda: False, timeout_s=0.02, what="the bus", every_s=0.001)
