"""The gateway's door for phones: who is let in, what an answer promises, and what is in Kafka by then."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from producers.sources import phone_posts
from producers.sources.phones import Phones
from producers.writing import Writer
from schemas.codec import encode, identity_key
from schemas.topics import partition_of
from tests.producers.conftest import Gate, at, close_gate, days, noted, open_gate
from tests.producers.memory import PARTITIONS, MemoryKafka

DOCUMENT = (Path(__file__).parents[2] / "docs" / "phones.md").read_text()
TOKEN = "Zm9ydHktdGhyZWUtY2hhcmFjdGVycy1vZi1hLXRva2U"
OTHER = "T" * 43
WHO = "5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31"
INSTALL = "0f6b7c2e-5a41-4d0c-9b3e-7a1d2c3e4f50"


def phone(token: str = TOKEN, **changes: Any) -> dict[str, Any]:
    """A ``phone`` record."""
    return {
        "employee_id": WHO,
        "install_id": INSTALL,
        "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        "valid_from": days("2026-01-01"),
        "valid_to": None,
        **noted(),
        **changes,
    }


def pings(count: int = 1, first: str = "07:00:00") -> list[dict[str, Any]]:
    """Pings of one minute after the other."""
    return [{"type": "ping", "fixed_at": at(first) + n * 60_000, "lat": -7.5, "lon": 112.5} for n in range(count)]


def body(*items: Any, **frame: Any) -> dict[str, Any]:
    """A body as a sound app sends it."""
    return {"install_id": INSTALL, "sent_at": at("07:20:00"), "items": list(items), **frame}


class Door:
    """A gateway that knows one phone, and a client that speaks as it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.kafka = gate.kafka

    async def post(self, content: Any, token: str | None = TOKEN, **options: Any) -> tuple[int, dict[str, Any]]:
        """POST a body (bytes, or what JSON says); status and answer."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token is not None else {})
        answer = await self.gate.client.post("/v1/phone", data=data, headers=headers, **options)
        self.headers = answer.headers
        return answer.status, await answer.json()

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


async def test_example_of_the_document_is_taken_as_it_says(door: Door):
    """Body, token and answer of docs/phones.md, to the letter."""
    sent, said = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    (token,) = re.findall(r"Bearer (\S+)", DOCUMENT)
    assert token == TOKEN
    assert json.loads(said)["received_at"] == door.gate.now
    assert await door.post(sent.encode(), token) == (200, json.loads(said))
    (ping,) = door.pings()
    assert (ping["employee_id"], ping["install_id"], ping["battery"]) == (WHO, INSTALL, pytest.approx(0.81))
    (face,) = door.kafka.records("phone_log", "face_check")
    assert (face["taken_at"], face["photo_sha256"][:8]) == (1795393200000, "9f86d081")
    (letter,) = door.kafka.records("dead_letter")
    assert letter["reason"] == f"install {INSTALL}, item 2: lat: Expected `float` <= 90.0"
    assert (letter["stage"], letter["schema"], json.loads(letter["value"])["lat"]) == ("gateway", "ping", 97.5)


async def test_facts_lie_with_their_person(door: Door):
    """Key and partition are the employee's: ``route`` sends them on without a look."""
    await door.post(body(*pings(3)))
    lying = {
        (p, key) for (topic, p), entries in door.kafka.logs.items() if topic == "hadir.phone_log" for key, _ in entries
    }
    assert lying == {(partition_of(WHO.encode(), PARTITIONS), WHO.encode())}


@pytest.mark.parametrize(
    "shown", [None, "", TOKEN[:-1], TOKEN + "a", OTHER, TOKEN.lower(), hashlib.sha256(TOKEN.encode()).hexdigest()]
)
async def test_without_a_token_that_holds_nothing_is_learnt(door: Door, shown: str | None):
    """Missing, cut, unknown, or the hash itself: one answer for all, before the body is read; nothing is written."""
    assert await door.post(b"not even JSON", shown) == (401, {"error": "a token is needed"})
    assert door.headers["WWW-Authenticate"] == "Bearer"
    assert door.pings() == []
    assert door.kafka.records("dead_letter") == []


