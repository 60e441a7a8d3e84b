"""The process itself, on real Kafka: killed between sending and noting it repeats that one message and no other."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from hadir import clock
from hadir.cli import main
from hadir.lag import committed_offsets
from hadir.outbox import Outbox
from hadir.settings import settings
from hadir.topics_admin import ensure_topics
from schemas import codec
from schemas.topics import partition_of, topics
from tests.notify.made import alert

ROOT = Path(__file__).parents[2]
PARTITIONS = 4


class Office:
    """Topics of an epoch of its own, a hook, and a process that is started as often as need be."""

    def __init__(self, kafka: str, folder: Path, port: int) -> None:
        self.kafka = kafka
        self.epoch = uuid4().hex[:8]
        self.unit = f"unit-{self.epoch}"
        self.ready = folder / "ready"
        file = folder / "notify.toml"
        file.write_text(f'[channels.bkd]\nurl = "json://127.0.0.1:{port}/hook"\nunits = ["{self.unit}"]\n')
        file.chmod(0o600)
        self.env = os.environ | {
            "HADIR_DATA": str(folder),
            "HADIR_KAFKA": kafka,
            "HADIR_EPOCH": self.epoch,
            "HADIR_CLICKHOUSE": "http://127.0.0.1:9",
            "HADIR_CRASH_DIR": str(folder),
            "HADIR_READY": str(self.ready),
            "PYTHONPATH": str(ROOT),
        }

    def start(self) -> subprocess.Popen[bytes]:
        self.ready.unlink(missing_ok=True)
        return subprocess.Popen([sys.executable, "-m", "notify"], cwd=ROOT, env=self.env, stderr=subprocess.PIPE)

    async def raise_alerts(self, count: int) -> None:
        """Revisions raised now, one a cutoff, so that none stands for another."""
        outbox = Outbox(self.kafka)
        await outbox.start()
        key = self.unit.encode()
        now = clock.system_ms()
        for n in range(count):
            told = alert(unit=self.unit, cutoff_at=now - n, raised_at=now, epoch=self.epoch)
            topic = topics()["alert"].name(self.epoch)
            outbox.send(topic, partition_of(key, PARTITIONS), key, codec.encode("alert", told))
        await outbox.settle()
        await outbox.stop()

    async def committed(self) -> int:
        """How many records are settled, by the group's offsets."""
        return sum((await committed_offsets(self.kafka, f"hadir.notify.{self.epoch}")).values())


@pytest.mark.kafka
async def test_killed_between_sending_and_noting_it_repeats_that_one(kafka: str, tmp_path: Path) -> None:
    """Killed after the first message: the next process sends it once more, notes it, and a third sends nothing."""
    got: list[str] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.json())["message"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    async with TestServer(app) as server:
        assert server.port is not None
        office = Office(kafka, tmp_path, server.port)
        await ensure_topics(kafka, office.epoch, PARTITIONS)
        await office.raise_alerts(1)
        (tmp_path / "notice.sent").write_text(f"{signal.SIGKILL.value} 0 0")
        first = office.start()
        assert await asyncio.to_thread(first.wait, 60) == -signal.SIGKILL
        assert (len(got), await office.committed()) == (1, 0)

        for sent in (2, 2):
            process = office.start()
            async with asyncio.timeout(60):
                while await office.committed() < 1 or not office.ready.exists():
                    await asyncio.sleep(0.1)
            process.terminate()
            _, told = await asyncio.to_thread(process.communicate, None, 60)
            assert process.returncode == 0, told
            assert len(got) == sent
    assert got[0] == got[1]
    assert got[0].startswith(f"{office.unit} ")


@pytest.mark.kafka
async def test_faulty_file_of_channels_ends_the_start_with_its_name(kafka: str, tmp_path: Path) -> None:
    """Others may read it: said once, and no process that sends nothing looks alive."""
    office = Office(kafka, tmp_path, 1)
    (tmp_path / "notify.toml").chmod(0o644)
    process = office.start()
    _, told = await asyncio.to_thread(process.communicate, None, 60)
    assert process.returncode == 78
    assert b"chmod 600" in told


async def test_verb_tells_which_channel_took_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One takes it, one does not answer: exit code 1, and the address is not shown."""
    got: list[str] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.json())["message"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/rahasia", take)
    async with TestServer(app) as server:
        file = tmp_path / "notify.toml"
        file.write_text(
            f'[channels.good]\nurl = "json://127.0.0.1:{server.port}/rahasia"\nunits = ["*"]\n'
            '[channels.gone]\nurl = "json://127.0.0.1:9/rahasia"\nunits = ["*"]\nlanguage = "en"\n'
        )
        file.chmod(0o600)
        monkeypatch.setenv("HADIR_DATA", str(tmp_path))
        settings.cache_clear()
        try:
            ran = await asyncio.to_thread(CliRunner().invoke, main, ["notify", "test"])
            named = await asyncio.to_thread(CliRunner().invoke, main, ["notify", "test", "good"])
            unknown = await asyncio.to_thread(CliRunner().invoke, main, ["notify", "test", "nobody"])
        finally:
            settings.cache_clear()
    assert (ran.exit_code, named.exit_code, unknown.exit_code) == (1, 0, 1)
    assert "not taken" in ran.output
    assert "not taken" not in named.output
    assert "no channel nobody" in unknown.output
    assert "rahasia" not in ran.output
    assert got[0].startswith("hadir: pesan uji untuk saluran good")
