"""Servers that tests share: a real Kafka and a real ClickHouse endpoint, started once, in a folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a Kafka of this run's own."""
    yield os.environ["TEST_KAFKA"]
