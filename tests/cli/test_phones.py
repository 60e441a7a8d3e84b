"""``hadir phone``: what is entered, what is shown once, what is refused, and that a person has one phone at a time."""

from __future__ import annotations

import asyncio
import io
import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from hadir import clock
from hadir.cli import main, phones
from hadir.settings import Settings
from producers import issuing, writing
from producers.roster.known import Known, key_of
from producers.sources.phones import Phones
from producers.writing import Writer
from schemas.codec import encode
from tests.producers.conftest import at, days
from tests.producers.memory import PARTITIONS, MemoryKafka

ANI, BUDI = ("5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31", "197503152000031002"), ("b" * 36, "198001012005011001")
SERVER = "https://hadir.example.id"


class World:
    """Kafka in memory as the commands find it, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kafka = MemoryKafka()
        self.now = at("07:00:00")
        self.config = Settings(partitions=PARTITIONS, gateway_url=f"{SERVER}/")
        world = self

        class Outbox:
            """As a command uses it."""

            def __init__(self, config: Settings, **options: Any) -> None:
                self.send = world.kafka.send

            async def start(self) -> None: ...

            async def stop(self) -> None: ...

        monkeypatch.setattr(phones, "settings", lambda: self.config)
        monkeypatch.setattr(phones, "KafkaReader", lambda config: self.kafka)
        monkeypatch.setattr(writing, "Outbox", Outbox)
        monkeypatch.setattr(writing, "ENTER_S", 0.1)
        monkeypatch.setattr(clock, "now_ms", lambda: self.now)
        asyncio.run(self._people())

    async def _people(self) -> None:
        for (employee_id, staff_no), name in ((ANI, "Ani"), (BUDI, "Budi")):
            Writer(self.kafka, PARTITIONS).person(
                {"employee_id": employee_id, "staff_no": staff_no, "name": name, "recorded_at": self.now}
            )

    def run(self, *arguments: str) -> Result:
        """``hadir phone ARGUMENTS``, by the account bkd."""
        by = () if arguments[0] == "list" else ("--by", "bkd")
        return CliRunner().invoke(main, ["phone", *arguments, *by])

    def issue(self, *arguments: str) -> tuple[str, str]:
        """Issue or rotate; the installation and the token that were shown."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return shown(done, "install"), shown(done, "token")

    def records(self) -> list[dict[str, Any]]:
        """``phone`` records, oldest first."""
        return self.kafka.records("reference", "phone")

    def holder(self, token: str) -> Any:
        """Whose token the gateway would say it is."""
        found = Phones("Asia/Jakarta")
        for record in self.records():
            found.fold(encode("phone", record))
        return found.holder(token, self.now)


def shown(done: Result, name: str) -> str:
    """What a line of the output says."""
    found = re.search(rf"^{name} +(\S+)", done.output, re.MULTILINE)
    assert found, done.output
    return found[1]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Two people, no phones, 07:00 in Jakarta."""
    return World(monkeypatch)


def test_token_is_shown_once_and_only_its_hash_is_entered(world: World) -> None:
    """The record names who entered it; the gateway knows the token; no topic holds it."""
    done = world.run("issue", ANI[1])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Ani ({ANI[1]})\n")
    install, token = shown(done, "install"), shown(done, "token")
    (record,) = world.records()
    assert (record["employee_id"], record["install_id"], record["recorded_by"]) == (ANI[0], install, "bkd")
    assert (record["valid_from"], record["valid_to"], record["void"]) == (days("2026-11-23"), None, False)
    assert world.holder(token) == (install, ANI[0])
    assert token not in str(world.kafka.logs)
    assert token not in world.run("list").output


def test_addresses_are_those_of_the_gateway_s_doors(world: World) -> None:
    """The QR code is that of the link, which holds server, installation and token; the others are as apps need them."""
    done = world.run("issue", ANI[0], "--install", "install-1")
    token, link = shown(done, "token"), urlsplit(shown(done, "hadir"))
    assert (link.scheme, link.netloc) == ("hadir", "enrol")
    assert parse_qs(link.query) == {"server": [SERVER], "install": ["install-1"], "token": [token]}
    drawn = io.StringIO()
    segno.make(link.geturl(), error="m", micro=False).terminal(drawn, compact=True)
    assert drawn.getvalue().strip() in done.output
    assert shown(done, "Traccar") == f"{SERVER}/v1/track/traccar/{token}"
    assert shown(done, "OwnTracks") == f"{SERVER}/v1/track/owntracks"
    assert "in the clear" not in done.output
    assert "in the clear" in world.run("rotate", "install-1", "--server", "http://10.0.0.5:8080").output


def test_a_person_has_one_phone_at_a_time(world: World) -> None:
    """A second is refused, and an installation that is somebody's too; what is over by then is no hindrance."""
    install, _ = world.issue("issue", ANI[1], "--until", "2026-12-31")
    for arguments, why in (
        (("issue", ANI[1]), "this person has a phone already"),
        (("issue", BUDI[1], "--install", install), "this installation is somebody else's"),
        (("issue", "123"), "nobody has this staff number or id"),
        (("issue", BUDI[1], "--until", "2026-11-22"), "it would end before it begins"),
        (("rotate", "install-9"), "no such installation"),
        (("revoke", "install-9"), "no such installation"),
    ):
        refused = world.run(*arguments)
        assert refused.exit_code == 1
        assert refused.stderr.startswith(f"Error: {why}")
        assert "token " not in refused.stdout
    assert len(world.records()) == 1
    world.now = at("07:00:00", "2027-01-01")
    world.issue("issue", ANI[1])


