"""Fixtures of this folder: a morning in ClickHouse."""

from __future__ import annotations

from tests.clickhouse.fixtures import migrated, tables
from tests.wall.conftest import morning

__all__ = ["migrated", "morning", "tables"]
