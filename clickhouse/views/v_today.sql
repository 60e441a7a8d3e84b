CREATE OR REPLACE VIEW v_today SQL SECURITY DEFINER AS
SELECT max(a.work_date) AS work_date
FROM attendance AS a
WHERE a.epoch = (SELECT epoch FROM v_epoch) AND a.state != 'withdrawn'
COMMENT 'Which work date has begun last? By the clock of the data, so that a replayed day is today for whoever looks on.';
