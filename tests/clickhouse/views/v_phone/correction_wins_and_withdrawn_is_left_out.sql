-- Of one install and first day the later record holds; what was withdrawn is not there; no hash is shown.
INSERT INTO phone (install_id, employee_id, valid_from, void, _offset) VALUES ('i1', '00000000-0000-0000-0000-00000000000a', '2026-01-01', false, 1), ('i2', '00000000-0000-0000-0000-00000000000a', '2026-01-01', false, 2);
INSERT INTO phone (install_id, employee_id, valid_from, void, _offset) VALUES ('i1', '00000000-0000-0000-0000-00000000000b', '2026-01-01', false, 3), ('i2', '00000000-0000-0000-0000-00000000000a', '2026-01-01', true, 4);
-- ask
SELECT install_id, employee_id, reference_offset, (SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = 'v_phone' AND name LIKE '%token%') FROM v_phone
-- expect
i1	00000000-0000-0000-0000-00000000000b	3	0
