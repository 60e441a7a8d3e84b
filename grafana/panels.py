"""What the dashboards are made of: a number, a table, a line over time, in one look."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import common, dashboard

from grafana.query import SERIES, SOURCE, Query

HERE, LATE, GONE, UNKNOWN, AWAITED, CALM = "#56b4e9", "#f0e442", "#d55e00", "#cc79a7", "#e69f00", "#4a5568"
"""Okabe and Ito's colours, as on the wall: they stay apart for the colour-blind."""


def steps(*coloured: tuple[float | None, str]) -> builders.ThresholdsConfig:
    """Colours by value: each from its number on; None: from the bottom."""
    return (
        builders.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=colour) for value, colour in coloured])
    )


def number(title: str, about: str, sql: str, colour: str, *, width: int = 3, unit: str = "none") -> stat.Panel:
    """One large number; grey while it is 0."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(5)
        .span(width)
        .unit(unit)
        .with_target(Query(sql))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .text_mode(common.BigValueTextMode.VALUE)
        .thresholds(steps((None, CALM), (1, colour)))
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .no_value("0")
    )


def rows(title: str, about: str, sql: str, *, height: int = 14, width: int = 24, link: str = "") -> table.Panel:
    """A table; ``link``: where a click on a row leads, with the row's fields in it."""
    panel = (
        table.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(height)
        .span(width)
        .with_target(Query(sql))
        .filterable(True)
        .no_value("–")
    )
    if link:
        panel.data_links([builders.DashboardLink("Buka").url(link)])
    return panel


def lines(title: str, about: str, sql: str, unit: str, *, width: int = 12) -> timeseries.Panel:
    """Numbers over time; the first column is the time."""
    return (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(8)
        .span(width)
        .unit(unit)
        .with_target(Query(sql, SERIES))
    )
