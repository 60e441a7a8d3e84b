CREATE OR REPLACE VIEW v_device SQL SECURITY DEFINER AS
SELECT
    k.device_id AS device_id,
    k.record.name AS device_name,
    k.record.unit_id AS unit_id,
    u.records[1].name AS unit_name,
    k.record.protocol AS protocol,
    k.record.timezone AS timezone,
    k.known AS known,
    k.in_service AS in_service,
    s.newest.state AS state,
    s.newest.silent_since AS silent_since,
    s.delivered_through AS delivered_through,
    s.newest.drift_ms AS drift_ms,
    s.newest.source AS source,
    s.observed_at AS observed_at,
    s.last_punch_time AS last_punch_time,
    s.last_received_at AS last_received_at,
    in_service AND protocol != 'file' AS expected,
    expected AND state != 'online' AS missed
FROM
(
    WITH
        (SELECT toDate32(ifNull(max(observed_at), now64(3, 'UTC')) + INTERVAL 9 HOUR) FROM device_latest) AS today,
        arrayFirstIndex(r -> r.valid_from <= today AND r.valid_to >= today, d.records) AS place
    SELECT i.device_id AS device_id, notEmpty(d.records) AS known, place > 0 AS in_service, d.records[greatest(place, 1)] AS record
    FROM (SELECT device_id FROM v_device_records UNION DISTINCT SELECT device_id FROM device_latest) AS i
    LEFT ANY JOIN v_device_records AS d ON d.device_id = i.device_id
) AS k
LEFT ANY JOIN
(
    SELECT
        device_id,
        max(l.observed_at) AS observed_at,
        max(l.delivered_through) AS delivered_through,
        argMaxMerge(l.newest) AS newest,
        max(l.last_punch_time) AS last_punch_time,
        max(l.last_received_at) AS last_received_at
    FROM device_latest AS l
    GROUP BY device_id
) AS s ON s.device_id = k.device_id
LEFT ANY JOIN v_unit_records AS u ON u.unit_id = k.record.unit_id
COMMENT 'How is each terminal: connected, complete through when, how far off its clock, when did it last bring a punch? One row a terminal, known or not, in service on the latest day anything was heard; empty state: never heard of; expected: should be connected, which one in service is unless its punches come by file; missed: is not; last_punch_time is the terminal\'s own wall clock.';
