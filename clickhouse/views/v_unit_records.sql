CREATE OR REPLACE VIEW v_unit_records SQL SECURITY DEFINER AS
SELECT
    unit_id,
    arrayReverseSort(groupArray((
        reference_offset,
        valid_from,
        ifNull(valid_to, toDate32('2299-12-31')),
        name,
        kind,
        if(timezone IN (SELECT time_zone FROM system.time_zones), toString(timezone), 'UTC')
    )::Tuple(reference_offset Int64, valid_from Date32, valid_to Date32, name String, kind String, timezone String))) AS records
FROM v_unit
GROUP BY unit_id
COMMENT 'For other views: all records of a unit in one row, the one that counts first; a zone that does not exist reads as UTC.';
