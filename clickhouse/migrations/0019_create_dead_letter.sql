CREATE TABLE IF NOT EXISTS dead_letter
(
    failed_at DateTime64(3, 'UTC') COMMENT 'When it was set aside, UTC.',
    stage LowCardinality(String) COMMENT 'Who set it aside: `gateway`, `import`, `distribute`, `route`, `judge`, `sink`.',
    reason LowCardinality(String) COMMENT 'Why, without names or secrets.',
    topic String COMMENT 'Topic it came from; empty when it never reached one.',
    partition Int32 COMMENT '-1: none.',
    offset Int64 COMMENT '-1: none.',
    schema String COMMENT 'Schema it claimed; empty: unknown.',
    key Nullable(String) COMMENT 'Original key.',
    value Nullable(String) COMMENT 'Original bytes.',
    device_id String COMMENT 'Terminal concerned; empty: none or unknown.',
    _partition Int32 COMMENT 'Partition of `dead_letter` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `dead_letter`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_partition, _offset)
COMMENT 'What could not be taken in, whole, with the reason.';
