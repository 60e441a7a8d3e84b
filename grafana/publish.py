"""
Publishing to a Grafana that runs already, by its API; where files can be provisioned, they need not be published.

Through ``grafana-client``: ``grafana-api``, its ancestor, is archived, and knows no alert rules (decision 7).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, TokenAuth

from grafana.files import HERE
from grafana.query import UID
from grafana.rules import provisioned
from hadir.errors import Misconfigured

FOLDER = "hadir"
TIMEOUT_S = 15.0


def connect(url: str, token: str) -> GrafanaApi:
    """A client for a service account's token (role Editor, and Admin for alert rules); nothing is sent yet."""
    return GrafanaApi.from_url(url, credential=TokenAuth(token), timeout=TIMEOUT_S)


def publish(api: GrafanaApi, say: Callable[[str], None]) -> None:
    """
    Bring folder, dashboards and alert rules to what the files say; again changes nothing.

    Raises:
        Misconfigured: the data source is not there: it holds a password and is Grafana's own business.
        GrafanaException: anything else that Grafana refuses.
    """
    if _found(lambda: api.datasource.get_datasource_by_uid(UID)) is None:
        raise Misconfigured(f"Grafana has no data source {UID}: grafana/provisioning/datasources/hadir.yaml")
    if _found(lambda: api.folder.get_folder(FOLDER)) is None:
        api.folder.create_folder(FOLDER, uid=FOLDER)
        say(f"folder {FOLDER}")
    for path in sorted((HERE / "dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        api.dashboard.update_dashboard({"dashboard": dashboard, "folderUid": FOLDER, "overwrite": True})
        say(f"dashboard {dashboard['title']}")
    for group in provisioned()["groups"]:
        rules = [rule | {"folderUID": FOLDER, "ruleGroup": group["name"], "orgID": 1} for rule in group["rules"]]
        seconds = int(group["interval"].removesuffix("s"))
        body = {"title": group["name"], "folderUid": FOLDER, "interval": seconds, "rules": rules}
        api.alertingprovisioning.update_rule_group(FOLDER, group["name"], body)
        say(f"{len(rules)} alert rules")


def _found(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except GrafanaClientError as error:
        if error.status_code == 404:
            return None
        raise
