"""The wall over a real ClickHouse: what is told to whom, and when."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from tests.wall.conftest import (
    AN_AFTERNOON,
    ANI,
    BUDI,
    CITRA,
    DEWI,
    NAMES,
    PASSWORD,
    Served,
    flag_id,
    flush,
    person_row,
    stay_row,
)
from wall.users import TRIES

pytestmark = pytest.mark.clickhouse


async def told(stream: ClientResponse, event: str = "board") -> dict[str, Any]:
    """Data of the next event of that name."""
    async with asyncio.timeout(10):
        while True:
            line = (await stream.content.readline()).decode()
            assert line, "the stream ended"
            if line == f"event: {event}\n":
                data = (await stream.content.readline()).decode()
                found: dict[str, Any] = json.loads(data.removeprefix("data: "))
                return found


async def test_shared_screen_shows_counts_and_nobodys_name(served: Served) -> None:
    """Everybody excused is one count; arrivals name the office; terminals read by file are not missed."""
    async with served.client.get("/api/stream") as stream:
        board = await told(stream)
    text = json.dumps(board, ensure_ascii=False)
    assert not any(name in text for name in NAMES.values())
    assert "cuti" not in text
    tiles = {tile["unit"]: tile for tile in board["tiles"]}
    assert (tiles["U1"]["terlambat"], tiles["U1"]["berhalangan_sah"]) == (1, 1)
    assert board["order"] == ["U2", "U11", "U1"]
    assert board["total"]["wajib"] == 3
    assert board["terminals"] == 2
    assert [(t["name"], t["since"][-5:]) for t in board["silent"]] == [("Loket", "06.41")]
    assert board["arrivals"] == [{"at": "07.31", "office": "Dinas Satu", "late_m": 2}]
    assert board["flags"] == 3
    assert "tanda" not in text


async def test_leader_sees_names_of_own_units_and_those_below(served: Served) -> None:
    """And nothing of another's: no tile, no person, no terminal."""
    await served.sign_in("kadinkes")
    async with served.client.get("/api/stream") as stream:
        board = await told(stream)
    assert {tile["unit"] for tile in board["tiles"]} == {"U1", "U11"}
    assert board["arrivals"][0]["name"] == NAMES[BUDI]
    office = await (await served.client.get("/api/office/U1")).json()
    assert [(p["name"], p["said"]) for p in office["people"]] == [
        (NAMES[BUDI], "Terlambat 2 menit (07.31)"),
        (NAMES[ANI], "Sakit"),
    ]
    below = await (await served.client.get("/api/office/U11")).json()
    assert below["people"][0]["said"] == "Belum dapat dipastikan: mesin Loket tidak terhubung sejak 2026-11-23 06.41"
    assert (await served.client.get("/api/office/U2")).status == 403
    assert (await served.client.get(f"/api/person/{DEWI}")).status == 403


async def test_whoever_may_see_all_sees_all(served: Served) -> None:
    """In English where asked for."""
    await served.sign_in("sekda")
    office = await (await served.client.get("/api/office/U2?lang=en")).json()
    assert [(p["name"], p["said"]) for p in office["people"]] == [(NAMES[DEWI], "Not here yet")]


async def test_person_is_explained(served: Served) -> None:
    """State, rule, everything that was shown."""
    await served.sign_in("kadinkes")
    why = await (await served.client.get(f"/api/person/{BUDI}")).json()
    assert (why["said"], why["policy"]["source"], why["unit"]) == ("Terlambat 2 menit (07.31)", "Perbup 1", "U1")
    assert [shown["said"] for shown in why["history"]] == ["Terlambat"]
    assert (await served.client.get("/api/person/nobody")).status == 404
    assert (await served.client.get(f"/api/person/{CITRA}?date=2026-13-01")).status == 400


async def test_person_is_shown_through_the_day(served: Served) -> None:
    """Hour by hour, as far as it is judged; the newest row."""
    await served.sign_in("kadinkes")
    served.tables.run(stay_row(BUDI, "U1", AN_AFTERNOON, "10:15", version=8))
    served.tables.run(stay_row(BUDI, "U1", AN_AFTERNOON, "13:15", version=9))
    why = await (await served.client.get(f"/api/person/{BUDI}?lang=en")).json()
    stay = why["presence"]
    assert "no_presence" not in why
    assert (stay["until"], stay["end"], stay["complete"]) == ("13.15", "16.00", False)
    assert stay["hours"][3]["said"] == "10.00–11.00: At the workplace 35 min, Outside 25 min"
    assert stay["hours"][5]["said"] == "12.00–13.00: At the workplace 15 min, Not known 45 min"
    assert [(one["from"], one["to"], one["place"]) for one in stay["windows"]] == [
        ("07.30", "09.55", "inside"),
        ("09.55", "10.25", "outside"),
        ("10.25", "11.35", "inside"),
        ("11.35", "12.45", "unknown"),
        ("12.45", "13.15", "inside"),
    ]


