"""
The gateway's door for Fingerspot's cloud: a webhook on a secret path, and the hub, which signs (docs/fingerspot.md).

200 only after Kafka has acknowledged the punch, or its dead letter; otherwise 503. A door without its secret is closed,
and looks like a path behind which there is nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from aiohttp import web

from hadir import metrics
from hadir.clock import Clock
from hadir.errors import NotAcknowledged, Refused, Undecodable
from producers.protocols import fingerspot
from producers.sources.bodies import Bodies
from producers.sources.region import Region, wall_clock
from producers.writing import Writer, acknowledged

log = logging.getLogger("hadir.gateway")

BODY_BYTES = 64 * 1024  # a punch has 300 bytes; users' templates, which are dropped, some 20 kB
STRANGERS = 1000  # terminals remembered so that each is logged once
SIGNATURE = "X-Hub-API-Signature-256"

_TAKEN = metrics.GATEWAY_RECORDS.labels("punch")
_REJECTS = metrics.GATEWAY_RECORDS.labels("reject")
_DROPPED = metrics.GATEWAY_RECORDS.labels("other_message_dropped")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class FingerspotDoor:
    """
    Args:
        region: kept up to date by the gateway; nothing is answered but 503 until ``ready`` is set.
        now: hadir's clock.
        ack_s: machine seconds that Kafka has to acknowledge a punch.
        secret: last part of the webhook's path; empty: closed.
        hub_key: key with which the hub signs; empty: closed.
    """

    def __init__(self, writer: Writer, region: Region, now: Clock, *, ack_s: float, secret: str, hub_key: str) -> None:
        self.ready = False
        self._writer = writer
        self._region = region
        self._now = now
        self._ack_s = ack_s
        self._secret = secret
        self._hub_key = hub_key
        self._bodies = Bodies(BODY_BYTES)
        self._strangers: set[str] = set()

    def routes(self) -> Iterable[web.RouteDef]:
        """The hub's path is no secret, the other is."""
        yield web.post("/v1/fingerspot/hub", self._guarded("fingerspot_hub", self._hub))
        yield web.post("/v1/fingerspot/{secret}", self._guarded("fingerspot", self._webhook))

    def _guarded(self, kind: str, handler: Handler) -> Handler:
        """An answer without detail for whatever is refused, and a count of every request by kind and answer."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await handler(request)
            except Refused:
                response = web.Response(status=403)
            except NotAcknowledged as fault:
                metrics.GATEWAY_REFUSED.labels("not_acknowledged").inc()
                log.warning("Fingerspot is told to come again: %s", fault)
                response = web.Response(status=503)
            except web.HTTPException as answer:
                response = web.Response(status=answer.status)
            metrics.GATEWAY_REQUESTS.labels(kind, str(response.status)).inc()
            return response

        return guarded

    async def _webhook(self, request: web.Request) -> web.Response:
        given = request.match_info["secret"].encode("utf-8", "replace")
        if not self._secret or not hmac.compare_digest(given, self._secret.encode()):
            metrics.GATEWAY_REFUSED.labels("unknown_secret" if self._secret else "closed").inc()
            raise web.HTTPNotFound
        self._ready()
        return await self._take(await self._bodies.read(request), fingerspot.webhook)

    async def _hub(self, request: web.Request) -> web.Response:
        if not self._hub_key:
            metrics.GATEWAY_REFUSED.labels("closed").inc()
            raise web.HTTPNotFound
        self._ready()
        body = await self._bodies.read(request)
        if not fingerspot.signed(body, request.headers.get(SIGNATURE, ""), self._hub_key):
            metrics.GATEWAY_REFUSED.labels("bad_signature").inc()
            raise Refused("signature")
        return await self._take(body, fingerspot.hub)

    def _ready(self) -> None:
        if not self.ready:
            raise web.HTTPServiceUnavailable

    async def _take(self, body: bytes, read: Callable[[bytes], fingerspot.Event | None]) -> web.Response:
        at, started = self._now(), time.perf_counter()
        try:
            event = read(body)
        except Undecodable as fault:
            metrics.GATEWAY_REFUSED.labels("undecodable").inc()
            log.warning("a body of Fingerspot's cloud can't be read: %s", fault)
            raise web.HTTPBadRequest from None
        if event is None:
            _DROPPED.inc()
            return web.Response()
        if not self._region.knows(event.device_id, fingerspot.SOURCE):
            self._stranger(event.device_id)
        sent = self._send(event, at)
        await acknowledged(sent, self._ack_s)
        metrics.GATEWAY_ACK_SECONDS.observe(time.perf_counter() - started)
        return web.Response()

    def _stranger(self, device_id: str) -> None:
        metrics.GATEWAY_REFUSED.labels("unknown_serial").inc()
        if device_id not in self._strangers and len(self._strangers) < STRANGERS:
            self._strangers.add(device_id)
            log.warning("Fingerspot tells of a terminal that no device record names: %s", device_id)
        raise Refused("unknown terminal")

    def _send(self, event: fingerspot.Event, at: int) -> list[asyncio.Future[Any]]:
        """The punch, or the dead letter with what was said of it."""
        try:
            punch = fingerspot.punch_of(event, partial(wall_clock, self._region.zone(event.device_id, at)), at)
        except Undecodable as fault:
            _REJECTS.inc()
            metrics.DEAD.labels("gateway").inc()
            kept = json.dumps(event.said).encode()
            return self._writer.dead_letter(
                "gateway", f"fingerspot: {fault}", kept, schema="punch", device_id=event.device_id, failed_at=at
            )
        _TAKEN.inc()
        return [self._writer.fact("punch", punch)]
