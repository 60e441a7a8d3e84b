"""
The wall's routes: the page, the stream, questions about an office or a person, signing in and out.

Everybody may see the shared board. Names are for whoever is signed in, of the units of that account: the server leaves
out what a viewer may not see, the page hides nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from clickhouse_connect.driver.exceptions import Error

from hadir import queries
from hadir.clock import shown_ms
from hadir.flag_words import NO_NAMES, Names, evidence_words, others, rule_word, state_words, weight
from hadir.settings import Settings
from hadir.words import LANGUAGES, RANK, clock, correction, say, state_word
from wall.board import EVERY, Scope, may_see
from wall.hub import Hub
from wall.source import Source
from wall.strip import strip, why_none
from wall.users import SESSION_S, Accounts, Patience, Sessions, User

STATIC = Path(__file__).parent / "static"
COOKIE = "hadir_wall"
BEAT_S = 5.0
"""A beat when nothing changes: it carries clock and age, and finds out who has gone."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Wall:
    """The application and what it stands on."""

    def __init__(self, settings: Settings, source: Source, hub: Hub, now_s: Callable[[], float]) -> None:
        self._settings = settings
        self._source = source
        self._hub = hub
        self._accounts = Accounts(settings.data)
        self._sessions = Sessions(self._accounts, now_s)
        self._patience = Patience(now_s)
        self._guessing = asyncio.Semaphore(1)  # a password costs 50 ms of a core and 16 MB

    def app(self) -> web.Application:
        """Routes."""
        app = web.Application(middlewares=[_headers], client_max_size=16 * 1024)
        app.add_routes(
            [
                web.get("/", self._page),
                web.static("/static", STATIC),
                web.get("/healthz", self._healthz),
                web.get("/api/stream", self._stream),
                web.get("/api/me", self._me),
                web.get("/api/office/{unit}", self._office),
                web.get("/api/person/{employee}", self._person),
                web.post("/api/login", self._login),
                web.post("/api/logout", self._logout),
            ]
        )
        return app

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "wall.html", headers={"Content-Type": "text/html; charset=utf-8"})

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    # -- who asks -----------------------------------------------------------------------------------------------

    def _user(self, request: web.Request) -> User | None:
        return self._sessions.user(request.cookies.get(COOKIE, ""))

    async def _scope(self, user: User | None) -> Scope:
        if user is None:
            return None
        if EVERY in user.units:
            return frozenset((EVERY,))
        today = self._source.today()
        return await self._source.ask(partial(queries.units_below, units=user.units, work_date=today))

    async def _me(self, request: web.Request) -> web.StreamResponse:
        user = self._user(request)
        told = {"user": user.name if user else None, "region": self._settings.wall_name}
        return web.json_response(told)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """``name`` and ``password`` as a form or JSON; 400 neither, 403 wrong, 429 too often."""
        try:
            given = await (request.json() if request.content_type == "application/json" else request.post())
            given.keys()
        except (ValueError, AttributeError):
            raise web.HTTPBadRequest(text="name and password\n") from None
        name, password = str(given.get("name", "")), str(given.get("password", ""))
        whos = (f"name:{name}", f"address:{request.remote}")
        if self._patience.spent(*whos):
            return web.json_response({"error": "too_often"}, status=429)
        async with self._guessing:
            user = await asyncio.to_thread(self._accounts.check, name, password)
        if user is None:
            self._patience.failed(*whos)
            return web.json_response({"error": "wrong"}, status=403)
        answer = web.json_response({"user": user.name})
        answer.set_cookie(
            COOKIE,
            self._sessions.start(user),
            max_age=SESSION_S,
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
        return answer

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        answer = web.json_response({})
        answer.del_cookie(COOKIE)
        return answer

    # -- what is shown ------------------------------------------------------------------------------------------

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: ``board`` (see ``board.view``) and ``beat`` (clock and age)."""
        user = self._user(request)
        try:
            scope = await self._scope(user)
        except Error:
            return web.json_response({"error": "database"}, status=503)
        answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await answer.prepare(request)
        try:
            async with aclosing(self._hub.follow(scope, BEAT_S)) as news:
                async for text in news:
                    lines = "" if text is None else f"event: board\ndata: {text}\n\n"
                    await answer.write(f"{lines}event: beat\ndata: {json.dumps(self._beat())}\n\n".encode())
                    if user is not None and self._user(request) is None:
                        break  # signed out elsewhere, or the session is over
        except ConnectionError:
            pass
        return answer

    def _beat(self) -> dict[str, Any]:
        return {"clock": self._source.now_text(), "age_s": self._source.age_s(), "stale_s": self._settings.wall_stale_s}

    async def _office(self, request: web.Request) -> web.StreamResponse:
        """Everybody of an office, with what is said of them, those of whom something is missing first; open signs."""
        unit = request.match_info["unit"]
        day, language = _day(request, self._source.today()), _language(request)

        async def answer(scope: frozenset[str]) -> web.StreamResponse:
            if not may_see(scope, unit):
                return web.json_response({"error": "not_yours"}, status=403)
            rows = await self._source.ask(partial(queries.day, work_date=day, unit=unit))
            rows.sort(key=lambda row: RANK.index(row["state"]) if row["state"] in RANK else len(RANK))
            people = [
                {
                    "employee": str(row["employee_id"]),
                    "name": row["name"] or "",
                    "state": row["state"],
                    "said": say(row, language),
                    "in": clock(row["in_time"]),
                    "out": clock(row["out_time"]),
                    "late_m": row["late_m"],
                }
                for row in rows
            ]
            found = await self._source.ask(partial(queries.flags, unit=unit))
            names = Names(terminals=await self._source.ask(queries.terminal_names)) if found else NO_NAMES
            flags = [
                _sign(flag, language, names)
                | {"employee": str(flag["employee_id"]), "name": flag["name"] or "", "date": f"{flag['work_date']}"}
                for flag in found
            ]
            office = rows[0]["unit_name"] if rows else unit
            return web.json_response({"unit": unit, "office": office, "people": people, "flags": flags})

        return await self._for_leaders(request, answer)

    async def _person(self, request: web.Request) -> web.StreamResponse:
        """Why somebody's date is what it is."""
        day, language = _day(request, self._source.today()), _language(request)
        try:
            employee = UUID(request.match_info["employee"])
        except ValueError:
            raise web.HTTPNotFound from None

        async def answer(scope: frozenset[str]) -> web.StreamResponse:
            why = await self._source.ask(partial(queries.explain, employee_id=employee, work_date=day))
            if why.day is None or not may_see(scope, why.day["unit_id"]):
                return web.json_response({"error": "not_yours"}, status=403)
            flags = await self._flags(why, day, scope, language)
            phone = await self._phone(why, scope, language)
            return web.json_response(_explained(why, language) | {"flags": flags} | phone)

        return await self._for_leaders(request, answer)

    async def _flags(
        self, why: queries.Explanation, day: date, scope: frozenset[str], language: str
    ) -> list[dict[str, str]]:
        """Signs with their state; whom evidence names beside the person is named only to whoever may see that unit."""
        flags = [flag for flag in why.flags if may_see(scope, flag["unit_id"])]  # as with presence, a row may be older
        if not flags:
            return []
        ids = sorted({one for flag in flags for one in others(flag["evidence"])})
        found = await self._source.ask(partial(queries.people_of_units, employee_ids=ids, work_date=day))
        people = {row["employee_id"]: row["name"] for row in found if may_see(scope, row["unit_id"])}
        names = Names(people, await self._source.ask(queries.terminal_names))
        return [_sign(flag, language, names) for flag in flags]

    async def _phone(self, why: queries.Explanation, scope: frozenset[str], language: str) -> dict[str, Any]:
        """``presence`` (see ``strip``), or ``no_presence``: why there is none."""
        day, stay = why.day, why.presence
        assert day is not None
        if stay is not None and may_see(scope, stay["unit_id"]):  # its row may be older than a move to this unit
            return {"presence": strip(stay, language)}
        of = {"employee_id": day["employee_id"], "unit": day["unit_id"], "work_date": day["work_date"]}
        return {"no_presence": why_none(day, *await self._source.ask(partial(queries.seen_by_phone, **of)))}

    async def _for_leaders(
        self, request: web.Request, answer: Callable[[frozenset[str]], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        user = self._user(request)
        if user is None:
            return web.json_response({"error": "sign_in"}, status=401)
        try:
            scope = await self._scope(user)
            assert scope is not None
            return await answer(scope)
        except Error:
            return web.json_response({"error": "database"}, status=503)


def _explained(why: queries.Explanation, language: str) -> dict[str, Any]:
    row = why.day
    assert row is not None
    shown = [(one["state"], _shown_at(one["shown_from"], ZoneInfo(row["timezone"]))) for one in why.history]
    return {
        "employee": str(row["employee_id"]),
        "name": row["name"] or "",
        "unit": row["unit_id"],
        "office": row["unit_name"],
        "mode": row["unit_mode"],
        "state": row["state"],
        "said": say(row, language),
        "shift": f"{clock(row['shift_start'])}–{clock(row['shift_end'])}" if row["shift_id"] else "",
        "cutoff": clock(row["cutoff"]),
        "open_until": clock(row["open_until"]),
        "policy": {"id": why.policy["policy_id"], "source": why.policy["source"]} if why.policy else None,
        "punches": [{"terminal": p["name"], "at": p["time"], "used_as": p["used_as"]} for p in row["punches"]],
        "correction": correction(row, shown, language),
        "history": [{"from": f"{at:%H.%M.%S}", "said": state_word(state, language)} for state, at in shown],
    }


def _sign(flag: queries.Row, language: str, names: Names) -> dict[str, str]:
    return {
        "state": flag["state"],
        "rule": rule_word(flag["rule"], language),
        "weight": weight(flag["score"], language),
        "evidence": evidence_words(flag, language, names),
        "said": state_words(flag, language),
    }


def _shown_at(written_at: datetime, zone: ZoneInfo) -> datetime:
    """The moment, by hadir's clock and in the unit's zone, at which a row could be seen first."""
    at_ms = shown_ms(int(written_at.replace(tzinfo=UTC).timestamp() * 1000))
    return datetime.fromtimestamp(at_ms / 1000, zone).replace(tzinfo=None)


def _day(request: web.Request, today: date) -> date:
    text = request.query.get("date", "")
    try:
        return date.fromisoformat(text) if text else today
    except ValueError:
        raise web.HTTPBadRequest(text="date: YYYY-MM-DD\n") from None


def _language(request: web.Request) -> str:
    asked = request.query.get("lang", LANGUAGES[0])
    return asked if asked in LANGUAGES else LANGUAGES[0]


@web.middleware
async def _headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    if not answer.prepared:
        answer.headers.update({k: v for k, v in HEADERS.items() if k not in answer.headers})
    return answer
