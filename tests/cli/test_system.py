"""The plan of a local hadir: who starts after whom, who is stopped before whom, and what each is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from hadir.cli import system
from hadir.settings import Settings
from hadir.stack import kafka
from hadir.stack.child import Child, in_order

SERVERS = ("kafka", "clickhouse")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Child]:
    """All children by name; Kafka's command line stands for itself."""
    monkeypatch.setattr(kafka, "prepare", lambda installed, config: ["kafka"])
    chosen: dict[str, Any] = {"data": tmp_path, "metrics_port": 9100, "clickhouse_password": "s3cret"}
    children = system.children(Settings(**chosen), cast(kafka.KafkaInstall, None))
    return {child.name: child for child in children}


def test_servers_are_stopped_last(plan: dict[str, Child]) -> None:
    """Who speaks with a server comes after it, hence goes before it: a worker without one only tries until killed."""
    assert [child.name for child in in_order(plan.values())][:2] == list(SERVERS)
    assert [name for name, child in plan.items() if name not in SERVERS and "kafka" not in child.outlived_by] == [
        "wall"
    ]
    assert [name for name, child in plan.items() if "clickhouse" in child.outlived_by] == ["prepare", "sink", "wall"]
    assert "prepare" in plan["sink"].after, "tables before rows"


def test_every_process_with_metrics_has_a_port_of_its_own(plan: dict[str, Child]) -> None:
    """Counted up from HADIR_METRICS_PORT; two on one port would end each other."""
    ports = {name: int(child.env.get("HADIR_METRICS_PORT", "0")) for name, child in plan.items()}
    assert {name: port for name, port in ports.items() if port} == {
        name: 9100 + number for number, name in enumerate(system.MEASURED)
    }


def test_password_is_in_the_environment_and_on_no_command_line(plan: dict[str, Child]) -> None:
    """Whoever lists the processes of the machine does not see it."""
    assert {word for child in plan.values() for word in child.argv if "s3cret" in word} == set()
    assert plan["clickhouse"].env["HADIR_CLICKHOUSE_PASSWORD"] == "s3cret"


def test_all_processes_work_in_one_epoch_and_one_folder(plan: dict[str, Child], tmp_path: Path) -> None:
    """Though a file of the code may change while they start, and whatever their working folder is."""
    ours = [child for name, child in plan.items() if name != "kafka"]
    assert len({child.env["HADIR_EPOCH"] for child in ours}) == 1
    assert {child.env["HADIR_DATA"] for child in ours} == {str(tmp_path)}
