-- Thirteen people, one in each state: every column counts its own, and the sums add up.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO attendance_history (employee_id, work_date, unit_id, unit_mode, epoch, version, state, missing) SELECT reinterpretAsUUID(toUInt128(number)), '2026-11-23', 'U1', 'trial', 'e1', 1, ['not_judged', 'off', 'leave', 'field_duty', 'not_due_yet', 'awaited', 'not_here', 'undetermined', 'absent', 'unexplained', 'present', 'late', 'present_unmeasured'][number + 1], if(number = 7, [('D1', NULL, NULL), ('D2', NULL, NULL)], []) FROM numbers(13);
-- ask
SELECT unit_name, unit_mode, roster, wajib, hadir, terlambat, ditunggu, belum_hadir, tidak_hadir, tk, belum_dapat_dipastikan, cuti_sakit_izin, dinas_luar, belum_waktunya, libur, tidak_dinilai, mesin_belum_lengkap, roster = wajib + cuti_sakit_izin + dinas_luar + belum_waktunya + libur + tidak_dinilai FROM v_office_day
-- expect
Dinas Satu	trial	13	8	2	1	1	1	1	1	1	1	1	1	1	1	2	1
