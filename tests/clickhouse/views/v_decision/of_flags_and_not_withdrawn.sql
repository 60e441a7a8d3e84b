-- Every decision about a flag, reversed ones too; what was withdrawn, or is about something else, is none.
INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, reason, recorded_by, void, _offset) VALUES
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'confirmed', 'one', 'bkd', false, 1),
    ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'reversed', 'two', 'sekda', false, 2),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'dismissed', 'slip', 'bkd', false, 3),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:00000000-0000-0000-0000-0000000000f1', 'dismissed', 'slip', 'bkd', true, 4),
    ('00000000-0000-0000-0000-0000000000d4', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'statement:1', 'confirmed', 'later', 'bkd', false, 5),
    ('00000000-0000-0000-0000-0000000000d5', '00000000-0000-0000-0000-00000000000a', '2026-11-23', 'flag:no id', 'confirmed', 'strange', 'bkd', false, 6);
-- ask
SELECT right(toString(decision_id), 2), right(toString(flag_id), 2), verdict, reason, recorded_by, reference_offset FROM v_decision ORDER BY reference_offset
-- expect
d1	f1	confirmed	one	bkd	1
d2	f1	reversed	two	sekda	2
d5	\N	confirmed	strange	bkd	6
