CREATE TABLE IF NOT EXISTS position
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    minute_at DateTime64(3, 'UTC') COMMENT 'Minute of the fix, UTC.',
    fixed_at DateTime64(3, 'UTC') COMMENT 'Time of the fix, UTC.',
    lat Float64 COMMENT 'Degrees WGS84.',
    lon Float64 COMMENT 'Degrees WGS84.',
    accuracy_m Nullable(Float32) COMMENT 'Metres.',
    mock Nullable(Bool) COMMENT 'See ping.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code.',
    _partition Int32 COMMENT 'Partition of `position` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `position`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(fixed_at)), 64) + toUInt128(_offset) COMMENT 'Which row represents the minute: the highest, that is the earliest fix, of equal ones the later in the log.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(minute_at))
ORDER BY (epoch, toStartOfHour(minute_at), employee_id, minute_at)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'A person\'s first position of a minute, by epoch.';
