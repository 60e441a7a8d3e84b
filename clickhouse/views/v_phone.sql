CREATE OR REPLACE VIEW v_phone SQL SECURITY DEFINER AS
SELECT install_id, employee_id, valid_from, valid_to, recorded_at, recorded_by, _offset AS reference_offset
FROM phone FINAL
WHERE NOT void
COMMENT 'Whose is an installation of the app, from when to when?';
