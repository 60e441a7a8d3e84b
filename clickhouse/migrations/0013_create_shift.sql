CREATE TABLE IF NOT EXISTS shift
(
    shift_id String COMMENT 'Short stable id.',
    starts_s Int32 COMMENT 'Start, seconds after local midnight of the work date.',
    ends_s Int32 COMMENT 'End, seconds after local midnight of the work date; above 86400 when on the next day.',
    in_opens_before_s Int32 COMMENT 'In-window opens so many seconds before the start.',
    in_closes_after_s Int32 COMMENT 'In-window closes so many seconds after the start.',
    out_opens_before_s Int32 COMMENT 'Out-window opens so many seconds before the end.',
    out_closes_after_s Int32 COMMENT 'Out-window closes so many seconds after the end.',
    observes_holidays Bool COMMENT 'True: nobody is due on a holiday of the calendar.',
    valid_from Date32 COMMENT 'First local date on which it holds.',
    valid_to Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
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
ORDER BY (shift_id, valid_from)
COMMENT 'A shift\'s hours and windows, local time of the unit; seconds after local midnight. Of one identity the highest offset stays.';
