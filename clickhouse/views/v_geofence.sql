CREATE OR REPLACE VIEW v_geofence SQL SECURITY DEFINER AS
SELECT unit_id, name, lat, lon, radius_m, valid_from, valid_to, recorded_at, recorded_by, _offset AS reference_offset
FROM geofence FINAL
WHERE NOT void
COMMENT 'Which circles were a unit\'s place, from when to when? Of records of one name that cover one date the highest reference_offset counts.';
