CREATE OR REPLACE VIEW v_person_day SQL SECURITY DEFINER AS
WITH
    (SELECT (groupArray(device_id), groupArray(records[1].name)) FROM v_device_records) AS devices,
    (t, zone) -> if(isNull(t), '', formatDateTime(ifNull(t, toDateTime64(0, 3, 'UTC')), '%H:%i:%S', zone)) AS clock,
    (t, zone) -> if(isNull(t), '', formatDateTime(ifNull(t, toDateTime64(0, 3, 'UTC')), '%Y-%m-%d %H:%i', zone)) AS moment,
    id -> transform(toString(id), devices.1, devices.2, toString(id)) AS device_name
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
    arrayMap(m -> (m.device_id, device_name(m.device_id), moment(m.silent_since, a.timezone), moment(m.delivered_through, a.timezone)), a.missing)
        ::Array(Tuple(device_id String, name String, silent_since String, delivered_through String)) AS missing,
    arrayMap(x -> (x.device_id, device_name(x.device_id), x.device_time, clock(x.occurred_at, a.timezone), x.used_as), a.punches)
        ::Array(Tuple(device_id String, name String, device_time DateTime64(3, 'UTC'), time String, used_as String)) AS punches,
    a.policy_id AS policy_id,
    a.policy_offset AS policy_offset,
    a.version AS version,
    a.written_at AS written_at
FROM v_attendance AS a
LEFT ANY JOIN v_person AS p ON p.employee_id = a.employee_id
COMMENT 'Who was where when on a work date? One row a person, with names, in the local time of the unit (text HH:MM:SS), minutes late rounded up. For whoever may see names.';
