-- Terminals that are read have an address; a serial number can be bound to where its terminal hangs.
ALTER TABLE device
    ADD COLUMN IF NOT EXISTS address Nullable(String) COMMENT 'Where a terminal that is read answers: `host:port`, or `udp:host:port`; null: it speaks first.' AFTER timezone,
    ADD COLUMN IF NOT EXISTS network Nullable(String) COMMENT 'Networks (CIDR, blanks between) from which a terminal that speaks first may come; null: from anywhere.' AFTER address;
