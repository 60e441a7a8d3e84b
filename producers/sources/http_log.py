"""What the HTTP server may log: a token can stand in a path, so no line of a request gets into a log."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


class _NoRequestLines(logging.Filter):
    """Of a request that can't be read only the kind of fault is told; the server's own text quotes the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        fault = record.exc_info[1] if record.exc_info else None
        if isinstance(fault, HttpProcessingError):
            record.msg = f"{record.msg}: {type(fault).__name__}"
            record.levelno, record.levelname = logging.INFO, "INFO"  # a stranger's fault is no error of ours
            record.exc_info = record.exc_text = None
        return True


server_log = logging.getLogger("hadir.gateway.http")
"""To be given to aiohttp's server in place of its own."""
server_log.addFilter(_NoRequestLines())
