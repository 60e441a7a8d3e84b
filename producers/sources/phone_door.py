"""The gateway's door for hadir's own app: ``POST /v1/phone``; the wire format stands in ``docs/phones.md``."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from aiohttp import web

from hadir.errors import Undecodable
from producers.protocols import phone as protocol
from producers.sources.phone_posts import Answered, PhonePosts

log = logging.getLogger("hadir.gateway")

_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{43})")  # 32 bytes in base64url, without padding


class PhoneDoor:
    """One path: who comes in, what the body says, and the answer to it."""

    def __init__(self, posts: PhonePosts) -> None:
        self._posts = posts

    def routes(self) -> Iterable[web.RouteDef]:
        """The one path."""
        yield web.post("/v1/phone", self._posts.guarded("phone", self._take))

    async def _take(self, request: web.Request) -> web.Response:
        shown = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        phone = self._posts.admit(shown[1] if shown else None, challenge="Bearer")
        body = await self._posts.body(request)
        at = self._posts.now()
        try:
            frame = protocol.envelope(body)
        except Undecodable as fault:
            raise Answered(400, str(fault), "bad_json") from None
        if frame.install_id != phone.install_id:
            log.warning("the token of install %s came with a body of another", phone.install_id)
            raise Answered(403, "the token is not this installation's", "other_install")
        if len(frame.items) > protocol.MAX_ITEMS:
            raise Answered(413, f"items: more than {protocol.MAX_ITEMS}", "too_many_items")
        read = protocol.records(frame, phone.employee_id, at)
        await self._posts.deliver(read, phone, at)
        return web.json_response(
            {
                "taken": len(read.pings) + len(read.face_checks),
                "refused": [{"index": fault.place, "reason": fault.reason} for fault in read.faults],
                "received_at": at,
            }
        )
