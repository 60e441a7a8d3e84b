"""A file as it lies on disk: what kind it is, how its text is encoded, its lines, one at a time and never too long."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hadir.errors import Misconfigured, Undecodable
from producers.protocols.delimited import MOST_LINE

PIECE = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Told = Callable[[float], None]
"""Takes which part of the file has been read, 0 to 1."""


class Survey(NamedTuple):
    """
    What one pass over a file's bytes says.

    Attributes:
        sheet: an ``.xlsx``, whatever its name is.
        encoding: ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``; of a text.
        size: bytes.
        digest: hex.
        state: size and time of the last change: a file that grows while it is read is told.
    """

    path: Path
    sheet: bool
    encoding: str
    size: int
    digest: str
    state: tuple[int, int]

    def unchanged(self) -> None:
        """Raises Misconfigured where the file is no longer what was looked at."""
        if _state(self.path) != self.state:
            raise Misconfigured(f"{self.path.name} was changed while it was read: import it again when it is finished")


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def survey(path: Path) -> Survey:
    """
    Look at a whole file once; a second for a gigabyte.

    Raises:
        Undecodable: empty, or of a kind that is not read; the text says what to do.
        OSError: it can't be read.
    """
    state, size = _state(path), 0
    told = hashlib.blake2b(digest_size=16)
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8 = True
    head = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            head = head or piece[:4096]
            size += len(piece)
            told.update(piece)
            if utf8:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    utf8 = False
    _refuse(head)
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return Survey(path, head.startswith(_ZIP), _encoding(head, utf8), size, told.hexdigest(), state)


def _refuse(head: bytes) -> None:
    if not head:
        raise Undecodable("the file is empty")
    if head.startswith(_OLE):
        raise Undecodable("an old .xls, or a workbook with a password: open it and save it as .xlsx without a password")
    start = head.lstrip(b"\xef\xbb\xbf\r\n\t ")[:15].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta", b"<style")):
        raise Undecodable("a web page under the name of a sheet: open it and save it as .xlsx or CSV")


def _encoding(head: bytes, utf8: bool) -> str:
    if head.startswith(_UTF16):
        return "utf-16"
    sample = head[: len(head) // 2 * 2]
    if sample[1::2].count(0) > len(sample) // 4 and sample[::2].count(0) == 0:
        return "utf-16-le"
    if sample[::2].count(0) > len(sample) // 4 and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return "utf-8-sig" if utf8 else "cp1252"


def lines(path: Path, encoding: str, size: int = 0, told: Told | None = None) -> Iterator[str | None]:
    """
    The lines of a text with their ends (CRLF, LF or a lone CR); bytes that the encoding has not become U+FFFD.

    Yields:
        None for a line of ``MOST_LINE`` characters or more, which is passed over piece by piece.
    """
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, errors="replace", newline="") as text:
        count = 0
        while line := text.readline(MOST_LINE):
            count += 1
            if told is not None and count % 5000 == 0:
                told(raw.tell() / max(size, 1))
            if len(line) < MOST_LINE or line[-1] in "\r\n":
                yield line
                continue
            while (rest := text.readline(MOST_LINE)) and rest[-1] not in "\r\n":
                pass
            yield None
