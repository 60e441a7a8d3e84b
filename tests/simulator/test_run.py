"""A whole small city against the small server, at two thousand times its speed."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from hadir.clock import Clock, make_clock, system_ms
from producers.simulator.judge import World
from producers.simulator.morning import make_morning
from producers.simulator.run import Progress, RunReport, deliver_all, run_city
from producers.simulator.truth import make_truth
from producers.simulator.wire import wall_text
from producers.simulator.world import City, Morning, wall_ms
from tests.simulator.cities import small
from tests.simulator.fake_gateway import FakeGateway, Line

RATE = 3000.0


def quick(morning: Morning) -> Clock:
    """A clock that passes the morning in under four seconds."""
    return make_clock(RATE, morning.start_ms, system_ms())


def lines(city: City, morning: Morning, *, silent_too: bool = False) -> set[Line]:
    """What the server must have been told by the end."""
    gone = "" if silent_too else city.roles["silent_for_good"]
    begin = min(s for s, _ in morning.behaviours[gone].silences) if gone else 0
    return {
        (p.serial, p.pin, wall_text(p.device_time_ms)) for p in morning.punches if p.serial != gone or p.at_ms < begin
    }


async def test_city_loses_nothing_and_invents_nothing() -> None:
    """503s all along, range queries, silences: the server holds exactly the punches of the plan that can get out."""
    city = small()
    morning, turn = make_morning(city), count(1)
    end = wall_text(wall_ms(morning.start_ms + 5_460_000))

    def asks(serial: str, polls: int) -> list[str]:
        gateway.refuse += next(turn) % 9 == 0
        query = f"DATA QUERY ATTLOG StartTime=2026-11-23 00:00:00\tEndTime={end}"
        return [f"C:{polls}:{query}"] if polls % 20 == 0 else []

    gateway, shown = FakeGateway(asks=asks), list[Progress]()
    ran: list[int] = []
    clock = quick(morning)
    gateway.now = clock

    async def change() -> None:
        ran.append(clock())

    async with gateway.serve() as url:
        report = await run_city(
            city,
            url,
            clock,
            morning.end_ms,
            rate=RATE,
            morning=morning,
            progress=shown.append,
            actions=[(city.later_at_ms, change)],
        )
    expected = lines(city, morning)
    assert set(gateway.seen) == expected
    assert report.undelivered == []
    assert report.still_silent == [city.roles["silent_for_good"]]
    assert {(a.serial, a.pin, wall_text(a.device_time_ms)) for a in report.acks} == expected
    assert len(report.acks) == len(expected) == shown[-1].delivered
    assert Counter(a.serial for a in report.acks) == make_truth(World(city, morning))["punches"]
    assert report.counts.refused > 0
    assert report.counts.answers > 0
    assert all(line.endswith("&Return=0&CMD=DATA") for _, line in gateway.results)
    assert all(ack.acked_at_ms >= ack.at_ms for ack in report.acks)
    assert len(ran) == 1
    assert ran[0] >= city.later_at_ms
    assert max(look.silent for look in shown) >= 3
    assert [look.delivered for look in shown] == sorted(look.delivered for look in shown)
    for serial, behaviour in morning.behaviours.items():
        for begin, back in behaviour.silences:
            quiet = [t for who, _, t in gateway.requests if who == serial and begin + 180_000 < t < (back or 2e15)]
            assert not quiet


async def test_city_without_end_fills_the_report_as_it_goes() -> None:
    """Told to run for ever it does, until cancelled; the acks can be read meanwhile."""
    city = small(2)
    morning = make_morning(city)
    gateway, report = FakeGateway(), RunReport()

    class Enough(Exception):
        pass

    async def stop() -> None:
        raise Enough

    async with gateway.serve() as url:
        with pytest.raises(ExceptionGroup) as caught:
            await run_city(
                city,
                url,
                quick(morning),
                None,
                rate=RATE,
                morning=morning,
                report=report,
                actions=[(morning.end_ms + 60_000, stop)],
            )
    assert caught.group_contains(Enough)
    assert len(report.acks) == len(lines(city, morning))


@pytest.mark.parametrize("per_post", [1, 200])
async def test_load_delivers_the_whole_morning_at_once(per_post: int) -> None:
    """Every terminal's punches, the silent one's too, each once, with refusals on the way; latencies are kept."""
    city = small()
    morning, gateway = make_morning(city), FakeGateway()
    gateway.refuse = 5
    async with gateway.serve() as url:
        report = await deliver_all(city, url, morning=morning, spread_s=0.2, lines=per_post, retry_s=0.01)
    assert set(gateway.seen) == lines(city, morning, silent_too=True)
    assert set(gateway.seen.values()) == {1}
    assert report.punches == len(morning.punches)
    assert report.posts == len(report.latencies_ms)
    assert report.refused == 5
    assert report.posts == (len(morning.punches) if per_post == 1 else 16)
