CREATE OR REPLACE VIEW v_latency SQL SECURITY DEFINER AS
SELECT
    r.table AS table,
    s.topic AS topic,
    r._partition AS partition,
    r._offset AS offset,
    r._appended_at AS appended_at,
    s.written_at AS queryable_at,
    dateDiff('millisecond', r._appended_at, s.written_at) AS latency_ms
FROM
(
    SELECT 'punch' AS table, 'hadir.device_log' AS topic, _partition, _offset, _appended_at FROM punch WHERE written_at >= now64(3, 'UTC') - INTERVAL 1 HOUR
    UNION ALL SELECT 'attribution', 'hadir.attribution.' || epoch, _partition, _offset, _appended_at FROM attribution_history WHERE written_at >= now64(3, 'UTC') - INTERVAL 1 HOUR
    UNION ALL SELECT 'attendance', 'hadir.attendance.' || epoch, _partition, _offset, _appended_at FROM attendance_history WHERE written_at >= now64(3, 'UTC') - INTERVAL 1 HOUR
    UNION ALL SELECT 'position', 'hadir.position.' || epoch, _partition, _offset, _appended_at FROM position WHERE written_at >= now64(3, 'UTC') - INTERVAL 1 HOUR
) AS r
ASOF INNER JOIN (SELECT toString(topic) AS topic, partition, offset - 1 AS last, min(s.written_at) AS written_at FROM sink_offset AS s GROUP BY topic, partition, offset) AS s
    ON s.topic = r.topic AND s.partition = r._partition AND s.last >= r._offset
COMMENT 'How long did rows take from Kafka\'s append until they could be queried? Rows of the last hour, because flushes are remembered for that long; filter by appended_at.';
