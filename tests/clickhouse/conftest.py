"""Fixtures of this folder."""

from tests.clickhouse.fixtures import migrated, tables

__all__ = ["migrated", "tables"]