def test_rotated_token_ends_the_old_one(world: World) -> None:
    """The same record with another hash: nothing overlaps."""
    install, old = world.issue("issue", ANI[1])
    world.now = at("08:00:00", "2026-11-25")
    assert world.issue("rotate", install)[0] == install
    new = shown(world.run("rotate", install), "token")
    assert (world.holder(old), world.holder(new)) == (None, (install, ANI[0]))
    assert {record["valid_from"] for record in world.records()} == {days("2026-11-23")}


def test_revoked_phone_is_let_in_no_more_and_another_may_come_the_same_day(world: World) -> None:
    """Issued today it is withdrawn, issued before it ended yesterday."""
    install, token = world.issue("issue", ANI[1])
    assert world.run("revoke", install).output == f"{install} is let in no more\n"
    assert world.holder(token) is None
    assert world.records()[-1]["void"]
    second, token = world.issue("issue", ANI[1])
    world.now = at("00:00:00", "2026-11-24")
    world.run("revoke", second)
    assert world.holder(token) is None
    assert (world.records()[-1]["void"], world.records()[-1]["valid_to"]) == (False, days("2026-11-23"))
    third, _ = world.issue("issue", ANI[1])
    assert third in world.run("list").output
    assert second not in world.run("list").output
    assert second in world.run("list", "--all").output


def test_list_says_whose_phones_there_are(world: World) -> None:
    """By name; of somebody who was erased nothing but that."""
    assert world.run("list").output == "no phones\n"
    world.issue("issue", BUDI[1], "--install", "install-1")

    async def erase() -> None:
        world.kafka.send("hadir.person", 0, BUDI[0].encode(), None)

    assert f"{BUDI[1]}" in world.run("list").output
    asyncio.run(erase())
    told = world.run("list").output
    assert "install-1" in told
    assert "Budi" not in told


def test_token_is_not_shown_before_kafka_has_its_record(world: World) -> None:
    """A token that nobody let in would be handed out otherwise."""
    for mode in ("hold", "fail"):
        world.kafka.mode = mode
        done = world.run("issue", ANI[1])
        assert done.exit_code == 1
        assert "traccar" not in done.output


def test_kafka_that_is_not_there_is_told_in_one_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by every verb."""

    def nothing(config: Settings) -> Any:
        raise KafkaConnectionError

    monkeypatch.setattr(phones, "KafkaReader", nothing)
    done = world.run("list")
    assert (done.exit_code, done.stderr) == (1, f"Error: Kafka does not answer at {world.config.kafka}: is hadir up?\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("issue",), "Missing argument 'EMPLOYEE'"),
        (("issue", "1", "--install", "short"), "install_id: 8 to 64 letters"),
        (("issue", "1", "--until", "tomorrow"), "tomorrow: not a date"),
        (("issue", "1", "--server", "hadir.example.id"), "--server: an address"),
        (("issue", "1", "--server", "https://a:b@hadir.example.id"), "--server: an address"),
        (("rotate", "a b c d e f"), "install_id: 8 to 64 letters"),
        (("revoke", ""), "install_id: 8 to 64 letters"),
    ],
)
def test_what_was_typed_wrong_is_a_usage_error(world: World, arguments: tuple[str, ...], told: str) -> None:
    """Nothing is entered."""
    done = world.run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert world.records() == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["issue", "issue", "rotate", "revoke"]), st.sampled_from([ANI[0], BUDI[0]]),
        st.sampled_from(["install-1", "install-2", "install-3"]), st.none() | st.integers(0, 3), st.integers(0, 2),
    ),
    max_size=12,
)  # fmt: skip


@given(steps)
def test_whatever_is_entered_nobody_has_two_phones_and_no_phone_two_people(
    steps: list[tuple[str, str, str, int | None, int]],
) -> None:
    """Any verbs on any days, refused ones too: no spans of one person or installation overlap, no old token holds."""
    folded, book, known = Phones("Asia/Jakarta"), issuing.Book("Asia/Jakarta"), Known()
    book._phones = folded
    today, token = days("2026-11-23"), ""
    for number, (verb, who, install, length, later) in enumerate(steps):
        today += later
        token = f"{number:043}"
        try:
            if verb == "issue":
                person = issuing.Person(who, "1", "Ani")
                until = None if length is None else today + length
                made = [issuing.issued(book, person, install, token, today, until)]
            elif verb == "rotate":
                made = [issuing.rotated(book, install, token, today)]
            else:
                made = issuing.revoked(book, install, today)
        except ValueError:
            continue
        for record in made:
            entered = issuing.noted(record, by="bkd", at=0)
            folded.fold(encode("phone", entered))
            known.note("phone", entered, key_of("phone", entered), 0)
        moment = (today * 24 + 12 - 7) * 3_600_000
        held = folded.holder(token, moment)
        assert (held is not None and held.install_id == install) == (verb != "revoke")
    for kind in ("phone", "bearer"):
        for spans in known.spans[kind].values():
            ordered = sorted(spans, key=lambda span: span.first)
            for before, after in pairwise(ordered):
                assert before.last is not None
                assert before.last < after.first
