-- The earliest fix of a minute, in the epoch in force.
INSERT INTO position (employee_id, minute_at, fixed_at, lat, lon, epoch) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23 00:20:00', '2026-11-23 00:20:30', 1, 2, 'e1'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23 00:20:00', '2026-11-23 00:20:10', 3, 4, 'e0');
INSERT INTO position (employee_id, minute_at, fixed_at, lat, lon, epoch) VALUES ('00000000-0000-0000-0000-00000000000a', '2026-11-23 00:20:00', '2026-11-23 00:20:20', 5, 6, 'e1'), ('00000000-0000-0000-0000-00000000000a', '2026-11-23 00:20:00', '2026-11-23 00:20:40', 7, 8, 'e1');
-- ask
SELECT employee_id, fixed_at, lat FROM v_position
-- expect
00000000-0000-0000-0000-00000000000a	2026-11-23 00:20:20.000	5
