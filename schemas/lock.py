"""
Gives ids to schemas and refuses what would break a reader: ``python -m schemas.lock [--check]``.

A ``draft`` has no id and may change freely. Once ``used``, a schema gets an id; a later change gets another id and
must be readable both ways: a field that comes or goes has a default, no type changes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from schemas import registry


def incompatibilities(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What keeps ``new`` from reading ``old``'s records or the other way round; empty when nothing does."""
    faults = []
    before = {f["name"]: f for f in old["fields"]}
    after = {f["name"]: f for f in new["fields"]}
    for name in before.keys() - after.keys():
        if "default" not in before[name]:
            faults.append(f"{old['name']}.{name} was removed and has no default")
    for name in after.keys() - before.keys():
        if "default" not in after[name]:
            faults.append(f"{new['name']}.{name} was added without a default")
    for name in before.keys() & after.keys():
        if registry.fingerprint({"t": before[name]["type"]}) != registry.fingerprint({"t": after[name]["type"]}):
            faults.append(f"{new['name']}.{name} changed its type")
    if old.get("hadir.identity") != new.get("hadir.identity"):
        faults.append(f"{new['name']} changed its identity")
    return faults


def plan(entries: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The lock as it should be, and the faults that forbid it."""
    result, faults = list(entries), []
    for name, (folder, source) in registry.written().items():
        versions = [e for e in result if e["name"] == name]
        if source["hadir.status"] == "draft":
            if versions:
                faults.append(f"{name} is a draft again, though records of it exist")
            continue
        mark = registry.fingerprint(source)
        if versions and versions[-1]["fingerprint"] == mark:
            versions[-1]["schema"] = source
            continue
        for version in versions:
            faults += incompatibilities(version["schema"], source)
        number = 1 + max((e["id"] for e in result), default=0)
        result.append({"id": number, "name": name, "folder": folder, "fingerprint": mark, "schema": source})
    return result, faults + [
        f"{e['name']} is locked but its file is gone" for e in entries if e["name"] not in registry.written()
    ]


def main() -> int:
    """Write the lock, or with ``--check`` only say whether it is up to date."""
    entries, faults = plan(registry.locked())
    for fault in faults:
        print(f"incompatible: {fault}", file=sys.stderr)
    if faults:
        return 1
    text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        current = registry.LOCK.read_text() if registry.LOCK.exists() else ""
        if text != current:
            print("schemas/lock.json is behind: run python -m schemas.lock", file=sys.stderr)
        return int(text != current)
    registry.LOCK.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
