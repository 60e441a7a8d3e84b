-- alert
CREATE TABLE alert
(
    `unit_id` LowCardinality(String) COMMENT 'Unit concerned.',
    `work_date` Date COMMENT 'Work date, local.',
    `cutoff_at` DateTime64(3, 'UTC') COMMENT 'The cutoff, UTC: when its people must be there.',
    `revision` Int32 COMMENT '0, 1, ...: the same for whoever computes it again.',
    `kind` LowCardinality(String) COMMENT '`raise`, or `correction` (*Ralat*): somebody who was said to be absent was not.',
    `raised_at` DateTime64(3, 'UTC') COMMENT 'Moment of the log\'s clock, UTC.',
    `provisional` Bool COMMENT '*Sementara*: somebody is `awaited` or `undetermined`, or a partition was not heard.',
    `unit_mode` LowCardinality(String) COMMENT '`in_force` or `trial`.',
    `timezone` LowCardinality(String) COMMENT 'IANA name of the unit\'s zone: in it the cutoff is told.',
    `counts` Map(String, Int32) COMMENT 'People who are due at this cutoff, by state (see attendance); they add up.',
    `people` Array(Tuple(
        employee_id String,
        state String)) COMMENT 'Who is absent or in doubt, by `employee_id`: states `not_here`, `absent`, `unexplained`, `awaited`, `undetermined`.',
    `withdrawn` Array(String) COMMENT 'Employee ids whose absence, said in an earlier revision, is taken back by this one.',
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')),
        people Int32)) COMMENT 'Terminals that are not complete and keep somebody undetermined, with how many hang on each.',
    `unheard` Array(Int32) COMMENT 'Partitions of `staff_log` that had not spoken when the wait was over.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code.',
    `version` Int64 COMMENT 'Offset in `cutoff` of the last input folded.',
    `_partition` Int32 COMMENT 'Partition of `alert` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `alert`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(work_date)
ORDER BY (work_date, unit_id, cutoff_at, epoch, revision)
SETTINGS index_granularity = 8192
COMMENT 'Of whom each office was to hear at its cutoff, revision by revision; one raised again after a crash is one row. A replay in another epoch has rows of its own.';

-- assignment
CREATE TABLE assignment
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `unit_id` LowCardinality(String) COMMENT 'Unit concerned.',
    `category` LowCardinality(String) COMMENT '`PNS`, `CPNS`, `PPPK`, `PPPK_PW`, `THL` or `THLS`.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (employee_id, unit_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'A person\'s place on the roster; a move is a second record, retirement an end. Of one identity the highest offset stays.';

-- attendance
CREATE TABLE attendance
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `work_date` Date COMMENT 'Local date on which the shift starts.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the assignment in force on that date.',
    `unit_mode` LowCardinality(String) COMMENT '`in_force`, `trial` or `not_in_force`.',
    `category` LowCardinality(String) COMMENT 'See assignment.',
    `state` LowCardinality(String) COMMENT '`not_judged`, `off`, `leave`, `field_duty`, `not_due_yet`, `awaited`, `not_here`, `undetermined`, `absent`, `unexplained`, `present`, `late`, `present_unmeasured`.',
    `reason` LowCardinality(String) COMMENT 'Code of the reason where the state needs one: `no_schedule`, `not_in_force`, `holiday`, `day_off`, `no_terminal`, `unsettled_enrolment`, `terminal_incomplete`, a leave\'s kind; else empty.',
    `letter_no` String COMMENT 'Letter of the leave; else empty.',
    `shift_id` String COMMENT 'Shift worked; empty: none.',
    `shift_start_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `shift_end_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `cutoff_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `in_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'In-punch, UTC.',
    `in_device_id` String COMMENT 'Terminal of the in-punch; else empty.',
    `out_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Out-punch, UTC.',
    `late_s` Int32 COMMENT 'Whole seconds after the start, 0 when on time or within grace.',
    `open_until` Nullable(DateTime64(3, 'UTC')) COMMENT 'For a state that is not final: when it ends by itself, UTC.',
    `policy_id` String COMMENT 'Policy in force; empty: none.',
    `policy_offset` Int64 COMMENT '`reference` offset of that policy; -1: none.',
    `punches` Array(Tuple(
        device_id String,
        device_time DateTime64(3, 'UTC'),
        occurred_at DateTime64(3, 'UTC'),
        used_as String)) COMMENT 'Punches looked at, in order of time, with the use made of each.',
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')))) COMMENT 'Terminals that are not complete, where that matters.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    `partition` Int32 COMMENT 'Partition of `staff_log`.',
    `version` Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `attendance` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `attendance`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `written_at` DateTime64(3, 'UTC') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'What is known of each person\'s work date, by epoch: the highest version. Filled by attendance_mv_v1.';

-- attendance_history
CREATE TABLE attendance_history
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `work_date` Date COMMENT 'Local date on which the shift starts.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the assignment in force on that date.',
    `unit_mode` LowCardinality(String) COMMENT '`in_force`, `trial` or `not_in_force`.',
    `category` LowCardinality(String) COMMENT 'See assignment.',
    `state` LowCardinality(String) COMMENT '`not_judged`, `off`, `leave`, `field_duty`, `not_due_yet`, `awaited`, `not_here`, `undetermined`, `absent`, `unexplained`, `present`, `late`, `present_unmeasured`.',
    `reason` LowCardinality(String) COMMENT 'Code of the reason where the state needs one: `no_schedule`, `not_in_force`, `holiday`, `day_off`, `no_terminal`, `unsettled_enrolment`, `terminal_incomplete`, a leave\'s kind; else empty.',
    `letter_no` String COMMENT 'Letter of the leave; else empty.',
    `shift_id` String COMMENT 'Shift worked; empty: none.',
    `shift_start_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `shift_end_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `cutoff_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC.',
    `in_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'In-punch, UTC.',
    `in_device_id` String COMMENT 'Terminal of the in-punch; else empty.',
    `out_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Out-punch, UTC.',
    `late_s` Int32 COMMENT 'Whole seconds after the start, 0 when on time or within grace.',
    `open_until` Nullable(DateTime64(3, 'UTC')) COMMENT 'For a state that is not final: when it ends by itself, UTC.',
    `policy_id` String COMMENT 'Policy in force; empty: none.',
    `policy_offset` Int64 COMMENT '`reference` offset of that policy; -1: none.',
    `punches` Array(Tuple(
        device_id String,
        device_time DateTime64(3, 'UTC'),
        occurred_at DateTime64(3, 'UTC'),
        used_as String)) COMMENT 'Punches looked at, in order of time, with the use made of each.',
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')))) COMMENT 'Terminals that are not complete, where that matters.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    `partition` Int32 COMMENT 'Partition of `staff_log`.',
    `version` Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `attendance` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `attendance`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(written_at) COMMENT 'The first insert of a version represents: a replay does not change when it was first shown.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id, version)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Every version ever shown of a person\'s work date; append-only, a version delivered again is one row.';

