"""
What every door for phones does: whose token it is, how often it may come, and Kafka's word before the answer.

The promise: what a phone is told is taken is acknowledged by Kafka, and what is refused for good lies in
``dead_letter``; otherwise 503, and the phone keeps it all and comes again. Who speaks is the token, never the body.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from hadir import metrics
from hadir.clock import Clock
from hadir.crashpoint import reach
from hadir.errors import NotAcknowledged
from producers.protocols.phone import Fault, Read
from producers.sources.bodies import Bodies
from producers.sources.phones import Bucket, Phone, Phones
from producers.writing import Writer, acknowledged

log = logging.getLogger("hadir.gateway")

BODY_BYTES = 256 * 1024  # 500 items with all they can say are 200 kB
COME_AGAIN_S = 30
SINGLE_FAULTS = 20  # of one body; the rest goes into one dead letter

_TAKEN = {name: metrics.GATEWAY_RECORDS.labels(name) for name in ("ping", "face_check")}
_REJECTS = metrics.GATEWAY_RECORDS.labels("reject")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Answered(Exception):
    """A request is over, with this answer; ``reason``: what it is counted as, where it is refused."""

    def __init__(self, status: int, text: str, reason: str = "", **headers: str) -> None:
        super().__init__(text)
        if reason:
            metrics.GATEWAY_REFUSED.labels(reason).inc()
        self.response = web.json_response({"error": text}, status=status, headers=headers)


class PhonePosts:
    """
    Shared by the doors: an installation has the same turns at all of them.

    Args:
        phones: kept up to date by the gateway; nothing is answered but 503 until ``ready`` is set.
        now: hadir's clock.
        ack_s: machine seconds that Kafka has to acknowledge a body.
        per_minute: posts that one phone may make in a minute of hadir's clock.
    """

    def __init__(self, writer: Writer, phones: Phones, now: Clock, *, ack_s: float, per_minute: int) -> None:
        self.ready = False
        self.now = now
        self._writer = writer
        self._phones = phones
        self._ack_s = ack_s
        self._per_minute = per_minute
        self._bodies = Bodies(BODY_BYTES)
        self._buckets: dict[str, Bucket] = {}  # by install: no more than there are phones

    def guarded(self, kind: str, handler: Handler) -> Handler:
        """A handler with an answer for whatever it raises; every request is counted by kind and answer."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await handler(request) if self.ready else _come_again("starting")
            except Answered as answer:
                response = answer.response
            except NotAcknowledged as fault:
                metrics.GATEWAY_REFUSED.labels("not_acknowledged").inc()
                log.warning("a phone is told to come again: %s", fault)
                response = _come_again("come again")
            except web.HTTPException as answer:  # of the body; counted where it was read
                response = web.json_response({"error": answer.reason}, status=answer.status)
            metrics.GATEWAY_REQUESTS.labels(kind, str(response.status)).inc()
            return response

        return guarded

    def admit(self, token: str | None, *, challenge: str = "") -> Phone:
        """
        Whose token it is; all who have none that holds get the same answer.

        Args:
            token: as shown; None: none, or nothing that could be one.
            challenge: how a token is to be shown, for the answer 401; empty: it is a part of the path, and what stands
                behind a wrong path is nothing.

        Raises:
            Answered: no token that holds today, or too often.
        """
        at = self.now()
        phone = None if token is None else self._phones.holder(token, at)
        if phone is None:
            reason = "no_token" if token is None else "unknown_token"
            if challenge:
                raise Answered(401, "a token is needed", reason, **{"WWW-Authenticate": challenge})
            raise Answered(404, "nothing is here", reason)
        bucket = self._buckets.get(phone.install_id)
        if bucket is None:
            bucket = self._buckets[phone.install_id] = Bucket(self._per_minute, at)
        wait_ms = bucket.take(at)
        if wait_ms:
            raise Answered(429, "too often", "too_often", **{"Retry-After": str(-(-wait_ms // 1000))})
        return phone

    async def body(self, request: web.Request) -> bytes:
        """The whole body; raises what ``Bodies.read`` does."""
        body = await self._bodies.read(request)
        reach("phone.read")
        return body

    async def deliver(self, read: Read, phone: Phone, at: int) -> None:
        """
        Records and faults into Kafka.

        Args:
            at: when the body was read, milliseconds UTC.

        Raises:
            NotAcknowledged: something is not there in time; nothing may be promised.
        """
        started = time.perf_counter()
        sent: set[asyncio.Future[Any]] = set()
        for name, records in (("ping", read.pings), ("face_check", read.face_checks)):
            sent.update([self._writer.phone_fact(name, record) for record in records])
        self._set_aside(read.faults, phone, at, sent)
        reach("phone.sent")
        await acknowledged(sent, self._ack_s)
        reach("phone.acknowledged")
        metrics.GATEWAY_ACK_SECONDS.observe(time.perf_counter() - started)
        _TAKEN["ping"].inc(len(read.pings))
        _TAKEN["face_check"].inc(len(read.face_checks))
        _REJECTS.inc(len(read.faults))

    def _set_aside(self, faults: list[Fault], phone: Phone, at: int, sent: set[asyncio.Future[Any]]) -> None:
        """One dead letter an item; of a body full of faults, one for many."""
        tail = faults[SINGLE_FAULTS:]
        letters = [(f"item {f.place}: {f.reason}", f.schema, f.kept) for f in faults[:SINGLE_FAULTS]]
        if tail:
            kept = json.dumps([[f.place, f.reason, f.kept.decode()] for f in tail]).encode()
            letters.append((f"{len(tail)} items: {tail[0].reason}, and so on", "", kept))
        for reason, schema, kept in letters:
            metrics.DEAD.labels("gateway").inc()
            about = f"install {phone.install_id}, {reason}"
            sent.update(self._writer.dead_letter("gateway", about, kept, schema=schema, device_id="", failed_at=at))


def _come_again(text: str) -> web.Response:
    return web.json_response({"error": text}, status=503, headers={"Retry-After": str(COME_AGAIN_S)})
