CREATE OR REPLACE VIEW v_policy SQL SECURITY DEFINER AS
SELECT
    policy_id, grace_s, cutoff_after_s, wait_s, in_punch, papers_s,
    presence_gap_s, presence_worst_m, travel_kmh, travel_m, clocks_s, mock_minutes,
    source, valid_from, valid_to, void, recorded_at, recorded_by, _offset AS reference_offset
FROM policy FINAL
COMMENT 'What did a policy say in each of its versions? policy_offset of attendance, presence and flags is reference_offset here.';
