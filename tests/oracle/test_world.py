"""Worlds are what they claim: valid records, every state in them, told in any order with the same outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import codec
from tests.oracle.dice import SeededDice
from tests.oracle.flags import flag_rows
from tests.oracle.oracle import (
    DAY_MS,
    PunchId,
    attendance_rows,
    attribution_rows,
    covers,
    differences,
    horizon_of,
    in_force,
    of_open_months,
)
from tests.oracle.records import World
from tests.oracle.world import DISPUTED, SETTLED, Size, build, city, interleaving, plans, smallest, vouched, worlds

STATES = {
    ("not_judged", "no_schedule"),
    ("not_judged", "not_in_force"),
    ("off", "holiday"),
    ("off", "day_off"),
    ("leave", "sakit"),
    ("leave", "tahunan"),
    ("field_duty", "dinas_luar"),
    ("not_due_yet", ""),
    ("awaited", ""),
    ("not_here", ""),
    ("undetermined", "no_terminal"),
    ("undetermined", "unsettled_enrolment"),
    ("undetermined", "terminal_incomplete"),
    ("absent", ""),
    ("unexplained", ""),
    ("present", ""),
    ("late", ""),
    ("present_unmeasured", "no_terminal"),
    ("present_unmeasured", "unsettled_enrolment"),
    ("present_unmeasured", "terminal_incomplete"),
}
"""Every state with every reason of the schema."""


def seeded(seed: int, spices: frozenset[str] = SETTLED) -> World:
    """A small world by number."""
    return build(SeededDice(seed), Size(), spices)


def test_every_record_is_valid() -> None:
    """Every record of a world goes through its schema and comes back the same, ``reference_offset`` last and -1."""
    for seed in range(40):
        world = seeded(seed, SETTLED | DISPUTED)
        for kind, record in [(kind, record) for _, kind, record in world.reference] + world.facts:
            assert codec.decode(codec.encode(kind, record)) == (kind, record)
        for _, kind, record in world.reference:
            codec.with_reference_offset(codec.encode(kind, record), 300)


def test_every_state_and_reason_occurs() -> None:
    """Whatever the schema can say some small world makes it say, and no world says anything else."""
    seen: Counter[tuple[str, str]] = Counter()
    for seed in range(600):
        world = seeded(seed)
        rows = attendance_rows(world.facts, world.reference, world.horizon)
        seen.update((row["state"], row["reason"]) for row in rows.values())
    assert set(seen) == STATES


def test_offsets_rise_and_ticks_with_them() -> None:
    """One ordered log: offsets rise; moments of ticks rise with them, except where a minute ticks twice."""
    for seed in range(60):
        world = seeded(seed, SETTLED | {"repeated_tick"})
        offsets = [offset for offset, _, _ in world.reference]
        assert offsets == sorted(set(offsets))
        ticks = [record["at"] for _, kind, record in world.reference if kind == "tick"]
        assert ticks == sorted(ticks)
        assert all(at % 60_000 == 0 for at in ticks)


def test_settled_worlds_hang_on_no_reading() -> None:
    """Without disputed spices no date has two records of a kind where the spine has no rule, or none."""
    for seed in range(200):
        world = seeded(seed)
        alone: dict[str, Callable[..., object]] = {
            "unit": lambda r: r["unit_id"],
            "unit_mode": lambda r: r["unit_id"],
            "device": lambda r: r["device_id"],
            "assignment": lambda r: r["employee_id"],
            "shift": lambda r: r["shift_id"],
            "policy": lambda r: None,
            "leave": lambda r: r["employee_id"],
        }
        horizon = horizon_of(world.reference)
        assert horizon is not None
        today = (horizon.at + 7 * 3_600_000) // DAY_MS
        for kind, owner in alone.items():
            for day in range(today - 10, today + 1):
                owners = Counter(owner(r) for r in in_force(world.reference, kind) if covers(r, day))
                assert all(count == 1 for count in owners.values()), (kind, day)
        for assignment in in_force(world.reference, "assignment"):
            for day in range(assignment["valid_from"], min(today, assignment["valid_to"] or today) + 1):
                for kind in ("unit", "unit_mode"):
                    records = in_force(world.reference, kind)
                    assert any(r["unit_id"] == assignment["unit_id"] and covers(r, day) for r in records), (kind, day)
                assert any(covers(r, day) for r in in_force(world.reference, "policy"))


def test_settled_worlds_withdraw_no_row() -> None:
    """Without disputed spices a row shown at some offset has its place in the end too, if its month is open."""
    for seed in range(120):
        world = seeded(seed)
        final = attendance_rows(world.facts, world.reference, world.horizon)
        for count in range(len(world.reference)):
            known = world.reference[:count]
            shown = attendance_rows(world.facts, known, horizon_of(known))
            assert of_open_months(shown, world.reference).keys() <= final.keys(), (seed, count)


def test_unknown_spice_is_refused() -> None:
    """A typing error in a test mustn't make worlds tame."""
    with pytest.raises(ValueError, match="salt"):
        build(SeededDice(1), Size(), {"salt"})


def test_worlds_without_spices_are_plain() -> None:
    """No spice: no state that comes of mistakes."""
    for seed in range(60):
        world = seeded(seed, frozenset())
        rows = attendance_rows(world.facts, world.reference, world.horizon)
        assert not {row["reason"] for row in rows.values()} & {"no_terminal", "unsettled_enrolment", "no_schedule"}


