"""Whether the servers of the settings answer: conditions to wait for."""

from __future__ import annotations

from hadir.settings import Settings
from hadir.stack.kafka_wire import broker_ready
from hadir.stack.local import http_ready
from hadir.stack.waiting import Ready
from hadir.tls import clickhouse_context, unverified_context
from hadir.topics_admin import lets_in


def kafka_address(settings: Settings) -> tuple[str, int]:
    """Host and port of the first broker."""
    host, _, port = settings.kafka.partition(",")[0].partition(":")
    return host, int(port or 9092)


def kafka_answers(settings: Settings) -> Ready:
    """Kafka takes requests: the local broker has its coordinators; of a cluster some broker lets us in."""
    if settings.kafka_security == "PLAINTEXT" and "," not in settings.kafka:
        return lambda: broker_ready(*kafka_address(settings))
    return lambda: lets_in(settings)


def clickhouse_answers(settings: Settings) -> Ready:
    """ClickHouse takes requests."""
    _, host, port = settings.clickhouse_address
    return lambda: http_ready(host, port, tls=clickhouse_context(settings))


def gateway_answers(settings: Settings) -> Ready:
    """The gateway of this machine has read what it must know."""
    return _own(settings.gateway_host, settings.gateway_port, settings.gateway_certificate)


def wall_answers(settings: Settings) -> Ready:
    """The wall of this machine takes requests."""
    return _own(settings.wall_host, settings.wall_port, settings.wall_certificate)


def _own(host: str, port: int, certificate: str) -> Ready:
    tls = unverified_context() if certificate else None
    return lambda: http_ready("127.0.0.1" if host == "0.0.0.0" else host, port, "/healthz", tls=tls)
