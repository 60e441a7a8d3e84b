CREATE OR REPLACE VIEW v_flag SQL SECURITY DEFINER AS
WITH u.records[arrayFirstIndex(r -> r.valid_from <= f.work_date AND r.valid_to >= f.work_date, u.records)] AS unit
SELECT
    f.work_date AS work_date,
    f.unit_id AS unit_id,
    unit.name AS unit_name,
    if(unit.timezone = '', 'UTC', unit.timezone) AS timezone,
    f.employee_id AS employee_id,
    f.finding.flag_id AS flag_id,
    f.finding.rule AS rule,
    f.finding.rule_version AS rule_version,
    f.finding.score AS score,
    f.finding.evidence AS evidence,
    multiIf(d.verdict IN ('', 'reversed'), 'open', d.verdict) AS state,
    d.reason AS reason,
    d.recorded_by AS decided_by,
    if(d.verdict = '', NULL, d.recorded_at) AS decided_at,
    f.until_at AS until_at,
    f.policy_offset AS policy_offset,
    f.version AS version,
    f.written_at AS written_at
FROM
(
    SELECT work_date, unit_id, employee_id, until_at, policy_offset, version, written_at, finding
    FROM flag FINAL
    ARRAY JOIN findings AS finding
    WHERE epoch = (SELECT epoch FROM v_epoch)
) AS f
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = f.unit_id
LEFT JOIN
(
    SELECT
        flag_id,
        argMax(verdict, reference_offset) AS verdict,
        argMax(reason, reference_offset) AS reason,
        argMax(recorded_by, reference_offset) AS recorded_by,
        argMax(recorded_at, reference_offset) AS recorded_at
    FROM v_decision
    GROUP BY flag_id
) AS d ON d.flag_id = f.finding.flag_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Which signs of manipulation stand, with what evidence, and what did a person decide? state: open, confirmed or dismissed; evidence is no verdict.';
