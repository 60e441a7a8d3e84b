"""The gateway's door for Fingerspot's cloud: who is let in, what 200 promises, and where no secret appears."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hadir.settings import Settings
from producers.sources import fingerspot_door
from producers.writing import Writer
from schemas.codec import identity_key
from tests.producers.conftest import SN, Gate, at, close_gate, days, device, open_gate
from tests.producers.memory import PARTITIONS, MemoryKafka

SECRET = "rahasia-yang-panjang-sekali"
KEY = "kunci-hub"
CLOUD = "C2630451072E1A35"
WAYS = ("webhook", "hub")
both = pytest.mark.parametrize("way", WAYS)


class Door:
    """A gateway that knows one terminal of Fingerspot's and one that pushes, and the cloud as a client."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.kafka = gate.kafka

    async def tell(self, way: str, cloud_id: str = CLOUD, time: str = "07:12:50", pin: str = "17") -> int:
        """One punch of today, told one way; the status."""
        if way == "webhook":
            data = {"pin": pin, "scan": f"2026-11-23 {time}", "verify": "1", "status_scan": "0"}
            return await self.webhook(json.dumps({"type": "attlog", "cloud_id": cloud_id, "data": data}).encode())
        event = {
            "event": "attendance", "cloudId": cloud_id, "employeeNo": pin, "verifyMode": "1", "attendanceStatus": "0",
            "eventTime": f"2026-11-23T{time}+07:00",
        }  # fmt: skip
        return await self.hub(json.dumps(event).encode())

    async def webhook(self, body: bytes, secret: str = SECRET, **headers: str) -> int:
        """A POST to the secret path."""
        return await self._post(f"/v1/fingerspot/{secret}", body, headers)

    async def hub(self, body: bytes, key: str = KEY, **headers: str) -> int:
        """A POST that is signed."""
        mark = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return await self._post("/v1/fingerspot/hub", body, {"X-Hub-API-Signature-256": f"sha256={mark}"} | headers)

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        answer = await self.gate.client.post(path, data=body, headers=headers)
        self.text = await answer.text()
        return answer.status

    def punches(self) -> list[dict[str, Any]]:
        """Acknowledged punches."""
        return self.kafka.records("device_log", "punch")


async def opened(kafka: MemoryKafka, **config: Any) -> Door:
    """A gateway at 07:20."""
    writer = Writer(kafka, PARTITIONS)
    await writer.reference("device", device())
    await writer.reference("device", device(CLOUD, protocol="fingerspot"))
    return Door(await open_gate(kafka, "07:20:06", **config))


@pytest.fixture
async def door(kafka_in_memory: MemoryKafka) -> AsyncIterator[Door]:
    """Both ways are open."""
    door = await opened(kafka_in_memory, gateway_fingerspot_secret=SECRET, gateway_fingerspot_hub_key=KEY)
    yield door
    await close_gate(door.gate)


@both
async def test_punch_is_written_before_the_answer(door: Door, way: str):
    """By the terminal's own clock, with its terminal."""
    assert (await door.tell(way), door.text) == (200, "")
    (punch,) = door.punches()
    assert (punch["device_id"], punch["pin"], punch["source"]) == (CLOUD, "17", "fingerspot")
    assert (punch["device_time"], punch["received_at"]) == (at("07:12:50") + 7 * 3_600_000, door.gate.now)


async def test_replay_brings_nothing_new(door: Door):
    """The same punch again, either way: one identity."""
    assert [await door.tell(way) for way in (*WAYS, *WAYS)] == [200] * 4
    assert len({identity_key("punch", punch) for punch in door.punches()}) == 1


async def test_terminal_s_own_zone_is_the_one_that_counts(door: Door):
    """The hub writes Jakarta's offset, the terminal hangs in Makassar."""
    await door.gate.reference("device", device(CLOUD, protocol="fingerspot", timezone="Asia/Makassar"))
    assert await door.tell("hub") == 200
    assert door.punches()[0]["device_time"] == at("08:12:50") + 7 * 3_600_000


@both
@pytest.mark.parametrize("cloud_id", ["C000", SN])
async def test_terminal_that_is_not_of_fingerspot_is_refused(
    door: Door, way: str, cloud_id: str, caplog: pytest.LogCaptureFixture
):
    """Unknown, or one that speaks by itself: 403 and not a word; the operator reads its id once."""
    with caplog.at_level(logging.WARNING):
        assert [await door.tell(way, cloud_id) for _ in range(2)] == [403, 403]
    assert door.text == ""
    assert door.punches() == door.kafka.records("dead_letter") == []
    assert caplog.text.count(cloud_id) == 1


