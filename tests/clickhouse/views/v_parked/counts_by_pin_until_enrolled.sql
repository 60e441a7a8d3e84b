-- Punches nobody owns, by terminal and PIN; one that found its owner is not parked any more.
INSERT INTO device (device_id, unit_id, name, timezone, valid_from, _offset) VALUES ('D1', 'U1', 'Pintu', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO attribution_history (device_id, pin, device_time, employee_id, reason, received_at, epoch, version) VALUES ('D1', '7', '2026-11-23 07:20:00', '', 'unknown_pin', '2026-11-23 00:20:00', 'e1', 1), ('D1', '7', '2026-11-23 16:20:00', '', 'unknown_pin', '2026-11-23 09:20:00', 'e1', 2), ('D1', '8', '2026-11-23 07:20:00', '', 'unknown_pin', '2026-11-23 00:20:00', 'e1', 3), ('D9', '1', '2026-11-23 07:20:00', '', 'unknown_device', '2026-11-23 00:20:00', 'e1', 1), ('D1', '5', '2026-11-23 07:20:00', '', 'unknown_pin', '2026-11-23 00:20:00', 'e0', 1);
INSERT INTO attribution_history (device_id, pin, device_time, employee_id, reason, received_at, epoch, version) VALUES ('D1', '8', '2026-11-23 07:20:00', '00000000-0000-0000-0000-00000000000a', '', '2026-11-23 00:20:00', 'e1', 4);
-- ask
SELECT device_id, device_name, unit_id, pin, reason, punches, first_device_time, last_device_time, last_received_at FROM v_parked ORDER BY device_id, pin
-- expect
D1	Pintu	U1	7	unknown_pin	2	2026-11-23 07:20:00.000	2026-11-23 16:20:00.000	2026-11-23 09:20:00.000
D9			1	unknown_device	1	2026-11-23 07:20:00.000	2026-11-23 07:20:00.000	2026-11-23 00:20:00.000
