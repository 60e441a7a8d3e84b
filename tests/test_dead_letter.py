"""Dead letters: where they go, and that they hold what came."""

from __future__ import annotations

from hadir.dead_letter import Origin, letter
from schemas.codec import decode


def test_it_holds_the_record_and_where_it_was_read() -> None:
    """Keyed by its topic; every field has its own place."""
    sent = letter("judge", "broke", 5, b"raw", Origin("hadir.staff_log.e1", 3, 17, b"ani"))
    assert (sent.topic, sent.partition, sent.key) == ("hadir.dead_letter", 0, b"hadir.staff_log.e1")
    assert decode(sent.value) == (
        "dead_letter",
        {
            "failed_at": 5,
            "stage": "judge",
            "reason": "broke",
            "topic": "hadir.staff_log.e1",
            "partition": 3,
            "offset": 17,
            "schema": "",
            "key": b"ani",
            "value": b"raw",
            "device_id": "",
        },
    )


def test_what_was_in_no_topic_says_so() -> None:
    """Bytes of a terminal: no topic, no offset, but what they claim to be and who sent them."""
    name, content = decode(letter("gateway", "no punch", 5, b"1\t2", schema="punch", device_id="SN1").value)
    assert name == "dead_letter"
    assert [content[field] for field in ("topic", "partition", "offset", "key")] == ["", -1, -1, None]
    assert [content[field] for field in ("schema", "device_id", "value")] == ["punch", "SN1", b"1\t2"]
