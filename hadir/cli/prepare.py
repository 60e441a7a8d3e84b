"""``python -m hadir.cli.prepare``: topics and tables, once both servers answer. Run by the supervisor at each start."""

from __future__ import annotations

import asyncio
import sys

from hadir.cli.answering import clickhouse_answers, kafka_answers
from hadir.errors import HadirError
from hadir.migrate import Plan, bring_up
from hadir.settings import Settings, settings
from hadir.stack.waiting import until
from hadir.topics_admin import ensure_topics
from schemas.topics import code_epoch

READY_S = 90.0  # as long as a server may take to start


async def prepare() -> None:
    """
    Create missing topics and bring ClickHouse up to date, each as soon as its server answers.

    Raises what either raises, and TimeoutError.
    """
    configured = settings()
    epoch = configured.epoch or code_epoch()
    created, plan = await asyncio.gather(_topics(configured, epoch), _tables(configured))
    print(f"epoch {epoch}: {len(created)} topics created, {len(plan.migrations)} migrations applied")


async def _topics(configured: Settings, epoch: str) -> list[str]:
    await until(kafka_answers(configured), READY_S)
    return await ensure_topics(configured, epoch, configured.partitions, configured.replication)


async def _tables(configured: Settings) -> Plan:
    await until(clickhouse_answers(configured), READY_S)
    return await asyncio.to_thread(bring_up, configured)


if __name__ == "__main__":
    try:
        asyncio.run(prepare())
    except HadirError as fault:
        sys.exit(str(fault))
    except TimeoutError:
        sys.exit(f"Kafka or ClickHouse does not answer within {READY_S:.0f} s")
