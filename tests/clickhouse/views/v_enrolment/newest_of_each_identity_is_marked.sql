-- Every version can be cited; the newest of an identity says whether it holds.
INSERT INTO enrolment (device_id, pin, employee_id, valid_from, void, _offset) VALUES ('D1', '7', '00000000-0000-0000-0000-00000000000a', '2026-01-01', false, 1), ('D1', '7', '00000000-0000-0000-0000-00000000000a', '2026-01-01', true, 5), ('D1', '7', '00000000-0000-0000-0000-00000000000b', '2026-01-01', false, 3);
-- ask
SELECT employee_id, void, reference_offset, newest FROM v_enrolment ORDER BY reference_offset
-- expect
00000000-0000-0000-0000-00000000000a	false	1	0
00000000-0000-0000-0000-00000000000b	false	3	1
00000000-0000-0000-0000-00000000000a	true	5	1
