-- Of a circle entered twice the later stands; a withdrawn one is not there.
INSERT INTO geofence (unit_id, name, lat, lon, radius_m, valid_from, void, _offset) VALUES ('U1', 'kantor', -7.4, 112.4, 100, '2026-01-01', false, 1), ('U1', 'kantor', -7.4, 112.4, 150, '2026-01-01', false, 5), ('U1', 'gudang', -7.4, 112.4, 50, '2026-01-01', false, 2), ('U1', 'gudang', -7.4, 112.4, 50, '2026-01-01', true, 3);
-- ask
SELECT unit_id, name, lat, lon, radius_m, reference_offset FROM v_geofence
-- expect
U1	kantor	-7.4	112.4	150	5
