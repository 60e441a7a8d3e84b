"""Fixtures of this folder: a morning in ClickHouse, and a wall over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hadir import clock
from streams.folds.limits import USUAL
from streams.rules.presence import presence
from tests.clickhouse.fixtures import Tables, migrated, tables
from wall.app import Wall
from wall.hub import Hub
from wall.source import Source
from wall.users import Accounts, make_user

__all__ = ["migrated", "tables"]

DAY = date(2026, 11, 23)
NOW_MS = 1_795_394_460_000  # 2026-11-23 07:41 in Jakarta
PASSWORD = "sangat rahasia"
BUDI, ANI, CITRA, DEWI = (UUID(int=n) for n in (0xA, 0xB, 0xC, 0xD))
NAMES = {BUDI: "Budi Éka", ANI: "Ani", CITRA: "Citra", DEWI: "Dewi <b>"}


def person_row(who: UUID, unit: str, state: str, version: int, *, in_at: str = "", more: str = "") -> str:
    """INSERT of a row of attendance_history; written now."""
    columns = (
        "employee_id, work_date, unit_id, unit_mode, epoch, version, state, policy_id, policy_offset, in_at, late_s"
    )
    in_text = f"'{in_at}'" if in_at else "NULL"
    values = f"'{who}', '{DAY}', '{unit}', 'in_force', 'e1', {version}, '{state}', 'p', 5, {in_text}, {90 if state == 'late' else 0}"
    extra = f", {more.split('=')[0]}" if more else ""
    value = f", {more.split('=', 1)[1]}" if more else ""
    return f"INSERT INTO attendance_history ({columns}{extra}) VALUES ({values}{value})"


def stay_row(who: UUID, unit: str, seen: Sequence[tuple[str, str, str]], until: str, version: int = 9) -> str:
    """
    INSERT of a row of presence, as the rule makes it of a phone that speaks each five minutes.

    Args:
        seen: spans in which it spoke: local ``HH:MM`` from and to, and whether ``inside`` or ``outside``.
        until: local ``HH:MM`` through which the shift, 07.30 to 16.00, is judged.
    """
    at = {"inside": (-7_470_000, 112_430_000, 10, False), "outside": (-7_400_000, 112_430_000, 10, False)}
    fixes = [
        (second, *at[place])
        for begin, end, place in seen
        for second in range(_second(begin), min(_second(end), _second(until) - 1) + 1, 300)
    ]
    start, last = _second("07:30"), _second(until)
    found = presence(fixes, [(-7_470_000, 112_430_000, 0.99, 100)], start, last, 7 * 3600, USUAL)
    windows = ", ".join(f"({_utc(w.start)}, {_utc(w.end)}, '{w.place}')" for w in found.windows)
    hours = ", ".join(f"({_utc(at)}, {inside}, {outside}, {unknown})" for at, inside, outside, unknown in found.hours)
    return (
        "INSERT INTO presence (employee_id, work_date, unit_id, shift_start_at, shift_end_at, until_at, inside_s,"
        f" outside_s, unknown_s, pings, windows, hours, epoch, version) VALUES ('{who}', '{DAY}', '{unit}',"
        f" {_utc(start)}, {_utc(_second('16:00'))}, {_utc(last)}, {', '.join(map(str, found.seconds))}, {len(fixes)}, [{windows}], [{hours}],"
        f" 'e1', {version})"
    )


def _second(local: str) -> int:
    return int(datetime.fromisoformat(f"{DAY}T{local}+07:00").timestamp())


def _utc(second: int) -> str:
    return f"'{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}'"


AN_AFTERNOON = (("07:21", "09:50", "inside"), ("09:55", "10:20", "outside"), ("10:25", "11:35", "inside"),
                ("12:45", "13:15", "inside"))  # fmt: skip
"""Out for a while before noon, silent at lunch."""


def flush(tables: Tables, offset: int) -> None:
    """What the sink says after each flush."""
    tables.run(f"INSERT INTO sink_offset (topic, partition, offset) VALUES ('hadir.attendance.e1', 0, {offset})")


def flag_id(n: int) -> UUID:
    """Id of a made flag."""
    return UUID(int=0xF0 + n)


def flags_of_the_morning() -> list[str]:
    """INSERTs: Budi's phone called its location made up, and took the same photo as Dewi's; Citra's was decided on."""
    at = NOW_MS - 30 * 60_000
    photo = "'kind': 'photo', 'kinds': 'photo', 'value': '5f5f5f5f5f5f5f5f'"
    mocked = f"'minutes_mocked': '4', 'minutes_told': '9', 'first_at': '{at}', 'last_at': '{at + 180_000}'"
    mocked += ", 'first_place': '-7.47000,112.43000 (10 m)'"
    travelled = f"'least_kmh': '435', 'least_m': '72500', 'from_at': '{at}', 'from_place': '-7.47,112.43 (100 m)'"
    travelled += f", 'from_device': 'D2', 'to_at': '{at + 600_000}', 'to_place': '-8.45,112.43 (20 m)', 'to_device': ''"
    found = {
        (BUDI, "U1"): [
            (flag_id(1), "mock_location", 1.0, mocked),
            (flag_id(2), "shared_phone", 1.0, f"{photo}, 'with': '{ANI} {DEWI}'"),
        ],
        (CITRA, "U11"): [(flag_id(3), "impossible_travel", 0.66, travelled)],
        (DEWI, "U2"): [(flag_id(4), "shared_phone", 1.0, f"{photo}, 'with': '{ANI} {BUDI}'")],
    }
    rows = []
    for version, ((who, unit), findings) in enumerate(found.items(), 1):
        told = ", ".join(f"('{id_}', '{rule}', 1, {score}, {{{said}}})" for id_, rule, score, said in findings)
        rows.append(f"('{who}', '{DAY}', '{unit}', '2026-11-23 00:30:00', [{told}], 'e1', {version})")
    return [
        "INSERT INTO flag (employee_id, work_date, unit_id, until_at, findings, epoch, version) VALUES "
        + ", ".join(rows),
        "INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, reason, recorded_at, recorded_by,"
        f" _offset) VALUES ('{UUID(int=0xD1)}', '{CITRA}', '{DAY}', 'flag:{flag_id(3)}', 'dismissed',"
        " 'jam mesin salah', '2026-11-23 00:40:00', 'bkd', 8)",
    ]


