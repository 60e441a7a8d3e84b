-- Of versions the highest; what was withdrawn or belongs to another epoch is not there; shares are of what is known.
INSERT INTO unit (unit_id, name, kind, timezone, valid_from, void, recorded_by, _offset) VALUES ('U1', 'Dinas Satu', 'office', 'Asia/Makassar', '2026-01-01', false, 'x', 1);
INSERT INTO presence (employee_id, work_date, unit_id, shift_start_at, shift_end_at, until_at, inside_s, outside_s, unknown_s, pings, windows, hours, policy_offset, withdrawn, epoch, version) VALUES
    ('00000000-0000-0000-0000-000000000001', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-22 23:45:00', 900, 0, 0, 7, [], [], 40, false, 'e1', 5),
    ('00000000-0000-0000-0000-000000000001', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-23 08:00:00', 18000, 6000, 6600, 7, [], [], 41, false, 'e1', 9),
    ('00000000-0000-0000-0000-000000000002', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-23 08:00:00', 0, 0, 30600, 7, [], [], 41, false, 'e1', 9),
    ('00000000-0000-0000-0000-000000000003', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-22 23:45:00', 900, 0, 0, 7, [], [], 40, false, 'e1', 4),
    ('00000000-0000-0000-0000-000000000003', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '1970-01-01 00:00:00', 0, 0, 0, 7, [], [], -1, true, 'e1', 6),
    ('00000000-0000-0000-0000-000000000002', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-23 08:00:00', 1, 2, 3, 7, [], [], 40, false, 'e2', 99);
-- ask
SELECT employee_id, unit_name, complete, inside_m, outside_m, unknown_m, inside_share, round(known_share, 3), policy_offset FROM v_presence ORDER BY employee_id
-- expect
00000000-0000-0000-0000-000000000001	Dinas Satu	1	300	100	110	0.75	0.784	41
00000000-0000-0000-0000-000000000002	Dinas Satu	1	0	0	510	\N	0	41
