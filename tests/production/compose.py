"""``docker-compose.yml`` as Docker reads it: merged, with the variables of an ``env.example`` that was filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / "env.example"
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Z0-9_]+)(?:(:[-?])([^}]*))?\})")


class Variable(NamedTuple):
    """A variable as one place names it: with a default, or (None) with what is said when it is missing."""

    name: str
    default: str | None
    demand: str


def variables() -> set[Variable]:
    """All variables of the file; fails on one with neither default nor demand."""
    found = set()
    for match in (match for text in _texts(_parsed()) for match in _VARIABLE.finditer(text)):
        name, kind, rest = match.groups()
        if name is None:
            continue
        assert kind is not None, f"${{{name}}} would silently be empty: :? or :-"
        found.add(Variable(name, rest if kind == ":-" else None, rest if kind == ":?" else ""))
    return found


def _parsed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(child)


def _filled(node: Any, given: dict[str, str]) -> Any:
    """The parsed file with the variables in its texts replaced."""

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if name is None:
            return "$"
        return given.get(name) or (rest if kind == ":-" else f"{name.lower()}-given")

    if isinstance(node, dict):
        return {key: _filled(child, given) for key, child in node.items()}
    if isinstance(node, list):
        return [_filled(child, given) for child in node]
    return _VARIABLE.sub(value, node) if isinstance(node, str) else node


def example() -> tuple[set[str], dict[str, str]]:
    """Of env.example: the variables that must be filled in, and the defaults of the others."""
    demanded, defaults = set(), {}
    for line in EXAMPLE.read_text().splitlines():
        match = re.fullmatch(r"(#?)([A-Z][A-Z0-9_]*)=(.*)", line)
        if match and match[1]:
            defaults[match[2]] = match[3]
        elif match:
            assert match[3] == "", f"{match[2]} has a value in env.example"
            demanded.add(match[2])
        else:
            assert not line or line.startswith("# "), f"neither comment nor variable: {line}"
    return demanded, defaults


def compose(**given: str) -> dict[str, Any]:
    """The whole file, its variables as given, at their defaults, or made up."""
    found: dict[str, Any] = _filled(_parsed(), given)
    return found


def services(**given: str) -> dict[str, dict[str, Any]]:
    """The services by name."""
    found: dict[str, dict[str, Any]] = compose(**given)["services"]
    return found
