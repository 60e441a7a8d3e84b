"""A database of the test run's own, with hadir's tables in it; imported by the conftests that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client

from hadir.migrate import bring_up
from hadir.queries import connect
from hadir.settings import Settings


def fresh_settings(address: str) -> Settings:
    """Settings for a database of that server that does not exist yet; epoch ``e1``."""
    return Settings(clickhouse=address, clickhouse_database=f"test_{uuid4().hex[:12]}", epoch="e1")


@pytest.fixture(scope="session")
def migrated(clickhouse: str) -> Iterator[Settings]:
    """Settings of a database that has all tables and views, and epoch ``e1`` in force."""
    configured = fresh_settings(clickhouse)
    bring_up(configured)
    yield configured
    drop(configured)


def drop(configured: Settings) -> None:
    """Remove the database again."""
    with connect(configured, database="default") as client:
        client.command(f"DROP DATABASE IF EXISTS {configured.clickhouse_database}")


class Tables:
    """The tables of a database, empty but for the epoch when a test gets them."""

    def __init__(self, configured: Settings) -> None:
        self.settings = configured
        self.client: Client = connect(configured)

    def empty(self) -> None:
        """Forget all rows but those that a migration writes."""
        query = "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0"
        for (name,) in self.client.query(query).result_rows:
            if name not in ("migration", "epoch"):
                self.client.command(f"TRUNCATE TABLE {name}")

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        self.client.command(statement, settings={"async_insert": 0})

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Answer as tuples."""
        return [tuple(row) for row in self.client.query(query).result_rows]

    def dicts(self, query: str) -> list[dict[str, Any]]:
        """Answer as dicts by column."""
        return list(self.client.query(query).named_results())

    def one(self, query: str) -> Any:
        """The only value of the answer."""
        ((value,),) = self.rows(query)
        return value


@pytest.fixture
def tables(migrated: Settings) -> Iterator[Tables]:
    """Empty tables."""
    found = Tables(migrated)
    found.empty()
    yield found
    found.client.close()
