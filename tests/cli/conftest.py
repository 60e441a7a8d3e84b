"""Fixtures of this folder."""

from tests.clickhouse.fixtures import migrated, tables
from tests.wall.conftest import morning

__all__ = ["migrated", "morning", "tables"]
