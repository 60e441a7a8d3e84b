"""Phones of the made city: who has one, what they see, who cheats, and that a phone loses nothing on a bad line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hadir.clock import make_clock, system_ms
from producers.simulator.city import make_city
from producers.simulator.judge import World
from producers.simulator.lookup import Roster
from producers.simulator.morning import make_morning
from producers.simulator.outings import GAP_MS, Outing, make_outings, minutes, unit_of
from producers.simulator.pace import Pace
from producers.simulator.phone_app import PhoneApp, PhoneReport, session
from producers.simulator.phones import token_sha256
from producers.simulator.run import run_city
from producers.simulator.truth import RULES, make_truth
from producers.simulator.world import City, Morning, covers
from tests.simulator.cities import small

RATE = 3000.0
SEEDS = range(1, 7)
Made = tuple[City, Morning, tuple[Outing, ...]]


def made(seed: int = 1) -> Made:
    """A small city, its morning and its phones'."""
    city = small(seed)
    morning = make_morning(city)
    return city, morning, make_outings(city, morning)


@pytest.mark.parametrize("seed", SEEDS)
def test_phones_are_registered_to_people_of_the_day(seed: int) -> None:
    """One to a person, to nobody with a part to play; ids and tokens are nobody else's."""
    city = small(seed)
    roster = Roster(city)
    assert len(city.phones) == 24
    for field in ("staff_no", "install_id", "token"):
        assert len({getattr(phone, field) for phone in city.phones}) == 24
    for phone in city.phones:
        assert phone.staff_no not in city.cases
        assert covers(phone.valid_from, None, city.day)
        assert unit_of(roster, phone.staff_no) in city.places
        assert (len(phone.token), len(token_sha256(phone.token))) == (43, 64)


def test_offices_stand_apart_and_a_phone_of_the_default_city_to_twenty() -> None:
    """No two offices' circles touch; the town is a town; 3,128 people have 156 phones."""
    city = make_city()
    places = list(city.places.values())
    assert {unit.unit_id for unit in city.units} == city.places.keys()
    for n, one in enumerate(places):
        for other in places[:n]:
            assert one.point.metres_to(other.point) > one.radius_m + other.radius_m
    assert max(place.point.metres_to(places[0].point) for place in places) < 10_000
    assert len(city.phones) == 156


def test_outings_are_the_same_for_the_same_city() -> None:
    """To the last digit; another seed, another town."""
    assert made(3)[2] == made(3)[2]
    assert made(3)[2] != made(4)[2]


def kmh(outing: Outing) -> float:
    """The fastest that a phone seems to have moved, accuracy allowed for, as a rule would see it."""
    speeds = [0.0]
    for one, two in pairwise(outing.fixes):
        metres = one.point.metres_to(two.point) - one.accuracy_m - two.accuracy_m
        speeds.append(max(0.0, metres) / (two.at_ms - one.at_ms) * 3600)
    return max(speeds)


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_phones_give_no_ground_for_a_flag(seed: int) -> None:
    """No mocked fix, no speed beyond a town's, near the terminal at each punch, a handset and photos of their own."""
    city, morning, outings = made(seed)
    roster = Roster(city)
    handsets = Counter(outing.boot_id for outing in outings)
    photos = Counter(shot.photo_sha256 for outing in outings for shot in outing.shots)
    honest = [outing for outing in outings if not outing.part]
    assert len(honest) >= 12
    for outing in honest:
        place = city.places[unit_of(roster, outing.phone.staff_no)]
        assert handsets[outing.boot_id] == 1
        assert {photos[shot.photo_sha256] for shot in outing.shots} <= {1}
        assert not any(fix.mock for fix in outing.fixes)
        assert kmh(outing) < 60
        for punch in (p for p in morning.punches if p.staff_no == outing.phone.staff_no):
            for fix in outing.fixes:
                metres = max(0.0, fix.point.metres_to(place.point) - place.radius_m - fix.accuracy_m)
                assert metres <= max(1, abs(fix.at_ms - punch.at_ms)) / 1000 * 10


