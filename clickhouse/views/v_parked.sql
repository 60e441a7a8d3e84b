CREATE OR REPLACE VIEW v_parked SQL SECURITY DEFINER AS
SELECT
    a.device_id AS device_id,
    d.records[1].name AS device_name,
    d.records[1].unit_id AS unit_id,
    a.pin AS pin,
    a.reason AS reason,
    a.punches AS punches,
    a.first_device_time AS first_device_time,
    a.last_device_time AS last_device_time,
    a.last_received_at AS last_received_at
FROM
(
    SELECT
        device_id,
        pin,
        reason,
        count() AS punches,
        min(device_time) AS first_device_time,
        max(device_time) AS last_device_time,
        max(received_at) AS last_received_at
    FROM attribution FINAL
    WHERE epoch = (SELECT epoch FROM v_epoch) AND parked
    GROUP BY device_id, pin, reason
) AS a
LEFT ANY JOIN v_device_records AS d ON d.device_id = a.device_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Which PINs punch without anybody knowing whose they are? One row a terminal, PIN and reason, with the number of punches that wait for an enrolment.';
