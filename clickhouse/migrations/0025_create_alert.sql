CREATE TABLE IF NOT EXISTS alert
(
    unit_id LowCardinality(String) COMMENT 'Unit concerned.',
    work_date Date COMMENT 'Work date, local.',
    cutoff_at DateTime64(3, 'UTC') COMMENT 'The cutoff, UTC: when its people must be there.',
    revision Int32 COMMENT '0, 1, ...: the same for whoever computes it again.',
    kind LowCardinality(String) COMMENT '`raise`, or `correction` (*Ralat*): somebody who was said to be absent was not.',
    raised_at DateTime64(3, 'UTC') COMMENT 'Moment of the log\'s clock, UTC.',
    provisional Bool COMMENT '*Sementara*: somebody is `awaited` or `undetermined`, or a partition was not heard.',
    unit_mode LowCardinality(String) COMMENT '`in_force` or `trial`.',
    timezone LowCardinality(String) COMMENT 'IANA name of the unit\'s zone: in it the cutoff is told.',
    counts Map(String, Int32) COMMENT 'People who are due at this cutoff, by state (see attendance); they add up.',
    people Array(Tuple(employee_id String, state String)) COMMENT 'Who is absent or in doubt, by `employee_id`: states `not_here`, `absent`, `unexplained`, `awaited`, `undetermined`.',
    withdrawn Array(String) COMMENT 'Employee ids whose absence, said in an earlier revision, is taken back by this one.',
    missing Array(Tuple(device_id String, silent_since Nullable(DateTime64(3, 'UTC')), delivered_through Nullable(DateTime64(3, 'UTC')), people Int32)) COMMENT 'Terminals that are not complete and keep somebody undetermined, with how many hang on each.',
    unheard Array(Int32) COMMENT 'Partitions of `staff_log` that had not spoken when the wait was over.',
    epoch LowCardinality(String) COMMENT 'Epoch of the code.',
    version Int64 COMMENT 'Offset in `cutoff` of the last input folded.',
    _partition Int32 COMMENT 'Partition of `alert` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `alert`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(work_date)
ORDER BY (work_date, unit_id, cutoff_at, epoch, revision)
COMMENT 'Of whom each office was to hear at its cutoff, revision by revision; one raised again after a crash is one row. A replay in another epoch has rows of its own.';

CREATE TABLE IF NOT EXISTS notice
(
    unit_id LowCardinality(String) COMMENT 'Unit concerned.',
    work_date Date COMMENT 'Work date, local.',
    cutoff_at DateTime64(3, 'UTC') COMMENT 'The cutoff, UTC: when its people must be there.',
    revision Int32 COMMENT '0, 1, ...: the same for whoever computes it again.',
    channel LowCardinality(String) COMMENT 'Name of the channel in the file of channels; never its address.',
    outcome LowCardinality(String) COMMENT '`sent`; `merged`: told by a later revision\'s message; `given_up`: not delivered in time; `too_old`: never tried, too late.',
    kind LowCardinality(String) COMMENT 'As it was told, see alert: a message that tells several revisions is a correction when one of them is.',
    tries Int32 COMMENT 'How often it was tried, this time included.',
    noted_at DateTime64(3, 'UTC') COMMENT 'When it was noted, UTC; source: hadir\'s clock.',
    _partition Int32 COMMENT 'Partition of `notice` that the record came from.',
    _offset Int64 COMMENT 'Offset of the record in `notice`.',
    _appended_at DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    _frame FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(work_date)
ORDER BY (work_date, unit_id, cutoff_at, revision, channel)
COMMENT 'The ledger of delivery: what became of an alert on a channel; one noted again after a crash is one row, the later.';
