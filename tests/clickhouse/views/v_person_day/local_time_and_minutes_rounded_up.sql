-- Times are the unit's; 1 s late is a minute late, 60 s too, 61 s two; who has no name in person has none here.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1), ('U2', 'Distrik', 'Asia/Jayapura', '2026-01-01', 2);
INSERT INTO person (employee_id, staff_no, name, _offset) VALUES ('00000000-0000-0000-0000-00000000000a', '199', 'Budi', 1);
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state, shift_start_at, in_at, out_at, late_s, open_until) VALUES
('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 1, 'late', '2026-11-23 00:30:00', '2026-11-23 00:30:01', '2026-11-23 17:05:59', 1, NULL),
('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U1', 'e1', 1, 'late', '2026-11-23 00:30:00', '2026-11-23 00:31:00', NULL, 60, NULL),
('00000000-0000-0000-0000-00000000000c', '2026-11-23', 'U2', 'e1', 1, 'late', '2026-11-22 22:30:00', '2026-11-22 22:31:01', NULL, 61, '2026-11-23 15:30:00');
-- ask
SELECT unit_name, staff_no, name, shift_start, in_time, out_time, late_s, late_m, open_until FROM v_person_day WHERE work_date = '2026-11-23' ORDER BY employee_id
-- expect
Dinas Satu	199	Budi	07:30	07:30:01	00:05:59	1	1	
Dinas Satu			07:30	07:31:00		60	1	
Distrik			07:30	07:31:01		61	2	2026-11-24 00:30
