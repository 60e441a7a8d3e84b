CREATE OR REPLACE VIEW v_face_check SQL SECURITY DEFINER AS
SELECT
    employee_id, install_id, taken_at, match, liveness, model, photo_sha256, photo_phash, mock, boot_id, elapsed_ms, imei,
    received_at, written_at
FROM face_check FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'What did phones see of faces? Scores and hashes; taken_at is the phone\'s clock, received_at ours. Filter by taken_at.';
