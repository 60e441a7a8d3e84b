"""A shift as a picture: hours and windows are the row's own, whatever the shift; what is not judged is not drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadir.words import LANGUAGES, PRESENCE
from streams.folds.limits import USUAL
from streams.rules.presence import presence
from wall.strip import MOST_LABELS, strip, why_none

MIDNIGHT = 1_795_366_800  # 2026-11-23 00:00 in Jakarta
PLACES = {"inside": (-7_470_000, 112_430_000, 10, False), "outside": (-7_400_000, 112_430_000, 10, False)}


def moment(second: int) -> datetime:
    """As ClickHouse gives it."""
    return datetime.fromtimestamp(second, UTC)


def stay(start: int, end: int, until: int, seen: dict[int, str]) -> dict[str, Any]:
    """A row of v_presence in Jakarta, made by the rule; ``seen``: place by second."""
    fixes = [(second, *PLACES[place]) for second, place in sorted(seen.items()) if second < until]
    found = presence(fixes, [(-7_470_000, 112_430_000, 0.99, 100)], start, until, 7 * 3600, USUAL)
    return {
        "timezone": "Asia/Jakarta",
        "shift_start_at": moment(start),
        "shift_end_at": moment(end),
        "until_at": moment(until),
        "complete": until == end,
        "windows": [{"from_at": moment(w.start), "to_at": moment(w.end), "place": w.place} for w in found.windows],
        "hours": [
            {"from_at": moment(at), "inside_s": inside, "outside_s": outside, "unknown_s": unknown}
            for at, inside, outside, unknown in found.hours
        ],
    }


@st.composite
def stays(draw: st.DrawFn) -> dict[str, Any]:
    """Any shift, judged through any second of it, with a phone that speaks now and then."""
    start = MIDNIGHT + 60 * draw(st.integers(0, 24 * 60 - 1))
    end = start + 60 * draw(st.integers(1, 24 * 60))
    until = draw(st.one_of(st.just(end), st.integers(start + 1, end)))
    seen = draw(st.dictionaries(st.integers(start - 3600, until), st.sampled_from(sorted(PLACES)), max_size=40))
    return stay(start, end, until, seen)


def seconds(local: str) -> int:
    """``HH.MM`` as a second of the day."""
    hours, minutes = local.split(".")
    return int(hours) * 3600 + int(minutes) * 60


@given(stays(), st.sampled_from(LANGUAGES))
def test_what_is_drawn_is_the_shift(row: dict[str, Any], language: str) -> None:
    """Hours and what is not judged yet are as long as the shift, parts as long as their hour; no place is left out."""
    drawn = strip(row, language)
    length = (row["shift_end_at"] - row["shift_start_at"]).total_seconds()
    assert sum(hour["s"] for hour in drawn["hours"]) + drawn["later_s"] == length
    assert (drawn["later_s"] == 0) == drawn["complete"]
    for hour in drawn["hours"]:
        assert sum(part["s"] for part in hour["parts"]) == hour["s"]
        assert sum(part["m"] for part in hour["parts"]) == round(hour["s"] / 60)
        assert all(part["s"] > 0 for part in hour["parts"])
    assert [one["place"] for one in drawn["places"]] == list(PRESENCE)


@given(stays())
def test_list_says_what_the_hours_say(row: dict[str, Any]) -> None:
    """Windows follow each other from the start to where it is judged, and their places last as long as in the hours."""
    drawn = strip(row, "id")
    windows = drawn["windows"]
    assert all(one["to"] == two["from"] for one, two in pairwise(windows))
    assert windows[-1]["to"] == drawn["until"]
    for place in PRESENCE:
        parts = sum(part["s"] for hour in drawn["hours"] for part in hour["parts"] if part["place"] == place)
        listed = sum((w["to_at"] - w["from_at"]).total_seconds() for w in row["windows"] if w["place"] == place)
        assert parts == listed


@given(stays())
def test_labels_stand_in_order_and_leave_room(row: dict[str, Any]) -> None:
    """From the start to the end of the shift; never more than fit side by side."""
    labels = strip(row, "id")["labels"]
    places = [one["at"] for one in labels]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)
    assert len(labels) <= MOST_LABELS + 2
    length = (row["shift_end_at"] - row["shift_start_at"]).total_seconds()
    if len(labels) > 2:
        assert min(two - one for one, two in pairwise(places)) >= 1 / (MOST_LABELS + 1)
        assert min(two - one for one, two in pairwise(places)) * length >= 3599


def test_a_morning_that_is_not_over() -> None:
    """Inside from the start; a silence from 08.30 that is unknown; from 09.10 on nothing is said."""
    begin = MIDNIGHT + seconds("07.30")
    seen = dict.fromkeys(range(begin - 300, MIDNIGHT + seconds("08.30") + 1, 300), "inside")
    drawn = strip(stay(begin, begin + 30_600, MIDNIGHT + seconds("09.10"), seen), "id")
    assert [hour["said"] for hour in drawn["hours"]] == [
        "07.30–08.00: Di tempat kerja 30 menit",
        "08.00–09.00: Di tempat kerja 30 menit, Tidak diketahui 30 menit",
        "09.00–09.10: Tidak diketahui 10 menit",
    ]
    assert (drawn["until"], drawn["end"], drawn["complete"]) == ("09.10", "16.00", False)
    assert drawn["later_s"] == seconds("16.00") - seconds("09.10")
    assert [one["text"] for one in drawn["labels"]] == ["07.30", "09", "10", "11", "12", "13", "14", "15", "16"]
    assert [one["time"] for one in drawn["places"]] == ["1 jam", "0 menit", "40 menit"]
    assert drawn["windows"] == [
        {"from": "07.30", "to": "08.30", "place": "inside", "said": "Di tempat kerja"},
        {"from": "08.30", "to": "09.10", "place": "unknown", "said": "Tidak diketahui"},
    ]


def test_a_night_goes_over_midnight() -> None:
    """By the unit's clock, in English."""
    begin = MIDNIGHT + seconds("21.00")
    drawn = strip(stay(begin, begin + 10 * 3600, begin + 4 * 3600, {}), "en")
    assert [one["text"] for one in drawn["labels"]] == [
        "21",
        "22",
        "23",
        "00",
        "01",
        "02",
        "03",
        "04",
        "05",
        "06",
        "07",
    ]
    assert drawn["hours"][3]["said"] == "00.00–01.00: Not known 1 h"


@pytest.mark.parametrize(
    ("state", "phone", "place", "reason"),
    [
        ("leave", True, True, "no_duty"),
        ("off", False, False, "no_duty"),
        ("late", False, True, "no_phone"),
        ("late", False, False, "no_phone"),
        ("present", True, False, "no_place"),
        ("absent", True, True, "none_yet"),
    ],
)
def test_nothing_to_draw_has_a_reason(state: str, phone: bool, place: bool, reason: str) -> None:
    """The nearest one: who has no duty needs no phone, who has no phone no place."""
    assert why_none({"state": state}, phone, place) == reason
