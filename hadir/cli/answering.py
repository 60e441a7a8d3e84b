"""Whether the two servers of the settings answer: conditions to wait for."""

from __future__ import annotations

from urllib.parse import urlsplit

from hadir.settings import Settings
from hadir.stack.kafka_wire import broker_ready
from hadir.stack.local import http_ready
from hadir.stack.waiting import Ready


def kafka_address(settings: Settings) -> tuple[str, int]:
    """Host and port of the first broker."""
    host, _, port = settings.kafka.partition(",")[0].partition(":")
    return host, int(port or 9092)


def clickhouse_address(settings: Settings) -> tuple[str, int]:
    """Host and port of ClickHouse's HTTP."""
    address = urlsplit(settings.clickhouse)
    return address.hostname or "127.0.0.1", address.port or 8123


def kafka_answers(settings: Settings) -> Ready:
    """Kafka takes requests."""
    return lambda: broker_ready(*kafka_address(settings))


def clickhouse_answers(settings: Settings) -> Ready:
    """ClickHouse takes requests."""
    return lambda: http_ready(*clickhouse_address(settings))
