-- The newest observation says how it is, the highest delivered_through how complete; each terminal once.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO device (device_id, unit_id, name, protocol, timezone, valid_from, _offset) VALUES ('D1', 'U1', 'Pintu', 'adms', 'Asia/Jakarta', '2026-01-01', 1), ('D2', 'U1', 'Diam', 'adms', 'Asia/Jakarta', '2026-01-01', 2);
INSERT INTO device_status (device_id, observed_at, state, silent_since, delivered_through, drift_ms, source, _offset) VALUES ('D1', '2026-11-23 00:31:00', 'silent', '2026-11-23 00:25:00', NULL, -3000, 'adms', 2), ('D9', '2026-11-23 00:10:00', 'online', NULL, NULL, NULL, 'adms', 3);
INSERT INTO device_status (device_id, observed_at, state, silent_since, delivered_through, drift_ms, source, _offset) VALUES ('D1', '2026-11-23 00:20:00', 'online', NULL, '2026-11-23 00:19:00', 50, 'adms', 1);
-- ask
SELECT device_id, device_name, unit_name, known, in_service, state, silent_since, delivered_through, drift_ms FROM v_device ORDER BY device_id
-- expect
D1	Pintu	Dinas Satu	1	1	silent	2026-11-23 00:25:00.000	2026-11-23 00:19:00.000	-3000
D2	Diam	Dinas Satu	1	1		\N	\N	\N
D9			0	0	online	\N	\N	\N
