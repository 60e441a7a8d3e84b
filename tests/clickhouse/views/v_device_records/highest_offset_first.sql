-- All records of a terminal that were not withdrawn, the one that counts first.
INSERT INTO device (device_id, unit_id, name, protocol, timezone, valid_from, void, _offset) VALUES ('D1', 'U1', 'Pintu', 'adms', 'Asia/Jakarta', '2026-01-01', false, 3), ('D1', 'U2', 'Pindah', 'adms', 'Asia/Jakarta', '2026-07-01', false, 8), ('D1', 'U3', 'Batal', 'adms', 'Asia/Jakarta', '2026-08-01', true, 9);
-- ask
SELECT device_id, arrayMap(r -> (r.reference_offset, r.unit_id, r.name), records) FROM v_device_records
-- expect
D1	[(8,'U2','Pindah'),(3,'U1','Pintu')]
