CREATE OR REPLACE VIEW v_sink SQL SECURITY DEFINER AS
SELECT topic, partition, max(offset) AS next_offset, max(s.written_at) AS written_at, dateDiff('millisecond', max(s.written_at), now64(3, 'UTC')) / 1000 AS age_s
FROM sink_offset AS s
GROUP BY topic, partition
COMMENT 'How far has the sink come, and when did it last write? One row a topic and partition; age_s by the server\'s clock.';
