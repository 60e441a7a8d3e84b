"""Lays out a world: the roster first, then ticks and facts aimed at the edges that it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.oracle.dice import Dice
from tests.oracle.oracle import DAY_MS, Entry, Fact, Record, wall_clock
from tests.oracle.records import SECOND, Told, World, day, employee, entered, punch, shown_by, status
from tests.oracle.roster import GHOST, OFFICE_LON, WIB, Chain, Roster, Size, office_lat

HOUR, MINUTE = 3_600_000, 60_000


class _Turn(NamedTuple):
    """A moment at which a rule may turn, and which one: facts and ticks are aimed at these."""

    moment: int
    role: str
    work_date: int
    zone: str


COMING = ("start", "grace", "cutoff", "opens", "closes")
GOING = ("end", "out_opens", "out_closes")
ENDINGS = ("cutoff", "waited", "closes", "closed", "papers", "midnight", "start", "out_closes")
PROMISES = ("closes", "cutoff", "out_closes")


class Builder(Roster):
    """
    A roster and what happened then.

    Attributes:
        turns: every moment at which a rule may turn; edges: only the moments, rising.
        tick_moments: when the clock ticked, rising; the last is where the history ends.
    """

    def __init__(self, dice: Dice, size: Size, spices: frozenset[str]) -> None:
        super().__init__(dice, size, spices)
        self.device_facts: list[Fact] = []
        self.phone_facts: list[Fact] = []
        self.turns: list[_Turn] = []
        self.edges: list[int] = []
        self.tick_moments: list[int] = []

    def world(self) -> World:
        """Everything, in an order."""
        self.enter()
        self.turns = self.turning()
        self.edges = sorted({turn.moment for turn in self.turns})
        self.tick_moments = self.ticks()
        self.punches()
        self.statuses()
        self.chatter()
        self.walks()
        return World(self.in_order(), self.device_facts, self.phone_facts)

    def turning(self) -> list[_Turn]:
        """Every moment at which a rule may turn: edges of windows, cutoffs, waits, papers, midnights."""
        turns = []
        policies = self.policy_list or [self.policy("nowhere", self.since)[1]]
        for work_date in self.days:
            for zone in sorted(set(self.zone_of.values())):
                turns.append(_Turn(wall_clock(work_date, 0, zone), "midnight", work_date, zone))
                for shift in self.shift_list:
                    for role, moment in self.turns_of(shift, work_date, zone, policies):
                        turns.append(_Turn(moment, role, work_date, zone))
        return turns

    @staticmethod
    def turns_of(shift: Record, work_date: int, zone: str, policies: Sequence[Record]) -> Iterator[tuple[str, int]]:
        """The turns of one shift on one date."""
        start = wall_clock(work_date, shift["starts_s"], zone)
        end = wall_clock(work_date, shift["ends_s"], zone)
        if end <= start:
            end += DAY_MS
        closes = start + shift["in_closes_after_s"] * SECOND
        yield "start", start
        yield "end", end
        yield "opens", start - shift["in_opens_before_s"] * SECOND
        yield "closes", closes
        yield "out_opens", end - shift["out_opens_before_s"] * SECOND
        yield "out_closes", end + shift["out_closes_after_s"] * SECOND
        for policy in policies:
            cutoff = start + policy["cutoff_after_s"] * SECOND
            yield "grace", start + policy["grace_s"] * SECOND
            yield "cutoff", cutoff
            yield "waited", cutoff + policy["wait_s"] * SECOND
            yield "closed", closes + policy["wait_s"] * SECOND
            yield "papers", start + policy["papers_s"] * SECOND

    def aim(self, roles: Sequence[str], work_date: int | None = None, zone: str | None = None) -> int:
        """A moment of one of these roles, on that date and in that zone if there is one."""
        fitting = [turn for turn in self.turns if turn.role in roles] or self.turns
        if work_date is not None:
            fitting = [turn for turn in fitting if turn.work_date == work_date] or fitting
        if zone is not None:
            fitting = [turn for turn in fitting if turn.zone == zone] or fitting
        role = self.dice.pick(sorted({turn.role for turn in fitting}, key=lambda role: [*roles, role].index(role)))
        return self.dice.pick(sorted({turn.moment for turn in fitting if turn.role == role}))

    def punches(self) -> None:
        """Punches at and beside the edges, twice, again, under strange numbers, on strange devices."""
        dice = self.dice
        for employee_id, fingers in self.fingers.items():
            zone = self.zone_of[self.works_at[employee_id]]
            for work_date in self.days:
                for _ in range(dice.between(0, self.size.punches_per_day)):
                    if not fingers:
                        break
                    roles = dice.pick([COMING, COMING, GOING, COMING + GOING + ENDINGS])
                    beside = dice.pick([0, 0, SECOND, -SECOND, -MINUTE, MINUTE, -HOUR, HOUR // 2])
                    moment = self.aim(roles, work_date, zone) + beside
                    for device_id, pin in fingers if self.with_spice("double_punch", 20) else [dice.pick(fingers)]:
                        self.punched(device_id, pin, moment)
                        moment += dice.pick([0, MINUTE, HOUR])
                    if self.with_spice("walk", 40):
                        self.pinged(employee_id, moment + dice.pick([0, -MINUTE, 7 * MINUTE, -20 * MINUTE]))
        strays = dice.between(0, 3) if "stray_punch" in self.spices else 0
        for _ in range(strays):
            device_id = dice.pick([*self.clock_of, GHOST])
            moment = dice.pick([*self.edges, 946_684_800_000, day("2027-03-01") * DAY_MS])
            self.punched(device_id, dice.pick(["1", "77"]), moment)

    def punched(self, device_id: str, pin: str, moment: int) -> None:
        """One punch as its terminal writes it, delivered once or several times."""
        dice = self.dice
        device_time = shown_by(moment, self.clock_of.get(device_id, WIB))
        minute_only = self.with_spice("minute_only", 10)
        if minute_only:
            device_time -= device_time % MINUTE
        received_at = max(moment, self.edges[0]) + dice.pick([2, 0, 45, 7200]) * SECOND
        code = dice.pick([0, 1, 255])
        first = punch(device_id, pin, device_time, received_at, minute_only=minute_only, in_out_code=code)
        self.device_facts.append(first)
        if self.with_spice("double_punch", 20):
            self.device_facts.append(punch(device_id, pin, device_time + 2 * SECOND, received_at))
            others = [d for d in self.clock_of if d != device_id]
            if others and dice.chance(30):
                elsewhere = dice.pick(others)
                self.device_facts.append(punch(elsewhere, pin, shown_by(moment, self.clock_of[elsewhere]), received_at))
        while self.with_spice("redelivery", 25):
            changed = {
                "received_at": received_at + dice.pick([0, 0, 60, -60]) * SECOND,
                "digest": dice.pick([-5, 5, first[1]["digest"], 1 << 62]),
                "in_out_code": dice.pick([code, 1, -1]),
                "minute_only": minute_only and dice.chance(50),
            }
            if changed["digest"] == first[1]["digest"]:
                changed = {"received_at": changed["received_at"]}
            elif any(self.same_delivery(first[1] | changed, kind, record) for kind, record in self.device_facts):
                continue  # one digest stands for one content
            self.device_facts.append(("punch", first[1] | changed))

    @staticmethod
    def same_delivery(one: Record, kind: str, other: Record) -> bool:
        """Whether two deliveries of a punch tie: no producer makes those with different content."""
        tying = ("device_id", "pin", "device_time", "received_at", "digest")
        return kind == "punch" and all(one[name] == other[name] for name in tying)

    def statuses(self) -> None:
        """What terminals are known to have delivered: beside the edges, unknown, silent, nothing at all."""
        dice = self.dice
        end = self.tick_moments[-1]
        for device_id in [*self.clock_of, GHOST]:
            if device_id == GHOST and not self.with_spice("stray_punch", 30):
                continue
            told = []
            for _ in range(dice.between(0, self.size.statuses_per_device)):
                told.append(self.aim(PROMISES) + dice.pick([0, -1, 1, -MINUTE, HOUR]))
            told += dice.pick([[], [end], [end - dice.between(0, 40) * MINUTE], [self.aim(PROMISES), end + HOUR]])
            seen: set[int] = set()
            for through in told:
                observed_at = through + dice.between(1, 90) * SECOND
                silent_since = through - dice.between(1, 600) * SECOND if self.with_spice("silence", 30) else None
                if self.with_spice("status_tie", 30) and seen:
                    observed_at = max(seen)
                elif observed_at in seen:
                    continue
                seen.add(observed_at)
                delivered = None if self.with_spice("silence", 25) else through
                self.device_facts.append(status(device_id, observed_at, delivered, silent_since))

    def chatter(self) -> None:
        """What the judgement must pass over: device events, pings, face checks."""
        dice = self.dice
        for _ in range(dice.between(0, 2)):
            at = dice.pick(self.edges)
            event = {
                "device_id": dice.pick([*self.clock_of, GHOST]),
                "code": 4,
                "operator_pin": "",
                "device_time": shown_by(at, WIB),
                "values": ["0"],
                "received_at": at,
                "digest": dice.between(0, 9),
            }
            self.device_facts.append(("device_event", event))
        for _ in range(dice.between(0, 3)):
            employee_id, at = dice.pick(list(self.fingers)), dice.pick(self.edges)
            if dice.chance(50):
                self.looked(employee_id, at)
            else:
                self.pinged(employee_id, at)
        if self.with_spice("lent", 4):  # one photo for more people than anybody would believe
            at = dice.pick(self.edges)
            for number in range(dice.pick([50, 51, 52])):
                self.looked(employee(number), at, "cc" * 32)

    def walks(self) -> None:
        """Phones that speak for an hour or three of a shift: steps of seconds, minutes and more than a gap."""
        dice = self.dice
        for employee_id in self.fingers:
            for work_date in self.days:
                if not self.with_spice("walk", 85):
                    continue
                at = self.aim(["start", "opens", "cutoff", "end"], work_date, self.zone_of[self.works_at[employee_id]])
                at += dice.pick([0, -10 * MINUTE, HOUR, -HOUR, 123_456])
                made_up = dice.pick([0, 0, 15, 70]) if "made_up" in self.spices else 0
                for _ in range(dice.between(1, 25)):
                    at += dice.pick([5, 60, 300, 300, 300, 301, 600, 899, 900, 901, 1800]) * SECOND
                    self.pinged(employee_id, at, made_up)
                    if dice.chance(10):  # the same moment, or a second before it, from elsewhere
                        self.pinged(employee_id, at - dice.pick([0, SECOND]), made_up)

    def pinged(self, employee_id: str, at: int, made_up: int = 0) -> None:
        """One ping, somewhere about the office; ``made_up``: so often in a hundred not where it says."""
        dice = self.dice
        lat = office_lat(self.works_at[employee_id])
        north = dice.pick([0, 0, 0, 0, 0.0005, 0.0009, 0.0011, 0.002, 0.01])
        if self.with_spice("jump", 6):
            north = dice.pick([1.0, 0.4, -0.4, 0.05, 0.1])
        accuracies = [8.0, 20.0, 60.0, 200.0, 200.5, 3000.0, 40_000.0, 0.0, None]
        ping = {
            "lat": 95.0 if self.with_spice("jump", 2) else lat + north,
            "lon": OFFICE_LON + dice.pick([0, 0, 0, 0.0002, -0.0009, 0.002]),
            "accuracy_m": dice.pick(accuracies) if dice.chance(40) else 8.0,
            "fixed_at": at,
            "speed_mps": None,
            "mock": True if dice.chance(made_up) else dice.pick([None, False]),
            "battery": dice.pick([None, 0.5]),
        }
        self.phone_facts.append(("ping", self.phone(employee_id, at) | ping))

    def looked(self, employee_id: str, at: int, photo: str | None = None) -> None:
        """A face checked; ``photo``: the one of many."""
        dice = self.dice
        photos = [None, None, hashlib.sha256(employee_id.encode()).hexdigest()]
        face = {
            "taken_at": at,
            "mock": None,
            "match": 0.5,
            "liveness": None,
            "model": "m",
            "photo_sha256": photo or ("dd" * 32 if self.with_spice("lent", 40) else dice.pick(photos)),
            "photo_phash": None,
        }
        self.phone_facts.append(("face_check", self.phone(employee_id, at) | face))

    def phone(self, employee_id: str, at: int) -> Record:
        """Whose phone speaks, and when it was heard: mostly his own and at once."""
        dice = self.dice
        late = dice.pick([1, 3600, 40 * 86_400, 46 * 86_400, -7200]) if dice.chance(20) else 1
        used: Record = {
            "employee_id": employee_id,
            "install_id": f"install-{employee_id}",
            "received_at": at + late * SECOND,
            "boot_id": None,
            "elapsed_ms": None,
            "imei": None,
        }
        if dice.chance(30):
            used |= {"boot_id": f"boot-{employee_id}", "elapsed_ms": at % DAY_MS}
        if self.with_spice("lent", 12):
            used |= dice.pick(
                [
                    {"boot_id": "boot-lent"},
                    {"boot_id": "boot-other", "imei": "350000000000000"},
                    {"imei": "350000000000000"},
                    {"install_id": "install-lent"},
                    {"boot_id": "", "imei": ""},
                ]
            )
        return used

    # ---- order

    def ticks(self) -> list[int]:
        """Moments of ticks, whole minutes, rising; the last is where the history ends."""
        dice = self.dice
        last = self.aim(ENDINGS, dice.pick(self.days[-3:] if self.size.full else self.days)) + dice.pick(
            [0, 0, MINUTE, -MINUTE, 17 * MINUTE]
        )
        last = -(-last // MINUTE) * MINUTE
        if "midnight" not in self.spices and 15 <= last // HOUR % 24 < 17:
            last = last // DAY_MS * DAY_MS + 17 * HOUR
        moments = {last}
        for _ in range(dice.between(0, self.size.ticks - 1)):
            earlier = dice.pick(self.edges) // MINUTE * MINUTE
            if earlier < last:
                moments.add(earlier)
        return sorted(moments)

    def in_order(self) -> list[Entry]:
        """The one log: chains interleaved with each other and with the ticks, numbered with gaps."""
        dice = self.dice
        ticks: list[Told] = []
        for at in self.tick_moments:
            ticks.append(entered("tick", at=at))
            if self.with_spice("repeated_tick", 15):
                ticks.append(entered("tick", at=at))
        late = self.entered_late
        early: list[Chain] = []
        for chain in self.chains:
            (late if self.with_spice("late_reference", 20) else early).append(chain)
        log = self.merged(early) + self.merged([ticks, *late]) + self.merged(self.unsettled)
        entries: list[Entry] = []
        offset = dice.between(0, 3)
        for kind, record in log:
            entries.append((offset, kind, {**record, "recorded_at": self.edges[0] + offset}))
            offset += 1 if not dice.chance(5) else dice.between(2, 5)
        return entries

    def merged(self, chains: Sequence[Chain]) -> list[Told]:
        """Chains as one list, each keeping its own order."""
        waiting = [list(chain) for chain in chains if chain]
        merged = []
        while waiting:
            chain = waiting[self.dice.between(0, len(waiting) - 1)]
            merged.append(chain.pop(0))
            waiting = [chain for chain in waiting if chain]
        return merged
