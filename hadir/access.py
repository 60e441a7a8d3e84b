"""
Leaders' accounts in ClickHouse: a file of ``users.d`` each, with the row policies that keep them to their units.

The units stand in the file, letter by letter. A list that a table, or a setting of the session, would hold could be
changed by whoever can write there; and a unit that is founded later is not seen until the file is written again, which
is the right way to be wrong.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

DATABASE = "hadir"
FILTERED = ("v_attendance", "v_attendance_history", "v_device", "v_flag", "v_office_day", "v_parked", "v_person_day")
"""Views of the role ``leader`` that show people or terminals; each has a column ``unit_id``."""
OPEN = ("v_policy", "v_today", "v_unit")
"""Its other views: rules, the date and the names of offices are no secret within a government."""
RESERVED = frozenset({"admin", "analyst", "default", "grafana", "hadir", "leader", "notify", "wall"})
_NAME = re.compile(r"[a-z][a-z0-9_-]{2,39}")


def condition(units: Iterable[str]) -> str:
    """
    The row policy: rows of these units and no others.

    Raises:
        ValueError: no unit at all.

    >>> condition(["dinkes", "o'hara"])
    "unit_id IN ('dinkes', 'o\\\\'hara')"
    """
    quoted = [unit.replace("\\", "\\\\").replace("'", "\\'") for unit in sorted(set(units))]
    if not quoted:
        raise ValueError("a leader needs at least one unit")
    return "unit_id IN ({})".format(", ".join(f"'{unit}'" for unit in quoted))


def leader_file(name: str, password: str, units: Iterable[str]) -> str:
    """
    Text of ``users.d/leader-NAME.xml``.

    Args:
        password: long and random: the file holds its SHA-256, which a weak one would not survive.
        units: ids of all units whose rows may be read, those below included.

    Raises:
        ValueError: a name that is taken by hadir or has other letters than a-z, 0-9, _ and -; no unit.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise ValueError("a name has 3 to 40 of a-z, 0-9, _ and -, begins with a letter, and is none of hadir's own")
    only = escape(condition(units))
    filters = "\n".join(f"          <{view}><filter>{only}</filter></{view}>" for view in FILTERED)
    return f"""\
<clickhouse>
  <users>
    <{name}>
      <password_sha256_hex>{hashlib.sha256(password.encode()).hexdigest()}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>reader</profile>
      <quota>default</quota>
      <grants><query>GRANT leader</query></grants>
      <databases>
        <{DATABASE}>
{filters}
        </{DATABASE}>
      </databases>
    </{name}>
  </users>
</clickhouse>
"""