async def test_token_holds_on_the_dates_of_its_record(door: Door):
    """By the region's date: not a day before, not a day after; withdrawn at once; a new hash ends the old token."""
    first, last = days("2026-11-24"), days("2026-11-25")
    await door.gate.reference("phone", phone(OTHER, install_id="install-2", valid_from=first, valid_to=last))
    sent = body(install_id="install-2")
    for day, status in (("2026-11-23", 401), ("2026-11-24", 200), ("2026-11-25", 200), ("2026-11-26", 401)):
        for clock in ("00:00:01", "23:59:59"):
            door.gate.now = at(clock, day)
            assert (await door.post(sent, OTHER))[0] == status, (day, clock)
    assert (await door.post(body()))[0] == 200
    await door.gate.reference("phone", phone("U" * 43))
    assert [(await door.post(body(), token))[0] for token in (TOKEN, "U" * 43)] == [401, 200]
    await door.gate.reference("phone", phone("U" * 43, void=True))
    assert (await door.post(body(), "U" * 43))[0] == 401


async def test_body_of_another_install_is_refused_whole(door: Door, caplog: pytest.LogCaptureFixture):
    """Who speaks is the token: 403, nothing is written, the operator is told which token, and not the token."""
    with caplog.at_level(logging.WARNING):
        assert (await door.post(body(*pings(), install_id="install-2")))[0] == 403
    assert door.pings() == []
    assert INSTALL in caplog.text
    assert TOKEN not in caplog.text


async def test_body_that_names_a_person_changes_nothing(door: Door):
    """Fields that the protocol does not name are passed over, in the frame and in items."""
    (ping,) = pings()
    assert (await door.post(body(ping | {"employee_id": "somebody"}, employee_id="somebody")))[0] == 200
    assert [p["employee_id"] for p in door.pings()] == [WHO]


@pytest.mark.parametrize("mode", ["hold", "fail"])
async def test_503_when_kafka_is_late_or_refuses_and_later_all_is_there(door: Door, mode: str):
    """Nothing is promised; the same body comes again and is complete, its refused item set aside."""
    sent = body(*pings(3), {"type": "ping"})
    door.kafka.mode = mode
    assert (await door.post(sent))[0] == 503
    assert int(door.headers["Retry-After"]) > 0
    assert door.pings() == []
    door.kafka.lose()
    door.kafka.mode = "ok"
    status, answer = await door.post(sent)
    assert (status, answer["taken"], [r["index"] for r in answer["refused"]]) == (200, 3, [3])
    assert (len(door.pings()), len(door.kafka.records("dead_letter"))) == (3, 1)


async def test_refusal_of_an_item_is_a_promise_too(door: Door):
    """The sender forgets a refused item: its dead letter must be acknowledged before the answer."""
    door.kafka.mode = "hold"
    posting = asyncio.create_task(door.post(body({"type": "ping"})))
    while not door.kafka.held:
        await asyncio.sleep(0)
    door.kafka.lose()
    assert (await posting)[0] == 503


async def test_replay_brings_nothing_new(door: Door):
    """The same items once more, alone or with others: no identity that was not there."""
    for items in (pings(3), pings(3), pings(5)[::-1]):
        assert (await door.post(body(*items)))[0] == 200
    assert len(door.pings()) == 11
    assert len({identity_key("ping", ping) for ping in door.pings()}) == 5


async def test_bodies_out_of_bounds(door: Door):
    """501 items, a large body, a large one packed small, an unknown packing; 500 items packed are taken."""
    assert (await door.post(body(*pings(501))))[0] == 413
    assert (await door.post(b" " * (phone_posts.BODY_BYTES + 1)))[0] == 413
    bomb = gzip.compress(b" " * 50_000_000)
    assert (await door.post(bomb, headers={"Content-Encoding": "gzip"}))[0] == 413
    assert (await door.post(b"{}", headers={"Content-Encoding": "br"}))[0] == 415
    assert door.pings() == []
    packed = gzip.compress(json.dumps(body(*pings(500, "00:00:00"))).encode())
    status, answer = await door.post(packed, headers={"Content-Encoding": "gzip"})
    assert (status, answer["taken"], answer["refused"]) == (200, 500, [])


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"install_id": 5}', b"null"])
async def test_no_json_is_400_and_nothing_is_written(door: Door, sent: bytes):
    """With a word about the place; it is no use to come again."""
    status, answer = await door.post(sent)
    assert status == 400
    assert answer["error"]
    assert door.pings() == door.kafka.records("dead_letter") == []


