"""
The file of channels (TOML): where alerts of which offices go. Addresses hold secrets, so nobody else may read the file,
and nothing of an address is ever logged.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hadir.errors import Misconfigured
from hadir.settings import Settings
from hadir.words import LANGUAGES

EVERY = "*"
FILE = "notify.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
KEYS = {"url", "units", "language", "names"}


@dataclass(frozen=True, slots=True)
class Channel:
    """
    One address.

    Attributes:
        name: what logs, metrics and the ledger call it.
        url: apprise's, with its secrets.
        units: unit ids, or ``*``.
        names: whether messages may name people.
    """

    name: str
    url: str = field(repr=False)
    units: frozenset[str]
    language: str = LANGUAGES[0]
    names: bool = False

    def wants(self, unit_id: str) -> bool:
        """Whether alerts of that unit go here."""
        return EVERY in self.units or unit_id in self.units


@dataclass(frozen=True, slots=True)
class Channels:
    """All channels, and the address at which people find the wall; empty: none is told."""

    all: tuple[Channel, ...] = ()
    wall: str = ""


def path_of(settings: Settings) -> Path:
    """The file of channels: as set, or ``notify.toml`` in the data folder."""
    return Path(settings.notify) if settings.notify else settings.data / FILE


def read_channels(path: Path) -> Channels:
    """
    Read the file; without one there is no channel.

    Raises:
        Misconfigured: others may read it, or something in it can't be used; names the channel, never the address.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text()
    except FileNotFoundError:
        return Channels()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {type(error).__name__}") from None
    if mode & 0o077:
        raise Misconfigured(f"{path} holds secrets and others may read it: chmod 600")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # its text quotes the line
        raise Misconfigured(f"{path} is no TOML") from None
    unknown = content.keys() - {"wall", "channels"}
    tables = content.get("channels", {})
    wall = content.get("wall", "")
    if unknown or not isinstance(tables, dict) or not isinstance(wall, str):
        raise Misconfigured(f"{path}: it has `wall` (text) and tables [channels.NAME], nothing else")
    return Channels(tuple(_channel(path, name, table) for name, table in tables.items()), wall)


def _channel(path: Path, name: str, table: Any) -> Channel:
    if not NAME.fullmatch(name):
        raise Misconfigured(f"{path}: a channel's name is a-z, 0-9, - and _")
    where = f"{path}, channel {name}"
    if not isinstance(table, dict) or table.keys() - KEYS:
        raise Misconfigured(f"{where}: it has {', '.join(sorted(KEYS))}, nothing else")
    url, units = table.get("url"), table.get("units")
    language, names = table.get("language", LANGUAGES[0]), table.get("names", False)
    if not isinstance(url, str) or not url:
        raise Misconfigured(f"{where}: url is missing")
    if not isinstance(units, list) or not units or not all(isinstance(unit, str) and unit for unit in units):
        raise Misconfigured(f'{where}: units is a list of unit ids, or ["*"]')
    if language not in LANGUAGES or not isinstance(names, bool):
        raise Misconfigured(f"{where}: language is {' or '.join(LANGUAGES)}, names is true or false")
    return Channel(name, url, frozenset(units), language, names)
