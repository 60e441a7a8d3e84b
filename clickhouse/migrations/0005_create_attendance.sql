CREATE TABLE IF NOT EXISTS attendance_history
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    work_date Date COMMENT 'Local date on which the shift starts.',
    unit_id LowCardinality(String) COMMENT 'Unit of the assignment in force on that date.',
    unit_mode LowCardinality(String) COMMENT '`in_force`, `trial` or `not_in_force`.',
    category LowCardinality(String) COMMENT 'See assignment.',
    state LowCardinality(String) COMMENT '`not_judged`, `off`, `leave`, `field_duty`, `not_due_yet`, `awaited`, `not_here`, `undetermined`, `absent`, `unexplained`, `present`, `late`, `present_unmeasured`.',
    reason LowCardinality(String) COMMENT 'Code of the reason where the state needs one: `no_schedule`, `not_in_force`, `holiday`, `day_off`, `no_terminal`, `unsettled_enrolment`, `terminal_incomplete`, a leave\'s kind; else empty.',
    letter_no String COMMENT 'Letter of the leave; else empty.',
    shift_id String COMMENT 'Shift worked; empty: none.',
    shift_start_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    shift_end_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    cutoff_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    in_at Nullable(DateTime64(3, 'UTC')) COMMENT 'In-punch, UTC.',
    in_device_id String COMMENT 'Terminal of the in-punch; else empty.',
    out_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Out-punch, UTC.',
    late_s Int32 COMMENT 'Whole seconds after the start, 0 when on time or within grace.',
    open_until Nullable(DateTime64(3, 'UTC')) COMMENT 'For a state that is not final: when it ends by itself, UTC.',
    policy_id String COMMENT 'Policy in force; empty: none.',
    policy_offset Int64 COMMENT '`reference` offset of that policy; -1: none.',
    punches Array(Tuple(device_id String, device_time DateTime64(3, 'UTC'), occurred_at DateTime64(3, 'UTC'), used_as String)) COMMENT 'Punches looked at, in order of time, with the use made of each.',
    missing Array(Tuple(device_id String, silent_since Nullable(DateTime64(3, 'UTC')), delivered_through Nullable(DateTime64(3, 'UTC')))) COMMENT 'Terminals that are not complete, where that matters.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    partition Int32 COMMENT 'Partition of `staff_log`.',
    version Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `attendance` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `attendance`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(written_at) COMMENT 'The first insert of a version represents: a replay does not change when it was first shown.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id, version)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'Every version ever shown of a person\'s work date; append-only, a version delivered again is one row.';

CREATE TABLE IF NOT EXISTS attendance
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    work_date Date COMMENT 'Local date on which the shift starts.',
    unit_id LowCardinality(String) COMMENT 'Unit of the assignment in force on that date.',
    unit_mode LowCardinality(String) COMMENT '`in_force`, `trial` or `not_in_force`.',
    category LowCardinality(String) COMMENT 'See assignment.',
    state LowCardinality(String) COMMENT '`not_judged`, `off`, `leave`, `field_duty`, `not_due_yet`, `awaited`, `not_here`, `undetermined`, `absent`, `unexplained`, `present`, `late`, `present_unmeasured`.',
    reason LowCardinality(String) COMMENT 'Code of the reason where the state needs one: `no_schedule`, `not_in_force`, `holiday`, `day_off`, `no_terminal`, `unsettled_enrolment`, `terminal_incomplete`, a leave\'s kind; else empty.',
    letter_no String COMMENT 'Letter of the leave; else empty.',
    shift_id String COMMENT 'Shift worked; empty: none.',
    shift_start_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    shift_end_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    cutoff_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    in_at Nullable(DateTime64(3, 'UTC')) COMMENT 'In-punch, UTC.',
    in_device_id String COMMENT 'Terminal of the in-punch; else empty.',
    out_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Out-punch, UTC.',
    late_s Int32 COMMENT 'Whole seconds after the start, 0 when on time or within grace.',
    open_until Nullable(DateTime64(3, 'UTC')) COMMENT 'For a state that is not final: when it ends by itself, UTC.',
    policy_id String COMMENT 'Policy in force; empty: none.',
    policy_offset Int64 COMMENT '`reference` offset of that policy; -1: none.',
    punches Array(Tuple(device_id String, device_time DateTime64(3, 'UTC'), occurred_at DateTime64(3, 'UTC'), used_as String)) COMMENT 'Punches looked at, in order of time, with the use made of each.',
    missing Array(Tuple(device_id String, silent_since Nullable(DateTime64(3, 'UTC')), delivered_through Nullable(DateTime64(3, 'UTC')))) COMMENT 'Terminals that are not complete, where that matters.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    partition Int32 COMMENT 'Partition of `staff_log`.',
    version Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `attendance` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `attendance`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16
COMMENT 'What is known of each person\'s work date, by epoch: the highest version. Filled by attendance_mv_v1.';

CREATE MATERIALIZED VIEW IF NOT EXISTS attendance_mv_v1 TO attendance AS
SELECT
    employee_id,
    work_date,
    unit_id,
    unit_mode,
    category,
    state,
    reason,
    letter_no,
    shift_id,
    shift_start_at,
    shift_end_at,
    cutoff_at,
    in_at,
    in_device_id,
    out_at,
    late_s,
    open_until,
    policy_id,
    policy_offset,
    punches,
    missing,
    epoch,
    partition,
    version,
    _partition,
    _offset,
    _appended_at,
    written_at
FROM attendance_history
COMMENT 'Carries each version from attendance_history to attendance, where the highest stays.';
