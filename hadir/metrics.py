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
SENT = Counter("hadir_sent_records", "Records acknowledged by Kafka, by topic.", ["topic"])
NOT_SENT = Counter("hadir_not_acknowledged", "Times that Kafka did not acknowledge, by topic.", ["topic"])
FOLDED = Counter("hadir_folded_records", "Records folded, by stage.", ["stage"])
DEAD = Counter("hadir_dead_letters", "Records set aside, by stage.", ["stage"])
CHECKPOINT_SECONDS = Histogram(
    "hadir_checkpoint_seconds",
    "Time of one checkpoint of a partition, by stage.",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
CHECKPOINT_KEYS = Counter("hadir_checkpoint_keys", "State keys written by checkpoints, by stage.", ["stage"])
RESTORE_SECONDS = Gauge("hadir_restore_seconds", "Time of the last restore of a partition.", ["stage", "partition"])
BACKLOG = Gauge("hadir_backlog_rows", "Evaluations that wait for the next slice, by stage.", ["stage", "partition"])
HORIZON = Gauge(
    "hadir_horizon_seconds",
    "Moment through which all that a partition reads has spoken, seconds since 1970 UTC.",
    ["stage", "partition"],
)
SINK_ROWS = Counter("hadir_sink_rows", "Rows acknowledged by ClickHouse, by table.", ["table"])
SINK_INSERT_SECONDS = Histogram(
    "hadir_sink_insert_seconds", "Time of one insert, by table.", ["table"], buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10)
)
SINK_RETRIES = Counter("hadir_sink_retries", "Inserts tried again, by table.", ["table"])
TICKS = Counter("hadir_ticks", "Ticks written by the clock.")
WALL_VIEWERS = Gauge("hadir_wall_viewers", "Screens that look on at the wall.")
WALL_BOARD_SECONDS = Histogram(
    "hadir_wall_board_seconds",
    "Time to ask ClickHouse for a board.",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3),
)
NOTICES = Counter("hadir_notices", "What became of alerts, by channel and outcome.", ["channel", "outcome"])
NOTIFY_FAILED = Counter("hadir_notify_failures", "Messages that a channel did not take, by channel.", ["channel"])
NOTIFY_WAITING = Gauge("hadir_notify_waiting", "Alerts that wait to be sent, by channel.", ["channel"])


def expose(port: int) -> None:
    """Serve ``/metrics`` on the loopback address; 0: do not."""
    if port:
        start_http_server(port, addr="127.0.0.1")
