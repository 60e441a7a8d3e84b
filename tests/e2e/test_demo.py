"""``hadir demo --exit``: a small city's morning through everything that is real; the exit code says that it agrees."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from hadir.cli.demo_report import COLUMNS
from tests.e2e.local import HADIR

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]
PEOPLE = 200


def test_demo_of_a_small_city_agrees_with_the_truth(tmp_path: Path) -> None:
    """Everybody's state and minutes late are what the simulator knows, nobody is left out, and it ends by itself."""
    done = subprocess.run(
        [*HADIR, "demo", "--exit", "--people", str(PEOPLE), "--terminals", "20", "--rate", "360"],
        env={k: v for k, v in os.environ.items() if not k.startswith("HADIR_")} | {"HADIR_DATA": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"all {PEOPLE} agree with the truth" in done.stdout
    (total,) = re.findall(r"^│ semua +│(.*)│$", done.stdout, re.MULTILINE)
    sums = [int(cell) for cell in total.split("│")]
    assert sums[len(COLUMNS) - 1] == PEOPLE
    assert len(sums) == len(COLUMNS) + 3, "minutes at the place, signs, offices told"
    assert re.search(r"^from the acknowledged POST to the row: \d+, p50 \d+ ms, p99 \d+ ms", done.stdout, re.MULTILINE)
    truth = json.loads((tmp_path / "demo" / "truth.json").read_text())
    pings = sum(phone["pings"] for phone in truth["phones"].values())
    assert re.search(rf"^phones: {pings} pings and \d+ face checks taken from 24 phones", done.stdout, re.MULTILINE)
