CREATE TABLE IF NOT EXISTS device_latest
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    observed_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest observation, UTC; null: none yet.',
    delivered_through SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Highest moment through which the terminal is complete, UTC; null: unknown.',
    newest AggregateFunction(argMax, Tuple(state String, silent_since Nullable(DateTime64(3, 'UTC')), drift_ms Nullable(Int64), source String), Tuple(DateTime64(3, 'UTC'), UInt8, DateTime64(3, 'UTC'))) COMMENT 'Content of the latest observation; of several in one millisecond silent goes before online, then the later silent_since.',
    last_punch_time SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest punch by the terminal\'s wall clock, as if UTC; one more than 14 h (the farthest zone) ahead of its receipt is a wrong clock and does not count.',
    last_received_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest receipt of a punch, UTC.'
)
ENGINE = AggregatingMergeTree
ORDER BY device_id
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'One row per terminal, merged from device_status and punch by maxima only, so that a replay changes nothing.';

CREATE MATERIALIZED VIEW IF NOT EXISTS device_latest_status_mv_v1 TO device_latest AS
SELECT
    device_id,
    max(s.observed_at) AS observed_at,
    max(s.delivered_through) AS delivered_through,
    argMaxState(
        CAST((toString(state), silent_since, drift_ms, toString(source)), 'Tuple(state String, silent_since Nullable(DateTime64(3, \'UTC\')), drift_ms Nullable(Int64), source String)'),
        (s.observed_at, toUInt8(state = 'silent'), ifNull(silent_since, toDateTime64(0, 3, 'UTC')))
    ) AS newest
FROM device_status AS s
GROUP BY device_id
COMMENT 'Carries observations from device_status to device_latest.';

CREATE MATERIALIZED VIEW IF NOT EXISTS device_latest_punch_mv_v1 TO device_latest AS
SELECT
    device_id,
    maxOrNullIf(device_time, device_time <= received_at + INTERVAL 14 HOUR) AS last_punch_time,
    max(received_at) AS last_received_at
FROM punch
GROUP BY device_id
COMMENT 'Carries the latest punch of each terminal from punch to device_latest.';
