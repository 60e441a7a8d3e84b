CREATE OR REPLACE VIEW v_dead_letter SQL SECURITY DEFINER AS
SELECT
    stage,
    topic,
    partition,
    offset,
    schema,
    argMin(reason, l._offset) AS reason,
    argMin(device_id, l._offset) AS device_id,
    min(l.failed_at) AS first_failed_at,
    max(l.failed_at) AS last_failed_at,
    count() AS times,
    argMin(l.key, l._offset) AS key,
    argMin(l.value, l._offset) AS value,
    min(l._offset) AS dead_letter_offset
FROM dead_letter AS l FINAL
GROUP BY stage, topic, partition, offset, schema, if(l.offset < 0, l._offset, -1)
COMMENT 'What could not be taken in, and why? A record set aside again after a restart is one row, times says how often; key and value are the original bytes.';
