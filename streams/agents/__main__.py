"""``python -m streams.agents NAME``: one worker process of distribute, route, cross, judge, alert or sink."""

from __future__ import annotations

import sys

from hadir.settings import settings


def main() -> None:
    """Run the worker named on the command line until told to stop."""
    name = sys.argv[1]
    if name == "sink":
        from streams.agents.sink import SinkRunner  # noqa: PLC0415  (a stage needs no HTTP client)

        SinkRunner(settings()).execute()
    else:
        from streams.agents.stages import stage_runner  # noqa: PLC0415  (nor the sink the rules)

        stage_runner(name, settings()).execute()


if __name__ == "__main__":
    main()
