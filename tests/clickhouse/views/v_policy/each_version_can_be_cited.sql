-- A correction does not take away what an older row was judged by; what a policy doesn't say is what rules had before it could.
INSERT INTO policy (policy_id, grace_s, valid_from, _offset) VALUES ('p', 60, '2026-01-01', 4);
INSERT INTO policy (policy_id, grace_s, valid_from, _offset) VALUES ('p', 0, '2026-01-01', 9), ('p', 60, '2026-01-01', 4);
INSERT INTO policy (policy_id, grace_s, presence_gap_s, presence_worst_m, travel_kmh, travel_m, clocks_s, mock_minutes, valid_from, _offset) VALUES ('q', 0, 600, 50, 90, 500, 60, 1, '2026-01-01', 12);
-- ask
SELECT policy_id, grace_s, presence_gap_s, presence_worst_m, travel_kmh, travel_m, clocks_s, mock_minutes, reference_offset FROM v_policy ORDER BY reference_offset
-- expect
p	60	900	200	150	2000	300	3	4
p	0	900	200	150	2000	300	3	9
q	0	600	50	90	500	60	1	12
