"""Bodies of requests, whole or not at all, within bounds: one large body or many at once cost no more than that."""

from __future__ import annotations

import asyncio
import logging
import zlib

from aiohttp import web

from hadir import metrics
from hadir.errors import NotAcknowledged

log = logging.getLogger("hadir.gateway")

BODY_S = 30.0  # machine seconds within which a body must have come
HELD_BYTES = 64 * 1024 * 1024  # of all bodies being read, and of large ones until they are done
_WINDOW_BITS = {"gzip": 31, "deflate": 15}


class Bodies:
    """
    Args:
        limit: largest body in bytes, as it is after unpacking.

    Attributes:
        held_bytes: of all bodies held at present; whoever keeps a large one after reading adds it.
    """

    def __init__(self, limit: int) -> None:
        self.held_bytes = 0
        self._limit = limit

    async def read(self, request: web.Request) -> bytes:
        """
        The whole body, unpacked.

        Raises:
            web.HTTPRequestEntityTooLarge: above the limit; no more than that was held.
            web.HTTPBadRequest: torn, or wrongly packed.
            web.HTTPRequestTimeout: not whole within 30 s.
            NotAcknowledged: all bodies together are more than the gateway holds at once.
        """
        announced = request.content_length or 0
        if announced > self._limit:
            self._too_large(announced)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_S):
                async for part in request.content.iter_any():
                    size += len(part)
                    self.held_bytes += len(part)
                    if size > self._limit:
                        self._too_large(size)
                    if self.held_bytes > HELD_BYTES:
                        raise NotAcknowledged("too many bodies at once")
                    parts.append(part)
        except TimeoutError:
            metrics.GATEWAY_REFUSED.labels("slow_body").inc()
            raise web.HTTPRequestTimeout from None
        except (web.HTTPException, NotAcknowledged):
            raise
        except Exception as fault:  # whatever a torn stream raises
            metrics.GATEWAY_REFUSED.labels("torn_body").inc()
            log.info("torn body: %s", type(fault).__name__)
            raise web.HTTPBadRequest from None
        finally:
            self.held_bytes -= size
        return self._unpacked(b"".join(parts), request.headers.get("Content-Encoding", "identity").lower())

    def _unpacked(self, body: bytes, encoding: str) -> bytes:
        """The server is told not to unpack: its reader takes a packed body that was cut off for a whole one."""
        if encoding == "identity" or not body:
            return body
        if encoding not in _WINDOW_BITS:
            metrics.GATEWAY_REFUSED.labels("encoding").inc()
            raise web.HTTPUnsupportedMediaType
        unpacker = zlib.decompressobj(_WINDOW_BITS[encoding])
        try:
            whole = unpacker.decompress(body, self._limit + 1)
        except zlib.error:
            whole = b""
        if len(whole) > self._limit:
            self._too_large(len(whole))
        if not unpacker.eof:
            metrics.GATEWAY_REFUSED.labels("torn_body").inc()
            raise web.HTTPBadRequest
        return whole

    def _too_large(self, size: int) -> None:
        metrics.GATEWAY_REFUSED.labels("too_large").inc()
        raise web.HTTPRequestEntityTooLarge(self._limit, size)
