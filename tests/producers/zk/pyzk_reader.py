"""
Reads a terminal with pyzk and prints what came, as JSON: the client that other people wrote, for ``test_pyzk``.

A program of its own, started with ``subprocess``: pyzk is GPL-2.0, so it is imported neither by hadir nor by the
process of the tests, and it blocks, so it must be one that can be killed.

    python pyzk_reader.py PORT udp|tcp KEY read|events [EVENTS]
"""

from __future__ import annotations

import json
import sys

from zk import ZK


def main(port: str, transport: str, key: str, what: str, events: str = "0") -> dict[str, object]:
    """Connect, do one thing, take leave."""
    reader = ZK(
        "127.0.0.1", int(port), timeout=5, password=int(key), force_udp=transport == "udp", ommit_ping=True
    ).connect()
    return _read(reader) if what == "read" else _events(reader, int(events))


def _read(reader: ZK) -> dict[str, object]:
    reader.disable_device()
    found = {
        "serial": reader.get_serialnumber(),
        "firmware": reader.get_firmware_version(),
        "time": reader.get_time().isoformat(),
        "users": [[user.uid, user.user_id] for user in reader.get_users()],
        "marks": [
            [mark.user_id, mark.timestamp.isoformat(), mark.status, mark.punch] for mark in reader.get_attendance()
        ],
    }
    reader.enable_device()
    reader.disconnect()
    return found


def _events(reader: ZK, wanted: int) -> dict[str, object]:
    found = []
    for mark in reader.live_capture():
        if mark is not None:
            found.append([mark.user_id, mark.timestamp.isoformat(), mark.status, mark.punch])
        if len(found) >= wanted:
            reader.end_live_capture = True
    reader.disconnect()
    return {"marks": found}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
