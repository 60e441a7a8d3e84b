"""The HTTP side alone, over a run that does as it is told: what is given back before the client can go on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hadir.stack.clickhouse import app
from hadir.stack.clickhouse.engine import Engine
from hadir.stack.clickhouse.run import Run
from hadir.stack.clickhouse.sql import Statement


class Told(Run):
    """Gives three pieces and takes its time to finish."""

    pieces: Iterator[bytes] = iter(())
    over: bool = False

    def read(self) -> Statement:
        """A SELECT."""
        Told.pieces, Told.over = iter((b"one ", b"two ", b"end", b"")), False
        self.statement = Statement("read", "SELECT 1", selects=True)
        return self.statement

    def begin(self) -> bytes:
        """The first piece."""
        return next(Told.pieces)

    def more(self) -> bytes:
        """The next one."""
        return next(Told.pieces)

    def finish(self) -> None:
        """Slow, so that a client which is told too early is back before it is over."""
        time.sleep(0.3)
        Told.over = True


async def test_all_is_given_back_before_the_last_piece_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A client that knows the end of its document never finds its own session busy (373)."""
    monkeypatch.setattr(app, "Run", Told)
    endpoint = app.Endpoint(Engine(tmp_path_factory.mktemp("unused")))
    async with TestClient(TestServer(endpoint.application())) as client:
        for _ in range(3):
            async with client.post("/?session_id=s", data=b"SELECT 1") as answer:
                assert answer.status == 200
                seen = b""
                while not seen.endswith(b"end"):
                    seen += await answer.content.readany()
                assert Told.over
                assert seen == b"one two end"
    await endpoint.close()
