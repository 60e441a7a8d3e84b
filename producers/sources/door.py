"""
The gateway's door: ADMS requests of terminals in, replies out.

The promise: ``OK: n`` only after Kafka has acknowledged every record and every reject of the body; otherwise 503, and
the terminal keeps its records and comes again. Who is not on the allow-list learns nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from hadir import metrics
from hadir.clock import Clock
from hadir.crashpoint import reach
from hadir.errors import InvalidFact, NotAcknowledged, Refused, Undecodable
from producers.protocols import adms
from producers.protocols.lines import DAY_MS, Reject
from producers.sources.bodies import BODY_S, Bodies
from producers.sources.http_log import server_log
from producers.sources.region import Region, local_day, midnight_ms, moment_of, utc_offset_s, wall_clock
from producers.sources.terminal import Terminal
from producers.writing import Writer, acknowledged

log = logging.getLogger("hadir.gateway")

LARGE_BYTES = 32 * 1024  # about 800 lines
LARGE_AT_ONCE = 4  # one after another each is soon acknowledged; all together none is in time
SINGLE_REJECTS = 100  # of one slice of a body; the rest goes into one dead letter of many lines
STRANGERS = 1000  # serials remembered so that each is logged once

_PUNCHES, _REJECTS, _DROPPED = map(metrics.GATEWAY_RECORDS.labels, ("punch", "reject", "private_dropped"))

# What the server must be started with (``web.AppRunner``, ``TestServer.start_server``).
SERVER_OPTIONS: dict[str, Any] = {"auto_decompress": False, "access_log": None, "logger": server_log}

Handler = Callable[[web.Request, Terminal], Awaitable[web.Response]]


def _reply(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/plain")


class Door:
    """
    Handlers of the gateway and the terminals it knows.

    Args:
        region: kept up to date by the gateway; nothing is answered but 503 until ``ready`` is set.
        now: hadir's clock.
        ack_s: machine seconds that Kafka has to acknowledge a body.
        body_bytes: largest body, as it is after unpacking.
    """

    def __init__(self, writer: Writer, region: Region, now: Clock, *, ack_s: float, body_bytes: int) -> None:
        self.writer = writer
        self.region = region
        self.now = now
        self.terminals: dict[str, Terminal] = {}
        self.ready = False
        self.stood_still_ms = 0
        self._ack_s = ack_s
        self._bodies = Bodies(body_bytes)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._strangers: set[str] = set()
        self._telling: dict[str, asyncio.Future[Any]] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Paths as terminals ask for them; some firmware adds ``.aspx``."""
        yield web.get("/healthz", self._healthz)
        for method, path, kind, handler in (
            ("GET", "cdata", "handshake", self._handshake),
            ("POST", "cdata", "cdata", self._cdata),
            ("GET", "getrequest", "getrequest", self._getrequest),
            ("POST", "devicecmd", "devicecmd", self._devicecmd),
            ("GET", "ping", "ping", self._ping),
            ("GET", "registry", "registry", self._registry),
            ("POST", "registry", "registry", self._registry),
        ):
            guarded = self._guarded(kind, handler)
            yield web.route(method, f"/iclock/{path}", guarded)
            yield web.route(method, f"/iclock/{path}.aspx", guarded)

    # -- who may come in

    def _guarded(self, kind: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answer 503 until ready, 403 to strangers, and count every request by its kind and answer."""

        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await handler(request, self._admit(request)) if self.ready else _reply("starting", 503)
            except Refused:
                response = _reply("", 403)
            except NotAcknowledged as fault:
                metrics.GATEWAY_REFUSED.labels("not_acknowledged").inc()
                log.warning("told to come again: %s", fault)
                response = _reply("come again", 503)
            except web.HTTPException as answer:
                response = _reply("", answer.status)
            metrics.GATEWAY_REQUESTS.labels(kind, str(response.status)).inc()
            return response

        return guarded

    def _admit(self, request: web.Request) -> Terminal:
        try:
            serial = adms.serial(request.query.get("SN"))
        except Undecodable as fault:
            metrics.GATEWAY_REFUSED.labels("no_serial").inc()
            raise Refused("no serial") from fault
        if not self.region.knows(serial):
            metrics.GATEWAY_REFUSED.labels("unknown_serial").inc()
            if serial not in self._strangers and len(self._strangers) < STRANGERS:
                self._strangers.add(serial)
                log.warning("a terminal that no device record names: %s", serial)
            raise Refused("unknown serial")
        terminal = self.terminal(serial)
        at = self.now()
        terminal.contact(at, at - self.stood_still_ms)
        return terminal

    def terminal(self, serial: str) -> Terminal:
        """The terminal of a serial number; remembered from now on."""
        found = self.terminals.get(serial)
        if found is None:
            found = self.terminals[serial] = Terminal(serial, self.now())
        return found

    # -- handlers

    async def _healthz(self, request: web.Request) -> web.Response:
        return _reply("ready" if self.ready else "starting", 200 if self.ready else 503)

    async def _ping(self, request: web.Request, terminal: Terminal) -> web.Response:
        return _reply("OK")

    async def _registry(self, request: web.Request, terminal: Terminal) -> web.Response:
        """Newer firmware registers first; any code will do, the serial number is its only identity."""
        await self._bodies.read(request)
        return _reply(f"RegistryCode={terminal.device_id}")

    async def _handshake(self, request: web.Request, terminal: Terminal) -> web.Response:
        if request.query.get("options"):
            terminal.restarted()
        at = self.now()
        return _reply(adms.handshake(terminal.device_id, utc_offset_s(self.region.zone(terminal.device_id, at), at)))

    async def _cdata(self, request: web.Request, terminal: Terminal) -> web.Response:
        table = request.query.get("table", "").upper()
        if table == "ATTLOG":
            return await self._attlog(request, terminal)
        body = await self._bodies.read(request)
        if table == "OPERLOG":
            return await self._operlog(body, terminal)
        count = sum(1 for line in body.splitlines() if line.strip())
        metrics.GATEWAY_RECORDS.labels("other_table_dropped").inc(count)
        return _reply(adms.accepted(count))

    async def _attlog(self, request: web.Request, terminal: Terminal) -> web.Response:
        """Punches: in Kafka, or the terminal keeps them. A post that fails taints the range command it answers."""
        post: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        terminal.posts.add(post)
        good = False
        held = 0
        try:
            body = await self._bodies.read(request)
            reach("attlog.read")
            if len(body) <= LARGE_BYTES:
                taken = await self._take_attlog(body, terminal)
            else:
                held = len(body)
                self._bodies.held_bytes += held
                async with self._large:
                    taken = await self._take_attlog(body, terminal)
            good = True
            return _reply(adms.accepted(taken))
        finally:
            self._bodies.held_bytes -= held
            if not good:
                terminal.faults += 1
            terminal.posts.discard(post)
            post.set_result(good)

    async def _take_attlog(self, body: bytes, terminal: Terminal) -> int:
        """Everything of an ATTLOG body into Kafka, acknowledged; returns the lines dealt with."""
        at, started = self.now(), time.perf_counter()
        taken = 0
        newest: int | None = None
        sent: set[asyncio.Future[Any]] = set()
        for first, rows in adms.attlog_slices(body):
            part = adms.parse_attlog_lines(first, rows, terminal.device_id, at)
            rejects = self._send_facts("punch", part.punches, sent) + part.rejects
            self._send_rejects(rejects, terminal.device_id, "punch", at, sent)
            taken += part.taken
            for punch in part.punches:
                if not punch["minute_only"] and (newest is None or punch["device_time"] > newest):
                    newest = punch["device_time"]
            _PUNCHES.inc(len(part.punches))
            _REJECTS.inc(len(part.rejects))
            _DROPPED.inc(part.dropped)
            if len(rows) > 500:
                await asyncio.sleep(0)  # other terminals have their turn
        reach("attlog.sent")
        await acknowledged(sent, self._ack_s)
        reach("attlog.acknowledged")
        metrics.GATEWAY_ACK_SECONDS.observe(time.perf_counter() - started)
        if newest is not None and self.region.knows(terminal.device_id):
            terminal.saw_punch(at, moment_of(self.region.zone(terminal.device_id, at), newest))
        return taken

    async def _operlog(self, body: bytes, terminal: Terminal) -> web.Response:
        at = self.now()
        found = adms.parse_operlog(body, terminal.device_id, at)
        sent: set[asyncio.Future[Any]] = set()
        rejects = self._send_facts("device_event", found.events, sent) + found.rejects
        self._send_rejects(rejects, terminal.device_id, "device_event", at, sent)
        await acknowledged(sent, self._ack_s)
        metrics.GATEWAY_RECORDS.labels("device_event").inc(len(found.events))
        _REJECTS.inc(len(found.rejects))
        _DROPPED.inc(found.dropped)
        metrics.GATEWAY_RECORDS.labels("unknown_dropped").inc(found.unknown)
        return _reply(adms.accepted(found.taken))

    def _send_facts(self, name: str, records: list[dict[str, Any]], sent: set[asyncio.Future[Any]]) -> list[Reject]:
        """Hand records to the outbox; one that its schema refuses comes back as a reject."""
        refused = []
        for record in records:
            try:
                sent.add(self.writer.fact(name, record))
            except InvalidFact as fault:
                refused.append(Reject(0, repr(sorted(record.items())).encode(), str(fault)))
        return refused

    def _send_rejects(
        self, rejects: list[Reject], device_id: str, schema: str, at: int, sent: set[asyncio.Future[Any]]
    ) -> None:
        """One dead letter a line; of a body that is garbage through and through, one for many lines."""
        tail = rejects[SINGLE_REJECTS:]
        letters = [(f"line {r.number}: {r.reason}", r.raw) for r in rejects[:SINGLE_REJECTS]]
        if tail:
            letters.append((f"{len(tail)} lines: {tail[0].reason}, and so on", b"\n".join(r.raw for r in tail)))
        for reason, raw in letters:
            metrics.DEAD.labels("gateway").inc()
            sent.update(
                self.writer.dead_letter("gateway", reason, raw, schema=schema, device_id=device_id, failed_at=at)
            )

    # -- completeness

    async def _getrequest(self, request: web.Request, terminal: Terminal) -> web.Response:
        """After each cutoff: send everything again since you last were complete."""
        at = self.now()
        if not terminal.wants_range(self.region.due(terminal.device_id, at), at):
            return _reply("OK")
        command_id = str(secrets.randbelow(2_147_483_647) + 1)  # random: an answer from before a restart finds no match
        terminal.hand_out(command_id, at)
        reach("range.asked")
        metrics.GATEWAY_RECORDS.labels("range_asked").inc()
        return _reply(adms.query_attlog(command_id, *self.range_of(terminal, at)))

    def range_of(self, terminal: Terminal, at: int) -> tuple[int, int]:
        """
        What to ask for, by the terminal's own clock (milliseconds as if UTC, both inclusive).

        From a day and the measured drift before it was last complete (never complete: before the first open month or
        its own first day, whichever is later) to the end of tomorrow by its own clock: a wrong clock hides nothing.
        """
        zone = self.region.zone(terminal.device_id, at)
        drift = terminal.drift_ms or 0
        start = terminal.delivered_through
        if start is None:
            first = max(self.region.first_open_day(zone, at), self.region.first_day(terminal.device_id))
            start = min(midnight_ms(zone, first), at)
        end = (local_day(zone, at + max(0, -drift)) + 2) * DAY_MS - 1000
        return max(0, wall_clock(zone, start) - DAY_MS - abs(drift)), end

    async def _devicecmd(self, request: web.Request, terminal: Terminal) -> web.Response:
        try:
            results = adms.parse_results(await self._bodies.read(request))
        except Undecodable:
            metrics.GATEWAY_REFUSED.labels("undecodable").inc()
            return _reply("", 400)
        for result in results:
            asked = terminal.take_answer(result.command_id)
            if asked is None:
                metrics.GATEWAY_RECORDS.labels("answer_unknown").inc()
            elif result.code < 0:
                metrics.GATEWAY_RECORDS.labels("answer_failed").inc()
                log.warning("terminal %s could not send its range: %d", terminal.device_id, result.code)
            else:
                before = set(terminal.posts)  # what comes after the answer is another matter
                late = (await asyncio.wait(before, timeout=BODY_S + self._ack_s))[1] if before else ()
                if not late and terminal.vouch(asked):
                    reach("range.answered")
                    metrics.GATEWAY_RECORDS.labels("answer_complete").inc()
                    self.tell(terminal)
                else:
                    metrics.GATEWAY_RECORDS.labels("answer_tainted").inc()
        return _reply("OK")

    # -- what is told

    def tell(self, terminal: Terminal) -> None:
        """Write a ``device_status`` if there is news; until it is acknowledged no other of this terminal is sent."""
        if terminal.device_id in self._telling or not terminal.news():
            return
        status = terminal.status(self.now())
        sent = self.writer.fact("device_status", status)
        self._telling[terminal.device_id] = sent
        reach("status.sent")

        def on_done(done: asyncio.Future[Any]) -> None:
            del self._telling[terminal.device_id]
            if not done.cancelled() and done.exception() is None:
                metrics.GATEWAY_RECORDS.labels("device_status").inc()
                terminal.told(status)
                reach("status.told")

        sent.add_done_callback(on_done)

    def watch(self, at: int, silent_ms: int) -> None:
        """Look at every terminal in use: who has gone silent, what is there to tell, what was not acknowledged."""
        for serial in self.region.serials():
            device = self.region.device(serial, at)
            if device is not None and device["protocol"] == adms.SOURCE:
                self.terminal(serial).check_silence(at - self.stood_still_ms, silent_ms)
            if serial in self.terminals:
                self.tell(self.terminals[serial])