async def test_garbage_of_every_kind_ends_as_an_answer(door: Door):
    """Truncated, damaged and random bodies: 200 with what is sound, or 400; never another error."""
    chance = random.Random(5)
    whole = json.dumps(body(*pings(3), {"type": "face", "taken_at": at("07:00:00"), "match": 0.5})).encode()
    seen = set()
    for n in range(300):
        damaged = bytearray(whole[: chance.randrange(len(whole) + 1)] if n % 3 == 0 else whole)
        for _ in range(chance.randrange(6)):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        door.gate.now += 60_000
        status, _ = await door.post(bytes(damaged) if n % 5 else chance.randbytes(50))
        seen.add(status)
    assert seen <= {200, 400, 403}
    assert {200, 400} <= seen


async def test_body_full_of_faults_makes_few_dead_letters(door: Door):
    """500 bad items: twenty letters of one and one of the rest; none of their places is lost."""
    status, answer = await door.post(body(*[{"type": "ping", "lat": n} for n in range(500)]))
    assert (status, answer["taken"], len(answer["refused"])) == (200, 0, 500)
    letters = door.kafka.records("dead_letter")
    assert len(letters) == phone_posts.SINGLE_FAULTS + 1
    assert [place for place, _, _ in json.loads(letters[-1]["value"])] == list(range(20, 500))


async def test_who_comes_too_often_waits_and_others_do_not(door: Door):
    """Five at once, then 429 until a twelfth of a minute has passed; the next phone has turns of its own."""
    await door.gate.reference("phone", phone(OTHER, install_id="install-2"))
    assert [(await door.post(body()))[0] for _ in range(6)] == [200] * 5 + [429]
    wait_s = int(door.headers["Retry-After"])
    assert 11 <= wait_s <= 12
    assert (await door.post(body(install_id="install-2"), OTHER))[0] == 200
    door.gate.now += wait_s * 1000
    assert [(await door.post(body()))[0] for _ in range(2)] == [200, 429]


async def test_503_until_the_gateway_knows_who_has_a_phone(kafka_in_memory: MemoryKafka):
    """At the start nobody is called a stranger: come again."""
    await Writer(kafka_in_memory, PARTITIONS).reference("phone", phone())
    gate = await open_gate(kafka_in_memory, "07:20:06")
    door = Door(gate)
    gate.gateway.posts.ready = False
    assert (await door.post(body()))[0] == 503
    assert int(door.headers["Retry-After"]) > 0
    await close_gate(gate)


async def test_no_token_is_written_anywhere(door: Door, caplog: pytest.LogCaptureFixture):
    """Neither in a log line nor in a topic, whatever goes wrong."""
    with caplog.at_level(logging.DEBUG):
        await door.post(body(*pings(), {"type": "ping"}))
        await door.post(body(install_id="install-2"))
        await door.post(b"{")
    everything = b"".join(v or b"" for log in door.kafka.logs.values() for _, v in log)
    assert TOKEN.encode() not in everything
    assert TOKEN not in caplog.text


def test_of_two_records_of_one_token_the_one_that_began_last_holds():
    """A renewed span of the same phone: whoever it names now speaks; the withdrawal of one leaves the other."""
    phones = Phones("Asia/Jakarta")
    later = phone(employee_id="later", valid_from=days("2026-06-01"))
    for record in (later, phone()):
        phones.fold(encode("phone", record))
    held = phones.holder(TOKEN, at("07:00:00"))
    assert held is not None
    assert (held.employee_id, len(phones)) == ("later", 2)
    phones.fold(encode("phone", later | {"void": True}))
    held = phones.holder(TOKEN, at("07:00:00"))
    assert held is not None
    assert (held.employee_id, len(phones)) == (WHO, 1)
    phones.fold(encode("phone", phone(void=True)))
    assert (phones.holder(TOKEN, at("07:00:00")), len(phones)) == (None, 0)
