"""Sends dead letters back where they came from, once what refused them has been mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hadir.outbox import Outbox
from hadir.settings import Settings
from schemas.topics import code_epoch, topics


class Redriven(NamedTuple):
    """How many went back, and how many did not, by reason."""

    sent: int
    left: dict[str, int]


def refusal(letter: Mapping[str, Any], known: Iterable[str]) -> str:
    """Why a row of ``v_dead_letter`` can't go back; empty: it can."""
    if letter["offset"] < 0:
        return "never reached Kafka: correct the file or the terminal, and let it come again"
    if letter["value"] is None:
        return "its bytes were not kept, because they may hold a name"
    if letter["topic"] not in known:
        return "of another epoch: a replay takes it in"
    return ""


async def redrive(settings: Settings, letters: Iterable[Mapping[str, Any]]) -> Redriven:
    """
    Write the original key and bytes to the original topic and partition again, in the order of their offsets.

    Whatever is taken in twice changes nothing, so this may be repeated; what is refused again is one more dead letter.

    Raises:
        NotAcknowledged: Kafka did not take them all.
        KafkaError: no broker answers.
    """
    epoch = settings.epoch or code_epoch()
    known = {topic.name(epoch) for topic in topics().values()}
    outbox = Outbox(settings, linger_ms=settings.linger_ms, client_id="hadir-redrive")
    await outbox.start()
    sent, left = 0, dict[str, int]()
    try:
        for letter in sorted(letters, key=lambda row: (row["topic"], row["partition"], row["offset"])):
            why = refusal(letter, known)
            if why:
                left[why] = left.get(why, 0) + 1
                continue
            outbox.send(letter["topic"], letter["partition"], letter["key"], letter["value"])
            await outbox.room(8 << 20)
            sent += 1
        await outbox.settle()
    finally:
        await outbox.stop()
    return Redriven(sent, left)
