"""
ADMS / iclock, the push protocol of ZKTeco-like terminals (captured on an Indonesian Solution X100-C).

Requests, all with ``SN=<serial>`` in the query::

    GET  /iclock/cdata?options=all          the handshake: we say what to send and how often
    POST /iclock/cdata?table=ATTLOG         PIN TAB local time TAB in/out TAB verify TAB workcode TAB reserved ...
    POST /iclock/cdata?table=OPERLOG        OPLOG ... | USER PIN=... | FP PIN=... TMP=... | FACE | BIODATA | ...
    GET  /iclock/getrequest                 may we have a command? -> OK | C:<id>:<command>
    POST /iclock/devicecmd                  ID=<id>&Return=<n>&CMD=<verb>, one a line

Everything here is pure: bytes to facts, facts to replies. Faults are ``Undecodable`` and nothing else. Names and
templates are dropped unread: they appear in no fact, no reject and no message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from hadir.errors import Undecodable
from producers.protocols.lines import Reject, code, digest, is_blank, lines, pin, punch, sane_time, text

SOURCE = "adms"

# First words of lines that hold people's names, templates or photos, by what firmware 6.60 to 3.x sends.
PRIVATE = frozenset(
    b"USER FP FACE FVEIN FINGERTMP BIODATA BIOPHOTO USERPIC USERINFO FPTMP IDCARD ERRORLOG PHOTO PIN".split()
)
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PRIVATE_FIELD = re.compile(rb"(?:name|passwd|tmp|content|card)=", re.IGNORECASE)
_FIRST_WORD = re.compile(rb"[A-Za-z]{2,16}(?=[ \t=]|$)")


class Attlog(NamedTuple):
    """Punches and rejects of an ATTLOG body (or a slice of one); ``dropped`` counts private lines left unread."""

    punches: list[dict[str, Any]]
    rejects: list[Reject]
    dropped: int

    @property
    def taken(self) -> int:
        """Lines dealt with: the n of ``OK: n``. Without the rejects a terminal would send them for ever."""
        return len(self.punches) + len(self.rejects) + self.dropped


class Operlog(NamedTuple):
    """Device events and rejects of an OPERLOG body; private lines and unknown ones only as counts."""

    events: list[dict[str, Any]]
    rejects: list[Reject]
    dropped: int
    unknown: int

    @property
    def taken(self) -> int:
        """Lines dealt with: the n of ``OK: n``."""
        return len(self.events) + len(self.rejects) + self.dropped + self.unknown


class Result(NamedTuple):
    """A terminal's answer to a command: our id, its return code (>= 0: done, a count is a hint), the verb."""

    command_id: str
    code: int
    verb: str


def serial(query_value: str | None) -> str:
    """
    The serial number by which a terminal names itself.

    Raises:
        Undecodable: none, or one that no terminal has.
    """
    if query_value is None or _SERIAL.fullmatch(query_value) is None:
        raise Undecodable("no serial number")
    return query_value


def attlog_slices(body: bytes, size: int = 2000) -> Iterator[tuple[int, list[bytes]]]:
    """A body in slices of at most ``size`` lines, each with the number of its first line; blank lines stay in."""
    every = lines(body)
    for first in range(0, len(every), size):
        yield first + 1, every[first : first + size]


def parse_attlog(body: bytes, device_id: str, received_at: int) -> Attlog:
    """
    Punches of an ATTLOG body.

    Args:
        body: lines of 2 to n columns divided by tabs: PIN, local time, in/out code, verify, work code, reserved.
        device_id: serial number, from the query.
        received_at: milliseconds UTC, put into every record and the measure of a clock that is far ahead.

    Returns:
        Records of type ``punch`` in the body's order; a line that can't be read is a reject, the others go on.

    Pure, about 5 µs a line.
    """
    return parse_attlog_lines(1, lines(body), device_id, received_at)


def parse_attlog_lines(first: int, rows: list[bytes], device_id: str, received_at: int) -> Attlog:
    """As ``parse_attlog``, over lines of which the first has the number ``first``."""
    found = Attlog([], [], 0)
    dropped = 0
    for number, row in enumerate(rows, first):
        if is_blank(row):
            continue
        columns = row.split(b"\t")
        try:
            if len(columns) < 2:
                raise Undecodable("fewer than 2 columns")
            found.punches.append(
                punch(
                    device_id,
                    pin(columns[0]),
                    sane_time(columns[1].strip(b" \0"), received_at),
                    in_out=code(columns, 2),
                    verify=code(columns, 3),
                    work=text(columns, 4),
                    source=SOURCE,
                    received_at=received_at,
                )
            )
        except Undecodable as fault:
            if _is_private(row):
                dropped += 1
            else:
                found.rejects.append(Reject(number, row, str(fault)))
    return found._replace(dropped=dropped)


