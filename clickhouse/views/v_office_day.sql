CREATE OR REPLACE VIEW v_office_day SQL SECURITY DEFINER AS
SELECT
    d.work_date AS work_date,
    d.unit_id AS unit_id,
    u.records[arrayFirstIndex(r -> r.valid_from <= d.work_date AND r.valid_to >= d.work_date, u.records)].name AS unit_name,
    d.* EXCEPT (work_date, unit_id)
FROM
(
    SELECT
        work_date,
        unit_id,
        any(unit_mode) AS unit_mode,
        hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk + belum_dapat_dipastikan AS wajib,
        countIf(state IN ('present', 'present_unmeasured')) AS hadir,
        countIf(state = 'late') AS terlambat,
        countIf(state = 'awaited') AS ditunggu,
        countIf(state = 'not_here') AS belum_hadir,
        countIf(state = 'absent') AS tidak_hadir,
        countIf(state = 'unexplained') AS tk,
        countIf(state = 'undetermined') AS belum_dapat_dipastikan,
        countIf(state = 'leave') AS cuti_sakit_izin,
        countIf(state = 'field_duty') AS dinas_luar,
        countIf(state = 'not_due_yet') AS belum_waktunya,
        countIf(state = 'off') AS libur,
        countIf(state = 'not_judged') AS tidak_dinilai,
        count() AS roster,
        uniqExactArrayIf(missing.device_id, state = 'undetermined') AS mesin_belum_lengkap,
        max(a.written_at) AS written_at
    FROM attendance AS a FINAL
    WHERE epoch = (SELECT epoch FROM v_epoch)
    GROUP BY work_date, unit_id
) AS d
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = d.unit_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'How many of each office are in which state on a work date? roster = wajib + cuti_sakit_izin + dinas_luar + belum_waktunya + libur + tidak_dinilai; wajib = hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk + belum_dapat_dipastikan.';