@pytest.mark.parametrize("seed", SEEDS)
def test_cheats_are_what_they_are_called(seed: int) -> None:
    """Each leaves the trace by which its rule must find it."""
    city, morning, outings = made(seed)
    roster = Roster(city)
    by_part: dict[str, list[Outing]] = defaultdict(list)
    for outing in outings:
        by_part[outing.part].append(outing)
    by_staff = {outing.phone.staff_no: outing for outing in outings}
    assert {part: len(found) for part, found in by_part.items() if part} == {
        "mock_location": 3, "impossible_travel": 3, "shared_phone": 4, "same_photo": 2,
    }  # fmt: skip
    for outing in by_part["mock_location"]:
        assert all(fix.mock for fix in outing.fixes)
    for outing in by_part["impossible_travel"]:
        place = city.places[unit_of(roster, outing.phone.staff_no)]
        punch = next(p for p in morning.punches if p.staff_no == outing.phone.staff_no)
        before = max((fix for fix in outing.fixes if fix.at_ms < punch.at_ms), key=lambda fix: fix.at_ms)
        assert before.point.metres_to(place.point) / (punch.at_ms - before.at_ms) * 3600 > 1000
    for outing in by_part["shared_phone"]:
        other = by_staff[outing.with_staff_no]
        assert other.with_staff_no == outing.phone.staff_no
        assert outing.imei is not None
        assert (outing.imei, outing.boot_id) == (other.imei, other.boot_id)
        assert outing.phone.install_id != other.phone.install_id
        assert not {fix.at_ms for fix in outing.fixes} & {fix.at_ms for fix in other.fixes}
        assert outing.fixes
    one, two = by_part["same_photo"]
    assert one.shots[0].photo_sha256 == two.shots[0].photo_sha256


def test_morning_has_gaps_dead_batteries_and_people_in_the_field() -> None:
    """In the default city every kind of honest trouble is played."""
    city = make_city()
    morning = make_morning(city)
    outings = make_outings(city, morning)
    honest = [outing for outing in outings if not outing.part]
    assert sum(bool(outing.offline) for outing in honest) > 10
    dead = [outing for outing in honest if outing.dead_from is not None]
    assert len(dead) > 10
    for outing in dead:
        assert outing.fixes[-1].battery <= 0.02
        assert outing.fixes[-1].at_ms < (outing.dead_from or 0)
    assert sum(max(b.at_ms - a.at_ms for a, b in pairwise(o.fixes)) > GAP_MS for o in honest) > 10
    truth = make_truth(World(city, morning), outings)["phones"]
    assert (
        sum(o.dead_from is not None and not all(o.gets_out(f.at_ms, morning.end_ms) for f in o.fixes) for o in dead) > 5
    )
    assert sum(phone["minutes"]["inside"] > 30 and phone["minutes"]["outside"] > 90 for phone in truth.values()) > 5
    assert 15_000 < sum(phone["pings"] for phone in truth.values()) < 25_000


@pytest.mark.parametrize("seed", SEEDS)
def test_truth_says_who_cheats_and_how_long_phones_were_where(seed: int) -> None:
    """Three hours to each phone; the honest who came were inside from their punch on, the far and absent never."""
    city, morning, outings = made(seed)
    truth = make_truth(World(city, morning))["phones"]
    assert truth == make_truth(World(city, morning), outings)["phones"]
    assert truth.keys() == {phone.staff_no for phone in city.phones}
    for outing in outings:
        said = truth[outing.phone.staff_no]
        assert sum(said["minutes"].values()) == 180
        assert said["cheats"] == ([RULES[outing.part]] if outing.part else [])
        assert bool(said["same_photo_as"]) == (outing.part == "same_photo")
        if outing.part == "impossible_travel" or not any(p.staff_no == outing.phone.staff_no for p in morning.punches):
            assert said["minutes"]["inside"] == 0 or outing.part == "mock_location"
        elif not outing.part:
            assert said["minutes"]["inside"] > 0


def test_minutes_of_a_phone_that_tells_nothing_are_unknown() -> None:
    """No fix, no place."""
    city, morning, outings = made()
    place = next(iter(city.places.values()))
    begin, end = morning.start_ms, morning.end_ms
    silent = replace(outings[0], fixes=())
    assert minutes(silent, place, begin, end, end) == {"inside": 0, "outside": 0, "unknown": 180}