async def test_terminal_of_fingerspot_may_not_push(door: Door):
    """A terminal has one protocol."""
    assert (await door.gate.post(b"17\t2026-11-23 07:12:50\t0\t1\n", sn=CLOUD))[0] == 403


@both
async def test_retired_terminal_may_still_tell(door: Door, way: str):
    """What it tells belongs to days before; a withdrawn one may not."""
    await door.gate.reference("device", device(CLOUD, protocol="fingerspot", valid_to=days("2026-11-20")))
    assert await door.tell(way) == 200
    await door.gate.reference("device", device(CLOUD, protocol="fingerspot", void=True))
    assert await door.tell(way) == 403


@pytest.mark.parametrize("secret", ["x", SECRET[:-1], SECRET + "x", SECRET.upper(), "%FF", "rahasia%2Fhub"])
async def test_another_path_leads_nowhere(door: Door, secret: str):
    """404, whatever the body holds."""
    assert await door.webhook(b"not even JSON", secret) == 404
    assert door.text == ""


@pytest.mark.parametrize("shown", ["", "sha256=", "0" * 64, "\u00e9"])
async def test_body_without_its_signature_is_refused(door: Door, shown: str):
    """Missing, wrong, or of another body: 403 and not a word; nothing is read of it."""
    assert await door.hub(b"not even JSON", **{"X-Hub-API-Signature-256": shown}) == 403
    assert await door.hub(b"{}", key="another") == 403
    assert door.text == ""
    assert door.punches() == []


async def test_door_without_its_secret_is_closed(kafka_in_memory: MemoryKafka):
    """404 for everything, be it signed with an empty key."""
    door = await opened(kafka_in_memory)
    assert await door.hub(b"{}", key="") == 404
    assert [await door.webhook(b"{}", secret) for secret in ("", "hub2", SECRET)] == [404] * 3
    await close_gate(door.gate)


@both
@pytest.mark.parametrize("mode", ["hold", "fail"])
async def test_503_until_kafka_has_it_and_then_it_is_there(door: Door, way: str, mode: str):
    """Of a punch, and of one that is set aside."""
    door.kafka.mode = mode
    assert [await door.tell(way), await door.tell(way, pin="?")] == [503, 503]
    door.kafka.lose()
    door.kafka.mode = "ok"
    assert [await door.tell(way), await door.tell(way, pin="?")] == [200, 200]
    assert (len(door.punches()), len(door.kafka.records("dead_letter"))) == (1, 1)


@both
async def test_punch_that_cannot_be_meant_is_set_aside(door: Door, way: str):
    """200, with its reason and what was said for the operator."""
    assert await door.tell(way, pin="1 7") == 200
    (letter,) = door.kafka.records("dead_letter")
    assert (letter["reason"], letter["schema"], letter["device_id"]) == ("fingerspot: not a PIN", "punch", CLOUD)
    assert b'"1 7"' in letter["value"]
    assert door.punches() == []


async def test_bodies_that_are_no_punch(door: Door):
    """Users are dropped unread; no JSON is 400; too large 413; packed strangely 415; each written nowhere."""
    users = json.dumps({"type": "get_userinfo", "event": "user", "cloud_id": CLOUD, "data": {"name": "Budi"}}).encode()
    assert [await door.webhook(users), await door.hub(users)] == [200, 200]
    for body, status in ((b"", 400), (b"{", 400), (b" " * (fingerspot_door.BODY_BYTES + 1), 413)):
        assert [await door.webhook(body), await door.hub(body)] == [status] * 2
    assert await door.webhook(b"{}", **{"Content-Encoding": "br"}) == 415
    assert door.punches() == door.kafka.records("dead_letter") == []


async def test_503_until_the_gateway_knows_the_terminals(door: Door):
    """At the start nobody is a stranger; but a closed or wrong door is one at any time."""
    door.gate.gateway.fingerspot_door.ready = False
    assert [await door.tell(way) for way in WAYS] == [503, 503]
    assert await door.webhook(b"{}", "x") == 404


async def test_no_secret_is_written_anywhere(door: Door, caplog: pytest.LogCaptureFixture):
    """Neither in a log line nor in what the settings say of themselves."""
    with caplog.at_level(logging.DEBUG):
        await door.webhook(b"{")
        await door.hub(b"{")
        await door.tell("webhook", "C000")
        door.kafka.mode = "fail"
        await door.tell("webhook")
    assert SECRET not in caplog.text
    assert KEY not in caplog.text
    told = repr(Settings(gateway_fingerspot_secret=SECRET, gateway_fingerspot_hub_key=KEY))
    assert SECRET not in told
    assert KEY not in told
