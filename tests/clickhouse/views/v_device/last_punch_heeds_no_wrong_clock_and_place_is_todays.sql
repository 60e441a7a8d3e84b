-- A punch of 2030 on a wrong clock is not the last one; a moved terminal hangs where its record of the latest day says.
INSERT INTO device (device_id, unit_id, name, timezone, valid_from, valid_to, _offset) VALUES ('D1', 'U1', 'Lama', 'Asia/Jakarta', '2026-01-01', '2026-11-22', 1), ('D1', 'U2', 'Sekarang', 'Asia/Jakarta', '2026-11-23', '2026-11-30', 2), ('D1', 'U3', 'Nanti', 'Asia/Jakarta', '2026-12-01', NULL, 3), ('D2', 'U1', 'Pensiun', 'Asia/Jakarta', '2020-01-01', '2024-12-31', 4);
INSERT INTO device_status (device_id, observed_at, state) VALUES ('D1', '2026-11-23 00:31:00', 'online');
INSERT INTO punch (device_id, pin, device_time, received_at, digest) VALUES ('D1', '1', '2026-11-23 07:20:00', '2026-11-23 00:20:01', 1), ('D1', '1', '2026-11-23 07:10:00', '2026-11-23 00:40:00', 1), ('D1', '1', '2030-01-01 00:00:00', '2026-11-23 00:21:00', 1);
-- ask
SELECT device_id, device_name, unit_id, in_service, last_punch_time, last_received_at FROM v_device ORDER BY device_id
-- expect
D1	Sekarang	U2	1	2026-11-23 07:20:00.000	2026-11-23 00:40:00.000
D2	Pensiun	U1	0	\N	\N
