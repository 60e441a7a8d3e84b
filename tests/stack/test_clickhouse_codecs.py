"""Compression of bodies: every encoding there and back, broken and oversized ones refused."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import cramjam
import lz4.frame
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from hadir.stack.clickhouse.codecs import PREFERENCE, choose, compressor, decompress
from hadir.stack.clickhouse.errors import ClickHouseError

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
    "br": lambda data: bytes(cramjam.brotli.compress(data)),
}


def pieces(data: bytes, size: int) -> list[bytes]:
    """``data`` in parts."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("encoding", PREFERENCE)
@settings(deadline=None)  # how long it takes is not what is tested
@given(st.lists(st.binary(max_size=3000)), st.integers(1, 500))
def test_what_is_packed_comes_back(encoding: str, parts: list[bytes], size: int) -> None:
    """Our own streams, cut anywhere, unpack to what went in, empty ones too."""
    packer = compressor(encoding)
    packed = b"".join(packer.compress(part) for part in parts) + packer.flush()
    assert b"".join(decompress(encoding, pieces(packed, size), 1 << 20)) == b"".join(parts)


@pytest.mark.parametrize("encoding", PREFERENCE)
def test_other_packers_are_understood(encoding: str) -> None:
    """Streams of the usual libraries, of more than one step's output."""
    data = bytes(range(256)) * 20_000
    assert b"".join(decompress(encoding, pieces(PACK[encoding](data), 65536), 1 << 30)) == data


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "lz4"])
def test_streams_one_after_another_are_one_body(encoding: str) -> None:
    """clickhouse-connect packs each block by itself."""
    packed = PACK[encoding](b"a" * 100) + PACK[encoding](b"b" * 100)
    assert b"".join(decompress(encoding, pieces(packed, 7), 1000)) == b"a" * 100 + b"b" * 100


@pytest.mark.parametrize("encoding", PREFERENCE)
def test_truncated_stream_is_refused(encoding: str) -> None:
    """A body that breaks off must not pass for a shorter one."""
    packed = PACK[encoding](bytes(range(256)) * 50)
    with pytest.raises(ClickHouseError, match="271"):
        list(decompress(encoding, [packed[: len(packed) // 2]], 1 << 20))


@pytest.mark.parametrize("encoding", PREFERENCE)
def test_garbage_is_refused(encoding: str) -> None:
    """Not a stream at all."""
    with pytest.raises(ClickHouseError, match="271"):
        list(decompress(encoding, [b"SELECT 1, and no stream"], 1 << 20))


@pytest.mark.parametrize("encoding", PREFERENCE)
def test_bomb_is_stopped(encoding: str) -> None:
    """More than the limit never comes out."""
    with pytest.raises(ClickHouseError, match="307"):
        list(decompress(encoding, [PACK[encoding](bytes(30 << 20))], 10 << 20))


def test_unknown_encoding_is_refused() -> None:
    """With ClickHouse's code."""
    with pytest.raises(ClickHouseError, match="89"):
        list(decompress("rot13", [b""], 10))


def test_choice_follows_the_servers_order() -> None:
    """What the client accepts, in ClickHouse's order of preference."""
    assert choose("gzip, deflate, br, zstd") == "br"
    assert choose("gzip;q=1.0, *;q=0.5") == "gzip"
    assert choose("identity") == choose("") == ""