def fill_morning(tables: Tables) -> None:
    """Dinas Satu with Puskesmas below it, and Badan Dua: one late, one missing, one ill, one who waits for a terminal."""
    people = ", ".join(f"('{who}', '19{n}', '{name}')" for n, (who, name) in enumerate(NAMES.items()))
    for statement in (
        "INSERT INTO unit (unit_id, name, parent_id, timezone, valid_from, _offset) VALUES"
        " ('U1', 'Dinas Satu', NULL, 'Asia/Jakarta', '2026-01-01', 1),"
        " ('U11', 'Puskesmas Satu', 'U1', 'Asia/Jakarta', '2026-01-01', 2),"
        " ('U2', 'Badan Dua', NULL, 'Asia/Jakarta', '2026-01-01', 3)",
        f"INSERT INTO person (employee_id, staff_no, name) VALUES {people}",
        "INSERT INTO device (device_id, unit_id, name, protocol, timezone, valid_from, _offset) VALUES"
        " ('D1', 'U1', 'Pintu', 'adms', 'Asia/Jakarta', '2026-01-01', 4),"
        " ('D2', 'U11', 'Loket', 'adms', 'Asia/Jakarta', '2026-01-01', 6),"
        " ('D3', 'U2', 'Berkas', 'file', 'Asia/Jakarta', '2026-01-01', 7)",
        "INSERT INTO policy (policy_id, grace_s, source, valid_from, _offset) VALUES ('p', 60, 'Perbup 1', '2026-01-01', 5)",
        "INSERT INTO device_status (device_id, observed_at, state, silent_since) VALUES"
        " ('D1', '2026-11-23 00:40:00', 'online', NULL), ('D2', '2026-11-23 00:40:00', 'silent', '2026-11-22 23:41:00')",
        person_row(BUDI, "U1", "late", 1, in_at="2026-11-23 00:31:30"),
        person_row(ANI, "U1", "leave", 2, more="reason='sakit'"),
        person_row(CITRA, "U11", "undetermined", 3, more="missing=[('D2', '2026-11-22 23:41:00', NULL)]"),
        person_row(DEWI, "U2", "not_here", 4),
        *flags_of_the_morning(),
    ):
        tables.run(statement)
    flush(tables, 5)


@pytest.fixture
def morning(tables: Tables) -> Tables:
    """Tables with a morning in them."""
    fill_morning(tables)
    return tables


def write_accounts(folder: Path) -> None:
    """``kadinkes`` for U1, ``sekda`` for all."""
    users = [make_user("kadinkes", PASSWORD, ("U1",)), make_user("sekda", PASSWORD, ("*",))]
    Accounts(folder).write({user.name: user for user in users})


@dataclass
class Served:
    """A wall that a test looks at; ``source.look()`` makes it look at ClickHouse."""

    client: TestClient  # type: ignore[type-arg]
    source: Source
    hub: Hub
    tables: Tables

    async def sign_in(self, name: str) -> None:
        """Raises AssertionError when the wall does not let one in."""
        answer = await self.client.post("/api/login", json={"name": name, "password": PASSWORD})
        assert answer.status == 200, await answer.text()


@pytest.fixture
async def served(morning: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The wall over the morning, with accounts."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)
    settings = morning.settings.model_copy(update={"data": tmp_path, "wall_name": "Kota Contoh"})
    write_accounts(tmp_path)
    hub = Hub()
    source = Source(settings, hub.publish, flags_every_s=0.0)
    wall = Wall(settings, source, hub, lambda: clock.system_ms() / 1000)
    await source.look()
    async with TestClient(TestServer(wall.app())) as client:
        yield Served(client, source, hub, morning)
