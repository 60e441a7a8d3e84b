"""
Servers that tests share, and what no test may do unseen.

``kafka`` and ``clickhouse`` are real servers, each started once a run, at the first test that asks, in a folder of its
own. A test that starts or uses one says so by the marker of the same name: ``-m "not kafka and not clickhouse"`` is
then the quick half, and nothing in it waits for a server.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from hadir.stack.local import Server, local_clickhouse, local_kafka

SHARED = {"kafka": "kafka", "clickhouse": "clickhouse", "endpoint": "clickhouse"}
"""Fixture -> the marker that a test needs to use it."""
# the suite tries the same examples each time, so that it fails for what was changed; ``make hunt`` looks for others
# no deadlines: what a busy machine takes for one example says nothing of the code
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("hunt", print_blob=True, deadline=None)
settings.load_profile("hunt" if os.environ.get("HADIR_LAWS") else "suite")
PROGRAMS = {"kafka.Kafka": "kafka", "hadir.stack.clickhouse": "clickhouse"}
"""Word on a server's command line -> the marker that a test needs to start it."""
OURS = ("hadir", "streams", "producers")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """
    Bootstrap address of a Kafka: started for this run, or that of TEST_KAFKA.

    Whoever uses it makes topics with names of his own, and leaves the broker alone.
    """
    given = os.environ.get("TEST_KAFKA")
    if given:
        yield given
        return
    with local_kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server.address


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """
    HTTP address of a ClickHouse endpoint: started for this run, or that of TEST_CLICKHOUSE.

    Whoever uses it makes a database of his own, and leaves the process alone.
    """
    given = os.environ.get("TEST_CLICKHOUSE")
    if given:
        yield given
        return
    with local_clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server.address


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that uses a shared server and is not marked so fails before the server is started for it."""
    info = getattr(item, "_fixtureinfo", None)  # what a name stands for in this very test: folders may have their own
    for fixture, marker in SHARED.items():
        found = info.name2fixturedefs.get(fixture) if info is not None else None
        if found and found[-1].scope == "session" and item.get_closest_marker(marker) is None:
            pytest.fail(f"uses the fixture {fixture}: mark it with pytest.mark.{marker}", pytrace=False)


@pytest.fixture(autouse=True)
def _servers_only_where_marked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that starts a server by itself is marked so."""
    start = Server.start

    def checked(server: Server) -> None:
        for word, marker in PROGRAMS.items():
            if word in server.argv and request.node.get_closest_marker(marker) is None:
                pytest.fail(f"starts {word}: mark it with pytest.mark.{marker}", pytrace=False)
        start(server)

    monkeypatch.setattr(Server, "start", checked)


class _Errors(logging.Handler):
    """Keeps what was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _logged_errors_fail(request: pytest.FixtureRequest) -> Iterator[None]:
    """What hadir itself logs as an error fails the test, unless the test asks for ``caplog`` and so looks at it."""
    errors = _Errors()
    loggers = [logging.getLogger(name) for name in OURS]
    for logger in loggers:
        logger.addHandler(errors)
    yield
    for logger in loggers:
        logger.removeHandler(errors)
    if errors.texts and "caplog" not in request.fixturenames:
        pytest.fail("logged errors (a test that expects them asks for caplog):\n" + "\n".join(errors.texts))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped is said aloud, with its reason, however quiet the run."""
    for report in terminalreporter.stats.get("skipped", ()):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"NOT RUN {report.nodeid}: {reason.removeprefix('Skipped: ')}", yellow=True)
