-- A flag stands as its newest row says, with the decision that was entered last; reversed is open again; a rule that finds nothing any more has no flag; rows from before policies had numbers name none.
INSERT INTO unit (unit_id, name, timezone, valid_from, _offset) VALUES ('U1', 'Dinas Satu', 'Asia/Makassar', '2026-01-01', 1);
INSERT INTO flag (employee_id, work_date, unit_id, findings, epoch, version) VALUES
    ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', [('00000000-0000-0000-0000-0000000000f1', 'mock_location', 1, 0.5, {'minutes_mocked': '1'}), ('00000000-0000-0000-0000-0000000000f2', 'shared_phone', 1, 1, {'kind': 'photo'})], 'e1', 1),
    ('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U1', [('00000000-0000-0000-0000-0000000000f3', 'mock_location', 1, 0.5, {})], 'e1', 2),
    ('00000000-0000-0000-0000-00000000000c', '2026-11-23', 'U1', [('00000000-0000-0000-0000-0000000000f4', 'mock_location', 1, 1, {})], 'e1', 3),
    ('00000000-0000-0000-0000-00000000000d', '2026-11-23', 'U9', [('00000000-0000-0000-0000-0000000000f5', 'mock_location', 1, 1, {})], 'e1', 4),
    ('00000000-0000-0000-0000-00000000000e', '2026-11-23', 'U1', [('00000000-0000-0000-0000-0000000000f6', 'mock_location', 1, 1, {})], 'e0', 5);
INSERT INTO flag (employee_id, work_date, unit_id, policy_offset, findings, epoch, version) VALUES
    ('00000000-0000-0000-0000-00000000000a', '2026-11-23', 'U1', 41, [('00000000-0000-0000-0000-0000000000f1', 'mock_location', 1, 1, {'minutes_mocked': '4'}), ('00000000-0000-0000-0000-0000000000f2', 'shared_phone', 1, 1, {'kind': 'photo'})], 'e1', 9),
    ('00000000-0000-0000-0000-00000000000b', '2026-11-23', 'U1', 41, [], 'e1', 10);
INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, reason, recorded_by, recorded_at, _offset) VALUES
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'confirmed', 'one', 'bkd', '2026-11-24 01:00:00', 1),
    ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'reversed', 'two', 'sekda', '2026-11-24 00:59:00', 2),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f2', 'dismissed', 'three', 'bkd', '2026-11-24 03:00:00', 3);
-- ask
SELECT right(toString(flag_id), 2), unit_name, timezone, rule, score, evidence, state, reason, decided_by, decided_at, policy_offset FROM v_flag ORDER BY flag_id
-- expect
f1	Dinas Satu	Asia/Makassar	mock_location	1	{'minutes_mocked':'4'}	open	two	sekda	2026-11-24 00:59:00.000	41
f2	Dinas Satu	Asia/Makassar	shared_phone	1	{'kind':'photo'}	dismissed	three	bkd	2026-11-24 03:00:00.000	41
f4	Dinas Satu	Asia/Makassar	mock_location	1	{}	open			\N	-1
f5		UTC	mock_location	1	{}	open			\N	-1
