-- The highest offset counts, whenever it was said; rolled up after an hour it is still there.
INSERT INTO sink_offset (topic, partition, offset, written_at) VALUES ('t', 0, 9, '2020-01-01 00:00:00'), ('t', 0, 5, '2020-01-01 00:00:01'), ('t', 1, 1, '2020-01-01 00:00:02');
OPTIMIZE TABLE sink_offset FINAL;
-- ask
SELECT topic, partition, next_offset, written_at, age_s > 1000000, (SELECT count() FROM sink_offset) FROM v_sink ORDER BY partition
-- expect
t	0	9	2020-01-01 00:00:01.000	1	2
t	1	1	2020-01-01 00:00:02.000	1	2
