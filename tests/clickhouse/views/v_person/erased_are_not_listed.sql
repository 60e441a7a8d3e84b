-- The row of a tombstone hides the name written before it, in whatever order they came.
INSERT INTO person (employee_id, staff_no, name, _offset) VALUES ('00000000-0000-0000-0000-00000000000a', '', '', 5), ('00000000-0000-0000-0000-00000000000b', '2', 'Ani', 2);
INSERT INTO person (employee_id, staff_no, name, _offset) VALUES ('00000000-0000-0000-0000-00000000000a', '1', 'Budi', 1), ('00000000-0000-0000-0000-00000000000b', '2', 'Ani Baru', 3);
-- ask
SELECT employee_id, staff_no, name FROM v_person ORDER BY employee_id
-- expect
00000000-0000-0000-0000-00000000000b	2	Ani Baru
