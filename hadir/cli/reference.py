"""
``python -m hadir.cli.reference [--check]`` writes ``settings.md``, ``cli.md`` and ``metrics.md`` in ``docs/``.

Run it after a change to a setting, a help text or a metric; ``tests/test_docs.py`` fails until then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from hadir import metrics
from hadir.cli import main
from hadir.cli.system import MEASURED
from hadir.settings import Settings
from hadir.stack.clickhouse import metrics as endpoint_metrics

DOCS = Path(__file__).parents[2] / "docs"
PREFIX = "HADIR_"
WIDTH = 88
WRITTEN = "Written by `python -m hadir.cli.reference`; a test fails when it is behind."
TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}
BOUNDS = (("minimum", ">= {}"), ("exclusiveMinimum", "> {}"), ("maximum", "<= {}"), ("pattern", "`{}`"))

# Read elsewhere than in hadir.settings, each for a reason of its own.
BESIDE = {
    "HADIR_CLOCK_RATE": "Clock seconds in a second of the machine, default 1. The four clock variables are the same in"
    " every process: `now = start + (system - anchor) * rate`. `hadir demo` sets them.",
    "HADIR_CLOCK_START": "What the clock shows at the anchor, milliseconds since 1970 UTC.",
    "HADIR_CLOCK_ANCHOR": "Moment of the machine's clock, milliseconds since 1970 UTC, or the absolute path of"
    " a file that will hold it: until then the clock stands still.",
    "HADIR_CLOCK_UNTIL": "Where the clock stands still, milliseconds since 1970 UTC; unset: it does not.",
    "HADIR_STACK": "Set by the supervisor on all that it starts, to find what a killed one left. Not to be set.",
    "HADIR_READY": "Set by the supervisor: file that a process makes when it is at work. Not to be set.",
    "HADIR_CRASH_DIR": "For the tests: folder of files that name the steps at which a process kills or stops itself.",
    "HADIR_TERMINAL_LOGS": "For the tests: folder with real terminals' logs; `.ci/run` sets it where there is one.",
    "HADIR_WRITE_GOLDEN": "For the tests: the golden schema of the tables is written anew instead of compared.",
    "HADIR_GRAFANA_TOKEN": "Token of a Grafana service account, for `python -m grafana --publish`.",
    "HADIR_SCREENSHOTS": "For the tests: folder in which pictures of the wall are kept.",
    "HADIR_LAWS": "For the tests: how many examples the laws are tried on.",
}


def settings_page() -> str:
    """Every setting: variable, type, default, meaning."""
    lines = [
        "# Settings",
        "",
        WRITTEN,
        "",
        "Environment variables, read once when a process starts. What can't be used ends the start with the variable's"
        " name, never its value. Durations end in `_S` or `_MS`, sizes in `_BYTES`; clock seconds are those of hadir's"
        " clock.",
        "",
        "| variable | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, about in Settings.model_json_schema()["properties"].items():
        default = about["default"]
        shown = "" if default in ("", None) else f"`{default}`"
        lines.append(_row(f"`{PREFIX}{name.upper()}`", _type(about), shown, about["description"]))
    lines += ["", "## Beside the settings", "", "| variable | meaning |", "|---|---|"]
    lines += [_row(f"`{name}`", meaning) for name, meaning in BESIDE.items()]
    return "\n".join(lines) + "\n"


def _type(about: dict[str, Any]) -> str:
    kind = "path" if about.get("format") == "path" else TYPES[about["type"]]
    return ", ".join([kind, *(text.format(about[bound]) for bound, text in BOUNDS if bound in about)])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def cli_page() -> str:
    """Help of every verb, as ``--help`` prints it."""
    parts = [f"# The command line\n\n{WRITTEN}\n"]
    for name, command in _commands("hadir", main):
        text = command.get_help(
            click.Context(command, info_name=name, terminal_width=WIDTH, **command.context_settings)
        )
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            found = command.get_command(context, verb)
            assert found is not None
            found.context_settings = {**main.context_settings, **found.context_settings}
            yield from _commands(f"{name} {verb}", found)


class Metric(NamedTuple):
    """One entry of a catalogue: the constant's name, and what ``/metrics`` says."""

    constant: str
    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def catalogue(module: Any = metrics) -> list[Metric]:
    """The metrics of a module, in the order in which they stand there."""
    found = []
    for constant, metric in vars(module).items():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            kinds = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
            name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
            labels = tuple(metric._labelnames)
            found.append(Metric(constant, name, kinds[type(metric)], labels, family.documentation))
    return found


def metrics_page() -> str:
    """Every metric: name, kind, labels, meaning."""
    head = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    lines = [
        "# Metrics",
        "",
        WRITTEN,
        "",
        "Prometheus' format, on `/metrics` of 127.0.0.1. `HADIR_METRICS_PORT` is the port of a process that is started"
        f" by itself; `hadir up` counts it up from process to process: {', '.join(MEASURED)}. A histogram has"
        " `_bucket`, `_sum` and `_count`.",
        "",
        *head,
    ]
    lines += [_metric_row(metric) for metric in catalogue()]
    lines += ["", "## The local ClickHouse endpoint", "", "On `/metrics` of its HTTP address.", "", *head]
    lines += [_metric_row(metric) for metric in catalogue(endpoint_metrics)]
    return "\n".join(lines) + "\n"


def _metric_row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return _row(f"`{metric.name}`", metric.kind, labels, metric.meaning)


PAGES = {"settings.md": settings_page, "cli.md": cli_page, "metrics.md": metrics_page}


def write(check: bool = False) -> list[str]:
    """Write the pages that are behind, or with ``check`` only find them; returns their names."""
    behind = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if not path.exists() or path.read_text() != text:
            behind.append(name)
            if not check:
                path.write_text(text)
    return behind


if __name__ == "__main__":
    asked = "--check" in sys.argv[1:]
    pages = write(asked)
    print(f"{'behind' if asked else 'written'}: {', '.join(pages) or 'none'}")
    sys.exit(int(asked and bool(pages)))
