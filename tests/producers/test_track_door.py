"""The gateway's door for Traccar and OwnTracks: whose a position is, what 200 promises, and where no token appears."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import encode_basic_auth

from hadir import metrics
from producers.writing import Writer
from schemas.codec import identity_key
from tests.producers.conftest import Gate, at, close_gate, days, open_gate
from tests.producers.memory import PARTITIONS, MemoryKafka
from tests.producers.test_phone_door import INSTALL, OTHER, TOKEN, WHO, phone

APPS = ("traccar 8", "traccar 8 POST", "traccar 9", "traccar 10", "owntracks")
every_app = pytest.mark.parametrize("app", APPS)


def basic(user: str, password: str) -> dict[str, str]:
    """The header by which OwnTracks says who it is."""
    return {"Authorization": encode_basic_auth(user, password)}


class Door:
    """A gateway that knows one phone, and clients that speak as it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.kafka = gate.kafka

    async def send(self, app: str, token: str = TOKEN, *, fixed_at: int | None = None, lat: float = -7.5) -> int:
        """One position, as an app sends it; the status."""
        when = at("07:19:00") if fixed_at is None else fixed_at
        fields = {"id": "somebody", "timestamp": str(when // 1000), "lat": str(lat), "lon": "112.5"}
        path = f"/v1/track/traccar/{token}"
        if app == "traccar 8":
            return await self.ask("GET", path, params=fields)
        if app == "traccar 8 POST":
            return await self.ask("POST", path, params=fields)
        if app == "traccar 10":
            return await self.ask("POST", path, data=fields)
        if app == "traccar 9":
            coords = {"latitude": lat, "longitude": 112.5}
            return await self.ask(
                "POST", path, json={"location": {"timestamp": when, "coords": coords}, "device_id": "somebody"}
            )
        message = {"_type": "location", "tid": "so", "tst": when // 1000, "lat": lat, "lon": 112.5}
        return await self.ask("POST", "/v1/track/owntracks", json=message, headers=basic("somebody", token))

    async def ask(self, method: str, path: str, **options: Any) -> int:
        """One request; the status. What came back is kept."""
        answer = await self.gate.client.request(method, path, **options)
        self.text, self.headers = await answer.text(), answer.headers
        return answer.status

    def pings(self) -> list[dict[str, Any]]:
        """Acknowledged pings."""
        return self.kafka.records("phone_log", "ping")


@pytest.fixture
async def door(kafka_in_memory: MemoryKafka) -> AsyncIterator[Door]:
    """At 07:20, with one phone in ``reference``."""
    await Writer(kafka_in_memory, PARTITIONS).reference("phone", phone())
    gate = await open_gate(kafka_in_memory, "07:20:06", gateway_phone_posts=5)
    yield Door(gate)
    await close_gate(gate)


@every_app
async def test_position_is_written_once_and_is_the_token_s(door: Door, app: str):
    """Whatever the app calls itself; OwnTracks wants a list for an answer."""
    assert await door.send(app) == 200
    assert door.text == ("[]" if app == "owntracks" else "")
    (ping,) = door.pings()
    assert (ping["employee_id"], ping["install_id"], ping["fixed_at"]) == (WHO, INSTALL, at("07:19:00"))
    assert (ping["lat"], ping["lon"], ping["received_at"]) == (-7.5, 112.5, door.gate.now)


@every_app
@pytest.mark.parametrize("token", [OTHER, TOKEN[:-1], TOKEN + "a", TOKEN.lower()])
async def test_token_that_does_not_hold_is_refused(door: Door, app: str, token: str):
    """Nothing is written; a wrong path leads nowhere, a wrong password is asked for again."""
    refused = 401 if app == "owntracks" else 404
    assert await door.send(app, token) == refused
    assert ("WWW-Authenticate" in door.headers) == (app == "owntracks")
    assert door.pings() == []
    await door.gate.reference("phone", phone(valid_to=days("2026-11-22")))
    assert await door.send(app) == refused, "its last day is over"


@pytest.mark.parametrize("shown", ["", "Basic", "Basic ***", "Basic bm9jb2xvbg==", "Basic /w==", f"Bearer {TOKEN}"])
async def test_owntracks_without_a_password_is_asked_for_one(door: Door, shown: str):
    """No header, a broken one, none with a colon, another scheme: one answer for all."""
    headers = {"Authorization": shown} if shown else {}
    assert await door.ask("POST", "/v1/track/owntracks", data=b"{}", headers=headers) == 401
    assert door.headers["WWW-Authenticate"].startswith("Basic ")
    assert json.loads(door.text) == {"error": "a token is needed"}


@every_app
@pytest.mark.parametrize("mode", ["hold", "fail"])
async def test_503_until_kafka_has_it_and_then_it_is_there(door: Door, app: str, mode: str):
    """The app keeps the position and comes again."""
    door.kafka.mode = mode
    assert await door.send(app) == 503
    assert int(door.headers["Retry-After"]) > 0
    door.kafka.lose()
    door.kafka.mode = "ok"
    assert await door.send(app) == 200
    assert len(door.pings()) == 1


@every_app
async def test_replay_brings_nothing_new(door: Door, app: str):
    """The same position a second time has the identity of the first."""
    assert [await door.send(app) for _ in range(2)] == [200, 200]
    assert len({identity_key("ping", ping) for ping in door.pings()}) == 1


@every_app
async def test_position_that_cannot_be_meant_is_set_aside_and_not_sent_again(door: Door, app: str):
    """200, or the app would send it for ever and nothing behind it; the operator finds it, once Kafka has it."""
    assert await door.send(app, lat=97.5) == 200
    assert door.pings() == []
    (letter,) = door.kafka.records("dead_letter")
    assert letter["reason"] == f"install {INSTALL}, item 0: lat: Expected `float` <= 90.0"
    assert (letter["stage"], letter["schema"]) == ("gateway", "ping")
    assert b"97.5" in letter["value"]
    assert b"somebody" not in letter["value"]
    door.kafka.mode = "fail"
    assert await door.send(app, lat=97.5) == 503


async def test_message_of_owntracks_that_is_no_position_is_taken_note_of(door: Door):
    """An empty body, a region entered: the list, and nothing is written."""
    headers = basic("budi", TOKEN)
    for body in (b"", b'{"_type":"transition","lat":1,"lon":2,"tst":3}'):
        assert await door.ask("POST", "/v1/track/owntracks", data=body, headers=headers) == 200
        assert door.text == "[]"
    assert door.pings() == door.kafka.records("dead_letter") == []


async def test_an_installation_has_the_same_turns_at_every_door(door: Door):
    """Five at once, whichever app; then 429 with the time to wait, and another phone is not kept waiting."""
    await door.gate.reference("phone", phone(OTHER, install_id="install-2", employee_id="other"))
    assert [await door.send(app) for app in APPS] == [200] * 5
    assert await door.send("traccar 8") == 429
    assert 11 <= int(door.headers["Retry-After"]) <= 12
    assert await door.send("owntracks") == 429
    assert await door.send("traccar 9", OTHER) == 200


async def test_bodies_out_of_bounds(door: Door):
    """Too large, torn, or packed in an unknown way: never a ping."""
    path = f"/v1/track/traccar/{TOKEN}"
    assert await door.ask("POST", path, data=b"x" * 300_000) == 413
    assert await door.ask("POST", path, data=b"x", headers={"Content-Encoding": "br"}) == 415
    assert await door.ask("POST", path, data=b"\x1f\x8b?", headers={"Content-Encoding": "gzip"}) == 400
    assert door.pings() == []


async def test_other_methods_are_no_positions(door: Door):
    """A HEAD, as previews of links send it, writes nothing."""
    query = f"/v1/track/traccar/{TOKEN}?timestamp={at('07:19:00')}&lat=1&lon=2"
    assert await door.ask("HEAD", query) == 405
    assert await door.ask("GET", "/v1/track/owntracks") == 405
    assert door.pings() == []


async def test_503_until_the_gateway_knows_who_has_a_phone(door: Door):
    """At the start nobody is a stranger."""
    door.gate.gateway.posts.ready = False
    assert [await door.send(app) for app in ("traccar 8", "owntracks")] == [503, 503]


async def test_no_token_is_written_anywhere(door: Door, caplog: pytest.LogCaptureFixture):
    """Neither in a log line nor in a metric nor in a topic, whatever goes wrong, be it below HTTP."""
    host, port = door.gate.client.server.host, door.gate.client.server.port
    with caplog.at_level(logging.DEBUG):
        for app in APPS[:3]:
            await door.send(app, lat=97.5)
        door.kafka.mode = "fail"
        await door.send("traccar 8")
        for line in (f"GET /v1/track/traccar/{TOKEN}", f"GET /v1/track/traccar/{TOKEN} {'x' * 9000} HTTP/1.1",
                     f"GET /v1/track/traccar/{TOKEN} HTTP/1.1\r\nBroken {TOKEN}: x", f"G\0T /{TOKEN} HTTP/1.1",
                     f"GET http://[{TOKEN} HTTP/1.1"):  # fmt: skip
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"{line}\r\n\r\n".encode())
            assert b" 200 " not in (await reader.readline())
            writer.close()
    assert "hadir.gateway.http" in {record.name for record in caplog.records}
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(
        str(sample) for m in (metrics.GATEWAY_REQUESTS, metrics.GATEWAY_REFUSED) for sample in m.collect()
    )
    assert TOKEN.encode() not in b"".join(v or b"" for log in door.kafka.logs.values() for _, v in log)
