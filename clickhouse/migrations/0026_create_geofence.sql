CREATE TABLE IF NOT EXISTS geofence
(
    unit_id LowCardinality(String) COMMENT 'Unit whose place it is.',
    name String COMMENT 'What the circle is called within its unit, e.g. the building.',
    lat Float64 COMMENT 'Latitude of the centre, degrees WGS84.',
    lon Float64 COMMENT 'Longitude of the centre, degrees WGS84.',
    radius_m Int32 COMMENT 'Radius, metres.',
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
ORDER BY (unit_id, name, valid_from)
COMMENT 'Circles that count as a unit\'s place. Of one identity the highest offset stays.';
