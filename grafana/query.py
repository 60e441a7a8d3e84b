"""A query of the ClickHouse data source (grafana-clickhouse-datasource 4.20), which the SDK has no type for."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

TYPE = "grafana-clickhouse-datasource"
UID = "hadir"
PLUGIN = "4.20.0"
SOURCE = DataSourceRef(type_val=TYPE, uid=UID)
SERIES, TABLE = 0, 1
"""``format``: a time column and numbers, or rows as they are."""


@dataclass
class Target(Dataquery):
    """One query of a panel."""

    sql: str
    format: int = TABLE
    ref_id: str = "A"
    hide: bool | None = None

    def to_json(self) -> dict[str, object]:
        """As the plugin's editor writes it."""
        return {
            "refId": self.ref_id,
            "datasource": {"type": TYPE, "uid": UID},
            "editorType": "sql",
            "queryType": "timeseries" if self.format == SERIES else "table",
            "format": self.format,
            "pluginVersion": PLUGIN,
            "rawSql": self.sql,
        }


class Query(Builder[Target]):
    """The same for the SDK's builders."""

    def __init__(self, sql: str, form: int = TABLE) -> None:
        self._target = Target(" ".join(sql.split()), form)

    def build(self) -> Target:
        """The target."""
        return self._target
