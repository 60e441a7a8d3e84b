CREATE OR REPLACE VIEW v_presence_hour SQL SECURITY DEFINER AS
SELECT
    work_date,
    unit_id,
    unit_name,
    timezone,
    employee_id,
    hour.from_at AS from_at,
    formatDateTime(hour.from_at, '%H:00', timezone) AS hour_local,
    round(hour.inside_s / 60, 1) AS inside_m,
    round(hour.outside_s / 60, 1) AS outside_m,
    round(hour.unknown_s / 60, 1) AS unknown_m
FROM v_presence
ARRAY JOIN hours AS hour
COMMENT 'Where was each person hour by hour of the unit\'s clock? Minutes inside, outside and unknown, only those within the shift.';
