"""Who in the made city carries a registered phone: some people of ordinary offices, two of an office at a time."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from itertools import cycle
from uuid import UUID

from producers.simulator.world import Person, Phone

SHARE, FEWEST = 20, 24
"""One phone to so many people, but never fewer."""


def hand_out(
    rng: random.Random, members: Mapping[str, Sequence[Person]], taken: Collection[str], wanted: int, day: date
) -> tuple[Phone, ...]:
    """
    Give phones to people who have no other part to play.

    Args:
        rng: of this purpose alone.
        members: people of the offices that may have phones, by office.
        taken: staff numbers of people with a part.
        wanted: how many phones; fewer if there are not so many free people.
    """
    free = {unit_id: [p.staff_no for p in group if p.staff_no not in taken] for unit_id, group in members.items()}
    phones: list[Phone] = []
    for unit_id in cycle(sorted(free)):
        if len(phones) >= wanted or not any(free.values()):
            break
        for _ in range(min(2, len(free[unit_id]), wanted - len(phones))):
            staff_no = free[unit_id].pop(rng.randrange(len(free[unit_id])))
            install_id = str(UUID(int=rng.getrandbits(128), version=4))
            since = day - timedelta(days=rng.randint(5, 60))
            phones.append(Phone(staff_no, install_id, _token(rng), since))
    return tuple(phones)


def _token(rng: random.Random) -> str:
    """As a registration makes one, but from the city's own chance: 32 bytes, base64url without padding."""
    return base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip("=")


def token_sha256(token: str) -> str:
    """What the roster says of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
