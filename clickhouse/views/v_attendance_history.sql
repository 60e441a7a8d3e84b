CREATE OR REPLACE VIEW v_attendance_history SQL SECURITY DEFINER AS
SELECT
    * EXCEPT (written_at, epoch, content, content_before, place),
    written_at AS shown_from,
    nullIf(leadInFrame(written_at) OVER (PARTITION BY employee_id, work_date ORDER BY written_at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), toDateTime64(0, 3, 'UTC')) AS shown_until
FROM
(
    SELECT
        * EXCEPT (nth, version_before, next_at),
        lagInFrame(content) OVER earlier AS content_before,
        row_number() OVER earlier AS place
    FROM
    (
        SELECT
            * EXCEPT (partition, _partition, _offset, _appended_at),
            toString((
                unit_id, unit_mode, category, state, reason, letter_no, shift_id, shift_start_at, shift_end_at, cutoff_at, in_at,
                in_device_id, out_at, late_s, open_until, policy_id, policy_offset, punches, missing
            )) AS content,
            row_number() OVER written AS nth,
            max(version) OVER (written ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS version_before,
            leadInFrame(written_at) OVER (written ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_at
        FROM attendance_history FINAL
        WHERE epoch = (SELECT epoch FROM v_epoch)
        WINDOW written AS (PARTITION BY employee_id, work_date ORDER BY written_at, version)
    )
    WHERE (nth = 1 OR version > version_before) AND next_at != written_at
    WINDOW earlier AS (PARTITION BY employee_id, work_date ORDER BY written_at)
)
WHERE place = 1 OR content != content_before
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'What was shown of a person\'s work date at a moment? The row with shown_from <= moment < shown_until (null: still shown); versions that changed nothing, or came behind a higher one, are left out.';
