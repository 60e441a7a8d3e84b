"""Topics to ClickHouse tables: bytes are moved, not decoded into rows."""
