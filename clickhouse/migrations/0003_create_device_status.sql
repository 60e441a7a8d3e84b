CREATE TABLE IF NOT EXISTS device_status
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    observed_at DateTime64(3, 'UTC') COMMENT 'Moment of the observation, UTC; source: hadir\'s clock.',
    state LowCardinality(String) COMMENT '`silent` when nothing was heard for longer than the gateway allows.',
    silent_since Nullable(DateTime64(3, 'UTC')) COMMENT 'Last contact before the silence, UTC; null when online.',
    delivered_through Nullable(DateTime64(3, 'UTC')) COMMENT 'Everything punched before this moment has been delivered, UTC; asked of the terminal after the moment. Null: unknown.',
    drift_ms Nullable(Int64) COMMENT 'Receive clock minus device clock, milliseconds, as small as was seen lately: above 0 the terminal is slow by at most that; below 0 it is fast by at least that. Null: not measured.',
    source LowCardinality(String) COMMENT 'Protocol: `adms`, `zk`, `file`.',
    _partition Int32 COMMENT 'Partition of `device_log` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `device_log`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (toDate32(observed_at), device_id, observed_at)
COMMENT 'Every observation of a terminal\'s connection and completeness; of two in the same millisecond the later in the log stays.';
