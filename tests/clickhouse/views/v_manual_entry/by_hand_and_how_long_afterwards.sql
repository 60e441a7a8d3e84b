-- What bears on somebody's dates and was entered by people; a unit's schedule is nobody's, ADMS punches are nobody's hand.
INSERT INTO leave (employee_id, kind, letter_no, valid_from, void, recorded_at, recorded_by, _offset) VALUES
    ('00000000-0000-0000-0000-00000000000a', 'dinas_luar', 'ST 1', '2026-11-20', false, '2026-11-23 02:00:00', 'bkd', 1),
    ('00000000-0000-0000-0000-00000000000a', 'dinas_luar', 'ST 1', '2026-11-20', true, '2026-11-24 02:00:00', 'bkd', 2);
INSERT INTO schedule (unit_id, employee_id, mon, valid_from, recorded_at, recorded_by, _offset) VALUES
    ('', '00000000-0000-0000-0000-00000000000b', 'N', '2026-12-01', '2026-11-23 03:00:00', 'rs', 3),
    ('u1', '', 'S', '2026-12-01', '2026-11-23 03:00:00', 'rs', 4);
INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, recorded_at, recorded_by, _offset) VALUES
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-00000000000a', '2026-11-22', 'flag:x', 'dismissed', '2026-11-23 04:00:00', 'sekda', 5);
INSERT INTO punch (device_id, pin, device_time, source, received_at, digest, _offset) VALUES
    ('D1', '1', '2026-10-01 07:00:00', 'file', '2026-11-23 05:00:00', 1, 1),
    ('D1', '2', '2026-10-02 07:00:00', 'file', '2026-11-23 05:00:10', 2, 2),
    ('D1', '2', '2026-11-23 07:00:00', 'adms', '2026-11-23 05:30:00', 3, 3);
-- ask
SELECT kind, right(toString(employee_id), 1), device_id, first_date, detail, void, days_afterwards, recorded_by FROM v_manual_entry ORDER BY recorded_at
-- expect
schedule	b		2026-12-01	N      	false	0	rs
decision	a		2026-11-22	dismissed	false	1	sekda
file	\N	D1	2026-10-01	2 punches	false	53	import
leave	a		2026-11-20	dinas_luar ST 1	true	4	bkd
