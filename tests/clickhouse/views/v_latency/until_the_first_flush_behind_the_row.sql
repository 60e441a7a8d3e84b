-- From Kafka's append to the first flush that covers the offset; not to a later one.
INSERT INTO position (employee_id, minute_at, epoch, _partition, _offset, _appended_at, written_at) SELECT reinterpretAsUUID(toUInt128(number)), '2026-11-23 00:00:00', 'e1', 3, number, toStartOfHour(now64(3, 'UTC')) + toIntervalMillisecond(number), now64(3, 'UTC') FROM numbers(4);
INSERT INTO sink_offset (topic, partition, offset, written_at) SELECT 'hadir.position.e1', 3, n, toStartOfHour(now64(3, 'UTC')) + toIntervalMillisecond(n * 100) FROM (SELECT arrayJoin([2, 4, 6]) AS n);
INSERT INTO sink_offset (topic, partition, offset) VALUES ('hadir.position.e1', 2, 3);
-- ask
SELECT table, partition, offset, latency_ms FROM v_latency ORDER BY offset
-- expect
position	3	0	200
position	3	1	199
position	3	2	398
position	3	3	397
