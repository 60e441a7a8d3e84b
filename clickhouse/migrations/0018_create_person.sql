CREATE TABLE IF NOT EXISTS person
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    staff_no String COMMENT 'NIP, NI PPPK or NIK, digits as text.',
    name String COMMENT 'Full name.',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    _partition Int32 COMMENT 'Partition of `person` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `person`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    erased Bool MATERIALIZED staff_no = '' AND name = '' COMMENT 'True: the row stands for a tombstone; the sink has deleted what was there before.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY employee_id
SETTINGS old_parts_lifetime = 0
COMMENT 'Names and numbers of people: the only table that has them. A tombstone leaves an empty row and deletes the earlier ones from disk.';
