CREATE TABLE IF NOT EXISTS device_event
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    code Int32 COMMENT 'Operation code of the terminal (4 menu, 5 settings, 6 finger enrolled, 7 password enrolled, 13 data cleared, 21 clock set, 23 records deleted).',
    operator_pin String COMMENT 'PIN of the administrator who did it; empty when none was signed in.',
    device_time DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    values Array(String) COMMENT 'The line\'s further values, as sent.',
    received_at DateTime64(3, 'UTC') COMMENT 'When the producer received it, UTC.',
    digest Int64 COMMENT 'First 8 bytes of BLAKE2b over the canonical content, as a signed integer.',
    _partition Int32 COMMENT 'Partition of `device_log` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `device_log`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(received_at) COMMENT 'Which delivery represents: the highest, that is the earliest received.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(device_time)
ORDER BY (toDate32(device_time), device_id, code, device_time, digest)
COMMENT 'What terminals say about themselves, above all signs of tampering; of redeliveries the earliest received stays.';
