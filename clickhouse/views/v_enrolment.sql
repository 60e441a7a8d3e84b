CREATE OR REPLACE VIEW v_enrolment SQL SECURITY DEFINER AS
SELECT
    device_id, pin, employee_id, valid_from, valid_to, void, recorded_at, recorded_by, _offset AS reference_offset,
    _offset = max(_offset) OVER (PARTITION BY device_id, pin, employee_id, valid_from) AS newest
FROM enrolment FINAL
COMMENT 'Who owns a PIN on a terminal, and what was said of that before? Rows with newest and without void are in force; v_punch.enrolment_offset is reference_offset here.';
