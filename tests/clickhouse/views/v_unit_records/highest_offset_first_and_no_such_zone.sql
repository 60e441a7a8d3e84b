-- The record that counts comes first; a zone that does not exist reads as UTC and breaks nothing.
INSERT INTO unit (unit_id, name, kind, timezone, valid_from, valid_to, _offset) VALUES ('U1', 'Lama', 'office', 'Asia/Jayapura', '1900-01-01', '2026-06-30', 7), ('U1', 'Baru', 'office', 'Mars/Base', '2026-07-01', NULL, 9);
-- ask
SELECT unit_id, records FROM v_unit_records
-- expect
U1	[(9,'2026-07-01','2299-12-31','Baru','office','UTC'),(7,'1900-01-01','2026-06-30','Lama','office','Asia/Jayapura')]