async def test_where_somebody_was_is_for_the_leader_of_that_unit(served: Served) -> None:
    """Nobody else's phone, not that of another unit; nor what is left of the time before a move to this one."""
    served.tables.run(stay_row(DEWI, "U2", AN_AFTERNOON, "13:15"))
    served.tables.run(stay_row(BUDI, "U2", AN_AFTERNOON, "13:15"))
    assert (await served.client.get(f"/api/person/{DEWI}")).status == 401
    await served.sign_in("kadinkes")
    refused = await served.client.get(f"/api/person/{DEWI}")
    assert (refused.status, await refused.json()) == (403, {"error": "not_yours"})
    why = await (await served.client.get(f"/api/person/{BUDI}")).json()
    assert "presence" not in why
    assert why["no_presence"] == "no_phone"


async def test_why_there_is_nothing_of_a_phone_is_said(served: Served) -> None:
    """No phone on that date, a phone and no place, both and nothing judged yet, no duty: never a word of absence."""
    await served.sign_in("sekda")

    async def reason(who: UUID) -> str:
        why = await (await served.client.get(f"/api/person/{who}")).json()
        assert "presence" not in why
        found: str = why["no_presence"]
        return found

    def phone(install: str, who: UUID, first: str, last: str, offset: int) -> None:
        served.tables.run(
            "INSERT INTO phone (install_id, employee_id, valid_from, valid_to, _offset)"
            f" VALUES ('{install}', '{who}', '{first}', {last}, {offset})"
        )

    assert await reason(BUDI) == "no_phone"
    phone("i1", BUDI, "2026-01-01", "'2026-11-22'", 20)
    phone("i2", BUDI, "2026-11-24", "NULL", 21)
    phone("i3", BUDI, "2026-01-01", "NULL", 22)
    phone("i3", DEWI, "2026-06-01", "NULL", 23)
    assert await reason(BUDI) == "no_phone"  # the one that covers the date has gone on to Dewi
    assert await reason(DEWI) == "no_place"
    phone("i4", BUDI, "2026-01-01", "NULL", 24)
    assert await reason(BUDI) == "no_place"
    for unit, first, last in (("U1", "2026-01-01", "NULL"), ("U2", "2026-01-01", "'2026-11-22'")):
        served.tables.run(
            "INSERT INTO geofence (unit_id, name, lat, lon, radius_m, valid_from, valid_to, _offset)"
            f" VALUES ('{unit}', 'x', -7.47, 112.43, 100, '{first}', {last}, 25)"
        )
    assert (await reason(BUDI), await reason(DEWI), await reason(ANI)) == ("none_yet", "no_place", "no_duty")


@pytest.mark.parametrize("path", ["/api/office/U1", f"/api/person/{BUDI}"])
async def test_names_need_a_sign_in(served: Served, path: str) -> None:
    """Without one there is nothing, whatever is asked."""
    answer = await served.client.get(path)
    assert answer.status == 401
    text = await answer.text()
    assert not any(name in text for name in NAMES.values())


async def test_what_was_wrongly_said_is_taken_back_in_words(served: Served) -> None:
    """Ralat: he had punched before the wall called him missing; the moment is hadir's own clock's."""
    await served.sign_in("sekda")
    before = await (await served.client.get(f"/api/person/{DEWI}")).json()
    came = "punches=[('D3', '2026-11-23 07:20:11', '2026-11-23 00:20:11', 'in')]"
    served.tables.run(person_row(DEWI, "U2", "present", 6, in_at="2026-11-23 00:20:11", more=came))
    now = await (await served.client.get(f"/api/person/{DEWI}")).json()
    at = now["history"][-1]["from"][:5]
    assert before["correction"] == ""
    assert now["correction"] == (f"Ralat {at}: hadir 07.20 (data terlambat diterima). Status sebelumnya dicabut.")


async def test_changes_are_told_as_differences(served: Served) -> None:
    """Only the tile that changed, and the arrival; nothing when nothing was written."""
    async with served.client.get("/api/stream") as stream:
        await told(stream)
        assert not await served.source.look()
        served.tables.run(person_row(DEWI, "U2", "present", 6, in_at="2026-11-23 00:41:00"))
        flush(served.tables, 7)
        assert await served.source.look()
        change = await told(stream)
    assert not change["whole"]
    assert [(tile["unit"], tile["hadir"]) for tile in change["tiles"]] == [("U2", 1)]
    assert change["arrivals"] == [{"at": "07.41", "office": "Badan Dua", "late_m": 0}]


async def test_beat_tells_the_datas_clock_and_age(served: Served) -> None:
    """By which the page knows that it is old."""
    async with served.client.get("/api/stream") as stream:
        beat = await told(stream, "beat")
    assert beat["clock"] == "07.41"
    assert 0 <= beat["age_s"] < 60


