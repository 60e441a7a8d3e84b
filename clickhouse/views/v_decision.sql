CREATE OR REPLACE VIEW v_decision SQL SECURITY DEFINER AS
SELECT
    decision_id,
    employee_id,
    work_date,
    toUUIDOrNull(splitByChar(':', about)[2]) AS flag_id,
    verdict,
    reason,
    recorded_at,
    recorded_by,
    reference_offset
FROM decision FINAL
WHERE NOT void AND startsWith(about, 'flag:')
COMMENT 'Who decided what about which flag, when and why? Every decision, reversed ones too.';
