CREATE OR REPLACE VIEW v_punch SQL SECURITY DEFINER AS
SELECT
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
FROM punch AS p FINAL
LEFT ANY JOIN
(
    SELECT device_id, pin, device_time, epoch, employee_id, reason, occurred_at, enrolment_offset, version
    FROM attribution FINAL
    WHERE epoch = (SELECT epoch FROM v_epoch)
) AS a ON a.device_id = p.device_id AND a.pin = p.pin AND a.device_time = p.device_time
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'What did terminals say, and whose punch is it? employee_id empty: parked, reason says why; attributed = 0: not looked at yet. Filter by device_time (the terminal\'s wall clock).';
