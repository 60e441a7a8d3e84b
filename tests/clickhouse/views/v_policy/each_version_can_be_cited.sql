-- A correction does not take away what an older row was judged by.
INSERT INTO policy (policy_id, grace_s, valid_from, _offset) VALUES ('p', 60, '2026-01-01', 4);
INSERT INTO policy (policy_id, grace_s, valid_from, _offset) VALUES ('p', 0, '2026-01-01', 9), ('p', 60, '2026-01-01', 4);
-- ask
SELECT policy_id, grace_s, reference_offset FROM v_policy ORDER BY reference_offset
-- expect
p	60	4
p	0	9
