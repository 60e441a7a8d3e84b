"""A gateway over Kafka in memory, with a clock that tests set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hadir.settings import Settings
from producers.sources.door import SERVER_OPTIONS
from producers.sources.gateway import Gateway
from producers.writing import Writer
from schemas.limits import defaults
from tests.producers.memory import PARTITIONS, MemoryKafka

WIB = ZoneInfo("Asia/Jakarta")
SN = "CKUH211960123"
DAY = "2026-11-23"


def at(text: str, day: str = DAY) -> int:
    """A moment by Jakarta's wall clock, milliseconds UTC."""
    return int(datetime.fromisoformat(f"{day} {text}").replace(tzinfo=WIB).timestamp() * 1000)


def days(text: str) -> int:
    """A date as days since 1970."""
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def device(serial: str = SN, **changes: Any) -> dict[str, Any]:
    """A ``device`` record."""
    return {
        "device_id": serial,
        "unit_id": "bkd",
        "name": "Mesin BKD",
        "protocol": "adms",
        "address": None,
        "network": None,
        "timezone": "Asia/Jakarta",
        "valid_from": days("2026-01-01"),
        "valid_to": None,
        **noted(),
        **changes,
    }


def noted() -> dict[str, Any]:
    """What every reference record carries."""
    return {"void": False, "recorded_at": at("05:00:00"), "recorded_by": "test", "reference_offset": -1}


def shift(**changes: Any) -> dict[str, Any]:
    """07:30 to 16:00; in-window to 08:30, out-window to 18:00."""
    return {
        "shift_id": "day",
        "starts_s": 27_000,
        "ends_s": 57_600,
        "in_opens_before_s": 5_400,
        "in_closes_after_s": 3_600,
        "out_opens_before_s": 3_600,
        "out_closes_after_s": 7_200,
        "observes_holidays": True,
        "valid_from": days("2026-01-01"),
        "valid_to": None,
        **noted(),
        **changes,
    }


def policy(**changes: Any) -> dict[str, Any]:
    """Cutoff at the start of the shift."""
    return {
        "policy_id": "perbup",
        "grace_s": 0,
        "cutoff_after_s": 0,
        "wait_s": 60,
        "in_punch": "first",
        "papers_s": 259_200,
        **defaults(),
        "source": "test",
        "valid_from": days("2026-01-01"),
        "valid_to": None,
        **noted(),
        **changes,
    }


@dataclass
class Gate:
    """A running gateway, its Kafka, and a client that speaks as a terminal."""

    kafka: MemoryKafka
    writer: Writer
    gateway: Gateway
    client: TestClient[Any, Any]
    now: int

    async def post(self, body: bytes, sn: str = SN, table: str = "ATTLOG", **options: Any) -> tuple[int, str]:
        """POST to cdata; status and text."""
        answer = await self.client.post(f"/iclock/cdata?SN={sn}&table={table}&Stamp=9999", data=body, **options)
        return answer.status, await answer.text()

    async def get(self, path: str, sn: str = SN, **query: str) -> tuple[int, str]:
        """GET below /iclock; status and text."""
        answer = await self.client.get(f"/iclock/{path}", params={"SN": sn, **query})
        return answer.status, await answer.text()

    async def answer(self, body: str, sn: str = SN) -> tuple[int, str]:
        """POST to devicecmd; status and text."""
        answer = await self.client.post(f"/iclock/devicecmd?SN={sn}", data=body.encode())
        return answer.status, await answer.text()

    async def asked(self, sn: str = SN) -> str | None:
        """Poll; the id of a range command, or None."""
        _, text = await self.get("getrequest", sn)
        return None if text == "OK" else text.split(":")[1]

    def watch(self) -> None:
        """One look at all terminals, as the gateway's own task does it."""
        self.gateway.door.watch(self.now, 300_000)

    def statuses(self, sn: str = SN) -> list[dict[str, Any]]:
        """Acknowledged ``device_status`` records of a terminal, oldest first."""
        return [s for s in self.kafka.records("device_log", "device_status") if s["device_id"] == sn]

    async def reference(self, name: str, record: dict[str, Any]) -> None:
        """Write a reference record and wait until the gateway has folded it."""
        await self.writer.reference(name, record)
        await self.turns()

    async def turns(self) -> None:
        """Let tasks that are ready run: acknowledgements in memory take one turn of the loop."""
        for _ in range(5):
            await asyncio.sleep(0)


class Quiet(Gateway):
    """A gateway whose watch does nothing by itself: tests call ``Gate.watch`` at the moment they mean."""

    async def _watch(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def kafka_in_memory() -> MemoryKafka:
    """A log in memory with one terminal, one shift and one policy in ``reference``."""
    return MemoryKafka()


async def open_gate(kafka: MemoryKafka, now: str = "06:00:00", **config: Any) -> Gate:
    """A gateway that has caught up; close it with ``close_gate``."""
    writer = Writer(kafka, PARTITIONS)
    gate = Gate.__new__(Gate)
    gate.kafka, gate.writer, gate.now = kafka, writer, at(now)
    gate.gateway = Quiet(Settings(**{"gateway_ack_s": 0.2} | config), writer, kafka, lambda: gate.now)
    server = TestServer(gate.gateway.app())
    await server.start_server(**SERVER_OPTIONS)
    gate.client = TestClient(server)
    gate.gateway.task = asyncio.create_task(gate.gateway.run())  # type: ignore[attr-defined]
    while not gate.gateway.door.ready:
        await asyncio.sleep(0)
    return gate


async def close_gate(gate: Gate) -> None:
    """End the gateway."""
    gate.gateway.task.cancel()  # type: ignore[attr-defined]
    await asyncio.gather(gate.gateway.task, return_exceptions=True)  # type: ignore[attr-defined]
    await gate.client.close()


@pytest.fixture
async def gate(kafka_in_memory: MemoryKafka) -> AsyncIterator[Gate]:
    """A gateway at 06:00 that knows one terminal, one shift and one policy."""
    writer = Writer(kafka_in_memory, PARTITIONS)
    for name, record in (("device", device()), ("shift", shift()), ("policy", policy())):
        await writer.reference(name, record)
    opened = await open_gate(kafka_in_memory)
    yield opened
    await close_gate(opened)
