CREATE TABLE IF NOT EXISTS phone
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    install_id String COMMENT 'Installation of the app, random; a phone has another after reinstalling.',
    token_sha256 String COMMENT 'SHA-256 of the token as it is sent, 64 hex digits, lower case; the token itself is nowhere, and no view shows this.',
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
ORDER BY (install_id, valid_from)
COMMENT 'Whose an installation of the app is, and from when to when it may speak. Of one identity the highest offset stays.';

CREATE TABLE IF NOT EXISTS face_check
(
    employee_id UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    install_id String COMMENT 'Installation of the app, random.',
    taken_at DateTime64(3, 'UTC') COMMENT 'When the photo was taken by the phone\'s clock, UTC.',
    match Nullable(Float32) COMMENT 'Similarity with the enrolled face, 0 to 1; null: not computed.',
    liveness Nullable(Float32) COMMENT 'Score that a living face was seen, 0 to 1; null: not computed.',
    model LowCardinality(String) COMMENT 'Name and version of the model that scored.',
    photo_sha256 Nullable(String) COMMENT 'SHA-256 of the photo, 64 hex digits, lower case; null: not computed.',
    photo_phash Nullable(String) COMMENT '64-bit perceptual hash, 16 hex digits, lower case; null: not computed.',
    mock Nullable(Bool) COMMENT 'Mock location seen at the same time; null: it cannot say.',
    received_at DateTime64(3, 'UTC') COMMENT 'When the gateway received it, UTC; source: hadir\'s clock.',
    boot_id Nullable(String) COMMENT 'Random id of the phone\'s run since it was switched on; null: unknown.',
    elapsed_ms Nullable(Int64) COMMENT 'Milliseconds since it was switched on, by a clock that nobody can set, at the photo; null: unknown.',
    imei Nullable(String) COMMENT 'The phone\'s IMEI where the app may read it; null: it may not.',
    _partition Int32 COMMENT 'Partition of `face_check` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `face_check`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    rank UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(received_at)), 64) + toUInt128(9223372036854775807 - _offset) COMMENT 'Which delivery represents: the highest, that is the first received, of equal ones the first in the log.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(taken_at)
ORDER BY (toDate32(taken_at), employee_id, install_id, taken_at)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Faces checked by phones: scores and hashes, never a photo. Of redeliveries of one (employee_id, install_id, taken_at) the first received stays.';
