-- One row a person and date, the highest version of the epoch in force, with the unit's name and zone on that date.
INSERT INTO unit (unit_id, name, kind, timezone, valid_from, valid_to, _offset) VALUES ('U1', 'Lama', 'office', 'Asia/Jakarta', '2026-01-01', '2026-11-22', 1), ('U1', 'Baru', 'office', 'Asia/Makassar', '2026-11-23', NULL, 2);
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 7, 'late'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e0', 99, 'absent'), ('00000000-0000-0000-0000-00000000000a', '2026-11-22', 'U1', 'e1', 6, 'present'), ('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U9', 'e1', 6, 'off');
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 5, 'not_here');
-- ask
SELECT work_date, employee_id, state, unit_name, timezone, version FROM v_attendance ORDER BY work_date, employee_id
-- expect
2026-11-22	00000000-0000-0000-0000-00000000000a	present	Lama	Asia/Jakarta	6
2026-11-23	00000000-0000-0000-0000-00000000000a	late	Baru	Asia/Makassar	7
2026-11-23	00000000-0000-0000-0000-00000000000b	off		UTC	6