def _is_private(row: bytes) -> bool:
    """An unreadable line that may hold a name or a template, whole or the rest of a torn one."""
    word = _FIRST_WORD.match(row.lstrip())
    return (word is not None and word[0].upper() in PRIVATE) or _PRIVATE_FIELD.search(row) is not None


def parse_operlog(body: bytes, device_id: str, received_at: int) -> Operlog:
    """
    Device events of an OPERLOG body.

    ``OPLOG <code> TAB <operator PIN> TAB <local time> TAB <value> ...`` becomes a ``device_event``; lines about people
    (``USER``, ``FP``, ``FACE``, ``BIODATA`` ...) are counted and dropped unread; lines that begin otherwise are
    counted as unknown and dropped too, because they may hold a name.

    Returns:
        Records of type ``device_event``. An OPLOG line that can't be read is a reject, the others go on.
    """
    found = Operlog([], [], 0, 0)
    dropped = unknown = 0
    for number, row in enumerate(lines(body), 1):
        if is_blank(row):
            continue
        word = _FIRST_WORD.match(row.lstrip())
        kind = word[0].upper() if word else b""
        if kind == b"OPLOG":
            try:
                found.events.append(_device_event(row, device_id, received_at))
            except Undecodable as fault:
                found.rejects.append(Reject(number, row, str(fault)))
        elif kind in PRIVATE:
            dropped += 1
        else:
            unknown += 1
    return found._replace(dropped=dropped, unknown=unknown)


def _device_event(row: bytes, device_id: str, received_at: int) -> dict[str, Any]:
    columns = row.strip().split(None, 1)[-1].split(b"\t")
    if len(columns) < 3:
        raise Undecodable("fewer than 3 columns")
    number = code(columns, 0)
    if number < 0:
        raise Undecodable("no operation code")
    operator = columns[1].strip(b" \0")
    who = "" if operator in (b"", b"0") else pin(operator)
    when = sane_time(columns[2].strip(b" \0"), received_at)[0]
    values = [text(columns, i) for i in range(3, min(len(columns), 19))]
    return {
        "device_id": device_id,
        "code": number,
        "operator_pin": who,
        "device_time": when,
        "values": values,
        "received_at": received_at,
        "digest": digest(device_id, number, who, when, *values),
    }


def parse_results(body: bytes) -> list[Result]:
    """
    Answers of a devicecmd body, one a line: ``ID=1&Return=0&CMD=INFO``.

    Lines that carry no answer (the options that follow an INFO) are passed over.

    Raises:
        Undecodable: not one answer in the body.
    """
    results = []
    for row in lines(body):
        fields: dict[bytes, bytes] = {}
        for part in row.strip(b" \t\0").split(b"&"):
            name, sep, value = part.partition(b"=")
            if sep:
                fields.setdefault(name.strip().upper(), value.strip())
        identity, answer = fields.get(b"ID", b""), fields.get(b"RETURN", b"")
        if not re.fullmatch(rb"[0-9A-Za-z]{1,20}", identity) or not re.fullmatch(rb"-?\d{1,10}", answer):
            continue
        verb = unquote_to_bytes(fields.get(b"CMD", b"")).decode("ascii", "replace")[:64]
        results.append(Result(identity.decode(), int(answer), verb))
    if not results:
        raise Undecodable("no answer to a command")
    return results


def handshake(device_id: str, utc_offset_s: int) -> str:
    """
    The answer to a terminal that has started.

    Stamps are ``None``: what a terminal still owes us is asked for by range, never guessed from its stamp.

    Args:
        utc_offset_s: of the terminal's zone at present; whole hours go out as hours, others as minutes.
    """
    zone = utc_offset_s // 3600 if utc_offset_s % 3600 == 0 else utc_offset_s // 60
    return "\n".join(
        (
            f"GET OPTION FROM: {device_id}",
            "ATTLOGStamp=None",
            "OPERLOGStamp=None",
            "ATTPHOTOStamp=None",
            "ErrorDelay=30",
            "Delay=10",
            "TransTimes=00:00;23:59",
            "TransInterval=1",
            "TransFlag=TransData AttLog\tOpLog",
            f"TimeZone={zone}",
            "Realtime=1",
            "Encrypt=None",
            "",
        )
    )


def accepted(count: int) -> str:
    """The promise that ``count`` lines are safe: ``OK: n``."""
    return f"OK: {count}"


def query_attlog(command_id: str, start_ms: int, end_ms: int) -> str:
    """
    A command to send all punches of a range again.

    Args:
        start_ms, end_ms: wall clock of the terminal, encoded as if UTC, both inclusive, whole seconds.

    >>> query_attlog("7", 0, 1722861657000)
    'C:7:DATA QUERY ATTLOG StartTime=1970-01-01 00:00:00\\tEndTime=2024-08-05 12:40:57\\n'
    """
    start, end = (datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") for ms in (start_ms, end_ms))
    return f"C:{command_id}:DATA QUERY ATTLOG StartTime={start}\tEndTime={end}\n"
