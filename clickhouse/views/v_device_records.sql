CREATE OR REPLACE VIEW v_device_records SQL SECURITY DEFINER AS
SELECT
    device_id,
    arrayReverseSort(groupArray((
        _offset, valid_from, ifNull(valid_to, toDate32('2299-12-31')), unit_id, name, protocol, timezone
    )::Tuple(reference_offset Int64, valid_from Date32, valid_to Date32, unit_id String, name String, protocol String, timezone String))) AS records
FROM device FINAL
WHERE NOT void
GROUP BY device_id
COMMENT 'For other views: all records of a terminal in one row, the one that counts first.';
