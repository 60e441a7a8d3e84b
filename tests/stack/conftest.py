"""A ClickHouse endpoint shared by the tests of this folder, and small children for the supervisor."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from hadir.stack.local import Server, local_clickhouse


class Http:
    """Plain HTTP against one endpoint, as curl would."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["Accept-Encoding"] = "identity"

    def get(self, query: str = "", **params: str) -> requests.Response:
        """GET with the statement in ``query=``."""
        return self.session.get(self.server.address + "/", params={"query": query, **params} if query else params)

    def post(self, body: bytes | str = b"", headers: dict[str, str] | None = None, **params: str) -> requests.Response:
        """POST with a body."""
        data = body.encode() if isinstance(body, str) else body
        return self.session.post(self.server.address + "/", data=data, headers=headers, params=params)

    def run(self, sql: str, **params: str) -> str:
        """A statement that must succeed; its output."""
        answer = self.post(sql, **params)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One endpoint for all tests of the folder."""
    with local_clickhouse(tmp_path_factory.mktemp("endpoint"), memory_mb=4000) as server:
        yield server
    assert "Traceback" not in server.log.read_text()


@pytest.fixture
def http(endpoint: Server) -> Http:
    """Plain HTTP to it."""
    return Http(endpoint)


@pytest.fixture
def table(http: Http) -> Iterator[str]:
    """An empty table of its own: id UInt64, who String, at DateTime64(3), late Nullable(Int32)."""
    name = f"t_{uuid.uuid4().hex[:10]}"
    columns = "id UInt64, who String, at DateTime64(3, 'UTC'), late Nullable(Int32)"
    http.run(f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY id")
    yield name
    http.run(f"DROP TABLE {name}")


def python(code: str) -> list[str]:
    """The command line of a small Python child."""
    return [sys.executable, "-u", "-c", code]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder."""
    return tmp_path / "data"
