-- Each punch once, with the newest word of the epoch in force on whose it is.
INSERT INTO punch (device_id, pin, device_time, received_at, digest, in_out_code) VALUES ('D1', '1', '2026-11-23 07:20:00', '2026-11-23 00:20:01', 1, 0), ('D1', '2', '2026-11-23 07:21:00', '2026-11-23 00:21:01', 1, 1), ('D1', '3', '2026-11-23 07:22:00', '2026-11-23 00:22:01', 1, 255);
INSERT INTO punch (device_id, pin, device_time, received_at, digest, in_out_code) VALUES ('D1', '1', '2026-11-23 07:20:00', '2026-11-23 00:40:00', 2, 5);
INSERT INTO attribution_history (device_id, pin, device_time, employee_id, reason, occurred_at, enrolment_offset, epoch, version) VALUES ('D1', '1', '2026-11-23 07:20:00', '00000000-0000-0000-0000-00000000000a', '', '2026-11-23 00:20:00', 4, 'e1', 9), ('D1', '2', '2026-11-23 07:21:00', '', 'unknown_pin', '2026-11-23 00:21:00', -1, 'e1', 9), ('D1', '3', '2026-11-23 07:22:00', '00000000-0000-0000-0000-00000000000b', '', '2026-11-23 00:22:00', 4, 'e0', 99);
INSERT INTO attribution_history (device_id, pin, device_time, employee_id, reason, occurred_at, enrolment_offset, epoch, version) VALUES ('D1', '1', '2026-11-23 07:20:00', '', 'unknown_pin', '2026-11-23 00:20:00', -1, 'e1', 3);
-- ask
SELECT pin, in_out_code, attributed, employee_id, reason, occurred_at FROM v_punch WHERE device_time >= '2026-11-23' AND device_time < '2026-11-24' ORDER BY pin
-- expect
1	0	1	00000000-0000-0000-0000-00000000000a		2026-11-23 00:20:00.000
2	1	1		unknown_pin	2026-11-23 00:21:00.000
3	255	0			\N
