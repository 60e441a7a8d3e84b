"""
The gateway's door for phones: ``POST /v1/phone``; the wire format stands in ``docs/phones.md``.

The promise: what the answer calls taken is acknowledged by Kafka, and what it refuses lies in ``dead_letter``;
otherwise 503, and the phone keeps it all and comes again. Who speaks is the token, never the body.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from hadir import metrics
from hadir.clock import Clock
from hadir.crashpoint import reach
from hadir.errors import NotAcknowledged, Undecodable
from producers.protocols import phone as protocol
from producers.sources.bodies import Bodies
from producers.sources.phones import Bucket, Phone, Phones
from producers.writing import Writer, acknowledged

log = logging.getLogger("hadir.gateway")

BODY_BYTES = 256 * 1024  # 500 items with all they can say are 200 kB
COME_AGAIN_S = 30
SINGLE_FAULTS = 20  # of one body; the rest goes into one dead letter

_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{43})")  # 32 bytes in base64url, without padding
_TAKEN = {name: metrics.GATEWAY_RECORDS.labels(name) for name in ("ping", "face_check")}
_REJECTS = metrics.GATEWAY_RECORDS.labels("reject")


class _Answered(Exception):
    """A request is over, with this answer."""

    def __init__(self, status: int, text: str, reason: str = "", **headers: str) -> None:
        super().__init__(text)
        if reason:
            metrics.GATEWAY_REFUSED.labels(reason).inc()
        self.response = web.json_response({"error": text}, status=status, headers=headers)


class PhoneDoor:
    """
    Args:
        phones: kept up to date by the gateway; nothing is answered but 503 until ``ready`` is set.
        now: hadir's clock.
        ack_s: machine seconds that Kafka has to acknowledge a body.
        per_minute: posts that one phone may make in a minute of hadir's clock.
    """

    def __init__(self, writer: Writer, phones: Phones, now: Clock, *, ack_s: float, per_minute: int) -> None:
        self.ready = False
        self._writer = writer
        self._phones = phones
        self._now = now
        self._ack_s = ack_s
        self._per_minute = per_minute
        self._bodies = Bodies(BODY_BYTES)
        self._buckets: dict[str, Bucket] = {}  # by install: no more than there are phones

    def routes(self) -> Iterable[web.RouteDef]:
        """The one path."""
        yield web.post("/v1/phone", self._post)

    async def _post(self, request: web.Request) -> web.Response:
        try:
            response = await self._take(request)
        except _Answered as answer:
            response = answer.response
        except NotAcknowledged as fault:
            metrics.GATEWAY_REFUSED.labels("not_acknowledged").inc()
            log.warning("a phone is told to come again: %s", fault)
            response = _come_again("come again")
        except web.HTTPException as answer:  # of the body; counted where it was read
            response = web.json_response({"error": answer.reason}, status=answer.status)
        metrics.GATEWAY_REQUESTS.labels("phone", str(response.status)).inc()
        return response

    async def _take(self, request: web.Request) -> web.Response:
        if not self.ready:
            return _come_again("starting")
        phone = self._admit(request)
        body = await self._bodies.read(request)
        reach("phone.read")
        started, at = time.perf_counter(), self._now()
        try:
            frame = protocol.envelope(body)
        except Undecodable as fault:
            raise _Answered(400, str(fault), "bad_json") from None
        if frame.install_id != phone.install_id:
            log.warning("the token of install %s came with a body of another", phone.install_id)
            raise _Answered(403, "the token is not this installation's", "other_install")
        if len(frame.items) > protocol.MAX_ITEMS:
            raise _Answered(413, f"items: more than {protocol.MAX_ITEMS}", "too_many_items")
        read = protocol.records(frame, phone.employee_id, at)
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
        return web.json_response(
            {
                "taken": len(read.pings) + len(read.face_checks),
                "refused": [{"index": fault.place, "reason": fault.reason} for fault in read.faults],
                "received_at": at,
            }
        )

    def _admit(self, request: web.Request) -> Phone:
        """Whose token it is; all who have none that holds get the same answer."""
        shown = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        phone = self._phones.holder(shown[1], self._now()) if shown else None
        if phone is None:
            reason = "unknown_token" if shown else "no_token"
            raise _Answered(401, "a token is needed", reason, **{"WWW-Authenticate": "Bearer"})
        bucket = self._buckets.get(phone.install_id)
        if bucket is None:
            bucket = self._buckets[phone.install_id] = Bucket(self._per_minute, self._now())
        wait_ms = bucket.take(self._now())
        if wait_ms:
            raise _Answered(429, "too often", "too_often", **{"Retry-After": str(-(-wait_ms // 1000))})
        return phone

    def _set_aside(self, faults: list[protocol.Fault], phone: Phone, at: int, sent: set[asyncio.Future[Any]]) -> None:
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
