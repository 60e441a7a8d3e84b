CREATE OR REPLACE VIEW v_presence SQL SECURITY DEFINER AS
WITH u.records[arrayFirstIndex(r -> r.valid_from <= p.work_date AND r.valid_to >= p.work_date, u.records)] AS unit
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
    if(p.inside_s + p.outside_s = 0, NULL, p.inside_s / (p.inside_s + p.outside_s)) AS inside_share,
    (p.inside_s + p.outside_s) / (p.inside_s + p.outside_s + p.unknown_s) AS known_share,
    p.pings AS pings,
    p.windows AS windows,
    p.hours AS hours,
    p.geofence_offsets AS geofence_offsets,
    p.policy_offset AS policy_offset,
    p.version AS version,
    p.written_at AS written_at
FROM presence AS p FINAL
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = p.unit_id
WHERE p.epoch = (SELECT epoch FROM v_epoch) AND NOT p.withdrawn
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'How long was each person inside, outside or out of sight of the unit\'s place during a shift? inside_share is of the known time (null: none was known), known_share of the shift so far; minutes that are unknown are a gap, never an absence.';
