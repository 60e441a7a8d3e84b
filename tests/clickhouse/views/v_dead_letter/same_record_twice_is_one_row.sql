-- Set aside again after a restart it counts twice but is listed once; those that never reached a topic stay apart.
INSERT INTO dead_letter (failed_at, stage, reason, topic, partition, offset, schema, value, _offset) VALUES ('2026-11-23 00:00:00', 'route', 'broken', 'hadir.device_log', 3, 77, '', 'abc', 0), ('2026-11-23 00:05:00', 'route', 'broken again', 'hadir.device_log', 3, 77, '', 'abc', 1), ('2026-11-23 00:06:00', 'judge', 'broken', 'hadir.device_log', 3, 77, '', 'abc', 2), ('2026-11-23 00:07:00', 'gateway', 'no line', '', -1, -1, '', 'x', 3), ('2026-11-23 00:08:00', 'gateway', 'no line', '', -1, -1, '', 'y', 4);
-- ask
SELECT stage, reason, topic, partition, offset, times, first_failed_at, last_failed_at, value FROM v_dead_letter ORDER BY dead_letter_offset
-- expect
route	broken	hadir.device_log	3	77	2	2026-11-23 00:00:00.000	2026-11-23 00:05:00.000	abc
judge	broken	hadir.device_log	3	77	1	2026-11-23 00:06:00.000	2026-11-23 00:06:00.000	abc
gateway	no line		-1	-1	1	2026-11-23 00:07:00.000	2026-11-23 00:07:00.000	x
gateway	no line		-1	-1	1	2026-11-23 00:08:00.000	2026-11-23 00:08:00.000	y
