"""ZK packets: golden bytes, checksums, keys, and streams cut anywhere or strewn with garbage."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.errors import Undecodable
from producers.protocols import zk_frames
from producers.protocols.zk_frames import MAGIC, Packet, Splitter, frame, pack, scramble, unpack
from producers.simulator.zk import wire

packets = st.builds(
    Packet, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=80)
)


@pytest.mark.parametrize(
    ("raw", "packet"),
    [
        ("0b005a17f38d03005a4b4661636556657273696f6e00", Packet(11, 0x8DF3, 3, b"ZKFaceVersion\0")),
        ("d007296af38d0a0009", Packet(2000, 0x8DF3, 10, b"\x09")),
    ],
)
def test_packets_as_captured(raw: str, packet: Packet):
    """Bytes of a real terminal's line, both ways; one has an odd length."""
    assert unpack(bytes.fromhex(raw)) == packet
    assert pack(packet).hex() == raw
    assert frame(pack(packet)) == MAGIC + (len(raw) // 2).to_bytes(4, "little") + bytes.fromhex(raw)


@pytest.mark.parametrize(("key", "hidden"), [(12, "614d323c"), (45, "61c9323c")])
def test_key_is_hidden_as_real_readers_do(key: int, hidden: str):
    """Golden values, session 0x45cf."""
    assert scramble(key, 0x45CF).hex() == hidden


@given(st.integers(0, 2**32 - 1), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_terminal_opens_what_the_codec_hid(key: int, session: int, ticks: int):
    """Any key, session and byte chosen by the reader; a key that differs in one bit does not open."""
    hidden = scramble(key, session, ticks)
    assert wire.opens(hidden, key, session)
    assert not wire.opens(hidden, key ^ 1, session)


@given(packets)
def test_both_encoders_agree(packet: Packet):
    """The codec and the simulator make the same bytes, and read each other's."""
    payload = pack(packet)
    assert payload == wire.packet(*packet)
    assert unpack(payload) == packet
    assert wire.read_request(payload) == packet


@given(packets, st.integers(0, 200), st.integers(1, 255))
def test_one_changed_byte_is_seen(packet: Packet, at: int, change: int):
    """No single wrong byte passes."""
    payload = bytearray(pack(packet))
    payload[at % len(payload)] ^= change
    with pytest.raises(Undecodable):
        unpack(bytes(payload))


@given(st.binary(max_size=7))
def test_shorter_than_a_header(payload: bytes):
    """Nothing that short is a packet."""
    with pytest.raises(Undecodable, match="shorter than its header"):
        unpack(payload)


def fed(stream: bytes, cuts: list[int]) -> tuple[list[Packet], list[tuple[int, str]], int]:
    """What a splitter makes of a stream cut at these bytes."""
    splitter, packets_, faults = Splitter(), [], []
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        taken = splitter.feed(stream[start:end])
        packets_ += taken.packets
        faults += [(fault.number, fault.reason) for fault in taken.faults]
    return packets_, faults, splitter.pending


@given(st.lists(packets, max_size=5), st.lists(st.integers(0, 500), max_size=12))
def test_stream_is_the_same_however_it_is_cut(sent: list[Packet], cuts: list[int]):
    """Several frames in a segment, or a frame over several."""
    assert fed(b"".join(frame(pack(packet)) for packet in sent), cuts) == (sent, [], 0)


@given(
    st.lists(st.tuples(st.binary(max_size=30).filter(lambda b: b"P" not in b), packets), min_size=1, max_size=4),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_garbage_between_frames_takes_none_with_it(sent: list[tuple[bytes, Packet]], cuts: list[int]):
    """Each frame behind garbage is found; the garbage is told."""
    stream = b"".join(noise + frame(pack(packet)) for noise, packet in sent)
    found, faults, pending = fed(stream, cuts)
    assert found == [packet for _, packet in sent]
    assert bool(faults) == any(noise for noise, _ in sent)
    assert pending == 0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (MAGIC + b"\xff\xff\xff\xff", "a frame of 4294967295 bytes"),
        (MAGIC + b"\x07\0\0\0" + b"\1" * 7, "a frame of 7 bytes"),
        (MAGIC + b"\x09\0\0\0" + bytes.fromhex("d007296af38d0a0008"), "checksum is wrong"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no frame begins here"),
        (MAGIC[:3], "no frame begins here"),
    ],
)
def test_broken_frame_is_told_with_its_place_and_the_next_is_read(broken: bytes, reason: str):
    """Too long, too short, changed on the way, another protocol, torn."""
    good = Packet(500, 1, 0, b"x" * 32)
    first = frame(pack(good))
    taken = Splitter().feed(first + broken + first)
    assert taken.packets == [good, good]
    assert (taken.faults[0].number, taken.faults[0].reason) == (len(first), reason)
    assert broken.startswith(taken.faults[0].raw)


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(MAGIC), st.just(MAGIC + b"\x09\0\0\0")), max_size=20))
def test_random_stream_ends_and_holds_little(pieces: list[bytes]):
    """Never another exception, never an endless loop, never more held than one frame; faults keep little of it."""
    splitter = Splitter(max_payload=64)
    for piece in pieces:
        taken = splitter.feed(piece)
        assert all(len(fault.raw) <= 72 for fault in taken.faults)
        assert splitter.pending < 72


def test_largest_frame_that_was_seen_passes():
    """A packet of 0x10000 data bytes, in pieces of 1,000."""
    payload = pack(Packet(zk_frames.Command.DATA, 3, 9, bytes(range(256)) * 256))
    splitter, found = Splitter(), []
    stream = frame(payload)
    for at in range(0, len(stream), 1000):
        found += splitter.feed(stream[at : at + 1000]).packets
    assert [(len(packet.data), packet.session) for packet in found] == [(0x10000, 3)]
