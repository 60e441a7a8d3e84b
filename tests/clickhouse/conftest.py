"""Fixtures of this folder."""

from tests.clickhouse.fixtures import clickhouse, migrated, tables

__all__ = ["clickhouse", "migrated", "tables"]
