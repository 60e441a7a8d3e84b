CREATE OR REPLACE VIEW v_unit SQL SECURITY DEFINER AS
SELECT unit_id, name, parent_id, kind, timezone, valid_from, valid_to, recorded_at, recorded_by, _offset AS reference_offset
FROM unit FINAL
WHERE NOT void
COMMENT 'What was a unit called, and in which zone did it work, from when to when? Of records that cover one date the highest reference_offset counts.';
