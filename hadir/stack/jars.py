"""
Kafka's jars: which ones (``kafka_jars.lock``), fetched with ``jgo``, kept in a cache shared by every data folder.

The cache is ``$XDG_CACHE_HOME/hadir`` (``~/.cache/hadir``), not the data folder: 44 MB that are the same for every data
folder, and a test run or a ``rm -r`` of the data must not fetch them again. The lock file pins each jar by SHA-256, so
what runs is what was tried, whoever serves it. ``python -m hadir.stack.jars`` writes the lock anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from hadir.errors import Misconfigured

ENDPOINTS = ("org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36")
"""Kafka, and a logger small enough for one process: Kafka's own dependencies name none, so it would be mute."""
LOCK = Path(__file__).with_name("kafka_jars.lock")
FETCHERS = 4
"""Downloads side by side; more gained nothing from Maven Central."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artifact; ``size`` in bytes, ``sha256`` in hex."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """Its name in the cache, as Maven has it."""
        return f"{self.artifact}-{self.version}.jar"


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/hadir``, or ``~/.cache/hadir``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hadir"


def parse_lock(text: str) -> tuple[Jar, ...]:
    """
    Read the lock: one jar a line, ``group:artifact:version sha256 size``; ``#`` starts a comment.

    >>> parse_lock("# x\\norg.a:b:1.0 ffff 12")[0].filename
    'b-1.0.jar'
    """
    rows = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    jars = []
    for name, sha256, size in rows:
        group, artifact, version = name.split(":")
        jars.append(Jar(group, artifact, version, sha256, int(size)))
    return tuple(jars)


def format_lock(jars: Iterable[Jar]) -> str:
    """The text that ``parse_lock`` reads, sorted by name."""
    lines = sorted(f"{j.group}:{j.artifact}:{j.version} {j.sha256} {j.size}" for j in jars)
    return "# Written by: python -m hadir.stack.jars\n" + "\n".join(lines) + "\n"


def folder_name(jars: Iterable[Jar]) -> str:
    """The cache folder of exactly these jars: the version and a hash over the lock."""
    text = format_lock(jars)
    version = next(j.version for j in parse_lock(text) if j.artifact.startswith("kafka_"))
    return f"kafka-{version}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def install(cache: Path | None = None, console: Console | None = None, repository: str = "") -> list[Path]:
    """
    The paths of Kafka's jars, fetched first if the cache does not have them.

    The folder appears under its name only when whole and checked (a rename), so its presence is the marker: the second
    time costs one directory listing. Two processes at once both fetch and the later one's copy is thrown away.

    Args:
        cache: folder for the jars; the default is shared by all data folders of the user.
        console: where the progress bar goes; none is drawn without one.
        repository: base address of a Maven repository; empty: the one that ``jgo`` knows.

    Raises:
        Misconfigured: ``jgo`` is missing, the repository cannot be reached, or a jar is not the one that is locked.
    """
    jars = parse_lock(LOCK.read_text())
    home = (cache or default_cache()) / folder_name(jars)
    paths = [home / jar.filename for jar in jars]
    if home.is_dir() and all(
        path.is_file() and path.stat().st_size == jar.size for path, jar in zip(paths, jars, strict=True)
    ):
        return paths
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=home.parent) as scratch:
        whole = Path(scratch, "jars")
        whole.mkdir()
        _fetch(jars, Path(scratch, "repository"), whole, console, repository)
        try:
            whole.rename(home)
        except OSError:
            if not home.is_dir():  # otherwise another process was first, with the same checked bytes
                raise
    return paths


def _fetch(jars: tuple[Jar, ...], scratch: Path, into: Path, console: Console | None, repository: str) -> None:
    maven = _context(scratch, repository)

    def fetch(jar: Jar) -> Jar:
        component = maven.project(jar.group, jar.artifact).at_version(jar.version)
        path = Path(component.artifact().resolve())
        if hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
            raise Misconfigured(f"{jar.filename} as fetched is not the one in {LOCK.name}")
        path.rename(into / jar.filename)
        return jar

    with Progress(console=console, disable=console is None, transient=True) as bar:
        task = bar.add_task("Fetching Kafka (once)", total=sum(jar.size for jar in jars))
        with ThreadPoolExecutor(FETCHERS) as pool:
            try:
                for jar in pool.map(fetch, jars):
                    bar.advance(task, jar.size)
            except Misconfigured:
                raise
            except Exception as error:  # jgo raises bare RuntimeError, requests' and urllib3's own
                raise Misconfigured(f"Kafka's jars cannot be fetched: {error}") from error


def _context(scratch: Path, repository: str) -> Any:
    try:
        maven = import_module("jgo.maven")
    except ImportError:
        raise Misconfigured("Kafka's jars are fetched with jgo: pip install 'hadir[local]'") from None
    places = {"central": repository} if repository else None
    return maven.MavenContext(repo_cache=scratch, local_repos=[], remote_repos=places, timeout=30)


def resolve(repository: str = "") -> tuple[Jar, ...]:
    """What ``ENDPOINTS`` need at run time, by their POMs, fetched and hashed: the content of a new lock."""
    with tempfile.TemporaryDirectory() as scratch:
        context = _context(Path(scratch), repository)
        wanted = [context.create_dependency(f"{endpoint}:::compile") for endpoint in ENDPOINTS]
        direct, further = context.resolver.resolve(wanted)
        jars = []
        for dependency in [*direct, *(d for d in further if d.scope in ("compile", "runtime"))]:
            data = Path(dependency.artifact.resolve()).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            jars.append(Jar(dependency.groupId, dependency.artifactId, dependency.version, digest, len(data)))
        return tuple(jars)


if __name__ == "__main__":
    LOCK.write_text(format_lock(resolve()))
