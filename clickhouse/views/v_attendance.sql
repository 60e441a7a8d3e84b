CREATE OR REPLACE VIEW v_attendance SQL SECURITY DEFINER AS
WITH u.records[arrayFirstIndex(r -> r.valid_from <= a.work_date AND r.valid_to >= a.work_date, u.records)] AS unit
SELECT
    a.work_date AS work_date,
    a.unit_id AS unit_id,
    unit.name AS unit_name,
    unit.kind AS unit_kind,
    if(unit.timezone = '', 'UTC', unit.timezone) AS timezone,
    a.* EXCEPT (work_date, unit_id)
FROM attendance AS a FINAL
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = a.unit_id
WHERE a.epoch = (SELECT epoch FROM v_epoch)
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'What is known of each person on each work date, in the epoch in force? States are codes, moments UTC, no names of people.';
