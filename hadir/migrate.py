"""
Brings a ClickHouse database to the state of ``clickhouse/``: ``python -m hadir.migrate [--dry-run]``.

Migrations are numbered files, applied once and in order; what was applied is written down with its checksum in the
table ``migration``. Views are re-applied every time. ClickHouse has no transaction over DDL: every statement of a
migration must be harmless when run again, because a file that broke off half-way is run again from its first line.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from hadir.errors import Misconfigured
from hadir.queries import connect
from hadir.settings import Settings, settings
from schemas.topics import code_epoch

FOLDER = Path(__file__).parent.parent / "clickhouse"
_NAME = re.compile(r"(\d{4})_[a-z]+_[a-z_]+\.sql")
_VIEW = re.compile(r"\bv_[a-z_]+\b")
_LEDGER = """
CREATE TABLE IF NOT EXISTS migration
(
    number UInt16 COMMENT 'Number of the file, from 1 without gaps.',
    name String COMMENT 'Name of the file in clickhouse/migrations.',
    checksum String COMMENT 'SHA-256 of the file as it was applied, hex.',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it had been applied, UTC.'
)
ENGINE = ReplacingMergeTree
ORDER BY number
COMMENT 'Which migrations this database has seen.'
"""


class Migration(NamedTuple):
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The statements of the file: each ends with a semicolon at the end of a line."""
        return [text.strip() for text in re.split(r";[ \t]*(?:\n|\Z)", self.sql) if text.strip()]


class Plan(NamedTuple):
    """What a run would do, or did: migrations, views re-applied, views dropped (by name), and the epoch it sets."""

    migrations: list[str]
    views: list[str]
    dropped: list[str]
    epoch: str


