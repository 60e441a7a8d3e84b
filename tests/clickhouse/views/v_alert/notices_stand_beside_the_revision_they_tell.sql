-- One row a revision, raised twice or not; what became of it on each channel in order of time; an office's name of that date.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Jakarta', '2026-01-01', 1);
INSERT INTO alert (unit_id, work_date, cutoff_at, revision, kind, counts, people, epoch, _offset) VALUES ('U1', '2026-11-23', '2026-11-23 00:31:00', 0, 'raise', {'present': 5, 'not_here': 1}, [('a', 'not_here')], 'e1', 1);
INSERT INTO alert (unit_id, work_date, cutoff_at, revision, kind, counts, people, epoch, _offset) VALUES ('U1', '2026-11-23', '2026-11-23 00:31:00', 0, 'raise', {'present': 5, 'not_here': 1}, [('a', 'not_here')], 'e1', 2), ('U1', '2026-11-23', '2026-11-23 00:31:00', 1, 'correction', {'present': 6}, [], 'e1', 3);
INSERT INTO notice (unit_id, work_date, cutoff_at, revision, channel, outcome, tries, noted_at, _offset) VALUES ('U1', '2026-11-23', '2026-11-23 00:31:00', 0, 'sekda', 'sent', 2, '2026-11-23 00:32:05', 1), ('U1', '2026-11-23', '2026-11-23 00:31:00', 0, 'bkd', 'sent', 1, '2026-11-23 00:32:01', 2);
INSERT INTO notice (unit_id, work_date, cutoff_at, revision, channel, outcome, tries, noted_at, _offset) VALUES ('U1', '2026-11-23', '2026-11-23 00:31:00', 0, 'bkd', 'sent', 1, '2026-11-23 00:32:01', 3);
-- ask
SELECT unit_name, revision, kind, wajib, hadir, belum_hadir, arrayMap(n -> (n.channel, n.outcome, n.tries), notices) FROM v_alert ORDER BY revision
-- expect
Dinas Satu	0	raise	6	5	1	[('bkd','sent',1),('sekda','sent',2)]
Dinas Satu	1	correction	6	6	0	[]
