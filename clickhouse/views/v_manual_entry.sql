CREATE OR REPLACE VIEW v_manual_entry SQL SECURITY DEFINER AS
SELECT
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
    SELECT 'leave' AS kind, recorded_at, recorded_by, toNullable(employee_id) AS employee_id, '' AS device_id,
        valid_from AS first_date, valid_to AS last_date, concat(l.kind, ' ', letter_no) AS detail, void,
        toNullable(_offset) AS reference_offset
    FROM leave AS l FINAL
    UNION ALL
    SELECT 'schedule', recorded_at, recorded_by, toUUIDOrNull(employee_id), '', valid_from, valid_to,
        arrayStringConcat([mon, tue, wed, thu, fri, sat, sun], ' '), void, _offset
    FROM schedule FINAL
    WHERE employee_id != ''
    UNION ALL
    SELECT 'assignment', recorded_at, recorded_by, employee_id, '', valid_from, valid_to, unit_id, void, _offset
    FROM assignment FINAL
    UNION ALL
    SELECT 'enrolment', recorded_at, recorded_by, employee_id, device_id, valid_from, valid_to, pin, void, _offset
    FROM enrolment FINAL
    UNION ALL
    SELECT 'decision', recorded_at, recorded_by, employee_id, '', work_date, work_date, verdict, void, _offset
    FROM decision FINAL
    UNION ALL
    SELECT 'file', max(received_at), 'import', NULL, device_id, toDate32(min(device_time)), toDate32(max(device_time)),
        concat(toString(count()), ' punches'), false, NULL
    FROM punch FINAL
    WHERE source = 'file'
    GROUP BY device_id, toStartOfHour(received_at)
) AS e
COMMENT 'What did people enter by hand that bears on somebody\'s dates, who did, and how long afterwards? leave, own schedules, assignments, enrolments and decisions, and punches brought by a file (employee_id null; one row a terminal and hour of import). void withdraws; days_afterwards counts from first_date.';
