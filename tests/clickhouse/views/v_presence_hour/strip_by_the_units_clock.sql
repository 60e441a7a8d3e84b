-- A row an hour of the shift, named by the unit's clock.
INSERT INTO unit (unit_id, name, kind, timezone, valid_from, void, recorded_by, _offset) VALUES ('U1', 'Dinas Satu', 'office', 'Asia/Makassar', '2026-01-01', false, 'x', 1);
INSERT INTO presence (employee_id, work_date, unit_id, shift_start_at, shift_end_at, until_at, inside_s, outside_s, unknown_s, pings, windows, hours, withdrawn, epoch, version) VALUES
    ('00000000-0000-0000-0000-000000000001', '2026-11-23', 'U1', '2026-11-22 23:30:00', '2026-11-23 08:00:00', '2026-11-23 00:30:00', 1800, 1500, 300, 7, [], [('2026-11-22 23:30:00', 1800, 0, 0), ('2026-11-23 00:00:00', 0, 1500, 300)], false, 'e1', 9);
-- ask
SELECT work_date, unit_name, hour_local, inside_m, outside_m, unknown_m FROM v_presence_hour ORDER BY from_at
-- expect
2026-11-23	Dinas Satu	07:00	30	0	0
2026-11-23	Dinas Satu	08:00	0	25	5
