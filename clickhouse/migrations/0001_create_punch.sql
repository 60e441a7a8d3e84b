CREATE TABLE IF NOT EXISTS punch
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    pin String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    device_time DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    minute_only Bool COMMENT 'True when the source knows the time only to the minute.',
    in_out_code Int32 COMMENT 'In/out code of the record (0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out, 255 none); a hint, never a judgement. -1 when the source has none.',
    verify_code Int32 COMMENT 'How the terminal recognised the person, the maker\'s raw integer (differs by firmware); -1 when the source has none.',
    work_code String COMMENT 'Work code as sent; empty when none.',
    source LowCardinality(String) COMMENT 'Protocol through which it came: `adms`, `zk`, `file`, `fingerspot`.',
    received_at DateTime64(3, 'UTC') COMMENT 'When the producer received this delivery, UTC; source: hadir\'s clock.',
    digest Int64 COMMENT 'First 8 bytes, as a signed integer, of BLAKE2b over the delivery\'s canonical content; breaks ties between redeliveries.',
    _partition Int32 COMMENT 'Partition of `device_log` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `device_log`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(received_at)), 64) + toUInt128(toInt128(9223372036854775807) - digest) COMMENT 'Which delivery represents: the highest, that is the smallest (received_at, digest), as in the fold.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(device_time)
ORDER BY (toDate32(device_time), device_id, pin, device_time)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'Punches as terminals said them; of redeliveries of one (device_id, pin, device_time) the smallest (received_at, digest) stays.';
