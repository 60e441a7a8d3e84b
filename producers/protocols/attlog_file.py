"""
``attlog.dat``, a terminal's own export to a USB stick. Local time, no zone; columns divided by tabs.

Two forms are known, from real files::

    6 columns   PIN (right-aligned, padded)  time  device number  in/out code  verify  work code
    5 columns   PIN                          time  verify         in/out code  work code

The file says which it is by the number of its columns; a file that mixes both is read by the form of most lines, the
others are rejects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from hadir.errors import Undecodable
from producers.protocols.lines import Reject, code, is_blank, lines, pin, punch, sane_time, text

SOURCE = "file"
_PROBE = 200


class Form(NamedTuple):
    """A layout: its name for people, columns in all, and the places of the codes."""

    name: str
    columns: int
    in_out: int
    verify: int
    work: int

    def __str__(self) -> str:
        return self.name


FORMS = (
    Form("6 columns: PIN, time, device number, in/out code, verify, work code", 6, 3, 4, 5),
    Form("5 columns: PIN, time, verify, in/out code, work code", 5, 3, 2, 4),
)


class Parsed(NamedTuple):
    """What a file held: its form, records of type ``punch`` in the file's order, rejects by line number."""

    form: Form
    punches: list[dict[str, Any]]
    rejects: list[Reject]


def recognise(rows: Iterable[bytes]) -> Form:
    """
    The form of a file, by what most of its first 200 readable lines look like.

    Raises:
        Undecodable: no line has a PIN, a time and 5 or 6 columns.
    """
    seen: Counter[int] = Counter()
    for row in rows:
        columns = row.split(b"\t")
        if any(form.columns == len(columns) for form in FORMS) and _has_time(columns):
            seen[len(columns)] += 1
            if seen.total() >= _PROBE:
                break
    if not seen:
        raise Undecodable("no line has a PIN, a time and 5 or 6 columns: not an attlog.dat")
    width = seen.most_common(1)[0][0]
    return next(form for form in FORMS if form.columns == width)


def _has_time(columns: list[bytes]) -> bool:
    try:
        pin(columns[0])
        sane_time(columns[1].strip(), 1 << 62)
    except Undecodable:
        return False
    return True


def parse(body: bytes, device_id: str, received_at: int) -> Parsed:
    """
    Punches of an export.

    Args:
        body: the file; a UTF-8 byte order mark is passed over.
        device_id: serial number of the terminal that it comes from (the file does not say).
        received_at: moment of the import, milliseconds UTC.

    Raises:
        Undecodable: the file has neither form.

    Pure, about 6 µs a line. Source: exports of an Indonesian office (2022) and a Solution terminal (2026).
    """
    rows = lines(body.removeprefix(b"\xef\xbb\xbf"))
    form = recognise(rows)
    found = Parsed(form, [], [])
    for number, row in _filled(rows):
        try:
            found.punches.append(read(row, form, device_id, received_at))
        except Undecodable as fault:
            found.rejects.append(Reject(number, row, str(fault)))
    return found


def read(row: bytes, form: Form, device_id: str, received_at: int) -> dict[str, Any]:
    """
    One line, without its end, as a record of type ``punch``; arguments as of ``parse``.

    Raises:
        Undecodable: not of this form, no PIN, or a time that no working clock shows.
    """
    columns = row.split(b"\t")
    if len(columns) != form.columns:
        raise Undecodable(f"{len(columns)} columns, the file has {form.columns}")
    return punch(
        device_id,
        pin(columns[0]),
        sane_time(columns[1].strip(b" \0"), received_at),
        in_out=code(columns, form.in_out),
        verify=code(columns, form.verify),
        work=text(columns, form.work),
        source=SOURCE,
        received_at=received_at,
    )


def _filled(rows: list[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((number, row) for number, row in enumerate(rows, 1) if not is_blank(row))