def read_migrations(folder: Path = FOLDER / "migrations") -> list[Migration]:
    """
    The numbered files in order.

    Raises:
        Misconfigured: a name that is not ``NNNN_<verb>_<table>.sql``, a number missing or used twice.
    """
    found = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise Misconfigured(f"{path.name}: migrations are named NNNN_<verb>_<table>.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text()))
    for expected, migration in enumerate(found, 1):
        if migration.number != expected:
            raise Misconfigured(f"{migration.name}: the next migration is number {expected:04d}")
    return found


def read_views(folder: Path = FOLDER / "views") -> list[tuple[str, str]]:
    """
    Name and statement of every view, each behind those that it reads.

    Raises:
        Misconfigured: views that read each other in a circle.
    """
    waiting = {path.stem: path.read_text().strip() for path in sorted(folder.glob("*.sql"))}
    reads = {name: (set(_VIEW.findall(text)) & waiting.keys()) - {name} for name, text in waiting.items()}
    ordered: list[tuple[str, str]] = []
    while waiting:
        ready = [name for name in waiting if not reads[name] & waiting.keys()]
        if not ready:
            raise Misconfigured(f"views in a circle: {', '.join(waiting)}")
        ordered += [(name, waiting.pop(name).removesuffix(";")) for name in ready]
    return ordered


def pending(client: Client, migrations: Sequence[Migration]) -> list[Migration]:
    """
    The migrations that this database has not seen.

    Raises:
        Misconfigured: an applied file was changed or is gone, or one before it was left out.
    """
    if "migration" not in _tables(client):
        return list(migrations)
    rows = client.query("SELECT number, name, checksum FROM migration FINAL ORDER BY number").result_rows
    known = {migration.number: migration for migration in migrations}
    for number, name, checksum in rows:
        if number not in known:
            raise Misconfigured(f"the database has seen {name}, which this checkout does not have")
        if known[number].checksum != checksum:
            raise Misconfigured(f"{name} was changed after it was applied: write a new migration instead")
    seen = {row[0] for row in rows}
    left = [migration for migration in migrations if migration.number not in seen]
    if left and seen and left[0].number < max(seen):
        raise Misconfigured(f"{left[0].name} was left out: a later migration is applied already")
    return left


def _tables(client: Client) -> dict[str, str]:
    """Engine of every table of the client's database, by name."""
    rows = client.query("SELECT name, engine FROM system.tables WHERE database = currentDatabase()").result_rows
    return {name: engine for name, engine in rows}


def migrate(client: Client, epoch: str, *, dry_run: bool = False, folder: Path = FOLDER) -> Plan:
    """
    Apply what is missing, re-apply the views, drop views whose file is gone, set the epoch if there is none yet.

    Args:
        client: connected to the database that is to be brought up.
        epoch: name of the epoch that readers see in a database that has none.
        dry_run: only say what would be done.

    Raises:
        Misconfigured: see ``pending``; nothing has been changed then.
        clickhouse_connect.driver.exceptions.Error: ClickHouse refuses a statement; what ran before it stays.
    """
    todo, views = pending(client, read_migrations(folder / "migrations")), read_views(folder / "views")
    there, names = _tables(client), [name for name, _ in views]
    gone = sorted({name for name, engine in there.items() if engine == "View" and name.startswith("v_")} - set(names))
    fresh = "epoch" not in there or not client.command("SELECT count() FROM epoch")
    plan = Plan([migration.name for migration in todo], names, gone, epoch if fresh else "")
    if dry_run:
        return plan
    client.command(_LEDGER)
    for migration in todo:
        for statement in migration.statements():
            client.command(statement)
        client.command(
            "INSERT INTO migration (number, name, checksum) VALUES ({number:UInt16}, {name:String}, {checksum:String})",
            {"number": migration.number, "name": migration.name, "checksum": migration.checksum},
            settings={"async_insert": 0},
        )
    for _, statement in views:
        client.command(statement)
    for name in gone:
        client.command(f"DROP VIEW IF EXISTS {name}")
    if plan.epoch:
        switch_epoch(client, plan.epoch, "first start")
    return plan


def switch_epoch(client: Client, epoch: str, reason: str) -> None:
    """Show readers another epoch from now on; the rows of the earlier one stay, so that it can be switched back."""
    client.command(
        "INSERT INTO epoch (epoch, reason) VALUES ({epoch:String}, {reason:String})",
        {"epoch": epoch, "reason": reason},
        settings={"async_insert": 0},
    )


def bring_up(configured: Settings, *, dry_run: bool = False) -> Plan:
    """What ``hadir up`` calls: create the database if need be and migrate it. Raises as ``migrate`` does."""
    name, epoch = configured.clickhouse_database, configured.epoch or code_epoch()
    with connect(configured, database="default") as client:
        there = client.command("SELECT count() FROM system.databases WHERE name = {name:String}", {"name": name})
        if dry_run and not there:
            return Plan([m.name for m in read_migrations()], [view for view, _ in read_views()], [], epoch)
        if not there:
            client.command(f"CREATE DATABASE IF NOT EXISTS {name}")
    with connect(configured) as client:
        return migrate(client, epoch, dry_run=dry_run)


def schema(client: Client) -> str:
    """Every table and view of the database as SQL, by name: the text of the golden schema."""
    rows = client.query(
        "SELECT name, formatQuery(replaceAll(create_table_query, currentDatabase() || '.', ''))"
        " FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    ).result_rows
    return "".join(f"-- {name}\n{text};\n\n" for name, text in rows)


def main() -> int:
    """Migrate the database of the settings; prints what was done, or would be."""
    parser = argparse.ArgumentParser(prog="python -m hadir.migrate", description="Bring ClickHouse up to date.")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    try:
        plan = bring_up(settings(), dry_run=parser.parse_args().dry_run)
    except Misconfigured as error:
        print(error, file=sys.stderr)
        return 1
    for name in plan.migrations:
        print(f"migration {name}")
    print(f"views {len(plan.views)}, dropped {', '.join(plan.dropped) or 'none'}")
    if plan.epoch:
        print(f"epoch {plan.epoch}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
