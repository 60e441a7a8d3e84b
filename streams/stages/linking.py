"""The part of ``route`` that says who used what: a ``link`` for everybody, thing and date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hadir.errors import InvalidFact
from schemas import codec
from schemas.topics import partition_of
from streams.folds.links import day_of, links
from streams.stages.base import Emission

REMEMBERED = 1 << 18  # phones; all are forgotten when there are more, and said again
DATES = 4  # of a phone: the oldest is forgotten, and said again
SPAN_MS = 1 << 20  # 17 minutes: fix times that differ only in the three bytes of seven bits in front


class _Phone(NamedTuple):
    """
    How the last phone of a person and installation shows in the bytes of its pings.

    Attributes:
        boot: somewhere in them, with what says its length; of a phone without boot and clock nothing.
        ends: what they end with: the IMEI, or that there is none.
        span: bytes of the last fix time that stand for a span within one date; empty: none yet.
        dates: of which its links were said.
    """

    boot: bytes
    ends: bytes
    span: bytes
    dates: tuple[int, ...]


class Linking:
    """
    Looks for what it knows in the bytes of a ping, and decodes those in which it is not.

    What is remembered only saves work: a link may be said twice, and is the same then. Ids hold no control characters
    (the door lets none in), so the bytes of one are never those of another with what is around it.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._header = codec.header("link")
        self._phones: dict[bytes, _Phone] = {}

    def ping(self, value: bytes) -> list[Emission]:
        """
        The links of a record of today's ``ping`` schema; of bytes that are none nothing: ``judge`` refuses them.

        0.6 µs where nothing is new.
        """
        try:
            install = 6 + (value[5] >> 1)
            fix = install + 1 + (value[install] >> 1)
        except IndexError:
            return []
        who, span = value[5:fix], value[fix + 3 : fix + 6]
        phone = self._phones.get(who)
        if phone is not None and span == phone.span and phone.boot in value and value.endswith(phone.ends):
            return []
        try:
            _, content = codec.decode(value)
        except InvalidFact:
            return []
        boot, imei = content["boot_id"], content["imei"]
        marks = _marks(boot, imei, content["elapsed_ms"])
        if marks is None or (value[5] | value[install]) & 0x81 or not 0 < span[-1] < 0x80:
            return self.used(content)
        used = list(links(content))
        if not used:
            return []
        if phone is None or (phone.boot, phone.ends) != marks:
            if len(self._phones) >= REMEMBERED:
                self._phones.clear()
            phone = _Phone(*marks, b"", ())
        day = day_of(content["fixed_at"])
        first = content["fixed_at"] // SPAN_MS * SPAN_MS
        within = day_of(first) == day_of(first + SPAN_MS - 1)
        said = day in phone.dates
        dates = phone.dates if said else (*phone.dates, day)[-DATES:]
        self._phones[who] = phone._replace(span=span if within else phone.span, dates=dates)
        return [] if said else self._say(content["employee_id"], used)

    def used(self, record: Mapping[str, Any]) -> list[Emission]:
        """The links of a decoded ``ping`` or ``face_check``."""
        return self._say(record["employee_id"], links(record))

    def _say(self, employee_id: str, used: Iterable[tuple[str, str, int]]) -> list[Emission]:
        found, who = [], codec.string_bytes(employee_id)
        for kind, value, day in used:
            key = key_of(kind, value)
            link = b"".join(
                (self._header, codec.string_bytes(kind), codec.string_bytes(value), codec.long_bytes(day), who)
            )
            found.append(Emission("link", partition_of(key, self._partitions), key, link))
        return found


def key_of(kind: str, value: str) -> bytes:
    """What brings all who use a thing together."""
    return f"{kind}:{value}".encode()


def _marks(boot: str | None, imei: str | None, elapsed_ms: int | None) -> tuple[bytes, bytes] | None:
    """How boot and IMEI show in bytes; None: not for certain."""
    ends = b"\0" if imei is None else _optional(imei)
    if boot:
        return _optional(boot), ends
    if boot is None and elapsed_ms is None:
        return b"", b"\0\0" + ends
    return None


def _optional(text: str) -> bytes:
    return b"\x02" + codec.string_bytes(text)
