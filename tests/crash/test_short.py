"""The short form of ``python -m tests.crash``: one morning in which every process is killed between two steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.places import Action, Fault, Place, Schedule
from tests.crash.run import run_schedule
from tests.crash.system import SHORT

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]


def fault(begin: float, action: Action, victim: str, step: str, at: str = "", stop_s: float = 7.0) -> Fault:
    """A blow at a step."""
    return Fault(Place(victim, at or victim, step), action, begin, stop_s=stop_s)


BLOWS = (
    fault(0.0, "kill", "clock", "tick.acknowledged"),
    fault(0.0, "stop", "sink", "offset.stored"),
    fault(0.0, "kill", "notify", "notice.sent"),
    fault(0.05, "kill", "judge", "transaction.sent"),
    fault(0.1, "kill", "route", "settle.done"),
    fault(0.15, "kill", "gateway", "attlog.acknowledged"),
    fault(0.2, "kill", "clickhouse", "insert.done"),
    fault(0.25, "kill", "alert", "transaction.sent"),
    fault(0.3, "kill", "distribute", "batch.emitted"),
    fault(0.35, "kill", "kafka", "transaction.begun", at="judge"),
    fault(0.5, "kill", "gateway", "phone.acknowledged"),
    fault(0.4, "kill", "sink", "rows.inserted"),
)


async def test_tables_equal_the_oracle_after_blows_at_every_process(tmp_path: Path) -> None:
    """Kills between the steps of commitment: nothing lost, nothing doubled, every row what the facts say."""
    outcome = await run_schedule(Schedule(0, 1, BLOWS), SHORT, tmp_path / "hadir")
    assert not outcome.wrong, "\n".join(outcome.wrong[:20])
    assert not outcome.missed, f"never came to it: {[str(missed) for missed in outcome.missed]}"