def test_city_is_the_same_for_the_same_seed() -> None:
    """A bigger world can be named by its number."""
    one, same, other = city(5), city(5), city(6)
    assert (one.reference, one.device_facts, one.phone_facts) == (same.reference, same.device_facts, same.phone_facts)
    assert one.reference != other.reference
    assert len(attendance_rows(one.facts, one.reference, one.horizon)) > 100


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds(SETTLED | DISPUTED), st.integers(0, 1 << 20))
def test_order_and_repetition_change_nothing(world: World, seed: int) -> None:
    """The rows are a function of the set of facts: every plan gives the same."""
    expected = attendance_rows(world.device_facts, world.reference, world.horizon)
    owners = attribution_rows(world.device_facts, world.reference)
    for plan in plans(world, seed, count=4):
        facts = plan.device_facts + plan.phone_facts
        assert not differences(expected, attendance_rows(facts, plan.reference_records[::-1], world.horizon))
        assert not differences(owners, attribution_rows(facts, plan.reference_records))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds())
def test_rows_hold_together(world: World) -> None:
    """What every row must keep to, whatever the world: the spine's promises, column against column."""
    horizon = world.horizon
    assert horizon is not None
    for row in attendance_rows(world.facts, world.reference, horizon).values():
        came = row["state"] in ("present", "late")
        assert (row["in_at"] is not None) == came == (row["in_device_id"] != "")
        assert (row["late_s"] > 0) == (row["state"] == "late")
        assert [p["used_as"] for p in row["punches"]].count("in") == int(came)
        assert [p["used_as"] for p in row["punches"]].count("out") == int(row["out_at"] is not None)
        assert row["open_until"] is None or row["open_until"] > horizon.at
        open_ended = ("not_due_yet", "awaited", "not_here", "undetermined", "absent")
        assert (row["open_until"] is not None) == (row["state"] in open_ended)
        if row["missing"]:
            assert row["state"] in ("undetermined", "present_unmeasured")
        if row["state"] in ("absent", "unexplained"):
            assert horizon.at >= row["cutoff_at"]


def test_city_holds_every_sign_of_manipulation() -> None:
    """Every rule finds something, at every score, and journeys begin and end at terminals as well as at phones."""
    world = city(9)
    rows = flag_rows(world.facts, world.reference, world.horizon).values()
    found = [(finding.rule, *finding.evidence[0]) for row in rows for finding in row.findings]
    journeys = [evidence for rule, _, evidence in found if rule == "impossible_travel"]
    assert {(bool(e["from_device"]), bool(e["to_device"])) for e in journeys} >= {(False,) * 2, (True, False)}
    assert any(e["to_device"] for e in journeys)
    scores = {(rule, score) for rule, score, _ in found if rule != "impossible_travel"}
    assert scores == {("mock_location", 0.5), ("mock_location", 1.0), ("shared_phone", 0.8), ("shared_phone", 1.0)}


def test_plans_repeat_and_lose_nothing() -> None:
    """Every plan tells every fact at least once, nothing else, and keeps the order of ``reference``."""
    world = city(2)
    for plan in plans(world, seed=9, count=5):
        assert plan.reference_records == world.reference
        for told, facts in ((plan.device_facts, world.device_facts), (plan.phone_facts, world.phone_facts)):
            assert {repr(fact) for fact in told} == {repr(fact) for fact in facts}
    assert plan.device_facts != world.device_facts
    assert len(plan.device_facts) > len(world.device_facts)


def test_interleaving_keeps_each_log_in_order() -> None:
    """All records of all three logs, each log in its own order, differently by the seed."""
    world = seeded(3)
    orders = set()
    for plan in plans(world, seed=4, count=8):
        order = interleaving(plan)
        orders.add(tuple(order))
        for log, records in zip(("reference", "device", "phone"), plan[:3], strict=True):
            assert [index for name, index in order if name == log] == list(range(len(records)))  # type: ignore[arg-type]
    assert len(orders) > 3


def test_smallest_keeps_only_what_it_takes() -> None:
    """Of a whole city, the few records that make somebody late."""

    def somebody_is_late(world: World) -> bool:
        rows = attendance_rows(world.facts, world.reference, world.horizon)
        return any(row["state"] == "late" for row in rows.values())

    small = smallest(next(w for w in map(seeded, range(99)) if somebody_is_late(w)), somebody_is_late)
    assert somebody_is_late(small)
    assert [kind for kind, _ in small.facts] == ["punch"]
    needed = {"unit", "unit_mode", "device", "shift", "schedule", "policy", "assignment", "enrolment", "period", "tick"}
    assert {kind for _, kind, _ in small.reference} == needed
    assert len(small.reference) == len(needed)
    assert "2026-1" in repr(small)


def test_vouched_statuses_follow_their_punches() -> None:
    """A faithful plan tells no status before a punch that it vouches for."""
    for seed in range(30):
        world = seeded(seed)
        rows = attribution_rows(world.device_facts, world.reference)
        for plan in plans(world, seed, count=4, faithful=True):
            assert sorted(map(repr, vouched(world, plan.device_facts))) == sorted(map(repr, plan.device_facts))
            first_seen: dict[PunchId, int] = {}
            for place, (kind, record) in enumerate(plan.device_facts):
                if kind == "punch":
                    first_seen.setdefault((record["device_id"], record["pin"], record["device_time"]), place)
            for place, (kind, record) in enumerate(plan.device_facts):
                if kind == "device_status" and record["delivered_through"] is not None:
                    for identity, first in first_seen.items():
                        occurred_at = rows[identity]["occurred_at"]
                        if identity[0] == record["device_id"] and occurred_at is not None:
                            assert first < place or occurred_at >= record["delivered_through"]
