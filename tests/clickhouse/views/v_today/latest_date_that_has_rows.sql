-- The latest date of the epoch in force counts; another epoch's later one does not, nor one that was taken back.
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-22', 'U1', 'e1', 1, 'off'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 2, 'present'), ('00000000-0000-0000-0000-00000000000b', '2026-11-24', 'U1', 'e1', 3, 'withdrawn'), ('00000000-0000-0000-0000-00000000000a', '2026-11-25', 'U1', 'e0', 4, 'off');
-- ask
SELECT work_date FROM v_today
-- expect
2026-11-23
