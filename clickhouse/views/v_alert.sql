CREATE OR REPLACE VIEW v_alert SQL SECURITY DEFINER AS
SELECT
    a.work_date AS work_date,
    a.unit_id AS unit_id,
    u.records[arrayFirstIndex(r -> r.valid_from <= a.work_date AND r.valid_to >= a.work_date, u.records)].name AS unit_name,
    a.unit_mode AS unit_mode,
    a.cutoff_at AS cutoff_at,
    a.revision AS revision,
    a.kind AS kind,
    a.raised_at AS raised_at,
    a.provisional AS provisional,
    arraySum(mapValues(a.counts)) AS wajib,
    a.counts['present'] + a.counts['present_unmeasured'] AS hadir,
    a.counts['late'] AS terlambat,
    a.counts['awaited'] AS ditunggu,
    a.counts['not_here'] AS belum_hadir,
    a.counts['absent'] AS tidak_hadir,
    a.counts['unexplained'] AS tk,
    a.counts['undetermined'] AS belum_dapat_dipastikan,
    a.people AS people,
    a.withdrawn AS withdrawn,
    a.missing AS missing,
    a.unheard AS unheard,
    a.timezone AS timezone,
    a.epoch AS epoch,
    n.notices AS notices,
    a.written_at AS written_at
FROM (SELECT * FROM alert FINAL) AS a
LEFT JOIN
(
    SELECT
        work_date, unit_id, cutoff_at, revision,
        arraySort(groupArray((noted_at, channel, outcome, tries)))
            ::Array(Tuple(noted_at DateTime64(3, 'UTC'), channel String, outcome String, tries Int32)) AS notices
    FROM notice FINAL
    GROUP BY work_date, unit_id, cutoff_at, revision
) AS n ON n.work_date = a.work_date AND n.unit_id = a.unit_id AND n.cutoff_at = a.cutoff_at AND n.revision = a.revision
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = a.unit_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Of whom was each office told at its cutoff, in which revision, and what became of it on each channel? wajib = hadir + terlambat + ditunggu + belum_hadir + tidak_hadir + tk + belum_dapat_dipastikan. What was said is kept whatever epoch said it.';
