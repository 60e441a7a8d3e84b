-- A person whose state changes moves from one column to the other, before parts are merged too; other epochs do not count.
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 1, 'awaited'), ('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U1', 'e1', 1, 'awaited'), ('00000000-0000-0000-0000-00000000000c', '2026-11-24', 'U2', 'e1', 1, 'off'), ('00000000-0000-0000-0000-00000000000c', '2026-11-23', 'U1', 'e0', 1, 'late');
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 2, 'late');
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 2, 'late');
-- ask
SELECT work_date, unit_id, roster, wajib, terlambat, ditunggu, libur FROM v_office_day ORDER BY work_date
-- expect
2026-11-23	U1	2	2	1	1	0
2026-11-24	U2	1	0	0	0	1
