"""Every metric of hadir: name, labels, meaning. A process exposes what it counted on ``/metrics``."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, start_http_server

GATEWAY_REQUESTS = Counter("hadir_gateway_requests", "Requests at the gateway by kind and answer.", ["kind", "status"])
GATEWAY_RECORDS = Counter("hadir_gateway_records", "Records taken by the gateway by type.", ["type"])
GATEWAY_REFUSED = Counter("hadir_gateway_refused", "What the gateway refused, by reason.", ["reason"])
GATEWAY_ACK_SECONDS = Histogram(
    "hadir_gateway_ack_seconds",
    "From a body read to Kafka's acknowledgement.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
SENT = Counter("hadir_outbox_records", "Records acknowledged by Kafka, by log.", ["log"])
FOLDED = Counter("hadir_folded_records", "Records folded, by stage.", ["stage"])
EMITTED = Counter("hadir_emitted_records", "Records emitted, by stage and log.", ["stage", "log"])
DEAD = Counter("hadir_dead_letters", "Records set aside, by stage.", ["stage"])
CHECKPOINT_SECONDS = Histogram(
    "hadir_checkpoint_seconds",
    "Time of one checkpoint of a partition, by stage.",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
CHECKPOINT_KEYS = Counter("hadir_checkpoint_keys", "State keys written by checkpoints, by stage.", ["stage"])
RESTORE_SECONDS = Gauge("hadir_restore_seconds", "Time of the last restore of a partition.", ["stage", "partition"])
BACKLOG = Gauge("hadir_backlog_rows", "People waiting for the next slice of judgement.", ["partition"])
HORIZON = Gauge("hadir_horizon_seconds", "The aligned barrier, seconds since 1970 UTC.", ["partition"])
SINK_ROWS = Counter("hadir_sink_rows", "Rows acknowledged by ClickHouse, by table.", ["table"])
SINK_INSERT_SECONDS = Histogram(
    "hadir_sink_insert_seconds", "Time of one insert, by table.", ["table"], buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10)
)
SINK_RETRIES = Counter("hadir_sink_retries", "Inserts tried again, by table.", ["table"])
TICKS = Counter("hadir_ticks", "Ticks written by the clock.")


def expose(port: int) -> None:
    """Serve ``/metrics`` on the loopback address; 0: do not."""
    if port:
        start_http_server(port, addr="127.0.0.1")
