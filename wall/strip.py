"""
A shift as a picture: hour by hour where the phone was, as far as it was judged, and the same as a list. Pure.

What is unknown is a gap, never an absence; what was not judged yet is neither, and stays open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hadir.words import PRESENCE, clock, duration, place_word

HOUR = timedelta(hours=1)
MOST_LABELS = 10
"""Of a longer shift every second hour is named, or every third: that many fit side by side on a phone."""
AWAY = ("off", "leave", "field_duty", "not_judged")
"""States in which there is no duty at the office, so that no position counts."""

Row = Mapping[str, Any]


def strip(stay: Row, language: str) -> dict[str, Any]:
    """
    What the page draws.

    Args:
        stay: row of ``v_presence``.
        language: one of ``hadir.words.LANGUAGES``.

    Returns:
        ``until``, ``end``: local times, ``HH.MM``; ``complete``: the whole shift is judged.
        ``hours``: those that have begun: ``s``, seconds judged; ``said``, a sentence; ``parts``: place, seconds and
        minutes of each place in it. The seconds of all and ``later_s`` are the shift's.
        ``labels``: hours of the clock below the strip, ``at`` as a share of the shift, 0 to 1.
        ``places``: of each its word and its time in words; ``windows``: in order, each of one place.
    """
    zone = ZoneInfo(stay["timezone"])
    start, end, until = (stay[column].astimezone(zone) for column in ("shift_start_at", "shift_end_at", "until_at"))
    spent = {place: sum(hour[f"{place}_s"] for hour in stay["hours"]) for place in PRESENCE}
    return {
        "until": _time(until),
        "end": _time(end),
        "complete": bool(stay["complete"]),
        "hours": [_hour(hour, zone, language) for hour in stay["hours"]],
        "later_s": int((end - until).total_seconds()),
        "labels": list(_labels(start, end)),
        "places": [
            {"place": place, "word": place_word(place, language), "time": duration(seconds, language)}
            for place, seconds in spent.items()
        ],
        "windows": [
            {
                "from": _time(window["from_at"].astimezone(zone)),
                "to": _time(window["to_at"].astimezone(zone)),
                "place": window["place"],
                "said": place_word(window["place"], language),
            }
            for window in stay["windows"]
        ],
    }


def why_none(day: Row, phone: bool, place: bool) -> str:
    """
    Why there is nothing to draw of a row of ``v_person_day``: ``no_duty``, ``no_phone``, ``no_place`` (of the unit, on
    record) or ``none_yet``.
    """
    if day["state"] in AWAY:
        return "no_duty"
    if not phone:
        return "no_phone"
    return "none_yet" if place else "no_place"


def _hour(hour: Row, zone: ZoneInfo, language: str) -> dict[str, Any]:
    seconds = {place: int(hour[f"{place}_s"]) for place in PRESENCE}
    begin = hour["from_at"].astimezone(zone)
    told = ", ".join(f"{place_word(place, language)} {duration(s, language)}" for place, s in seconds.items() if s)
    return {
        "s": sum(seconds.values()),
        "said": f"{_time(begin)}–{_time(begin + timedelta(seconds=sum(seconds.values())))}: {told}",
        "parts": [
            {"place": place, "s": s, "m": m}
            for (place, s), m in zip(seconds.items(), _minutes(seconds), strict=True)
            if s
        ],
    }


def _minutes(seconds: Mapping[str, int]) -> Iterator[int]:
    """Whole minutes that add up to those of the sum."""
    passed = shown = 0
    for one in seconds.values():
        passed += one
        yield round(passed / 60) - shown
        shown = round(passed / 60)


def _labels(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """Start, end, and full hours between them that leave room for those two."""
    length = (end - start).total_seconds()
    step = -(-length // (HOUR.total_seconds() * MOST_LABELS))
    yield {"at": 0.0, "text": _label(start)}
    full = start.replace(minute=0, second=0, microsecond=0)
    while (full := full + HOUR) < end:
        if full.hour % step == 0 and full - start >= step * HOUR and end - full >= step * HOUR:
            yield {"at": (full - start).total_seconds() / length, "text": _label(full)}
    yield {"at": 1.0, "text": _label(end)}


def _label(moment: datetime) -> str:
    return f"{moment:%H}" if moment.minute == 0 else _time(moment)


def _time(moment: datetime) -> str:
    return clock(f"{moment:%H:%M}")
