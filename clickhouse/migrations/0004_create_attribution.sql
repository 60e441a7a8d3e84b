CREATE TABLE IF NOT EXISTS attribution_history
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    pin String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    device_time DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    minute_only Bool COMMENT 'True when the source knows the time only to the minute.',
    employee_id String COMMENT 'Owner; empty: parked.',
    reason LowCardinality(String) COMMENT 'Empty, or why it is parked: `unknown_pin`, `unknown_device`.',
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC; null when the device\'s zone is unknown.',
    in_out_code Int32 COMMENT 'See punch.',
    verify_code Int32 COMMENT 'See punch.',
    received_at DateTime64(3, 'UTC') COMMENT 'Of redeliveries the representative\'s.',
    enrolment_offset Int64 COMMENT '`reference` offset of the enrolment used; -1: none.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that said so.',
    version Int64 COMMENT 'Offset in `device_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `attribution` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `attribution`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(written_at) COMMENT 'The first insert of a version represents: a replay does not change when it was first shown.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(device_time))
ORDER BY (epoch, toDate32(device_time), device_id, pin, device_time, version)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'Every version ever said of whose a punch is; append-only, a version delivered again is one row.';

CREATE TABLE IF NOT EXISTS attribution
(
    device_id String COMMENT 'Serial number of the terminal, as it names itself.',
    pin String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    device_time DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    minute_only Bool COMMENT 'True when the source knows the time only to the minute.',
    employee_id String COMMENT 'Owner; empty: parked.',
    reason LowCardinality(String) COMMENT 'Empty, or why it is parked: `unknown_pin`, `unknown_device`.',
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC; null when the device\'s zone is unknown.',
    in_out_code Int32 COMMENT 'See punch.',
    verify_code Int32 COMMENT 'See punch.',
    received_at DateTime64(3, 'UTC') COMMENT 'Of redeliveries the representative\'s.',
    enrolment_offset Int64 COMMENT '`reference` offset of the enrolment used; -1: none.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that said so.',
    version Int64 COMMENT 'Offset in `device_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `attribution` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `attribution`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock.',
    parked Bool MATERIALIZED employee_id = '' COMMENT 'True: nobody\'s. One byte, so that looking for the parked reads nothing else.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(device_time))
ORDER BY (epoch, toDate32(device_time), device_id, pin, device_time)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'Whose each punch is now, by epoch: the highest version. Filled by attribution_mv_v1.';

CREATE MATERIALIZED VIEW IF NOT EXISTS attribution_mv_v1 TO attribution AS
SELECT
    device_id,
    pin,
    device_time,
    minute_only,
    employee_id,
    reason,
    occurred_at,
    in_out_code,
    verify_code,
    received_at,
    enrolment_offset,
    epoch,
    version,
    _partition,
    _offset,
    _appended_at,
    written_at
FROM attribution_history
COMMENT 'Carries each version from attribution_history to attribution, where the highest stays.';
