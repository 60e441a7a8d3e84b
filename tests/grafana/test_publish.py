"""Publishing, against a small Grafana that keeps what it is given and refuses what the real one refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from grafana_client.client import GrafanaException

from grafana.files import HERE
from grafana.publish import FOLDER, connect, publish
from grafana.query import UID
from grafana.rules import RULES
from hadir.errors import Misconfigured

TOKEN = "glsa_made_up"


class Grafana:
    """Folders, dashboards by uid with versions, rule groups; a data source if one was provisioned."""

    def __init__(self) -> None:
        self.sources = {UID}
        self.folders: dict[str, str] = {}
        self.dashboards: dict[str, tuple[int, dict[str, Any]]] = {}
        self.groups: dict[tuple[str, str], dict[str, Any]] = {}

    def app(self) -> web.Application:
        """The routes that publishing uses, under ``/api``."""
        app = web.Application(middlewares=[_authorized])
        app.add_routes(
            [
                web.get("/api/datasources/uid/{uid}", self._source),
                web.get("/api/folders/{uid}", self._folder),
                web.post("/api/folders", self._new_folder),
                web.post("/api/dashboards/db", self._dashboard),
                web.put("/api/v1/provisioning/folder/{folder}/rule-groups/{group}", self._group),
            ]
        )
        return app

    async def _source(self, request: web.Request) -> web.Response:
        known = request.match_info["uid"] in self.sources
        return web.json_response({"uid": UID} if known else {"message": "not found"}, status=200 if known else 404)

    async def _folder(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        if uid not in self.folders:
            return web.json_response({"message": "folder not found"}, status=404)
        return web.json_response({"uid": uid, "title": self.folders[uid]})

    async def _new_folder(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["uid"] in self.folders:
            return web.json_response({"message": "the folder has been changed by someone else"}, status=412)
        self.folders[asked["uid"]] = asked["title"]
        return web.json_response(asked)

    async def _dashboard(self, request: web.Request) -> web.Response:
        asked = await request.json()
        board = asked["dashboard"]
        if asked["folderUid"] not in self.folders:
            return web.json_response({"message": "folder not found"}, status=400)
        version, _ = self.dashboards.get(board["uid"], (0, {}))
        if version and not asked.get("overwrite"):
            return web.json_response({"message": "version mismatch"}, status=412)
        self.dashboards[board["uid"]] = version + 1, board
        return web.json_response({"uid": board["uid"], "status": "success", "version": version + 1})

    async def _group(self, request: web.Request) -> web.Response:
        asked = await request.json()
        folder, group = request.match_info["folder"], request.match_info["group"]
        needed = {"uid", "title", "condition", "data", "folderUID", "ruleGroup", "orgID", "noDataState", "execErrState"}
        if folder not in self.folders or any(needed - rule.keys() for rule in asked["rules"]):
            return web.json_response({"message": "invalid alert rule"}, status=400)
        self.groups[folder, group] = asked
        return web.json_response(asked)


@web.middleware
async def _authorized(request: web.Request, handler: Any) -> web.StreamResponse:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return web.json_response({"message": "Unauthorized"}, status=401)
    answer: web.StreamResponse = await handler(request)
    return answer


@pytest.fixture
async def grafana() -> AsyncIterator[tuple[Grafana, str]]:
    """It, and its address."""
    fake = Grafana()
    async with TestServer(fake.app()) as server:
        yield fake, str(server.make_url("/"))


async def test_everything_is_published_and_again_changes_nothing(grafana: tuple[Grafana, str]) -> None:
    """The committed files, in our folder; the second time only versions grow."""
    fake, url = grafana
    said: list[str] = []
    await asyncio.to_thread(publish, connect(url, TOKEN), said.append)
    committed = {json.loads(p.read_text())["uid"]: json.loads(p.read_text()) for p in HERE.glob("dashboards/*.json")}
    assert {uid: board for uid, (_, board) in fake.dashboards.items()} == committed
    assert [rule["uid"] for rule in fake.groups[FOLDER, "hadir"]["rules"]] == [rule.uid for rule in RULES]
    assert fake.folders == {FOLDER: FOLDER}
    before = {uid: board for uid, (_, board) in fake.dashboards.items()}, dict(fake.groups)
    await asyncio.to_thread(publish, connect(url, TOKEN), said.append)
    assert ({uid: board for uid, (_, board) in fake.dashboards.items()}, fake.groups) == before
    assert said.count(f"folder {FOLDER}") == 1


async def test_missing_source_is_said_before_anything_is_changed(grafana: tuple[Grafana, str]) -> None:
    """With the file that provisions it."""
    fake, url = grafana
    fake.sources.clear()
    with pytest.raises(Misconfigured, match=r"datasources/hadir\.yaml"):
        await asyncio.to_thread(publish, connect(url, TOKEN), print)
    assert not fake.folders


async def test_wrong_token_is_refused(grafana: tuple[Grafana, str]) -> None:
    """By Grafana, in its words."""
    _, url = grafana
    with pytest.raises(GrafanaException, match="Unauthorized"):
        await asyncio.to_thread(publish, connect(url, "wrong"), print)
