"""The files that Grafana reads, made from the code."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.boards import BOARDS
from grafana.rules import provisioned

HERE = Path(__file__).parent


def files() -> dict[Path, str]:
    """Every file that is made, and its text."""
    made = {}
    for board in BOARDS:
        text = json.dumps(board().build(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False)
        made[HERE / "dashboards" / f"{board.__name__}.json"] = text + "\n"
    rules = yaml.safe_dump(provisioned(), sort_keys=False, allow_unicode=True, width=110)
    return made | {HERE / "provisioning" / "alerting" / "hadir.yaml": rules}


def behind() -> list[Path]:
    """Files that are not what the code says."""
    return [path for path, text in files().items() if not path.exists() or path.read_text() != text]
