-- Of one identity the highest offset counts; a withdrawn record is as if never entered.
INSERT INTO unit (unit_id, name, timezone, valid_from, void, _offset) VALUES ('U1', 'Salah', 'Asia/Jakarta', '2026-01-01', false, 1), ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', false, 2);
INSERT INTO unit (unit_id, name, timezone, valid_from, void, _offset) VALUES ('U2', 'Ada', 'Asia/Jakarta', '2026-01-01', false, 3), ('U2', 'Ada', 'Asia/Jakarta', '2026-01-01', true, 4);
-- ask
SELECT unit_id, name, reference_offset FROM v_unit
-- expect
U1	Dinas Satu	2
