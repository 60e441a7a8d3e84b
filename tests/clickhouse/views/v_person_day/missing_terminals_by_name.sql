-- Terminals are named as people know them, by their serial number where nobody entered a name.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO device (device_id, unit_id, name, timezone, valid_from, _offset) VALUES ('D1', 'U1', 'Mesin SDN 3', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO attendance_history (employee_id, work_date, unit_id, epoch, version, state, in_device_id, missing, punches) VALUES
('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 'e1', 1, 'undetermined', '', [('D1', '2026-11-22 23:41:00', NULL), ('D9', NULL, '2026-11-23 00:00:00')], []),
('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U1', 'e1', 1, 'present', 'D1', [], [('D1', '2026-11-23 07:12:00', '2026-11-23 00:12:00', 'in')]);
-- ask
SELECT in_device, missing, arrayMap(p -> (p.name, p.time, p.used_as), punches) FROM v_person_day ORDER BY employee_id
-- expect
	[('D1','Mesin SDN 3','2026-11-23 06:41',''),('D9','D9','','2026-11-23 07:00')]	[]
Mesin SDN 3	[]	[('Mesin SDN 3','07:12:00','in')]
