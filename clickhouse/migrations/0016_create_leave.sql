CREATE TABLE IF NOT EXISTS leave
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    kind LowCardinality(String) COMMENT '`tahunan`, `besar`, `sakit`, `melahirkan`, `alasan_penting`, `bersama`, `di_luar_tanggungan`, `izin`, `tugas_belajar` or `dinas_luar` (field duty).',
    letter_no String COMMENT 'Number of the letter; empty: not uploaded yet.',
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
ORDER BY (employee_id, kind, valid_from)
COMMENT 'An excused absence or field duty. Of one identity the highest offset stays.';
