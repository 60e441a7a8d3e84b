"""``hadir review`` on a real Kafka and a real ClickHouse: what is listed, what is refused, what comes to be."""

from __future__ import annotations

import asyncio
import getpass
import uuid
from typing import Any

import pytest
from click.testing import CliRunner, Result

import schemas.topics
from hadir.cli import main, review, show
from hadir.settings import Settings
from hadir.stack.waiting import free_ports
from hadir.topics_admin import ensure_topics
from producers.deciding import MOST_REASON
from schemas.codec import decode
from streams.checkpoint import read_between
from streams.sink.writer import Sink
from tests.clickhouse.fixtures import Tables
from tests.sink import made
from tests.wall.conftest import BUDI, DAY, DEWI, NAMES, flag_id

PARTITIONS = 4
MOCKED, SHARED, TRAVELLED = (str(flag_id(n)) for n in (1, 2, 3))
REASON = "sudah didengar: ponsel uji pengembang"


def run(*arguments: str) -> Result:
    """``hadir review ARGUMENTS``."""
    return CliRunner().invoke(main, ["review", *arguments])


@pytest.fixture
def here(morning: Tables, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """The morning, as the command line finds it; no Kafka anywhere."""
    (port,) = free_ports(1)
    given = {"kafka": f"127.0.0.1:{port}", "partitions": PARTITIONS}
    configured = Settings(**morning.settings.model_dump() | given)
    for module in (review, show):
        monkeypatch.setattr(module, "settings", lambda: configured)
    return morning


class World:
    """The morning, topics of its own, and the sink between them."""

    def __init__(self, tables: Tables, settings: Settings) -> None:
        self.tables, self.settings = tables, settings

    def records(self) -> list[dict[str, Any]]:
        """Decisions in ``reference``, oldest first."""
        return [decode(value)[1] for value in asyncio.run(self._values())]

    async def _values(self) -> list[bytes]:
        topic = schemas.topics.topics()["reference"].name("")
        return [r.value async for records in read_between(self.settings.kafka, topic, 0, 0) for r in records if r.value]

    def sink(self) -> None:
        """What the sink does with what is on Kafka: from the beginning, however often."""
        asyncio.run(self._sink())

    async def _sink(self) -> None:
        async def refuse(letter: Any) -> None:
            raise AssertionError(letter.reason)

        sink = Sink(self.tables.settings, made.EPOCH, refuse)
        await sink.start()
        topic = schemas.topics.topics()["reference"].name("")
        await sink.write([made.batch(topic, 0, list(await self._values()), first=100)])
        await sink.stop()


@pytest.fixture
def world(here: Tables, kafka: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """Topics of one test's own on the shared broker."""
    monkeypatch.setattr(schemas.topics, "PREFIX", f"t{uuid.uuid4().hex[:8]}")
    asyncio.run(ensure_topics(kafka, "e1", PARTITIONS))
    configured = Settings(**here.settings.model_dump() | {"kafka": kafka, "partitions": PARTITIONS})
    for module in (review, show):
        monkeypatch.setattr(module, "settings", lambda: configured)
    return World(here, configured)


@pytest.mark.clickhouse
def test_list_shows_what_is_open_with_names_and_words(here: Tables) -> None:
    """Date, office, person, what the rule saw in the unit's time; not what was decided, unless asked for."""
    told = run().output
    assert told.count(str(DAY)) == 3
    head, words, state, id_ = told.splitlines()[-8:-4]
    assert head == f"{DAY}  Dinas Satu  {NAMES[BUDI]} (190)"
    assert words == (
        "  Ponsel menyebut lokasinya tiruan (bobot 1): lokasi disebut tiruan selama 4 menit; lokasi diterima selama 9"
        " menit; antara 07.11 dan 07.14; pertama kali di -7.47000,112.43000 (10 m)"
    )
    assert (state, id_) == ("  untuk diperiksa", f"  flag {MOCKED}")
    assert "foto yang sama; juga dipakai Ani dan Dewi <b>" in told
    assert TRAVELLED not in told
    everything = run("--all", "--unit", "U11").output
    assert everything.count(str(DAY)) == 2  # of the date, and of the decision
    assert "dari -7.47,112.43 (100 m) pukul 07.11 menurut mesin Loket" in everything
    assert "dikesampingkan oleh bkd, 2026-11-23 07.40: jam mesin salah" in everything
    assert run("--unit", "U11").output == "no open signs in U11\n"


@pytest.mark.clickhouse
@pytest.mark.kafka
def test_decision_is_acknowledged_then_stands_and_can_be_taken_back(world: World) -> None:
    """Confirmed, refused a second time and its opposite too, reversed, then dismissed; each with who and why."""
    done = run("confirm", MOCKED, "--reason", f"  {REASON}\n ", "--by", "sekda")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "confirmed by sekda"
    (record,) = world.records()
    assert (record["about"], record["verdict"], record["reason"]) == (f"flag:{MOCKED}", "confirmed", REASON)
    assert (record["employee_id"], record["work_date"]) == (str(BUDI), 20_780)
    assert (record["recorded_by"], record["reference_offset"], record["void"]) == ("sekda", -1, False)
    world.sink()
    assert MOCKED not in run().output
    assert SHARED in run().output, "the other flag of that person and date is open still"
    for verb in ("confirm", "dismiss"):
        again = run(verb, MOCKED, "--reason", "x", "--by", "bkd")
        assert again.exit_code == 1
        assert f"before: dibenarkan oleh sekda, {DAY.year}" in again.output
        assert again.output.splitlines()[-1] == ("Error: it is confirmed already: reverse that first, with the reason")
    assert run("reverse", MOCKED, "--reason", "keberatan diterima", "--by", "bkd").exit_code == 0
    world.sink()
    assert "untuk diperiksa; dibuka kembali oleh bkd, 20" in run().output
    last = run("dismiss", MOCKED, "--reason", "ponsel uji", "--by", "bkd")
    assert last.exit_code == 0, last.output
    assert last.output.count("before: ") == 2
    world.sink()
    assert MOCKED not in run().output
    assert [r["verdict"] for r in world.records()] == ["confirmed", "reversed", "dismissed"]
    assert len({r["decision_id"] for r in world.records()}) == 3
    assert "dikesampingkan oleh bkd" in run("--all", "--unit", "U1").output


@pytest.mark.clickhouse
@pytest.mark.kafka
def test_decision_on_what_stands_no_more_can_be_taken_back_only(world: World) -> None:
    """Facts came late and the rule finds nothing now: the decision may be reversed, no other made."""
    world.tables.run(
        "INSERT INTO flag (employee_id, work_date, unit_id, findings, epoch, version)"
        " SELECT employee_id, work_date, unit_id, [], epoch, 99 FROM flag WHERE unit_id = 'U11'"
    )
    assert run("confirm", TRAVELLED, "--reason", "x", "--by", "bkd").exit_code == 1
    assert world.records() == []
    done = run("reverse", TRAVELLED, "--reason", "tidak ada lagi", "--by", "bkd")
    assert done.exit_code == 0, done.output
    assert [r["verdict"] for r in world.records()] == ["reversed"]


@pytest.mark.clickhouse
@pytest.mark.parametrize("verb", ["confirm", "dismiss", "reverse"])
def test_flag_that_nobody_knows_is_refused(verb: str, here: Tables) -> None:
    """Before Kafka is asked."""
    strange = str(uuid.uuid4())
    done = run(verb, strange, "--reason", "x", "--by", "bkd")
    assert (done.exit_code, done.stderr) == (1, f"Error: no flag {strange} stands: hadir review lists them\n")


@pytest.mark.clickhouse
def test_nothing_decided_is_nothing_to_reverse(here: Tables) -> None:
    """Said before Kafka is asked."""
    done = run("reverse", MOCKED, "--reason", "x", "--by", "bkd")
    assert done.exit_code == 1
    assert done.stderr == "Error: nothing is decided that could be reversed\n"


@pytest.mark.clickhouse
def test_kafka_that_is_not_there_is_told_in_one_line(here: Tables) -> None:
    """And nothing is said to be decided."""
    done = run("dismiss", MOCKED, "--reason", "x", "--by", "bkd")
    assert done.exit_code == 1
    assert "Kafka does not answer at 127.0.0.1:" in done.stderr
    assert "dismissed by" not in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["confirm", "7", "--reason", "x"], "7 is no id of a flag"),
        (["confirm", MOCKED], "Missing option '--reason'"),
        (["confirm", MOCKED, "--reason", " \n "], "reason: empty"),
        (["confirm", MOCKED, "--reason", "x" * (MOST_REASON + 1)], f"reason: {MOST_REASON + 1} characters; at most"),
        (["confirm", MOCKED, "--reason", "a\x1b[2Jb"], "holds characters that can't be shown"),
        (["confirm", MOCKED, "--reason", "a\udcffb"], "holds characters that can't be shown"),
        (["confirm", MOCKED, "--reason", "x", "--by", ""], "by: empty"),
        (["confirm", MOCKED, "--reason", "x", "--by", "b" * 101], "by: 101 characters; at most 100"),
        (["absolve", MOCKED, "--reason", "x"], "No such command 'absolve'"),
    ],
)
def test_what_was_typed_wrong_is_a_usage_error(arguments: list[str], told: str) -> None:
    """Nothing is asked of any server."""
    done = run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_account_without_a_name_must_say_who_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user has none, and a decision is somebody's."""

    def nameless() -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nameless)
    done = run("dismiss", MOCKED, "--reason", "x")
    assert done.exit_code == 2
    assert "--by" in done.stderr


@pytest.mark.clickhouse
def test_explain_shows_flags_with_what_was_decided(here: Tables) -> None:
    """Of that person and date, by name; of another's date nothing."""
    told = CliRunner().invoke(main, ["explain", "Citra", str(DAY)]).output
    assert "sign: Perpindahan lebih cepat dari kendaraan (bobot 0,66): sedikitnya 72,5 km" in told
    assert f"  dikesampingkan oleh bkd, 2026-11-23 07.40: jam mesin salah  - flag {TRAVELLED}" in told
    assert "flag" not in CliRunner().invoke(main, ["explain", "Ani", str(DAY)]).output
    assert str(DEWI) not in CliRunner().invoke(main, ["explain", "Budi", str(DAY)]).output