async def test_wrong_passwords_are_refused_and_then_wait(served: Served) -> None:
    """The right one too, once there were too many."""
    for _ in range(TRIES):
        answer = await served.client.post("/api/login", json={"name": "sekda", "password": "falsch"})
        assert answer.status == 403
    answer = await served.client.post("/api/login", json={"name": "sekda", "password": PASSWORD})
    assert answer.status == 429


async def test_sign_out_ends_it(served: Served) -> None:
    """The next question is a stranger's."""
    await served.sign_in("sekda")
    assert (await (await served.client.get("/api/me")).json())["user"] == "sekda"
    await served.client.post("/api/logout")
    assert (await (await served.client.get("/api/me")).json())["user"] is None


async def test_page_and_every_answer_forbid_foreign_code(served: Served) -> None:
    """Scripts and styles come from the wall alone; names can't become code."""
    for path in ("/", "/api/me", "/static/wall.js"):
        answer = await served.client.get(path)
        assert answer.status == 200
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_login_that_is_no_json_is_refused(served: Served) -> None:
    """With a clear answer."""
    answer = await served.client.post("/api/login", data=b"{", headers={"Content-Type": "application/json"})
    assert answer.status == 400
    answer = await served.client.post("/api/login", json=["x"])
    assert answer.status == 400


async def test_leader_reads_signs_of_his_offices_with_their_evidence(served: Served) -> None:
    """Counted by office; the open ones with name and words; nobody of another's unit is named in evidence."""
    await served.sign_in("kadinkes")
    async with served.client.get("/api/stream") as stream:
        board = await told(stream)
    assert board["flags"] == 2
    assert {tile["unit"]: tile["tanda"] for tile in board["tiles"]} == {"U1": 2, "U11": 0}
    office = await (await served.client.get("/api/office/U1?lang=en")).json()
    assert [(f["name"], f["date"], f["said"]) for f in office["flags"]] == [
        (NAMES[BUDI], "2026-11-23", "to be reviewed")
    ] * 2
    assert office["flags"][1]["evidence"] == "the same photo; also used by 2 others; known as 5f5f5f5f"
    why = await (await served.client.get(f"/api/person/{BUDI}")).json()
    assert [(f["state"], f["rule"], f["weight"]) for f in why["flags"]] == [
        ("open", "Ponsel menyebut lokasinya tiruan", "bobot 1"),
        ("open", "Ponsel atau foto juga dipakai pegawai lain", "bobot 1"),
    ]
    assert why["flags"][1]["evidence"].startswith("foto yang sama; juga dipakai Ani dan 1 pegawai lain")
    assert NAMES[DEWI] not in json.dumps(why)
    assert str(DEWI) not in json.dumps(why)


async def test_signs_from_before_a_move_are_not_shown_to_the_new_head(served: Served) -> None:
    """Until the date is judged anew its row is another unit's."""
    served.tables.run(
        "INSERT INTO flag (employee_id, work_date, unit_id, findings, epoch, version)"
        f" SELECT employee_id, work_date, 'U2', findings, epoch, 99 FROM flag WHERE employee_id = '{BUDI}'"
    )
    await served.sign_in("kadinkes")
    why = await (await served.client.get(f"/api/person/{BUDI}")).json()
    assert (why["name"], why["flags"]) == (NAMES[BUDI], [])


async def test_whoever_may_see_all_reads_all_names_in_evidence(served: Served) -> None:
    """And what was decided, by whom and why."""
    await served.sign_in("sekda")
    why = await (await served.client.get(f"/api/person/{BUDI}")).json()
    assert f"juga dipakai Ani dan {NAMES[DEWI]}" in why["flags"][1]["evidence"]
    decided = await (await served.client.get(f"/api/person/{CITRA}")).json()
    assert [(f["state"], f["said"]) for f in decided["flags"]] == [
        ("dismissed", "dikesampingkan oleh bkd, 2026-11-23 07.40: jam mesin salah")
    ]
    assert "menurut mesin Loket" in decided["flags"][0]["evidence"]
    none = await (await served.client.get(f"/api/person/{ANI}")).json()
    assert none["flags"] == []


async def test_decision_changes_the_count_without_being_asked_for(served: Served) -> None:
    """The board is told, and so is the office's tile, by which an open page is read again."""
    await served.sign_in("kadinkes")
    async with served.client.get("/api/stream") as stream:
        await told(stream)
        served.tables.run(
            "INSERT INTO decision (decision_id, employee_id, work_date, about, verdict, reason, recorded_by, _offset)"
            f" VALUES (generateUUIDv4(), '{BUDI}', '2026-11-23', 'flag:{flag_id(1)}', 'confirmed', 'x', 'bkd', 9)"
        )
        flush(served.tables, 9)
        assert await served.source.look()
        change = await told(stream)
    assert (change["flags"], [(t["unit"], t["tanda"]) for t in change["tiles"]]) == (1, [("U1", 1)])
