"""
The gateway's door for tracking apps of others: Traccar Client and OwnTracks, one position a request (docs/phones.md).

Both send again whatever is not answered with 200, for ever and before anything newer: a position that can't be taken in
is set aside and answered with 200 too. Whose it is says the token, never what the body calls itself.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable

from aiohttp import web

from hadir import metrics
from producers.protocols import owntracks, traccar
from producers.sources.phone_posts import PhonePosts

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_BASIC = 'Basic realm="hadir", charset="UTF-8"'
_DROPPED = metrics.GATEWAY_RECORDS.labels("other_message_dropped")


class TrackDoor:
    """Two paths. Traccar can be given an address and no header, so its token stands in the path."""

    def __init__(self, posts: PhonePosts) -> None:
        self._posts = posts

    def routes(self) -> Iterable[web.RouteDef]:
        """A GET is a position like a POST; a HEAD is none, so it has no route."""
        traccar_guarded = self._posts.guarded("traccar", self._traccar)
        yield web.get("/v1/track/traccar/{token}", traccar_guarded, allow_head=False)
        yield web.post("/v1/track/traccar/{token}", traccar_guarded)
        yield web.post("/v1/track/owntracks", self._posts.guarded("owntracks", self._owntracks))

    async def _traccar(self, request: web.Request) -> web.Response:
        phone = self._posts.admit(_token(request.match_info["token"]))
        body = await self._posts.body(request)
        at = self._posts.now()
        read = traccar.read(request.rel_url.raw_query_string, body, phone.employee_id, phone.install_id, at)
        await self._posts.deliver(read, phone, at)
        return web.Response()

    async def _owntracks(self, request: web.Request) -> web.Response:
        phone = self._posts.admit(_password(request), challenge=_BASIC)
        body = await self._posts.body(request)
        at = self._posts.now()
        read = owntracks.read(body, phone.employee_id, phone.install_id, at)
        if read is None:
            _DROPPED.inc()
        else:
            await self._posts.deliver(read, phone, at)
        return web.json_response([])  # of friends and commands for the app, of which there are none


def _token(text: str) -> str | None:
    return text if _TOKEN.fullmatch(text) else None


def _password(request: web.Request) -> str | None:
    """The token of Basic authentication; the user name may be anything."""
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = b64decode(packed.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return _token(password)
