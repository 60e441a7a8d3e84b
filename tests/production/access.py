"""
ClickHouse with production's own users and grants, without a server of many users.

The engine of the local endpoint reads ``clickhouse/access`` as a server does, but always works as ``default``. So it is
started once per user, with what production grants to that user given to ``default``; the data stay the same, and the
views belong to ``hadir`` as they do in production.
"""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from hadir.migrate import read_views
from hadir.queries import connect
from hadir.settings import Settings
from hadir.stack.local import local_clickhouse

ACCESS = Path(__file__).parents[2] / "clickhouse" / "access"
USERS = ACCESS / "users.d" / "hadir.xml"
WHOLE = ("profile", "quota", "grants", "databases")


def users(path: Path = USERS) -> dict[str, ET.Element]:
    """The users of a file by name, those that it removes left out."""
    found = ET.parse(path).getroot().find("users")
    assert found is not None
    return {user.tag: user for user in found if "remove" not in user.attrib}


def grants(element: ET.Element) -> list[str]:
    """The grants of a user or role, as written."""
    return [query.text or "" for query in element.findall("grants/query")]


def roles() -> dict[str, ET.Element]:
    """The roles by name."""
    found = ET.parse(USERS).getroot().find("roles")
    assert found is not None
    return {role.tag: role for role in found}


def configuration(folder: Path, name: str, leader: Path | None = None) -> Path:
    """A configuration in which ``default`` is that user; ``leader``: the file that has him."""
    root = ET.parse(USERS).getroot()
    everybody = root.find("users")
    assert everybody is not None
    everybody.clear()
    ET.SubElement(ET.SubElement(root, "quotas"), "default")
    profiles = root.find("profiles")
    assert profiles is not None
    ET.SubElement(profiles, "default")
    me = {**users(), **(users(leader) if leader else {})}[name]
    default = copy.deepcopy(me)
    default.tag = "default"
    everybody.append(_open(default))
    if name == "hadir":  # the engine calls itself default: see ``own_views``
        given = default.find("grants")
        assert given is not None
        ET.SubElement(given, "query").text = "GRANT SET DEFINER ON hadir"
    everybody.append(_open(copy.deepcopy(users()["hadir"])))
    path = folder / f"users-{name}.xml"
    ET.ElementTree(root).write(path)
    server = ET.parse(ACCESS / "config.d" / "hadir.xml").getroot()
    for element in list(server):
        if element.tag != "access_control_improvements":
            server.remove(element)
    ET.SubElement(server, "users_config").text = str(path)
    config = folder / f"config-{name}.xml"
    ET.ElementTree(server).write(config)
    return config


def _open(user: ET.Element) -> ET.Element:
    """Without a password: the variables with them are the server's."""
    for password in [child for child in user if child.tag.startswith("password")]:
        user.remove(password)
    ET.SubElement(user, "no_password")
    return user


def own_views(client: Client) -> None:
    """Give the views to ``hadir``, who makes them in production and whose rights they read with."""
    for _, statement in read_views():
        client.command(statement.replace(" SQL SECURITY DEFINER", " DEFINER = hadir SQL SECURITY DEFINER", 1))


@contextmanager
def clickhouse_as(
    data: Path, name: str, leader: Path | None = None, **chosen: Any
) -> Iterator[tuple[Settings, Client]]:
    """The database ``hadir`` in that folder, asked as this user of production."""
    with local_clickhouse(data, config=configuration(data, name, leader)) as server:
        settings = Settings(clickhouse=server.address, clickhouse_database="hadir", epoch="e1", **chosen)
        with connect(settings, database="default") as client:
            client.database = "hadir"
            yield settings, client
