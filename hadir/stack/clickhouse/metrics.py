"""What the endpoint counts, on its own ``/metrics``; a registry of its own, as it is a process of its own."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
QUERIES = Counter("hadir_clickhouse_queries", "Statements served by kind.", ["kind"], registry=REGISTRY)
ERRORS = Counter("hadir_clickhouse_errors", "Statements refused, by ClickHouse's code.", ["code"], registry=REGISTRY)
SECONDS = Histogram(
    "hadir_clickhouse_seconds",
    "Time of a statement, from its body read to its last byte, by kind.",
    ["kind"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=REGISTRY,
)
WRITTEN = Counter("hadir_clickhouse_written_rows", "Rows written, views included.", registry=REGISTRY)
RECEIVED = Counter("hadir_clickhouse_received_bytes", "Bytes of bodies, as sent.", registry=REGISTRY)


def render() -> tuple[bytes, str]:
    """The page and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
