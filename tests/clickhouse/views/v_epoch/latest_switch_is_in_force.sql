-- Readers see the epoch they were switched to last, even if it is an older one; other epochs' rows stay away.
INSERT INTO epoch (epoch, since, reason) VALUES ('e2', '2099-01-01 00:00:00', 'try'), ('e1', '2099-01-02 00:00:00', 'back');
INSERT INTO attendance_history (employee_id, work_date, epoch, version, state) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e1', 1, 'late'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'e2', 9, 'present');
-- ask
SELECT epoch, reason, (SELECT groupArray(state) FROM v_attendance) FROM v_epoch
-- expect
e1	back	['late']
