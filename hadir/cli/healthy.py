"""
``python -m hadir.cli.healthy [gateway|wall]``: is the process of this machine, or container, at work? Exit code 0: yes.

Without a name: a process that announces itself (``HADIR_READY``) has done so and its ``/metrics`` answers.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hadir import readiness
from hadir.cli.answering import gateway_answers, wall_answers
from hadir.errors import HadirError
from hadir.settings import Settings, settings
from hadir.stack.local import http_ready


async def healthy(name: str, configured: Settings) -> bool:
    """
    Whether the process answers.

    Args:
        name: ``gateway``, ``wall``, or empty for one that only has ``/metrics``.
    """
    if name == "gateway":
        return await gateway_answers(configured)()
    if name == "wall":
        return await wall_answers(configured)()
    announced = Path(os.environ.get(readiness.VARIABLE, "")).is_file()
    return announced and await http_ready("127.0.0.1", configured.metrics_port, "/metrics")


def main(arguments: list[str]) -> int:
    """Exit code: 0 healthy, 1 not."""
    try:
        return 0 if asyncio.run(healthy(arguments[0] if arguments else "", settings())) else 1
    except HadirError as fault:
        print(fault, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
