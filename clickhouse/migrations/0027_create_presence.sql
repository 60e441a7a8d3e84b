CREATE TABLE IF NOT EXISTS presence
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    work_date Date COMMENT 'Local date on which the shift starts.',
    unit_id LowCardinality(String) COMMENT 'Unit of the assignment in force on that date, whose place counts; empty when withdrawn.',
    shift_start_at DateTime64(3, 'UTC') COMMENT 'UTC; 0 when withdrawn.',
    shift_end_at DateTime64(3, 'UTC') COMMENT 'UTC; 0 when withdrawn.',
    until_at DateTime64(3, 'UTC') COMMENT 'Moment through which the shift is judged: the end of the shift, or the person\'s last quarter of an hour before the horizon, UTC; 0 when withdrawn.',
    inside_s Int32 COMMENT 'Whole seconds inside, from the start of the shift through `until_at`.',
    outside_s Int32 COMMENT 'Whole seconds outside.',
    unknown_s Int32 COMMENT 'Whole seconds of which nothing can be said: the phone was silent for more than 15 minutes, or said nothing clear yet.',
    pings Int32 COMMENT 'Minutes of which a ping was looked at, from the opening of the in-window through `until_at`.',
    windows Array(Tuple(from_at DateTime64(3, 'UTC'), to_at DateTime64(3, 'UTC'), place String)) COMMENT 'The time from the start of the shift through `until_at`, cut where the place changed, in order.',
    hours Array(Tuple(from_at DateTime64(3, 'UTC'), inside_s Int32, outside_s Int32, unknown_s Int32)) COMMENT 'The same by hours of the clock, in order; those that have begun.',
    geofence_offsets Array(Int64) COMMENT '`reference` offsets of the circles that counted, rising.',
    withdrawn Bool COMMENT 'True takes back what was shown earlier: there is no shift, no place or no ping any more.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    partition Int32 COMMENT 'Partition of `staff_log`.',
    version Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `presence` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `presence`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Where each person was during the shift of a work date, by epoch: the highest version.';
