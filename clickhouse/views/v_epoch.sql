CREATE OR REPLACE VIEW v_epoch SQL SECURITY DEFINER AS
SELECT epoch, since, reason
FROM epoch
ORDER BY since DESC
LIMIT 1
COMMENT 'Which epoch do all other views show, since when, and why?';
