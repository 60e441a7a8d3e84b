CREATE TABLE IF NOT EXISTS sink_offset
(
    topic LowCardinality(String) COMMENT 'Topic on Kafka.',
    partition Int32 COMMENT 'Partition of the topic.',
    offset Int64 COMMENT 'Every record below this offset is stored or excused; the highest counts.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When that was said, UTC: what lies below could be queried from then on.'
)
ENGINE = MergeTree
ORDER BY (topic, partition, written_at)
PRIMARY KEY (topic, partition)
TTL toDateTime(written_at) + INTERVAL 1 HOUR GROUP BY topic, partition SET offset = max(offset), written_at = max(written_at)
SETTINGS min_parts_to_merge_at_once = 16, merge_with_ttl_timeout = 3600
COMMENT 'How far the sink has come: one row per flush and partition, rolled up to the last after an hour.';
