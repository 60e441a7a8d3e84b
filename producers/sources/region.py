"""What the gateway must know of the region: which terminals there are, their zones, and when cutoffs fall."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from producers.protocols.adms import SOURCE
from schemas.codec import decode, schema_of

LAST_SECOND_MS = 1000  # terminals know seconds: a window is over when its last one is
EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY_S = 86_400
_FOLDED = frozenset(("device", "unit", "shift", "policy", "period"))


def utc_offset_s(zone: str, at: int) -> int:
    """Seconds that a zone is ahead of UTC at a moment (milliseconds UTC)."""
    return _quarter_offset_s(zone, at // 900_000)


@lru_cache(maxsize=10_000)
def _quarter_offset_s(zone: str, quarter: int) -> int:
    """No zone changes its offset within a quarter of an hour of UTC."""
    offset = datetime.fromtimestamp(quarter * 900, ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def local_day(zone: str, at: int) -> int:
    """The local date of a moment (milliseconds UTC), days since 1970."""
    return (at // 1000 + utc_offset_s(zone, at)) // DAY_S


def midnight_ms(zone: str, day: int) -> int:
    """The moment (milliseconds UTC) at which a local date begins."""
    local = datetime.combine(date.fromordinal(EPOCH_DAY + day), datetime.min.time(), ZoneInfo(zone))
    return int(local.timestamp()) * 1000


class Region:
    """
    A fold over ``reference``: devices, units' zones, shifts, policies and open months; all else is passed over.

    Every record goes in by ``fold`` in order of offset; the last of an identity counts, a void one is as if never
    entered.
    """

    def __init__(self) -> None:
        self._records: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {name: {} for name in _FOLDED}
        self._devices: dict[str, dict[int, dict[str, Any]]] = {}
        self._zones: dict[str, str] = {}
        self._calendars: dict[str, tuple[int, list[int]]] = {}

    def fold(self, value: bytes | None) -> None:
        """
        Take one record in; types that the gateway has no use for are not decoded.

        Raises:
            InvalidFact: a broken frame.
        """
        schema = schema_of(value)
        if schema.name not in _FOLDED:
            return
        name, record = decode(value)
        key = tuple(record[field] for field in schema.identity)
        if record["void"]:
            self._records[name].pop(key, None)
        else:
            self._records[name][key] = record
        if name == "device":
            spans = self._devices.setdefault(record["device_id"], {})
            spans.pop(record["valid_from"], None)
            if not record["void"]:
                spans[record["valid_from"]] = record
        if name == "unit":
            self._zones = {u["unit_id"]: u["timezone"] for u in self._records["unit"].values()}
        self._calendars.clear()

    def serials(self) -> list[str]:
        """Serial numbers of the terminals that may push: the allow-list."""
        return [serial for serial in self._devices if self.knows(serial)]

    def knows(self, serial: str, protocol: str = SOURCE) -> bool:
        """
        Whether a terminal may speak by a protocol: some ``device`` record says that it does. A retired one may: what it
        still holds belongs to days before.
        """
        return any(record["protocol"] == protocol for record in self._devices.get(serial, {}).values())

    def records_of(self, serial: str) -> list[dict[str, Any]]:
        """All ``device`` records of a serial number, whatever their protocol and dates."""
        return list(self._devices.get(serial, {}).values())

    def device(self, serial: str, at: int) -> dict[str, Any] | None:
        """The ``device`` record that covers a moment's local date; None: not yet, or retired."""
        for record in self._devices.get(serial, {}).values():
            day = local_day(record["timezone"], at)
            if record["valid_from"] <= day and (record["valid_to"] is None or day <= record["valid_to"]):
                return record
        return None

    def zone(self, serial: str, at: int) -> str:
        """Zone of a known terminal's clock: of the record that covers the moment, else of the latest one."""
        record = self.device(serial, at)
        if record is None:
            spans = self._devices[serial]
            record = spans[max(spans)]
        zone: str = record["timezone"]
        return zone

    def first_day(self, serial: str) -> int:
        """The first local date on which a known terminal was there, days since 1970."""
        return min(self._devices[serial])

    def due(self, serial: str, at: int) -> int | None:
        """
        The last moment at or before ``at`` after which this terminal must be asked for what it holds.

        These are cutoff, closing of the in-window and closing of the out-window of every shift in force, in the zones
        of the terminal and of its unit; whether anybody works that shift there is not looked at, so a terminal may be
        asked once more than needed, never once too few.

        Returns:
            Milliseconds UTC; None: no such moment within two days, or the terminal is not in use.
        """
        device = self.device(serial, at)
        if device is None:
            return None
        zones = {device["timezone"], self._zones.get(device["unit_id"], device["timezone"])}
        moments = []
        for zone in zones:
            calendar = self._calendar(zone, at)
            place = bisect_right(calendar, at)
            if place:
                moments.append(calendar[place - 1])
        return max(moments, default=None)

    def _calendar(self, zone: str, at: int) -> list[int]:
        today = local_day(zone, at)
        known = self._calendars.get(zone)
        if known is None or known[0] != today:
            moments = {m for day in range(today - 2, today + 1) for m in self._moments(zone, day)}
            known = self._calendars[zone] = (today, sorted(moments))
        return known[1]

    def _moments(self, zone: str, day: int) -> set[int]:
        """Moments of the shifts that begin on one local date."""

        def in_force(name: str) -> list[dict[str, Any]]:
            return [
                r
                for r in self._records[name].values()
                if r["valid_from"] <= day and (r["valid_to"] is None or day <= r["valid_to"])
            ]

        midnight = midnight_ms(zone, day)
        cutoffs = {policy["cutoff_after_s"] for policy in in_force("policy")}
        seconds: set[int] = set()
        for shift in in_force("shift"):
            seconds |= {shift["starts_s"] + cutoff for cutoff in cutoffs}
            seconds.add(shift["starts_s"] + shift["in_closes_after_s"])
            seconds.add(shift["ends_s"] + shift["out_closes_after_s"])
        return {midnight + s * 1000 + LAST_SECOND_MS for s in seconds}

    def first_open_day(self, zone: str, at: int) -> int:
        """First day of the earliest month that is open, else of the present month; days since 1970."""
        opened = [r["period"] for r in self._records["period"].values() if r["state"] == "open"]
        today = date.fromordinal(EPOCH_DAY + local_day(zone, at))
        month = min([*opened, today.strftime("%Y-%m")])
        return date.fromisoformat(f"{month}-01").toordinal() - EPOCH_DAY


def wall_clock(zone: str, at: int) -> int:
    """What a right clock of the zone shows at a moment, as if UTC, milliseconds."""
    return at + utc_offset_s(zone, at) * 1000


def moment_of(zone: str, wall: int) -> int:
    """The moment (milliseconds UTC) at which a right clock of the zone shows ``wall`` (as if UTC)."""
    naive = datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(milliseconds=wall)
    return round(naive.timestamp() * 1000)
