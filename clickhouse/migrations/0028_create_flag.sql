CREATE TABLE IF NOT EXISTS flag
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    work_date Date COMMENT 'Local date on which the shift starts.',
    unit_id LowCardinality(String) COMMENT 'Unit of the assignment in force on that date; empty when there is no shift any more.',
    until_at DateTime64(3, 'UTC') COMMENT 'Moment through which the date was looked at: the end of the shift, or the person\'s last quarter of an hour before the horizon, UTC; 0 when there is no shift any more.',
    findings Array(Tuple(flag_id UUID, rule String, rule_version Int32, score Float64, evidence Map(String, String))) COMMENT 'In the order of the rules; empty: nothing stands, whatever was shown earlier.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    partition Int32 COMMENT 'Partition of `staff_log`.',
    version Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    _partition Int32 COMMENT 'Partition of `flag` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `flag`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'What the rules of manipulation found on each person\'s work date, by epoch: the highest version.';

CREATE TABLE IF NOT EXISTS decision
(
    decision_id UUID COMMENT 'Random id.',
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    work_date Date32 COMMENT 'Work date concerned, local.',
    about String COMMENT 'What it decides: `flag:` and the flag\'s id.',
    verdict LowCardinality(String) COMMENT '`confirmed`, `dismissed`, or `reversed`: neither any more.',
    reason String COMMENT 'Reason in the words of whoever decided; no names.',
    void Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    recorded_by String COMMENT 'Who entered it: a user or the program\'s name.',
    reference_offset Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    _partition Int32 COMMENT 'Partition of `reference` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `reference`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY decision_id
COMMENT 'What people decided about flags. Of one identity the highest offset stays; of several about one flag the last entered holds.';
