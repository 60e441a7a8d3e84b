CREATE TABLE IF NOT EXISTS policy
(
    policy_id String COMMENT 'Name of the rule, e.g. perbup-12-2026.',
    grace_s Int32 COMMENT 'Seconds after the start that still count as on time; past it the whole delay counts.',
    cutoff_after_s Int32 COMMENT 'Cutoff, seconds after the start of the shift.',
    wait_s Int32 COMMENT 'How long terminals are waited for after a cutoff, seconds of ticks.',
    in_punch LowCardinality(String) COMMENT 'Which punch of the in-window counts.',
    papers_s Int32 COMMENT 'Deadline for papers, seconds after the start of the shift.',
    source LowCardinality(String) COMMENT 'Regulation it stands in.',
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
ORDER BY (policy_id, valid_from, _offset)
COMMENT 'The rules in force, with their legal source; numbers are data. Every version stays, because derived rows cite it by its offset; the highest of an identity is in force.';
