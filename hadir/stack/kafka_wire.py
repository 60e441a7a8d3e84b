"""
Three requests of Kafka's protocol, by hand: enough to ask a broker whether it can work.

A client library would do, but aiokafka logs every refused connection as an error, and brings its own retries.
Layouts: https://kafka.apache.org/protocol (Metadata v4, FindCoordinator v1; both before the "flexible" encoding).
"""

from __future__ import annotations

import asyncio
import struct

METADATA, FIND_COORDINATOR = 3, 10
GROUP, TRANSACTION = 0, 1


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">h", len(raw)) + raw


def request(api: int, version: int, body: bytes) -> bytes:
    """A framed request: size, header v1 (correlation 0, client ``hadir``), body."""
    header = struct.pack(">hhi", api, version, 0) + _text("hadir")
    return struct.pack(">i", len(header) + len(body)) + header + body


def metadata_request() -> bytes:
    """Metadata v4 for no topics: only the brokers are asked for."""
    return request(METADATA, 4, struct.pack(">i?", 0, False))


def coordinator_request(key: str, kind: int) -> bytes:
    """FindCoordinator v1; asking makes the broker create ``__consumer_offsets`` or ``__transaction_state``."""
    return request(FIND_COORDINATOR, 1, _text(key) + struct.pack(">b", kind))


def brokers_in(answer: bytes) -> int:
    """How many live brokers a Metadata v4 answer (without its size) names."""
    _correlation, _throttle, brokers = struct.unpack_from(">iii", answer)
    return int(brokers)


def error_in(answer: bytes) -> int:
    """The error code of a FindCoordinator v1 answer (without its size); 0 means found."""
    _correlation, _throttle, code = struct.unpack_from(">iih", answer)
    return int(code)


async def broker_ready(host: str, port: int, timeout_s: float = 2.0) -> bool:
    """
    Whether the broker at ``host:port`` is registered and has its group and transaction coordinators.

    An open port is not enough: it is open before the broker is in the metadata, and a consumer that joins before
    ``__consumer_offsets`` exists is told GROUP_COORDINATOR_NOT_AVAILABLE and backs off.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                if not brokers_in(await _ask(reader, writer, metadata_request())):
                    return False
                for kind in (GROUP, TRANSACTION):
                    if error_in(await _ask(reader, writer, coordinator_request("hadir", kind))):
                        return False
                return True
            finally:
                writer.close()
    except (OSError, EOFError, struct.error, TimeoutError):
        return False


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytes) -> bytes:
    writer.write(asked)
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)
