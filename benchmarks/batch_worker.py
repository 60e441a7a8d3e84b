"""The judge on our runtime, beside the running one: the other side of ``stock_worker``."""

from __future__ import annotations

from benchmarks.stock_worker import OUT
from hadir.settings import settings
from streams.agents.stages import LOGS, maker
from streams.runner import StageRunner

if __name__ == "__main__":
    StageRunner("judge", LOGS["judge"], maker("judge", settings()), settings(), beside=OUT).execute()
