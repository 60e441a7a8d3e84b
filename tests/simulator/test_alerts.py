"""Who must hear an alert of the made morning: by the world alone, and what a message must say to agree."""

from __future__ import annotations

from collections import Counter

from hadir.cli.demo_alerts import Hook
from producers.simulator.alerts import alert_faults, expected_alerts
from producers.simulator.city import DAY, make_city
from producers.simulator.judge import World
from producers.simulator.morning import make_morning
from producers.simulator.truth import make_truth

CITY = make_city(1, DAY, 200, 16)
MORNING = make_morning(CITY)
EXPECTED = expected_alerts(World(CITY, MORNING))


def test_offices_with_somebody_absent_or_in_doubt_must_hear() -> None:
    """Whoever is absent at the end was missing at the cutoff too; an office not in force hears nothing."""
    truth = make_truth(World(CITY, MORNING))
    gone = {row["unit_id"] for row in truth["people"].values() if row["state"] == "absent"}
    assert gone <= set(EXPECTED["must"]) <= set(EXPECTED["may"])
    assert "satpolpp" not in EXPECTED["may"]
    assert Counter(EXPECTED["must"]).most_common(1)[0][1] == 1


def test_ralat_is_for_whoever_was_shown_absent_and_was_there() -> None:
    """Entered at the other office's terminal at 08:00 is certain; a slow clock's late comers may be."""
    assert EXPECTED["ralat_must"] == ["dishub"]
    assert set(EXPECTED["ralat_may"]) == {"dishub", "kel-02"}


def test_difference_is_a_line_and_order_and_repetition_are_none() -> None:
    """Too few and too many are told apart."""
    told = [*EXPECTED["must"], *reversed(EXPECTED["must"])]
    assert alert_faults(EXPECTED, told, ["dishub"]) == []
    assert alert_faults(EXPECTED, told, []) == ["dishub: no Ralat, though it should have heard"]
    few = [unit for unit in told if unit != told[0]]
    assert alert_faults(EXPECTED, few, ["dishub"]) == [f"{told[0]}: no alert, though it should have heard"]
    assert alert_faults(EXPECTED, [*told, "satpolpp"], ["dishub"]) == [
        "satpolpp: alert, though there was nothing to tell"
    ]


def test_hook_knows_an_office_by_its_name() -> None:
    """SDN 1 is not SDN 10; what names no office is a fault of its own."""
    hook = Hook(0, {"SDN 1": "a", "SDN 1 Timur": "b", "SDN 10": "c"})
    hook.messages = [
        "[SEMENTARA] SDN 1 07.32 WIB: wajib 1.",
        "Ralat SDN 10 (uji coba) 08.02 WIB: wajib 1.\nStatus ...",
        "[SEMENTARA] Ralat SDN 1 Timur 08.02 WIB: wajib 1.",
        "SDN 100 07.32 WIB: wajib 1.",
    ]
    assert hook.told() == {"a", "b", "c", "nobody's: SDN 100 07.32 WIB: wajib 1."}
    assert hook.corrected() == {"b", "c"}
    assert hook.lines()[0] == "alerts 4"
