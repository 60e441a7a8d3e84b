"""
What fails behind the parser must be said: the sink believes "200" and acknowledges.

chDB's ``send_insert`` answers success when a constraint, a materialized view or the storage refuses rows that were
parsed already; an endpoint built on it loses them in silence.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

from tests.clickhouse.fixtures import Tables

pytestmark = pytest.mark.clickhouse

CASES = {
    "constraint": (
        ["CREATE TABLE late (x Int64, CONSTRAINT positive CHECK x > 0) ENGINE = MergeTree ORDER BY x"],
        b"1\n-5\n",
        469,
    ),
    "default": (
        ["CREATE TABLE late (x Int64, y Int64 DEFAULT throwIf(x < 0)) ENGINE = MergeTree ORDER BY x"],
        b"1\n-5\n",
        395,
    ),
    "materialized view": (
        [
            "CREATE TABLE late (x Int64) ENGINE = MergeTree ORDER BY x",
            "CREATE MATERIALIZED VIEW late_mv ENGINE = MergeTree ORDER BY x AS SELECT x, throwIf(x < 0) AS y FROM late",
        ],
        b"1\n-5\n",
        395,
    ),
    "partitions": (
        ["CREATE TABLE late (x Int64) ENGINE = MergeTree ORDER BY x PARTITION BY x"],
        b"".join(b"%d\n" % n for n in range(300)),
        252,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_insert_refused_by_the_table_is_answered_with_its_code(tables: Tables, case: str) -> None:
    """Status and code of the error, and no row of the block."""
    statements, data, code = CASES[case]
    for statement in statements:
        tables.run(statement)
    try:
        configured = tables.settings
        query = {"database": configured.clickhouse_database, "query": "INSERT INTO late (x) FORMAT TSV"}
        request = urllib.request.Request(f"{configured.clickhouse}/?{urlencode(query)}", data=data, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.headers["X-ClickHouse-Exception-Code"] == str(code)
        assert f"Code: {code}." in refused.value.read().decode()
    finally:
        tables.run("DROP VIEW IF EXISTS late_mv")
        tables.run("DROP TABLE late")
