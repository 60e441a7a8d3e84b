"""
ClickHouse's engine (``chdb``) behind ClickHouse's own HTTP interface: ``python -m hadir.stack.clickhouse``.

Layers: ``sql`` and ``errors`` (pure text), ``codecs`` (compression), ``engine`` (the only user of chdb), ``sessions``,
``call`` (an HTTP request read into what to run), ``app`` (aiohttp), ``__main__`` (the process).
"""