class FakeDoor:
    """
    Answers as the real one does and keeps what it takes. ``says``: statuses of the next answers, which keep nothing;
    ``lose``: how many of the next posts are kept although the answer is lost.
    """

    def __init__(self) -> None:
        self.says: list[int] = []
        self.lose = 0
        self.taken: Counter[tuple[str, str, int]] = Counter()
        self.bodies: list[tuple[str, Mapping[str, Any]]] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Listen on a free port; yields the address."""
        app = web.Application()
        app.router.add_post("/v1/phone", self._post)
        server = TestServer(app)
        await server.start_server()
        try:
            yield str(server.make_url("")).rstrip("/")
        finally:
            await server.close()

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append((request.headers["Authorization"], body))
        if self.says:
            return web.json_response({"error": "no"}, status=self.says.pop(0), headers={"Retry-After": "1"})
        refused = [n for n, item in enumerate(body["items"]) if item.get("battery") == -1]
        for n, item in enumerate(body["items"]):
            if n not in refused:
                at = item["fixed_at"] if item["type"] == "ping" else item["taken_at"]
                self.taken[body["install_id"], item["type"], at] += 1
        if self.lose:
            self.lose -= 1
            return web.Response(status=503)
        answer = {
            "taken": len(body["items"]) - len(refused),
            "refused": [{"index": n, "reason": "no"} for n in refused],
        }
        return web.json_response(answer | {"received_at": 0})


def planned(outings: tuple[Outing, ...], end_ms: int) -> set[tuple[str, str, int]]:
    """What the truth says gets out."""
    return {
        (outing.phone.install_id, kind, item.at_ms)
        for outing in outings
        for kind, items in (("ping", outing.fixes), ("face", outing.shots))
        for item in items
        if outing.gets_out(item.at_ms, end_ms)
    }


async def test_every_phone_gets_out_what_the_truth_says() -> None:
    """Some answers 503, some lost: all that is planned is taken and nothing else, each with its own token."""
    _, morning, outings = made()
    door, report = FakeDoor(), PhoneReport()
    door.says, door.lose = [503, 429, 401, 503], 3
    pace = Pace(lambda: morning.end_ms, RATE)  # the clock stands still by now
    async with door.serve() as url, session() as shared:
        for outing in outings:
            await PhoneApp(outing, url, shared, pace, report).run(morning.end_ms)
    assert set(door.taken) == planned(outings, morning.end_ms)
    assert report.refused == 7
    install_of = {outing.phone.staff_no: outing.phone.install_id for outing in outings}
    assert {(install_of[s], "ping", at) for s, at in report.pings} == {k for k in door.taken if k[1] == "ping"}
    assert {(install_of[s], "face", at) for s, at in report.face_checks} == {k for k in door.taken if k[1] == "face"}
    tokens = {outing.phone.install_id: f"Bearer {outing.phone.token}" for outing in outings}
    for shown, body in door.bodies:
        assert tokens[body["install_id"]] == shown
        assert all(item["elapsed_ms"] <= body["elapsed_ms"] for item in body["items"])
        assert len(body["items"]) <= 100


async def test_offline_phones_deliver_late_and_dead_ones_never() -> None:
    """A morning at three thousand times its speed: what was seen offline comes later, a dead phone is still."""
    city, morning, outings = made(2)
    door = FakeDoor()
    async with door.serve() as url:
        report = await run_city(
            replace(city, devices=()),
            url,
            make_clock(RATE, morning.start_ms, system_ms()),
            morning.end_ms,
            rate=RATE,
            morning=morning,
            outings=outings,
        )
    assert set(door.taken) == planned(outings, morning.end_ms)
    assert len(report.phones.pings) + len(report.phones.face_checks) == len(door.taken)
    assert max(door.taken.values()) > 1  # somebody sends twice
    offline = [outing for outing in outings if outing.offline]
    assert offline
    for outing in offline:
        begin, end = outing.offline[0]
        within = [fix for fix in outing.fixes if begin <= fix.at_ms < end]
        assert within
        assert all(door.taken[outing.phone.install_id, "ping", fix.at_ms] for fix in within)
    assert any(not outing.gets_out(fix.at_ms, morning.end_ms) for outing in outings for fix in outing.fixes)
