"""What Grafana's ClickHouse plugin makes of a query before it is sent: macros, and variables of the dashboard."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CALL = re.compile(r"\$__(\w+)\(([^()]*)\)")
_BARE = re.compile(r"\$__(\w+)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def expand(sql: str, first_s: int, last_s: int, interval_s: int, variables: Mapping[str, str]) -> str:
    """
    The SQL that reaches ClickHouse.

    Raises:
        KeyError: a macro that the plugin does not know, or a variable that the dashboard does not have.
    """
    start, end = f"toDateTime({first_s})", f"toDateTime({last_s})"
    start_ms, end_ms = f"fromUnixTimestamp64Milli({first_s}000)", f"fromUnixTimestamp64Milli({last_s}000)"

    def call(match: re.Match[str]) -> str:
        name, column = match.group(1), match.group(2).strip()
        return {
            "timeFilter": f"{column} >= {start} AND {column} <= {end}",
            "timeFilter_ms": f"{column} >= {start_ms} AND {column} <= {end_ms}",
            "dateFilter": f"{column} >= toDate({start}) AND {column} <= toDate({end})",
            "timeInterval": f"toStartOfInterval(toDateTime({column}), INTERVAL {interval_s} second)",
            "timeInterval_ms": f"toStartOfInterval(toDateTime64({column}, 3), INTERVAL {interval_s}000 millisecond)",
        }[name]

    def bare(match: re.Match[str]) -> str:
        return {"fromTime": start, "toTime": end, "interval_s": str(interval_s)}[match.group(1)]

    return _VARIABLE.sub(lambda m: variables[m.group(1)], _BARE.sub(bare, _CALL.sub(call, sql)))
