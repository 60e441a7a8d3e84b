"""``python -m hadir.cli.prepare``: topics and tables, once both servers answer. Run by the supervisor at each start."""

from __future__ import annotations

import asyncio
import sys

from hadir.errors import HadirError
from hadir.migrate import bring_up
from hadir.settings import settings
from hadir.topics_admin import ensure_topics
from schemas.topics import code_epoch


async def prepare() -> None:
    """Create missing topics and bring ClickHouse up to date, side by side. Raises what either raises."""
    configured = settings()
    epoch = configured.epoch or code_epoch()
    topics = ensure_topics(configured.kafka, epoch, configured.partitions, configured.replication)
    created, plan = await asyncio.gather(topics, asyncio.to_thread(bring_up, configured))
    print(f"epoch {epoch}: {len(created)} topics created, {len(plan.migrations)} migrations applied")


if __name__ == "__main__":
    try:
        asyncio.run(prepare())
    except HadirError as fault:
        sys.exit(str(fault))