-- attendance_mv_v1
CREATE MATERIALIZED VIEW attendance_mv_v1 TO attendance
(
    `employee_id` UUID,
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_mode` LowCardinality(String),
    `category` LowCardinality(String),
    `state` LowCardinality(String),
    `reason` LowCardinality(String),
    `letter_no` String,
    `shift_id` String,
    `shift_start_at` Nullable(DateTime64(3, 'UTC')),
    `shift_end_at` Nullable(DateTime64(3, 'UTC')),
    `cutoff_at` Nullable(DateTime64(3, 'UTC')),
    `in_at` Nullable(DateTime64(3, 'UTC')),
    `in_device_id` String,
    `out_at` Nullable(DateTime64(3, 'UTC')),
    `late_s` Int32,
    `open_until` Nullable(DateTime64(3, 'UTC')),
    `policy_id` String,
    `policy_offset` Int64,
    `punches` Array(Tuple(
        device_id String,
        device_time DateTime64(3, 'UTC'),
        occurred_at DateTime64(3, 'UTC'),
        used_as String)),
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')))),
    `epoch` LowCardinality(String),
    `partition` Int32,
    `version` Int64,
    `_partition` Int32,
    `_offset` Int64,
    `_appended_at` DateTime64(3, 'UTC'),
    `written_at` DateTime64(3, 'UTC')
)
COMMENT 'Carries each version from attendance_history to attendance, where the highest stays.'
AS SELECT
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
FROM attendance_history;

-- attribution
CREATE TABLE attribution
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `pin` String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    `device_time` DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    `minute_only` Bool COMMENT 'True when the source knows the time only to the minute.',
    `employee_id` String COMMENT 'Owner; empty: parked.',
    `reason` LowCardinality(String) COMMENT 'Empty, or why it is parked: `unknown_pin`, `unknown_device`.',
    `occurred_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC; null when the device\'s zone is unknown.',
    `in_out_code` Int32 COMMENT 'See punch.',
    `verify_code` Int32 COMMENT 'See punch.',
    `received_at` DateTime64(3, 'UTC') COMMENT 'Of redeliveries the representative\'s.',
    `enrolment_offset` Int64 COMMENT '`reference` offset of the enrolment used; -1: none.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that said so.',
    `version` Int64 COMMENT 'Offset in `device_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `attribution` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `attribution`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `written_at` DateTime64(3, 'UTC') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock.',
    `parked` Bool MATERIALIZED employee_id = '' COMMENT 'True: nobody\'s. One byte, so that looking for the parked reads nothing else.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(device_time))
ORDER BY (epoch, toDate32(device_time), device_id, pin, device_time)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Whose each punch is now, by epoch: the highest version. Filled by attribution_mv_v1.';

-- attribution_history
CREATE TABLE attribution_history
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `pin` String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    `device_time` DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    `minute_only` Bool COMMENT 'True when the source knows the time only to the minute.',
    `employee_id` String COMMENT 'Owner; empty: parked.',
    `reason` LowCardinality(String) COMMENT 'Empty, or why it is parked: `unknown_pin`, `unknown_device`.',
    `occurred_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC; null when the device\'s zone is unknown.',
    `in_out_code` Int32 COMMENT 'See punch.',
    `verify_code` Int32 COMMENT 'See punch.',
    `received_at` DateTime64(3, 'UTC') COMMENT 'Of redeliveries the representative\'s.',
    `enrolment_offset` Int64 COMMENT '`reference` offset of the enrolment used; -1: none.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that said so.',
    `version` Int64 COMMENT 'Offset in `device_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `attribution` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `attribution`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(written_at) COMMENT 'The first insert of a version represents: a replay does not change when it was first shown.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(device_time))
ORDER BY (epoch, toDate32(device_time), device_id, pin, device_time, version)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Every version ever said of whose a punch is; append-only, a version delivered again is one row.';

-- attribution_mv_v1
CREATE MATERIALIZED VIEW attribution_mv_v1 TO attribution
(
    `device_id` String,
    `pin` String,
    `device_time` DateTime64(3, 'UTC'),
    `minute_only` Bool,
    `employee_id` String,
    `reason` LowCardinality(String),
    `occurred_at` Nullable(DateTime64(3, 'UTC')),
    `in_out_code` Int32,
    `verify_code` Int32,
    `received_at` DateTime64(3, 'UTC'),
    `enrolment_offset` Int64,
    `epoch` LowCardinality(String),
    `version` Int64,
    `_partition` Int32,
    `_offset` Int64,
    `_appended_at` DateTime64(3, 'UTC'),
    `written_at` DateTime64(3, 'UTC')
)
COMMENT 'Carries each version from attribution_history to attribution, where the highest stays.'
AS SELECT
    device_id,
    pin,
    device_time,
    minute_only,
    employee_id,
    reason,
    occurred_at,
    in_out_code,
    verify_code,
    received_at,
    enrolment_offset,
    epoch,
    version,
    _partition,
    _offset,
    _appended_at,
    written_at
FROM attribution_history;

-- calendar
CREATE TABLE calendar
(
    `date` Date32 COMMENT 'Local date.',
    `name` String COMMENT 'Name of the holiday (Indonesian).',
    `kind` LowCardinality(String) COMMENT '`public` or `cuti_bersama`.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (date)
SETTINGS index_granularity = 8192
COMMENT 'A holiday. Of one identity the highest offset stays.';

-- dead_letter
CREATE TABLE dead_letter
(
    `failed_at` DateTime64(3, 'UTC') COMMENT 'When it was set aside, UTC.',
    `stage` LowCardinality(String) COMMENT 'Who set it aside: `gateway`, `import`, `distribute`, `route`, `judge`, `sink`.',
    `reason` LowCardinality(String) COMMENT 'Why, without names or secrets.',
    `topic` String COMMENT 'Topic it came from; empty when it never reached one.',
    `partition` Int32 COMMENT '-1: none.',
    `offset` Int64 COMMENT '-1: none.',
    `schema` String COMMENT 'Schema it claimed; empty: unknown.',
    `key` Nullable(String) COMMENT 'Original key.',
    `value` Nullable(String) COMMENT 'Original bytes.',
    `device_id` String COMMENT 'Terminal concerned; empty: none or unknown.',
    `_partition` Int32 COMMENT 'Partition of `dead_letter` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `dead_letter`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_partition, _offset)
SETTINGS index_granularity = 8192
COMMENT 'What could not be taken in, whole, with the reason.';

-- decision
CREATE TABLE decision
(
    `decision_id` UUID COMMENT 'Random id.',
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `work_date` Date32 COMMENT 'Work date concerned, local.',
    `about` String COMMENT 'What it decides: `flag:` and the flag\'s id.',
    `verdict` LowCardinality(String) COMMENT '`confirmed`, `dismissed`, or `reversed`: neither any more.',
    `reason` String COMMENT 'Reason in the words of whoever decided; no names.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY decision_id
SETTINGS index_granularity = 8192
COMMENT 'What people decided about flags. Of one identity the highest offset stays; of several about one flag the last entered holds.';

-- device
CREATE TABLE device
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `unit_id` LowCardinality(String) COMMENT 'Unit where it hangs.',
    `name` String COMMENT 'Name as people know it.',
    `protocol` LowCardinality(String) COMMENT '`adms`, `zk`, `fingerspot` or `file`.',
    `timezone` LowCardinality(String) COMMENT 'IANA zone of the terminal\'s clock.',
    `address` Nullable(String) COMMENT 'Where a terminal that is read answers: `host:port`, or `udp:host:port`; null: it speaks first.',
    `network` Nullable(String) COMMENT 'Networks (CIDR, blanks between) from which a terminal that speaks first may come; null: from anywhere.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (device_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'A terminal: where it hangs and how to read its clock. Of one identity the highest offset stays.';

-- device_event
CREATE TABLE device_event
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `code` Int32 COMMENT 'Operation code of the terminal (4 menu, 5 settings, 6 finger enrolled, 7 password enrolled, 13 data cleared, 21 clock set, 23 records deleted).',
    `operator_pin` String COMMENT 'PIN of the administrator who did it; empty when none was signed in.',
    `device_time` DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    `values` Array(String) COMMENT 'The line\'s further values, as sent.',
    `received_at` DateTime64(3, 'UTC') COMMENT 'When the producer received it, UTC.',
    `digest` Int64 COMMENT 'First 8 bytes of BLAKE2b over the canonical content, as a signed integer.',
    `_partition` Int32 COMMENT 'Partition of `device_log` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `device_log`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt64 MATERIALIZED 9223372036854775807 - toUnixTimestamp64Milli(received_at) COMMENT 'Which delivery represents: the highest, that is the earliest received.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(device_time)
ORDER BY (toDate32(device_time), device_id, code, device_time, digest)
SETTINGS index_granularity = 8192
COMMENT 'What terminals say about themselves, above all signs of tampering; of redeliveries the earliest received stays.';

-- device_latest
CREATE TABLE device_latest
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `observed_at` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest observation, UTC; null: none yet.',
    `delivered_through` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Highest moment through which the terminal is complete, UTC; null: unknown.',
    `newest` AggregateFunction(argMax, Tuple(
        state String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        drift_ms Nullable(Int64),
        source String), Tuple(
        DateTime64(3, 'UTC'),
        UInt8,
        DateTime64(3, 'UTC'))) COMMENT 'Content of the latest observation; of several in one millisecond silent goes before online, then the later silent_since.',
    `last_punch_time` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest punch by the terminal\'s wall clock, as if UTC; one more than 14 h (the farthest zone) ahead of its receipt is a wrong clock and does not count.',
    `last_received_at` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Latest receipt of a punch, UTC.'
)
ENGINE = AggregatingMergeTree
ORDER BY device_id
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'One row per terminal, merged from device_status and punch by maxima only, so that a replay changes nothing.';

-- device_latest_punch_mv_v1
CREATE MATERIALIZED VIEW device_latest_punch_mv_v1 TO device_latest
(
    `device_id` String,
    `last_punch_time` Nullable(DateTime64(3, 'UTC')),
    `last_received_at` DateTime64(3, 'UTC')
)
COMMENT 'Carries the latest punch of each terminal from punch to device_latest.'
AS SELECT
    device_id,
    maxOrNullIf(device_time, device_time <= (received_at + toIntervalHour(14))) AS last_punch_time,
    max(received_at) AS last_received_at
FROM punch
GROUP BY device_id;

-- device_latest_status_mv_v1
CREATE MATERIALIZED VIEW device_latest_status_mv_v1 TO device_latest
(
    `device_id` String,
    `observed_at` DateTime64(3, 'UTC'),
    `delivered_through` Nullable(DateTime64(3, 'UTC')),
    `newest` AggregateFunction(argMax, Tuple(
        state String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        drift_ms Nullable(Int64),
        source String), Tuple(
        DateTime64(3, 'UTC'),
        UInt8,
        DateTime64(3, 'UTC')))
)
COMMENT 'Carries observations from device_status to device_latest.'
AS SELECT
    device_id,
    max(s.observed_at) AS observed_at,
    max(s.delivered_through) AS delivered_through,
    argMaxState(CAST((toString(state), silent_since, drift_ms, toString(source)), 'Tuple(state String, silent_since Nullable(DateTime64(3, \'UTC\')), drift_ms Nullable(Int64), source String)'), (s.observed_at, toUInt8(state = 'silent'), ifNull(silent_since, toDateTime64(0, 3, 'UTC')))) AS newest
FROM device_status AS s
GROUP BY device_id;

-- device_status
CREATE TABLE device_status
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `observed_at` DateTime64(3, 'UTC') COMMENT 'Moment of the observation, UTC; source: hadir\'s clock.',
    `state` LowCardinality(String) COMMENT '`silent` when nothing was heard for longer than the gateway allows.',
    `silent_since` Nullable(DateTime64(3, 'UTC')) COMMENT 'Last contact before the silence, UTC; null when online.',
    `delivered_through` Nullable(DateTime64(3, 'UTC')) COMMENT 'Everything punched before this moment has been delivered, UTC; asked of the terminal after the moment. Null: unknown.',
    `drift_ms` Nullable(Int64) COMMENT 'Receive clock minus device clock, milliseconds, as small as was seen lately: above 0 the terminal is slow by at most that; below 0 it is fast by at least that. Null: not measured.',
    `source` LowCardinality(String) COMMENT 'Protocol: `adms`, `zk`, `file`.',
    `_partition` Int32 COMMENT 'Partition of `device_log` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `device_log`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(observed_at)
ORDER BY (toDate32(observed_at), device_id, observed_at)
SETTINGS index_granularity = 8192
COMMENT 'Every observation of a terminal\'s connection and completeness; of two in the same millisecond the later in the log stays.';

-- enrolment
CREATE TABLE enrolment
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `pin` String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (device_id, pin, employee_id, valid_from, _offset)
SETTINGS index_granularity = 8192
COMMENT 'A PIN on a terminal belongs to a person. Every version stays, because derived rows cite it by its offset; the highest of an identity is in force.';

-- epoch
CREATE TABLE epoch
(
    `epoch` String COMMENT 'Name of the epoch: the code that judged.',
    `since` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When readers were switched to it, UTC; the latest row is in force.',
    `reason` String COMMENT 'Why, in the words of whoever switched.'
)
ENGINE = MergeTree
ORDER BY since
SETTINGS index_granularity = 8192
COMMENT 'Which epoch the views show, and which they showed before.';

-- face_check
CREATE TABLE face_check
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `install_id` String COMMENT 'Installation of the app, random.',
    `taken_at` DateTime64(3, 'UTC') COMMENT 'When the photo was taken by the phone\'s clock, UTC.',
    `match` Nullable(Float32) COMMENT 'Similarity with the enrolled face, 0 to 1; null: not computed.',
    `liveness` Nullable(Float32) COMMENT 'Score that a living face was seen, 0 to 1; null: not computed.',
    `model` LowCardinality(String) COMMENT 'Name and version of the model that scored.',
    `photo_sha256` Nullable(String) COMMENT 'SHA-256 of the photo, 64 hex digits, lower case; null: not computed.',
    `photo_phash` Nullable(String) COMMENT '64-bit perceptual hash, 16 hex digits, lower case; null: not computed.',
    `mock` Nullable(Bool) COMMENT 'Mock location seen at the same time; null: it cannot say.',
    `received_at` DateTime64(3, 'UTC') COMMENT 'When the gateway received it, UTC; source: hadir\'s clock.',
    `boot_id` Nullable(String) COMMENT 'Random id of the phone\'s run since it was switched on; null: unknown.',
    `elapsed_ms` Nullable(Int64) COMMENT 'Milliseconds since it was switched on, by a clock that nobody can set, at the photo; null: unknown.',
    `imei` Nullable(String) COMMENT 'The phone\'s IMEI where the app may read it; null: it may not.',
    `_partition` Int32 COMMENT 'Partition of `face_check` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `face_check`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(received_at)), 64) + toUInt128(9223372036854775807 - _offset) COMMENT 'Which delivery represents: the highest, that is the first received, of equal ones the first in the log.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(taken_at)
ORDER BY (toDate32(taken_at), employee_id, install_id, taken_at)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = '', index_granularity = 8192
COMMENT 'Faces checked by phones: scores and hashes, never a photo. Of redeliveries of one (employee_id, install_id, taken_at) the first received stays.';

-- flag
CREATE TABLE flag
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `work_date` Date COMMENT 'Local date on which the shift starts.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the assignment in force on that date; empty when there is no shift any more.',
    `until_at` DateTime64(3, 'UTC') COMMENT 'Moment through which the date was looked at: the end of the shift, or the person\'s last quarter of an hour before the horizon, UTC; 0 when there is no shift any more.',
    `policy_offset` Int64 DEFAULT -1 COMMENT '`reference` offset of the policy whose numbers held; -1 when there is no shift any more.',
    `findings` Array(Tuple(
        flag_id UUID,
        rule String,
        rule_version Int32,
        score Float64,
        evidence Map(String, String))) COMMENT 'In the order of the rules; empty: nothing stands, whatever was shown earlier.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    `partition` Int32 COMMENT 'Partition of `staff_log`.',
    `version` Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `flag` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `flag`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = '', index_granularity = 8192
COMMENT 'What the rules of manipulation found on each person\'s work date, by epoch: the highest version.';

-- geofence
CREATE TABLE geofence
(
    `unit_id` LowCardinality(String) COMMENT 'Unit whose place it is.',
    `name` String COMMENT 'What the circle is called within its unit, e.g. the building.',
    `lat` Float64 COMMENT 'Latitude of the centre, degrees WGS84.',
    `lon` Float64 COMMENT 'Longitude of the centre, degrees WGS84.',
    `radius_m` Int32 COMMENT 'Radius, metres.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (unit_id, name, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'Circles that count as a unit\'s place. Of one identity the highest offset stays.';

-- leave
CREATE TABLE leave
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `kind` LowCardinality(String) COMMENT '`tahunan`, `besar`, `sakit`, `melahirkan`, `alasan_penting`, `bersama`, `di_luar_tanggungan`, `izin`, `tugas_belajar` or `dinas_luar` (field duty).',
    `letter_no` String COMMENT 'Number of the letter; empty: not uploaded yet.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (employee_id, kind, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'An excused absence or field duty. Of one identity the highest offset stays.';

-- migration
CREATE TABLE migration
(
    `number` UInt16 COMMENT 'Number of the file, from 1 without gaps.',
    `name` String COMMENT 'Name of the file in clickhouse/migrations.',
    `checksum` String COMMENT 'SHA-256 of the file as it was applied, hex.',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it had been applied, UTC.'
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS index_granularity = 8192
COMMENT 'Which migrations this database has seen.';

-- notice
CREATE TABLE notice
(
    `unit_id` LowCardinality(String) COMMENT 'Unit concerned.',
    `work_date` Date COMMENT 'Work date, local.',
    `cutoff_at` DateTime64(3, 'UTC') COMMENT 'The cutoff, UTC: when its people must be there.',
    `revision` Int32 COMMENT '0, 1, ...: the same for whoever computes it again.',
    `channel` LowCardinality(String) COMMENT 'Name of the channel in the file of channels; never its address.',
    `outcome` LowCardinality(String) COMMENT '`sent`; `merged`: told by a later revision\'s message; `given_up`: not delivered in time; `too_old`: never tried, too late.',
    `kind` LowCardinality(String) COMMENT 'As it was told, see alert: a message that tells several revisions is a correction when one of them is.',
    `tries` Int32 COMMENT 'How often it was tried, this time included.',
    `noted_at` DateTime64(3, 'UTC') COMMENT 'When it was noted, UTC; source: hadir\'s clock.',
    `_partition` Int32 COMMENT 'Partition of `notice` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `notice`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
PARTITION BY toYYYYMM(work_date)
ORDER BY (work_date, unit_id, cutoff_at, revision, channel)
SETTINGS index_granularity = 8192
COMMENT 'The ledger of delivery: what became of an alert on a channel; one noted again after a crash is one row, the later.';

-- period
CREATE TABLE period
(
    `period` String COMMENT 'Month, YYYY-MM.',
    `state` LowCardinality(String) COMMENT 'Only an open month is judged.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (period)
SETTINGS index_granularity = 8192
COMMENT 'A month, open or closed for judgement. Of one identity the highest offset stays.';

-- person
CREATE TABLE person
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `staff_no` String COMMENT 'NIP, NI PPPK or NIK, digits as text.',
    `name` String COMMENT 'Full name.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `_partition` Int32 COMMENT 'Partition of `person` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `person`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `erased` Bool MATERIALIZED (staff_no = '') AND (name = '') COMMENT 'True: the row stands for a tombstone; the sink has deleted what was there before.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY employee_id
SETTINGS old_parts_lifetime = 0, index_granularity = 8192
COMMENT 'Names and numbers of people: the only table that has them. A tombstone leaves an empty row and deletes the earlier ones from disk.';

-- phone
CREATE TABLE phone
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `install_id` String COMMENT 'Installation of the app, random; a phone has another after reinstalling.',
    `token_sha256` String COMMENT 'SHA-256 of the token as it is sent, 64 hex digits, lower case; the token itself is nowhere, and no view shows this.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (install_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'Whose an installation of the app is, and from when to when it may speak. Of one identity the highest offset stays.';

-- policy
CREATE TABLE policy
(
    `policy_id` String COMMENT 'Name of the rule, e.g. perbup-12-2026.',
    `grace_s` Int32 COMMENT 'Seconds after the start that still count as on time; past it the whole delay counts.',
    `cutoff_after_s` Int32 COMMENT 'Cutoff, seconds after the start of the shift.',
    `wait_s` Int32 COMMENT 'How long terminals are waited for after a cutoff, seconds of ticks.',
    `in_punch` LowCardinality(String) COMMENT 'Which punch of the in-window counts.',
    `papers_s` Int32 COMMENT 'Deadline for papers, seconds after the start of the shift.',
    `presence_gap_s` Int32 DEFAULT 900 COMMENT 'Two signs of a phone further apart than this have a gap between them, seconds.',
    `presence_worst_m` Int32 DEFAULT 200 COMMENT 'A position less exact than this is no sign, metres.',
    `travel_kmh` Int32 DEFAULT 150 COMMENT 'Faster than this nobody travels within the region, kilometres per hour.',
    `travel_m` Int32 DEFAULT 2000 COMMENT 'Two places nearer than this to each other are one, metres.',
    `clocks_s` Int32 DEFAULT 300 COMMENT 'How far the clocks of a terminal and a phone, or of two terminals, may be apart, seconds.',
    `mock_minutes` Int32 DEFAULT 3 COMMENT 'Minutes with a made-up position from which on it is more than a slip.',
    `source` LowCardinality(String) COMMENT 'Regulation it stands in.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (policy_id, valid_from, _offset)
SETTINGS index_granularity = 8192
COMMENT 'The rules in force, with their legal source; numbers are data. Every version stays, because derived rows cite it by its offset; the highest of an identity is in force.';

-- position
CREATE TABLE position
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `minute_at` DateTime64(3, 'UTC') COMMENT 'Minute of the fix, UTC.',
    `fixed_at` DateTime64(3, 'UTC') COMMENT 'Time of the fix, UTC.',
    `lat` Float64 COMMENT 'Degrees WGS84.',
    `lon` Float64 COMMENT 'Degrees WGS84.',
    `accuracy_m` Nullable(Float32) COMMENT 'Metres.',
    `mock` Nullable(Bool) COMMENT 'See ping.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code.',
    `_partition` Int32 COMMENT 'Partition of `position` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `position`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(fixed_at)), 64) + toUInt128(_offset) COMMENT 'Which row represents the minute: the highest, that is the earliest fix, of equal ones the later in the log.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY (epoch, toYYYYMM(minute_at))
ORDER BY (epoch, toStartOfHour(minute_at), employee_id, minute_at)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'A person\'s first position of a minute, by epoch.';

-- presence
CREATE TABLE presence
(
    `employee_id` UUID COMMENT 'Opaque random UUID of the person, lower case text; joined to a name only by `person`.',
    `work_date` Date COMMENT 'Local date on which the shift starts.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the assignment in force on that date, whose place counts; empty when withdrawn.',
    `shift_start_at` DateTime64(3, 'UTC') COMMENT 'UTC; 0 when withdrawn.',
    `shift_end_at` DateTime64(3, 'UTC') COMMENT 'UTC; 0 when withdrawn.',
    `until_at` DateTime64(3, 'UTC') COMMENT 'Moment through which the shift is judged: the end of the shift, or the person\'s last quarter of an hour before the horizon, UTC; 0 when withdrawn.',
    `inside_s` Int32 COMMENT 'Whole seconds inside, from the start of the shift through `until_at`.',
    `outside_s` Int32 COMMENT 'Whole seconds outside.',
    `unknown_s` Int32 COMMENT 'Whole seconds of which nothing can be said: the phone was silent for longer than the policy allows, or said nothing clear yet.',
    `pings` Int32 COMMENT 'Minutes of which a ping was looked at, from the opening of the in-window through `until_at`.',
    `windows` Array(Tuple(
        from_at DateTime64(3, 'UTC'),
        to_at DateTime64(3, 'UTC'),
        place String)) COMMENT 'The time from the start of the shift through `until_at`, cut where the place changed, in order.',
    `hours` Array(Tuple(
        from_at DateTime64(3, 'UTC'),
        inside_s Int32,
        outside_s Int32,
        unknown_s Int32)) COMMENT 'The same by hours of the clock, in order; those that have begun.',
    `geofence_offsets` Array(Int64) COMMENT '`reference` offsets of the circles that counted, rising.',
    `policy_offset` Int64 DEFAULT -1 COMMENT '`reference` offset of the policy whose numbers held; -1 when withdrawn.',
    `withdrawn` Bool COMMENT 'True takes back what was shown earlier: there is no shift, no place or no ping any more.',
    `epoch` LowCardinality(String) COMMENT 'Epoch of the code that judged.',
    `partition` Int32 COMMENT 'Partition of `staff_log`.',
    `version` Int64 COMMENT 'Offset in `staff_log` of the last input folded; the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `presence` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `presence`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (epoch, toYYYYMM(work_date))
ORDER BY (epoch, work_date, employee_id)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = '', index_granularity = 8192
COMMENT 'Where each person was during the shift of a work date, by epoch: the highest version.';

-- punch
CREATE TABLE punch
(
    `device_id` String COMMENT 'Serial number of the terminal, as it names itself.',
    `pin` String COMMENT 'PIN under which the terminal knows the person; digits as the terminal writes them, no padding.',
    `device_time` DateTime64(3, 'UTC') COMMENT 'Wall clock of the terminal at the punch, zone unknown, encoded as if it were UTC; source: the terminal.',
    `minute_only` Bool COMMENT 'True when the source knows the time only to the minute.',
    `in_out_code` Int32 COMMENT 'In/out code of the record (0 in, 1 out, 2 break out, 3 break in, 4 overtime in, 5 overtime out, 255 none); a hint, never a judgement. -1 when the source has none.',
    `verify_code` Int32 COMMENT 'How the terminal recognised the person, the maker\'s raw integer (differs by firmware); -1 when the source has none.',
    `work_code` String COMMENT 'Work code as sent; empty when none.',
    `source` LowCardinality(String) COMMENT 'Protocol through which it came: `adms`, `zk`, `file`, `fingerspot`.',
    `received_at` DateTime64(3, 'UTC') COMMENT 'When the producer received this delivery, UTC; source: hadir\'s clock.',
    `digest` Int64 COMMENT 'First 8 bytes, as a signed integer, of BLAKE2b over the delivery\'s canonical content; breaks ties between redeliveries.',
    `_partition` Int32 COMMENT 'Partition of `device_log` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `device_log`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.',
    `rank` UInt128 MATERIALIZED bitShiftLeft(toUInt128(9223372036854775807 - toUnixTimestamp64Milli(received_at)), 64) + toUInt128(toInt128(9223372036854775807) - digest) COMMENT 'Which delivery represents: the highest, that is the smallest (received_at, digest), as in the fold.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(device_time)
ORDER BY (toDate32(device_time), device_id, pin, device_time)
SETTINGS min_parts_to_merge_at_once = 16, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'Punches as terminals said them; of redeliveries of one (device_id, pin, device_time) the smallest (received_at, digest) stays.';

-- schedule
CREATE TABLE schedule
(
    `unit_id` LowCardinality(String) COMMENT 'Unit, or empty when it is one person\'s.',
    `employee_id` String COMMENT 'Person, or empty when it is a unit\'s; a person\'s own goes first.',
    `mon` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `tue` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `wed` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `thu` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `fri` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `sat` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `sun` String COMMENT 'Shift id worked on this weekday; empty: off.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (unit_id, employee_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'Which shift a unit or a person works on which weekday; a roster of single days is one record a day. Of one identity the highest offset stays.';

-- shift
CREATE TABLE shift
(
    `shift_id` String COMMENT 'Short stable id.',
    `starts_s` Int32 COMMENT 'Start, seconds after local midnight of the work date.',
    `ends_s` Int32 COMMENT 'End, seconds after local midnight of the work date; above 86400 when on the next day.',
    `in_opens_before_s` Int32 COMMENT 'In-window opens so many seconds before the start.',
    `in_closes_after_s` Int32 COMMENT 'In-window closes so many seconds after the start.',
    `out_opens_before_s` Int32 COMMENT 'Out-window opens so many seconds before the end.',
    `out_closes_after_s` Int32 COMMENT 'Out-window closes so many seconds after the end.',
    `observes_holidays` Bool COMMENT 'True: nobody is due on a holiday of the calendar.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (shift_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'A shift\'s hours and windows, local time of the unit; seconds after local midnight. Of one identity the highest offset stays.';

-- sink_offset
CREATE TABLE sink_offset
(
    `topic` LowCardinality(String) COMMENT 'Topic on Kafka.',
    `partition` Int32 COMMENT 'Partition of the topic.',
    `offset` Int64 COMMENT 'Every record below this offset is stored or excused; the highest counts.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When that was said, UTC: what lies below could be queried from then on.'
)
ENGINE = MergeTree
PRIMARY KEY (topic, partition)
ORDER BY (topic, partition, written_at)
TTL toDateTime(written_at) + toIntervalHour(1) GROUP BY topic, partition SET offset = max(offset), written_at = max(written_at)
SETTINGS min_parts_to_merge_at_once = 16, merge_with_ttl_timeout = 3600, index_granularity = 8192, merge_selector_base = 16, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, auto_statistics_types = ''
COMMENT 'How far the sink has come: one row per flush and partition, rolled up to the last after an hour.';

-- unit
CREATE TABLE unit
(
    `unit_id` LowCardinality(String) COMMENT 'Short stable id of the unit.',
    `name` String COMMENT 'Name as people know it (Indonesian).',
    `parent_id` Nullable(String) COMMENT 'Unit above it; null: the region itself.',
    `kind` LowCardinality(String) COMMENT '`office`, `kecamatan`, `school`, `puskesmas` or `hospital`.',
    `timezone` LowCardinality(String) COMMENT 'IANA zone of its working hours, e.g. Asia/Jakarta.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (unit_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'An office, kecamatan, school, puskesmas or hospital that people belong to. Of one identity the highest offset stays.';

-- unit_mode
CREATE TABLE unit_mode
(
    `unit_id` LowCardinality(String) COMMENT 'Unit concerned.',
    `mode` LowCardinality(String) COMMENT '`trial` is shown and never cut; `not_in_force` is not judged.',
    `valid_from` Date32 COMMENT 'First local date on which it holds.',
    `valid_to` Nullable(Date32) COMMENT 'Last local date on which it holds; null: open.',
    `void` Bool COMMENT 'True withdraws the record of this identity, as if never entered.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was entered, UTC.',
    `recorded_by` String COMMENT 'Who entered it: a user or the program\'s name.',
    `reference_offset` Int64 ALIAS _offset COMMENT 'Offset of the record in `reference`: the highest wins.',
    `_partition` Int32 COMMENT 'Partition of `reference` that the record came from.',
    `_offset` Int64 COMMENT 'Offset of the record in `reference`.',
    `_appended_at` DateTime64(3, 'UTC') COMMENT 'When Kafka appended the record, UTC.',
    `_frame` FixedString(8) EPHEMERAL 'hadir.ok' COMMENT 'Mark behind each record that the sink inserts; any other value means that a record was not read to its end.',
    `written_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') + throwIf(_frame != 'hadir.ok', 'frame') COMMENT 'When the insert that brought the row began, UTC, by the server\'s clock; refuses rows whose mark is wrong.'
)
ENGINE = ReplacingMergeTree(_offset)
ORDER BY (unit_id, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'Whether the rules are in force for a unit. Of one identity the highest offset stays.';

-- v_alert
CREATE VIEW v_alert
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `unit_mode` LowCardinality(String),
    `cutoff_at` DateTime64(3, 'UTC'),
    `revision` Int32,
    `kind` LowCardinality(String),
    `raised_at` DateTime64(3, 'UTC'),
    `provisional` Bool,
    `wajib` Int64,
    `hadir` Int64,
    `terlambat` Int32,
    `ditunggu` Int32,
    `belum_hadir` Int32,
    `tidak_hadir` Int32,
    `tk` Int32,
    `belum_dapat_dipastikan` Int32,
    `people` Array(Tuple(
        employee_id String,
        state String)),
    `withdrawn` Array(String),
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')),
        people Int32)),
    `unheard` Array(Int32),
    `timezone` LowCardinality(String),
    `epoch` LowCardinality(String),
    `notices` Array(Tuple(
        noted_at DateTime64(3, 'UTC'),
        channel String,
        outcome String,
        tries Int32)),
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Of whom was each office told at its cutoff, in which revision, and what became of it on each channel? wajib = hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk + belum_dapat_dipastikan. What was said is kept whatever epoch said it.'
AS SELECT
    a.work_date AS work_date,
    a.unit_id AS unit_id,
    tupleElement(u.records[arrayFirstIndex(r -> ((r.valid_from <= a.work_date) AND (r.valid_to >= a.work_date)), u.records)], 'name') AS unit_name,
    a.unit_mode AS unit_mode,
    a.cutoff_at AS cutoff_at,
    a.revision AS revision,
    a.kind AS kind,
    a.raised_at AS raised_at,
    a.provisional AS provisional,
    arraySum(mapValues(a.counts)) AS wajib,
    (a.counts['present']) + (a.counts['present_unmeasured']) AS hadir,
    a.counts['late'] AS terlambat,
    a.counts['awaited'] AS ditunggu,
    a.counts['not_here'] AS belum_hadir,
    a.counts['absent'] AS tidak_hadir,
    a.counts['unexplained'] AS tk,
    a.counts['undetermined'] AS belum_dapat_dipastikan,
    a.people AS people,
    a.withdrawn AS withdrawn,
    a.missing AS missing,
    a.unheard AS unheard,
    a.timezone AS timezone,
    a.epoch AS epoch,
    n.notices AS notices,
    a.written_at AS written_at
FROM
(
    SELECT *
    FROM alert
    FINAL
) AS a
LEFT JOIN
(
    SELECT
        work_date,
        unit_id,
        cutoff_at,
        revision,
        CAST(arraySort(groupArray((noted_at, channel, outcome, tries))), 'Array(Tuple(noted_at DateTime64(3, \'UTC\'), channel String, outcome String, tries Int32))') AS notices
    FROM notice
    FINAL
    GROUP BY
        work_date,
        unit_id,
        cutoff_at,
        revision
) AS n ON (n.work_date = a.work_date) AND (n.unit_id = a.unit_id) AND (n.cutoff_at = a.cutoff_at) AND (n.revision = a.revision)
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = a.unit_id
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_attendance
CREATE VIEW v_attendance
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `unit_kind` String,
    `timezone` String,
    `employee_id` UUID,
    `unit_mode` LowCardinality(String),
    `category` LowCardinality(String),
    `state` LowCardinality(String),
    `reason` LowCardinality(String),
    `letter_no` String,
    `shift_id` String,
    `shift_start_at` Nullable(DateTime64(3, 'UTC')),
    `shift_end_at` Nullable(DateTime64(3, 'UTC')),
    `cutoff_at` Nullable(DateTime64(3, 'UTC')),
    `in_at` Nullable(DateTime64(3, 'UTC')),
    `in_device_id` String,
    `out_at` Nullable(DateTime64(3, 'UTC')),
    `late_s` Int32,
    `open_until` Nullable(DateTime64(3, 'UTC')),
    `policy_id` String,
    `policy_offset` Int64,
    `punches` Array(Tuple(
        device_id String,
        device_time DateTime64(3, 'UTC'),
        occurred_at DateTime64(3, 'UTC'),
        used_as String)),
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')))),
    `epoch` LowCardinality(String),
    `partition` Int32,
    `version` Int64,
    `_partition` Int32,
    `_offset` Int64,
    `_appended_at` DateTime64(3, 'UTC'),
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What is known of each person on each work date, in the epoch in force? States are codes, moments UTC, no names of people.'
AS WITH
    u.records[arrayFirstIndex(r -> ((r.valid_from <= a.work_date) AND (r.valid_to >= a.work_date)), u.records)] AS unit
SELECT
    a.work_date AS work_date,
    a.unit_id AS unit_id,
    unit.name AS unit_name,
    unit.kind AS unit_kind,
    if(unit.timezone = '', 'UTC', unit.timezone) AS timezone,
    a.* EXCEPT (work_date, unit_id)
FROM attendance AS a
FINAL
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = a.unit_id
WHERE a.epoch = (
    SELECT epoch
    FROM v_epoch
)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_attendance_history
CREATE VIEW v_attendance_history
(
    `employee_id` UUID,
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_mode` LowCardinality(String),
    `category` LowCardinality(String),
    `state` LowCardinality(String),
    `reason` LowCardinality(String),
    `letter_no` String,
    `shift_id` String,
    `shift_start_at` Nullable(DateTime64(3, 'UTC')),
    `shift_end_at` Nullable(DateTime64(3, 'UTC')),
    `cutoff_at` Nullable(DateTime64(3, 'UTC')),
    `in_at` Nullable(DateTime64(3, 'UTC')),
    `in_device_id` String,
    `out_at` Nullable(DateTime64(3, 'UTC')),
    `late_s` Int32,
    `open_until` Nullable(DateTime64(3, 'UTC')),
    `policy_id` String,
    `policy_offset` Int64,
    `punches` Array(Tuple(
        device_id String,
        device_time DateTime64(3, 'UTC'),
        occurred_at DateTime64(3, 'UTC'),
        used_as String)),
    `missing` Array(Tuple(
        device_id String,
        silent_since Nullable(DateTime64(3, 'UTC')),
        delivered_through Nullable(DateTime64(3, 'UTC')))),
    `version` Int64,
    `shown_from` DateTime64(3, 'UTC'),
    `shown_until` Nullable(DateTime64(3, 'UTC'))
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What was shown of a person\'s work date at a moment? The row with shown_from <= moment < shown_until (null: still shown); versions that changed nothing, or came behind a higher one, are left out.'
AS SELECT
    * EXCEPT (written_at, epoch, content, content_before, place),
    written_at AS shown_from,
    nullIf(leadInFrame(written_at) OVER (PARTITION BY employee_id, work_date ORDER BY written_at ASC ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), toDateTime64(0, 3, 'UTC')) AS shown_until
FROM
(
    SELECT
        * EXCEPT (nth, version_before, next_at),
        lagInFrame(content) OVER earlier AS content_before,
        row_number() OVER earlier AS place
    FROM
    (
        SELECT
            * EXCEPT (partition, _partition, _offset, _appended_at),
            toString((unit_id, unit_mode, category, state, reason, letter_no, shift_id, shift_start_at, shift_end_at, cutoff_at, in_at, in_device_id, out_at, late_s, open_until, policy_id, policy_offset, punches, missing)) AS content,
            row_number() OVER written AS nth,
            max(version) OVER (written ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS version_before,
            leadInFrame(written_at) OVER (written ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_at
        FROM attendance_history
        FINAL
        WHERE epoch = (
            SELECT epoch
            FROM v_epoch
        )
        WINDOW written AS (PARTITION BY employee_id, work_date ORDER BY written_at ASC, version ASC)
    )
    WHERE ((nth = 1) OR (version > version_before)) AND (next_at != written_at)
    WINDOW earlier AS (PARTITION BY employee_id, work_date ORDER BY written_at ASC)
)
WHERE (place = 1) OR (content != content_before)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_dead_letter
CREATE VIEW v_dead_letter
(
    `stage` LowCardinality(String),
    `topic` String,
    `partition` Int32,
    `offset` Int64,
    `schema` String,
    `reason` String,
    `device_id` String,
    `first_failed_at` DateTime64(3, 'UTC'),
    `last_failed_at` DateTime64(3, 'UTC'),
    `times` UInt64,
    `key` Nullable(String),
    `value` Nullable(String),
    `dead_letter_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What could not be taken in, and why? A record set aside again after a restart is one row, times says how often; key and value are the original bytes.'
AS SELECT
    stage,
    topic,
    partition,
    offset,
    schema,
    argMin(reason, l._offset) AS reason,
    argMin(device_id, l._offset) AS device_id,
    min(l.failed_at) AS first_failed_at,
    max(l.failed_at) AS last_failed_at,
    count() AS times,
    argMin(l.key, l._offset) AS key,
    argMin(l.value, l._offset) AS value,
    min(l._offset) AS dead_letter_offset
FROM dead_letter AS l
FINAL
GROUP BY
    stage,
    topic,
    partition,
    offset,
    schema,
    if(l.offset < 0, l._offset, -1);

-- v_decision
CREATE VIEW v_decision
(
    `decision_id` UUID,
    `employee_id` UUID,
    `work_date` Date32,
    `flag_id` Nullable(UUID),
    `verdict` LowCardinality(String),
    `reason` String,
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Who decided what about which flag, when and why? Every decision, reversed ones too.'
AS SELECT
    decision_id,
    employee_id,
    work_date,
    toUUIDOrNull(splitByChar(':', about)[2]) AS flag_id,
    verdict,
    reason,
    recorded_at,
    recorded_by,
    reference_offset
FROM decision
FINAL
WHERE (NOT void) AND startsWith(about, 'flag:');

-- v_device
CREATE VIEW v_device
(
    `device_id` String,
    `device_name` String,
    `unit_id` String,
    `unit_name` String,
    `protocol` String,
    `timezone` String,
    `known` UInt8,
    `in_service` UInt8,
    `state` String,
    `silent_since` Nullable(DateTime64(3, 'UTC')),
    `delivered_through` Nullable(DateTime64(3, 'UTC')),
    `drift_ms` Nullable(Int64),
    `source` String,
    `observed_at` Nullable(DateTime64(3, 'UTC')),
    `last_punch_time` Nullable(DateTime64(3, 'UTC')),
    `last_received_at` Nullable(DateTime64(3, 'UTC')),
    `expected` UInt8,
    `missed` UInt8
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'How is each terminal: connected, complete through when, how far off its clock, when did it last bring a punch? One row a terminal, known or not, in service on the latest day anything was heard; empty state: never heard of; expected: should be connected, which one in service is unless its punches come by file; missed: is not; last_punch_time is the terminal\'s own wall clock.'
AS SELECT
    k.device_id AS device_id,
    k.record.name AS device_name,
    k.record.unit_id AS unit_id,
    tupleElement(u.records[1], 'name') AS unit_name,
    k.record.protocol AS protocol,
    k.record.timezone AS timezone,
    k.known AS known,
    k.in_service AS in_service,
    s.newest.state AS state,
    s.newest.silent_since AS silent_since,
    s.delivered_through AS delivered_through,
    s.newest.drift_ms AS drift_ms,
    s.newest.source AS source,
    s.observed_at AS observed_at,
    s.last_punch_time AS last_punch_time,
    s.last_received_at AS last_received_at,
    in_service AND (protocol != 'file') AS expected,
    expected AND (state != 'online') AS missed
FROM
(
    WITH
        (
            SELECT toDate32(ifNull(max(observed_at), now64(3, 'UTC')) + toIntervalHour(9))
            FROM device_latest
        ) AS today,
        arrayFirstIndex(r -> ((r.valid_from <= today) AND (r.valid_to >= today)), d.records) AS place
    SELECT
        i.device_id AS device_id,
        notEmpty(d.records) AS known,
        place > 0 AS in_service,
        d.records[greatest(place, 1)] AS record
    FROM
    (
        SELECT device_id
        FROM v_device_records
        UNION DISTINCT
        SELECT device_id
        FROM device_latest
    ) AS i
    ANY LEFT JOIN v_device_records AS d ON d.device_id = i.device_id
) AS k
ANY LEFT JOIN
(
    SELECT
        device_id,
        max(l.observed_at) AS observed_at,
        max(l.delivered_through) AS delivered_through,
        argMaxMerge(l.newest) AS newest,
        max(l.last_punch_time) AS last_punch_time,
        max(l.last_received_at) AS last_received_at
    FROM device_latest AS l
    GROUP BY device_id
) AS s ON s.device_id = k.device_id
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = k.record.unit_id;

-- v_device_records
CREATE VIEW v_device_records
(
    `device_id` String,
    `records` Array(Tuple(
        reference_offset Int64,
        valid_from Date32,
        valid_to Date32,
        unit_id String,
        name String,
        protocol String,
        timezone String))
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'For other views: all records of a terminal in one row, the one that counts first.'
AS SELECT
    device_id,
    arrayReverseSort(groupArray(CAST((_offset, valid_from, ifNull(valid_to, toDate32('2299-12-31')), unit_id, name, protocol, timezone), 'Tuple(reference_offset Int64, valid_from Date32, valid_to Date32, unit_id String, name String, protocol String, timezone String)'))) AS records
FROM device
FINAL
WHERE NOT void
GROUP BY device_id;

-- v_enrolment
CREATE VIEW v_enrolment
(
    `device_id` String,
    `pin` String,
    `employee_id` UUID,
    `valid_from` Date32,
    `valid_to` Nullable(Date32),
    `void` Bool,
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64,
    `newest` UInt8
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Who owns a PIN on a terminal, and what was said of that before? Rows with newest and without void are in force; v_punch.enrolment_offset is reference_offset here.'
AS SELECT
    device_id,
    pin,
    employee_id,
    valid_from,
    valid_to,
    void,
    recorded_at,
    recorded_by,
    _offset AS reference_offset,
    _offset = max(_offset) OVER (PARTITION BY device_id, pin, employee_id, valid_from) AS newest
FROM enrolment
FINAL;

-- v_epoch
CREATE VIEW v_epoch
(
    `epoch` String,
    `since` DateTime64(3, 'UTC'),
    `reason` String
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Which epoch do all other views show, since when, and why?'
AS SELECT
    epoch,
    since,
    reason
FROM epoch
ORDER BY since DESC
LIMIT 1;

-- v_face_check
CREATE VIEW v_face_check
(
    `employee_id` UUID,
    `install_id` String,
    `taken_at` DateTime64(3, 'UTC'),
    `match` Nullable(Float32),
    `liveness` Nullable(Float32),
    `model` LowCardinality(String),
    `photo_sha256` Nullable(String),
    `photo_phash` Nullable(String),
    `mock` Nullable(Bool),
    `boot_id` Nullable(String),
    `elapsed_ms` Nullable(Int64),
    `imei` Nullable(String),
    `received_at` DateTime64(3, 'UTC'),
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What did phones see of faces? Scores and hashes; taken_at is the phone\'s clock, received_at ours. Filter by taken_at.'
AS SELECT
    employee_id,
    install_id,
    taken_at,
    match,
    liveness,
    model,
    photo_sha256,
    photo_phash,
    mock,
    boot_id,
    elapsed_ms,
    imei,
    received_at,
    written_at
FROM face_check
FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_flag
CREATE VIEW v_flag
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `timezone` String,
    `employee_id` UUID,
    `flag_id` UUID,
    `rule` String,
    `rule_version` Int32,
    `score` Float64,
    `evidence` Map(String, String),
    `state` String,
    `reason` String,
    `decided_by` String,
    `decided_at` Nullable(DateTime64(3, 'UTC')),
    `until_at` DateTime64(3, 'UTC'),
    `policy_offset` Int64,
    `version` Int64,
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Which signs of manipulation stand, with what evidence, and what did a person decide? state: open, confirmed or dismissed; evidence is no verdict.'
AS WITH
    u.records[arrayFirstIndex(r -> ((r.valid_from <= f.work_date) AND (r.valid_to >= f.work_date)), u.records)] AS unit
SELECT
    f.work_date AS work_date,
    f.unit_id AS unit_id,
    unit.name AS unit_name,
    if(unit.timezone = '', 'UTC', unit.timezone) AS timezone,
    f.employee_id AS employee_id,
    f.finding.flag_id AS flag_id,
    f.finding.rule AS rule,
    f.finding.rule_version AS rule_version,
    f.finding.score AS score,
    f.finding.evidence AS evidence,
    multiIf((d.verdict IN ('', 'reversed')), 'open', d.verdict) AS state,
    d.reason AS reason,
    d.recorded_by AS decided_by,
    if(d.verdict = '', NULL, d.recorded_at) AS decided_at,
    f.until_at AS until_at,
    f.policy_offset AS policy_offset,
    f.version AS version,
    f.written_at AS written_at
FROM
(
    SELECT
        work_date,
        unit_id,
        employee_id,
        until_at,
        policy_offset,
        version,
        written_at,
        finding
    FROM flag
    FINAL
    ARRAY JOIN findings AS finding
    WHERE epoch = (
        SELECT epoch
        FROM v_epoch
    )
) AS f
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = f.unit_id
LEFT JOIN
(
    SELECT
        flag_id,
        argMax(verdict, reference_offset) AS verdict,
        argMax(reason, reference_offset) AS reason,
        argMax(recorded_by, reference_offset) AS recorded_by,
        argMax(recorded_at, reference_offset) AS recorded_at
    FROM v_decision
    GROUP BY flag_id
) AS d ON d.flag_id = f.finding.flag_id
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_geofence
CREATE VIEW v_geofence
(
    `unit_id` LowCardinality(String),
    `name` String,
    `lat` Float64,
    `lon` Float64,
    `radius_m` Int32,
    `valid_from` Date32,
    `valid_to` Nullable(Date32),
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Which circles were a unit\'s place, from when to when? Of records of one name that cover one date the highest reference_offset counts.'
AS SELECT
    unit_id,
    name,
    lat,
    lon,
    radius_m,
    valid_from,
    valid_to,
    recorded_at,
    recorded_by,
    _offset AS reference_offset
FROM geofence
FINAL
WHERE NOT void;

-- v_latency
CREATE VIEW v_latency
(
    `table` String,
    `topic` LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    `appended_at` DateTime64(3, 'UTC'),
    `queryable_at` DateTime64(3, 'UTC'),
    `latency_ms` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'How long did rows take from Kafka\'s append until they could be queried? Rows of the last hour, because flushes are remembered for that long; filter by appended_at.'
AS SELECT
    r.`table` AS `table`,
    s.topic AS topic,
    r._partition AS partition,
    r._offset AS offset,
    r._appended_at AS appended_at,
    s.written_at AS queryable_at,
    dateDiff('millisecond', r._appended_at, s.written_at) AS latency_ms
FROM
(
    SELECT
        'punch' AS `table`,
        'hadir.device_log' AS topic,
        _partition,
        _offset,
        _appended_at
    FROM punch
    WHERE written_at >= (now64(3, 'UTC') - toIntervalHour(1))
    UNION ALL
    SELECT
        'attribution',
        concat('hadir.attribution.', epoch),
        _partition,
        _offset,
        _appended_at
    FROM attribution_history
    WHERE written_at >= (now64(3, 'UTC') - toIntervalHour(1))
    UNION ALL
    SELECT
        'attendance',
        concat('hadir.attendance.', epoch),
        _partition,
        _offset,
        _appended_at
    FROM attendance_history
    WHERE written_at >= (now64(3, 'UTC') - toIntervalHour(1))
    UNION ALL
    SELECT
        'position',
        concat('hadir.position.', epoch),
        _partition,
        _offset,
        _appended_at
    FROM position
    WHERE written_at >= (now64(3, 'UTC') - toIntervalHour(1))
) AS r
ASOF INNER JOIN
(
    SELECT
        toString(topic) AS topic,
        partition,
        offset - 1 AS last,
        min(s.written_at) AS written_at
    FROM sink_offset AS s
    GROUP BY
        topic,
        partition,
        offset
) AS s ON (s.topic = r.topic) AND (s.partition = r._partition) AND (s.last >= r._offset);

-- v_manual_entry
CREATE VIEW v_manual_entry
(
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `kind` String,
    `employee_id` Nullable(UUID),
    `device_id` String,
    `first_date` Date32,
    `last_date` Nullable(Date32),
    `detail` String,
    `void` Bool,
    `days_afterwards` Int64,
    `reference_offset` Nullable(Int64)
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What did people enter by hand that bears on somebody\'s dates, who did, and how long afterwards? leave, own schedules, assignments, enrolments and decisions, and punches brought by a file (employee_id null; one row a terminal and hour of import). void withdraws; days_afterwards counts from first_date.'
AS SELECT
    e.recorded_at AS recorded_at,
    e.recorded_by AS recorded_by,
    e.kind AS kind,
    e.employee_id AS employee_id,
    e.device_id AS device_id,
    e.first_date AS first_date,
    e.last_date AS last_date,
    e.detail AS detail,
    e.void AS void,
    greatest(0, dateDiff('day', e.first_date, toDate32(e.recorded_at))) AS days_afterwards,
    e.reference_offset AS reference_offset
FROM
(
    SELECT
        'leave' AS kind,
        recorded_at,
        recorded_by,
        toNullable(employee_id) AS employee_id,
        '' AS device_id,
        valid_from AS first_date,
        valid_to AS last_date,
        concat(l.kind, ' ', letter_no) AS detail,
        void,
        toNullable(_offset) AS reference_offset
    FROM leave AS l
    FINAL
    UNION ALL
    SELECT
        'schedule',
        recorded_at,
        recorded_by,
        toUUIDOrNull(employee_id),
        '',
        valid_from,
        valid_to,
        arrayStringConcat([mon, tue, wed, thu, fri, sat, sun], ' '),
        void,
        _offset
    FROM schedule
    FINAL
    WHERE employee_id != ''
    UNION ALL
    SELECT
        'assignment',
        recorded_at,
        recorded_by,
        employee_id,
        '',
        valid_from,
        valid_to,
        unit_id,
        void,
        _offset
    FROM assignment
    FINAL
    UNION ALL
    SELECT
        'enrolment',
        recorded_at,
        recorded_by,
        employee_id,
        device_id,
        valid_from,
        valid_to,
        pin,
        void,
        _offset
    FROM enrolment
    FINAL
    UNION ALL
    SELECT
        'decision',
        recorded_at,
        recorded_by,
        employee_id,
        '',
        work_date,
        work_date,
        verdict,
        void,
        _offset
    FROM decision
    FINAL
    UNION ALL
    SELECT
        'file',
        max(received_at),
        'import',
        NULL,
        device_id,
        toDate32(min(device_time)),
        toDate32(max(device_time)),
        concat(toString(count()), ' punches'),
        false,
        NULL
    FROM punch
    FINAL
    WHERE source = 'file'
    GROUP BY
        device_id,
        toStartOfHour(received_at)
) AS e;

-- v_office_day
CREATE VIEW v_office_day
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `unit_mode` String,
    `wajib` UInt64,
    `hadir` UInt64,
    `terlambat` UInt64,
    `ditunggu` UInt64,
    `belum_hadir` UInt64,
    `tidak_hadir` UInt64,
    `tk` UInt64,
    `belum_dapat_dipastikan` UInt64,
    `cuti_sakit_izin` UInt64,
    `dinas_luar` UInt64,
    `belum_waktunya` UInt64,
    `libur` UInt64,
    `tidak_dinilai` UInt64,
    `roster` UInt64,
    `mesin_belum_lengkap` UInt64,
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'How many of each office are in which state on a work date? roster = wajib + cuti_sakit_izin + dinas_luar + belum_waktunya + libur + tidak_dinilai; wajib = hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk + belum_dapat_dipastikan.'
AS SELECT
    d.work_date AS work_date,
    d.unit_id AS unit_id,
    tupleElement(u.records[arrayFirstIndex(r -> ((r.valid_from <= d.work_date) AND (r.valid_to >= d.work_date)), u.records)], 'name') AS unit_name,
    d.* EXCEPT (work_date, unit_id)
FROM
(
    SELECT
        work_date,
        unit_id,
        any(unit_mode) AS unit_mode,
        (((((hadir + terlambat) + ditunggu) + belum_hadir) + tidak_hadir) + tk) + belum_dapat_dipastikan AS wajib,
        countIf(state IN ('present', 'present_unmeasured')) AS hadir,
        countIf(state = 'late') AS terlambat,
        countIf(state = 'awaited') AS ditunggu,
        countIf(state = 'not_here') AS belum_hadir,
        countIf(state = 'absent') AS tidak_hadir,
        countIf(state = 'unexplained') AS tk,
        countIf(state = 'undetermined') AS belum_dapat_dipastikan,
        countIf(state = 'leave') AS cuti_sakit_izin,
        countIf(state = 'field_duty') AS dinas_luar,
        countIf(state = 'not_due_yet') AS belum_waktunya,
        countIf(state = 'off') AS libur,
        countIf(state = 'not_judged') AS tidak_dinilai,
        count() AS roster,
        uniqExactArrayIf(missing.device_id, state = 'undetermined') AS mesin_belum_lengkap,
        max(a.written_at) AS written_at
    FROM attendance AS a
    FINAL
    WHERE epoch = (
        SELECT epoch
        FROM v_epoch
    )
    GROUP BY
        work_date,
        unit_id
) AS d
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = d.unit_id
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_parked
CREATE VIEW v_parked
(
    `device_id` String,
    `device_name` String,
    `unit_id` String,
    `pin` String,
    `reason` LowCardinality(String),
    `punches` UInt64,
    `first_device_time` DateTime64(3, 'UTC'),
    `last_device_time` DateTime64(3, 'UTC'),
    `last_received_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Which PINs punch without anybody knowing whose they are? One row a terminal, PIN and reason, with the number of punches that wait for an enrolment.'
AS SELECT
    a.device_id AS device_id,
    tupleElement(d.records[1], 'name') AS device_name,
    tupleElement(d.records[1], 'unit_id') AS unit_id,
    a.pin AS pin,
    a.reason AS reason,
    a.punches AS punches,
    a.first_device_time AS first_device_time,
    a.last_device_time AS last_device_time,
    a.last_received_at AS last_received_at
FROM
(
    SELECT
        device_id,
        pin,
        reason,
        count() AS punches,
        min(device_time) AS first_device_time,
        max(device_time) AS last_device_time,
        max(received_at) AS last_received_at
    FROM attribution
    FINAL
    WHERE (epoch = (
        SELECT epoch
        FROM v_epoch
    )) AND parked
    GROUP BY
        device_id,
        pin,
        reason
) AS a
ANY LEFT JOIN v_device_records AS d ON d.device_id = a.device_id
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_person
CREATE VIEW v_person
(
    `employee_id` UUID,
    `staff_no` String,
    `name` String,
    `recorded_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Who is behind an employee_id? Nobody is listed who was erased.'
AS SELECT
    employee_id,
    staff_no,
    name,
    recorded_at
FROM person
FINAL
WHERE NOT erased;

-- v_person_day
CREATE VIEW v_person_day
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `unit_mode` LowCardinality(String),
    `employee_id` UUID,
    `staff_no` String,
    `name` String,
    `category` LowCardinality(String),
    `state` LowCardinality(String),
    `reason` LowCardinality(String),
    `letter_no` String,
    `timezone` String,
    `shift_id` String,
    `shift_start` String,
    `shift_end` String,
    `cutoff` String,
    `in_time` String,
    `in_device_id` String,
    `in_device` String,
    `out_time` String,
    `late_s` Int32,
    `late_m` Int64,
    `open_until` String,
    `missing` Array(Tuple(
        device_id String,
        name String,
        silent_since String,
        delivered_through String)),
    `punches` Array(Tuple(
        device_id String,
        name String,
        device_time DateTime64(3, 'UTC'),
        time String,
        used_as String)),
    `policy_id` String,
    `policy_offset` Int64,
    `version` Int64,
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Who was where when on a work date? One row a person, with names, in the local time of the unit (text HH:MM:SS), minutes late rounded up. For whoever may see names.'
AS WITH
    (
        SELECT (groupArray(device_id), groupArray(tupleElement(records[1], 'name')))
        FROM v_device_records
    ) AS devices,
    ((t, zone) -> if(isNull(t), '', formatDateTime(ifNull(t, toDateTime64(0, 3, 'UTC')), '%H:%i:%S', zone))) AS clock,
    ((t, zone) -> if(isNull(t), '', formatDateTime(ifNull(t, toDateTime64(0, 3, 'UTC')), '%Y-%m-%d %H:%i', zone))) AS moment,
    (id -> transform(toString(id), devices.1, devices.2, toString(id))) AS device_name
SELECT
    a.work_date AS work_date,
    a.unit_id AS unit_id,
    a.unit_name AS unit_name,
    a.unit_mode AS unit_mode,
    a.employee_id AS employee_id,
    p.staff_no AS staff_no,
    p.name AS name,
    a.category AS category,
    a.state AS state,
    a.reason AS reason,
    a.letter_no AS letter_no,
    a.timezone AS timezone,
    a.shift_id AS shift_id,
    substring(clock(a.shift_start_at, a.timezone), 1, 5) AS shift_start,
    substring(clock(a.shift_end_at, a.timezone), 1, 5) AS shift_end,
    substring(clock(a.cutoff_at, a.timezone), 1, 5) AS cutoff,
    clock(a.in_at, a.timezone) AS in_time,
    a.in_device_id AS in_device_id,
    device_name(a.in_device_id) AS in_device,
    clock(a.out_at, a.timezone) AS out_time,
    a.late_s AS late_s,
    intDiv(a.late_s + 59, 60) AS late_m,
    moment(a.open_until, a.timezone) AS open_until,
    CAST(arrayMap(m -> (m.device_id, device_name(m.device_id), moment(m.silent_since, a.timezone), moment(m.delivered_through, a.timezone)), a.missing), 'Array(Tuple(device_id String, name String, silent_since String, delivered_through String))') AS missing,
    CAST(arrayMap(x -> (x.device_id, device_name(x.device_id), x.device_time, clock(x.occurred_at, a.timezone), x.used_as), a.punches), 'Array(Tuple(device_id String, name String, device_time DateTime64(3, \'UTC\'), time String, used_as String))') AS punches,
    a.policy_id AS policy_id,
    a.policy_offset AS policy_offset,
    a.version AS version,
    a.written_at AS written_at
FROM v_attendance AS a
ANY LEFT JOIN v_person AS p ON p.employee_id = a.employee_id;

-- v_phone
CREATE VIEW v_phone
(
    `install_id` String,
    `employee_id` UUID,
    `valid_from` Date32,
    `valid_to` Nullable(Date32),
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Whose is an installation of the app, from when to when?'
AS SELECT
    install_id,
    employee_id,
    valid_from,
    valid_to,
    recorded_at,
    recorded_by,
    _offset AS reference_offset
FROM phone
FINAL
WHERE NOT void;

-- v_policy
CREATE VIEW v_policy
(
    `policy_id` String,
    `grace_s` Int32,
    `cutoff_after_s` Int32,
    `wait_s` Int32,
    `in_punch` LowCardinality(String),
    `papers_s` Int32,
    `presence_gap_s` Int32,
    `presence_worst_m` Int32,
    `travel_kmh` Int32,
    `travel_m` Int32,
    `clocks_s` Int32,
    `mock_minutes` Int32,
    `source` LowCardinality(String),
    `valid_from` Date32,
    `valid_to` Nullable(Date32),
    `void` Bool,
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What did a policy say in each of its versions? policy_offset of attendance, presence and flags is reference_offset here.'
AS SELECT
    policy_id,
    grace_s,
    cutoff_after_s,
    wait_s,
    in_punch,
    papers_s,
    presence_gap_s,
    presence_worst_m,
    travel_kmh,
    travel_m,
    clocks_s,
    mock_minutes,
    source,
    valid_from,
    valid_to,
    void,
    recorded_at,
    recorded_by,
    _offset AS reference_offset
FROM policy
FINAL;

-- v_position
CREATE VIEW v_position
(
    `employee_id` UUID,
    `minute_at` DateTime64(3, 'UTC'),
    `fixed_at` DateTime64(3, 'UTC'),
    `lat` Float64,
    `lon` Float64,
    `accuracy_m` Nullable(Float32),
    `mock` Nullable(Bool),
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Where was a person, minute by minute? Filter by minute_at.'
AS SELECT
    employee_id,
    minute_at,
    fixed_at,
    lat,
    lon,
    accuracy_m,
    mock,
    written_at
FROM position
FINAL
WHERE epoch = (
    SELECT epoch
    FROM v_epoch
)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_presence
CREATE VIEW v_presence
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `timezone` String,
    `employee_id` UUID,
    `shift_start_at` DateTime64(3, 'UTC'),
    `shift_end_at` DateTime64(3, 'UTC'),
    `until_at` DateTime64(3, 'UTC'),
    `complete` UInt8,
    `inside_m` Float64,
    `outside_m` Float64,
    `unknown_m` Float64,
    `inside_share` Nullable(Float64),
    `known_share` Float64,
    `pings` Int32,
    `windows` Array(Tuple(
        from_at DateTime64(3, 'UTC'),
        to_at DateTime64(3, 'UTC'),
        place String)),
    `hours` Array(Tuple(
        from_at DateTime64(3, 'UTC'),
        inside_s Int32,
        outside_s Int32,
        unknown_s Int32)),
    `geofence_offsets` Array(Int64),
    `policy_offset` Int64,
    `version` Int64,
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'How long was each person inside, outside or out of sight of the unit\'s place during a shift? inside_share is of the known time (null: none was known), known_share of the shift so far; minutes that are unknown are a gap, never an absence.'
AS WITH
    u.records[arrayFirstIndex(r -> ((r.valid_from <= p.work_date) AND (r.valid_to >= p.work_date)), u.records)] AS unit
SELECT
    p.work_date AS work_date,
    p.unit_id AS unit_id,
    unit.name AS unit_name,
    if(unit.timezone = '', 'UTC', unit.timezone) AS timezone,
    p.employee_id AS employee_id,
    p.shift_start_at AS shift_start_at,
    p.shift_end_at AS shift_end_at,
    p.until_at AS until_at,
    p.until_at = p.shift_end_at AS complete,
    round(p.inside_s / 60, 1) AS inside_m,
    round(p.outside_s / 60, 1) AS outside_m,
    round(p.unknown_s / 60, 1) AS unknown_m,
    if((p.inside_s + p.outside_s) = 0, NULL, p.inside_s / (p.inside_s + p.outside_s)) AS inside_share,
    (p.inside_s + p.outside_s) / ((p.inside_s + p.outside_s) + p.unknown_s) AS known_share,
    p.pings AS pings,
    p.windows AS windows,
    p.hours AS hours,
    p.geofence_offsets AS geofence_offsets,
    p.policy_offset AS policy_offset,
    p.version AS version,
    p.written_at AS written_at
FROM presence AS p
FINAL
ANY LEFT JOIN v_unit_records AS u ON u.unit_id = p.unit_id
WHERE (p.epoch = (
    SELECT epoch
    FROM v_epoch
)) AND (NOT p.withdrawn)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_presence_hour
CREATE VIEW v_presence_hour
(
    `work_date` Date,
    `unit_id` LowCardinality(String),
    `unit_name` String,
    `timezone` String,
    `employee_id` UUID,
    `from_at` DateTime64(3, 'UTC'),
    `hour_local` String,
    `inside_m` Float64,
    `outside_m` Float64,
    `unknown_m` Float64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Where was each person hour by hour of the unit\'s clock? Minutes inside, outside and unknown, only those within the shift.'
AS SELECT
    work_date,
    unit_id,
    unit_name,
    timezone,
    employee_id,
    hour.from_at AS from_at,
    formatDateTime(hour.from_at, '%H:00', timezone) AS hour_local,
    round(hour.inside_s / 60, 1) AS inside_m,
    round(hour.outside_s / 60, 1) AS outside_m,
    round(hour.unknown_s / 60, 1) AS unknown_m
FROM v_presence
ARRAY JOIN hours AS hour;

-- v_punch
CREATE VIEW v_punch
(
    `device_id` String,
    `pin` String,
    `device_time` DateTime64(3, 'UTC'),
    `minute_only` Bool,
    `in_out_code` Int32,
    `verify_code` Int32,
    `work_code` String,
    `source` LowCardinality(String),
    `received_at` DateTime64(3, 'UTC'),
    `attributed` LowCardinality(UInt8),
    `employee_id` String,
    `reason` LowCardinality(String),
    `occurred_at` Nullable(DateTime64(3, 'UTC')),
    `enrolment_offset` Int64,
    `version` Int64,
    `written_at` DateTime64(3, 'UTC')
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What did terminals say, and whose punch is it? employee_id empty: parked, reason says why; attributed = 0: not looked at yet. Filter by device_time (the terminal\'s wall clock).'
AS SELECT
    p.device_id AS device_id,
    p.pin AS pin,
    p.device_time AS device_time,
    p.minute_only AS minute_only,
    p.in_out_code AS in_out_code,
    p.verify_code AS verify_code,
    p.work_code AS work_code,
    p.source AS source,
    p.received_at AS received_at,
    a.epoch != '' AS attributed,
    a.employee_id AS employee_id,
    a.reason AS reason,
    a.occurred_at AS occurred_at,
    a.enrolment_offset AS enrolment_offset,
    a.version AS version,
    p.written_at AS written_at
FROM punch AS p
FINAL
ANY LEFT JOIN
(
    SELECT
        device_id,
        pin,
        device_time,
        epoch,
        employee_id,
        reason,
        occurred_at,
        enrolment_offset,
        version
    FROM attribution
    FINAL
    WHERE epoch = (
        SELECT epoch
        FROM v_epoch
    )
) AS a ON (a.device_id = p.device_id) AND (a.pin = p.pin) AND (a.device_time = p.device_time)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- v_sink
CREATE VIEW v_sink
(
    `topic` LowCardinality(String),
    `partition` Int32,
    `next_offset` Int64,
    `written_at` DateTime64(3, 'UTC'),
    `age_s` Float64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'How far has the sink come, and when did it last write? One row a topic and partition; age_s by the server\'s clock.'
AS SELECT
    topic,
    partition,
    max(offset) AS next_offset,
    max(s.written_at) AS written_at,
    dateDiff('millisecond', max(s.written_at), now64(3, 'UTC')) / 1000 AS age_s
FROM sink_offset AS s
GROUP BY
    topic,
    partition;

-- v_today
CREATE VIEW v_today
(
    `work_date` Date
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'Which work date has begun last? By the clock of the data, so that a replayed day is today for whoever looks on.'
AS SELECT max(a.work_date) AS work_date
FROM attendance AS a
WHERE (a.epoch = (
    SELECT epoch
    FROM v_epoch
)) AND (a.state != 'withdrawn');

-- v_unit
CREATE VIEW v_unit
(
    `unit_id` LowCardinality(String),
    `name` String,
    `parent_id` Nullable(String),
    `kind` LowCardinality(String),
    `timezone` LowCardinality(String),
    `valid_from` Date32,
    `valid_to` Nullable(Date32),
    `recorded_at` DateTime64(3, 'UTC'),
    `recorded_by` String,
    `reference_offset` Int64
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'What was a unit called, and in which zone did it work, from when to when? Of records that cover one date the highest reference_offset counts.'
AS SELECT
    unit_id,
    name,
    parent_id,
    kind,
    timezone,
    valid_from,
    valid_to,
    recorded_at,
    recorded_by,
    _offset AS reference_offset
FROM unit
FINAL
WHERE NOT void;

-- v_unit_records
CREATE VIEW v_unit_records
(
    `unit_id` LowCardinality(String),
    `records` Array(Tuple(
        reference_offset Int64,
        valid_from Date32,
        valid_to Date32,
        name String,
        kind String,
        timezone String))
)
DEFINER = default SQL SECURITY DEFINER
COMMENT 'For other views: all records of a unit in one row, the one that counts first; a zone that does not exist reads as UTC.'
AS SELECT
    unit_id,
    arrayReverseSort(groupArray(CAST((reference_offset, valid_from, ifNull(valid_to, toDate32('2299-12-31')), name, kind, if((timezone IN (
        SELECT time_zone
        FROM system.time_zones
    )), toString(timezone), 'UTC')), 'Tuple(reference_offset Int64, valid_from Date32, valid_to Date32, name String, kind String, timezone String)'))) AS records
FROM v_unit
GROUP BY unit_id;

