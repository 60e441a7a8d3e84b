-- Versions that changed nothing or came behind a higher one were never shown; a replay moves no moment.
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 1, 'not_due_yet', '2026-11-23 00:00:00');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 2, 'awaited', '2026-11-23 00:30:00');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 3, 'awaited', '2026-11-23 00:30:30');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 7, 'present', '2026-11-23 00:31:00');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 5, 'not_here', '2026-11-23 00:31:30');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 7, 'present', '2026-11-23 00:40:00');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state, written_at) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 8, 'absent', '2026-11-23 00:50:00'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 9, 'late', '2026-11-23 00:50:00'), ('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'e1', 9, 'off', '2026-11-23 00:50:00');
-- ask
SELECT state, version, shown_from, shown_until FROM v_attendance_history WHERE employee_id = '00000000-0000-0000-0000-00000000000a' AND work_date = '2026-11-23' ORDER BY shown_from
-- expect
not_due_yet	1	2026-11-23 00:00:00.000	2026-11-23 00:30:00.000
awaited	2	2026-11-23 00:30:00.000	2026-11-23 00:31:00.000
present	7	2026-11-23 00:31:00.000	2026-11-23 00:50:00.000
late	9	2026-11-23 00:50:00.000	\N
