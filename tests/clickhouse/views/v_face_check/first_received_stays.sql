-- A photo delivered twice is one row, that of the delivery received first; another install's is another.
INSERT INTO face_check (employee_id, install_id, taken_at, match, received_at, _offset) VALUES ('00000000-0000-0000-0000-00000000000a', 'i1', '2026-11-23 00:20:00', 0.5, '2026-11-23 00:25:00', 7), ('00000000-0000-0000-0000-00000000000a', 'i2', '2026-11-23 00:20:00', 0.75, '2026-11-23 00:25:00', 8);
INSERT INTO face_check (employee_id, install_id, taken_at, match, received_at, _offset) VALUES ('00000000-0000-0000-0000-00000000000a', 'i1', '2026-11-23 00:20:00', 0.25, '2026-11-23 00:21:00', 9), ('00000000-0000-0000-0000-00000000000a', 'i1', '2026-11-23 00:20:00', 1, '2026-11-23 00:21:00', 10);
-- ask
SELECT install_id, match, received_at FROM v_face_check ORDER BY install_id
-- expect
i1	0.25	2026-11-23 00:21:00.000
i2	0.75	2026-11-23 00:25:00.000
