CREATE OR REPLACE VIEW v_position SQL SECURITY DEFINER AS
SELECT employee_id, minute_at, fixed_at, lat, lon, accuracy_m, mock, written_at
FROM position FINAL
WHERE epoch = (SELECT epoch FROM v_epoch)
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Where was a person, minute by minute? Filter by minute_at.';
