CREATE OR REPLACE VIEW v_person SQL SECURITY DEFINER AS
SELECT employee_id, staff_no, name, recorded_at
FROM person FINAL
WHERE NOT erased
COMMENT 'Who is behind an employee_id? Nobody is listed who was erased.';
