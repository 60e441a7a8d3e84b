"""Compression of HTTP bodies, a piece at a time: gzip, deflate, zstd, lz4 (frames), br."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import cramjam
import lz4.frame

from hadir.stack.clickhouse.errors import CANNOT_DECOMPRESS, TOO_LARGE, UNKNOWN_COMPRESSION, ours

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 1 << 20
"""Most bytes that one step of decompression gives out: what bounds the memory of a body that unpacks to much."""
BROTLI_LIMIT = 64 << 20
"""cramjam unpacks brotli only in one go; larger bodies must use another encoding."""
PREFERENCE = ("br", "lz4", "zstd", "gzip", "deflate")
"""Which of the encodings that a client accepts is used: ClickHouse's order."""


class Compressor(Protocol):
    """Turns pieces into a compressed stream."""

    def compress(self, data: bytes, /) -> bytes:
        """The next bytes of the stream; maybe none yet."""

    def flush(self) -> bytes:
        """The end of the stream."""


class _Identity:
    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


class _Lz4:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._begun = False

    def compress(self, data: bytes) -> bytes:
        head = b"" if self._begun else bytes(self._frame.begin())
        self._begun = True
        return head + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        head = b"" if self._begun else bytes(self._frame.begin())
        return head + bytes(self._frame.flush())


class _Brotli:
    def __init__(self) -> None:
        self._stream = cramjam.brotli.Compressor(3)

    def compress(self, data: bytes) -> bytes:
        self._stream.compress(data)
        return bytes(self._stream.flush())

    def flush(self) -> bytes:
        return bytes(self._stream.finish())


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstd.ZstdCompressor(level=1)

    def compress(self, data: bytes) -> bytes:
        return bytes(self._stream.compress(data))

    def flush(self) -> bytes:
        return bytes(self._stream.flush())


def compressor(encoding: str) -> Compressor:
    """A stream of the encoding; the empty name passes through. Levels are low: the wire is this machine's loopback."""
    makers: dict[str, Callable[[], Compressor]] = {
        "": _Identity,
        "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
        "deflate": lambda: zlib.compressobj(3, zlib.DEFLATED, 15),
        "lz4": _Lz4,
        "zstd": _Zstd,
        "br": _Brotli,
    }
    return makers[encoding]()


def choose(accepted: str) -> str:
    """
    The encoding for an ``Accept-Encoding`` header; the empty name if none fits.

    >>> choose("gzip, zstd;q=0.5, br;q=0")
    'zstd'
    """
    names = set()
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            names.add(name.strip())
    return next((name for name in PREFERENCE if name in names), "")


def decompress(encoding: str, pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """
    Unpack a body.

    Args:
        encoding: the ``Content-Encoding``; empty or ``identity`` passes through.
        pieces: the body as it came.
        limit: most bytes that may come out.

    Raises:
        ClickHouseError: unknown encoding, broken or truncated stream, or more than ``limit`` bytes.
    """
    total = 0
    for piece in _unpack(encoding.strip().lower(), pieces):
        total += len(piece)
        if total > limit:
            raise ours(TOO_LARGE, f"Request body is larger than {limit} bytes", "TOO_MANY_BYTES")
        yield piece


def _unpack(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    makers: dict[str, Callable[[], Any]] = {
        "lz4": lz4.frame.LZ4FrameDecompressor,
        "zstd": zstd.ZstdDecompressor,
        "x-zstd": zstd.ZstdDecompressor,
    }
    try:
        if encoding in ("", "identity"):
            yield from pieces
        elif encoding in ("gzip", "x-gzip", "deflate"):
            yield from _inflate(pieces, 15 if encoding == "deflate" else 31)
        elif encoding == "br":
            yield _unpack_brotli(b"".join(pieces))
        elif encoding in makers:
            yield from _frames(pieces, makers[encoding])
        else:
            raise ours(UNKNOWN_COMPRESSION, f"Unknown compression method: {encoding}", "UNKNOWN_COMPRESSION_METHOD")
    except (zlib.error, zstd.ZstdError, EOFError, RuntimeError, cramjam.DecompressionError) as error:
        raise ours(CANNOT_DECOMPRESS, f"{encoding} body: {error}", "CANNOT_DECOMPRESS") from None


def _inflate(pieces: Iterable[bytes], window: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window)
    begun = False
    for piece in pieces:
        data = piece
        while data:
            if stream.eof:  # gzip allows several members one after another
                stream, begun = zlib.decompressobj(window), False
            begun = True
            yield stream.decompress(data, PIECE)
            data = stream.unconsumed_tail or stream.unused_data
    while begun and not stream.eof:
        rest = stream.decompress(stream.unconsumed_tail, PIECE)
        if not rest:
            raise EOFError("ends too early")
        yield rest


def _frames(pieces: Iterable[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    stream: Any = None
    for piece in pieces:
        data = piece
        while data or (stream is not None and not stream.eof and not stream.needs_input):
            if stream is None or stream.eof:
                stream = make()
            yield bytes(stream.decompress(data, PIECE))
            data = (stream.unused_data or b"") if stream.eof else b""
    if stream is not None and not stream.eof:
        raise EOFError("ends too early")


def _unpack_brotli(data: bytes) -> bytes:
    for size in (min(BROTLI_LIMIT, max(1 << 16, 16 * len(data))), BROTLI_LIMIT):
        room = bytearray(size)
        try:
            return bytes(memoryview(room)[: cramjam.brotli.decompress_into(data, room)])
        except (cramjam.DecompressionError, OSError):
            if size == BROTLI_LIMIT:
                raise EOFError(f"broken, or more than {BROTLI_LIMIT} bytes when unpacked") from None
    return b""
