"""
Who may sign in at the wall, and which units are theirs.

Accounts are a file of the data folder that only its owner may read (``hadir user``): passwords as scrypt hashes.
Whoever is signed in carries a cookie, signed with a key beside the accounts; it ends with its time, with the account,
and with a new password.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hadir.errors import Misconfigured

SESSION_S = 12 * 3600
TRIES = 5
TRIES_S = 60.0
"""So many wrong passwords for a name or from an address, then it waits."""
_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}


@dataclass(frozen=True)
class User:
    """``units``: ids of units whose people this account may see, those below them included; ``*``: all."""

    name: str
    units: tuple[str, ...]
    salt: str
    digest: str


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


def make_user(name: str, password: str, units: tuple[str, ...]) -> User:
    """A new account. Raises ValueError: a password shorter than 10 characters, no unit, a name with odd characters."""
    if len(password) < 10:
        raise ValueError("a password has at least 10 characters")
    if not units:
        raise ValueError("an account needs at least one unit")
    if not name or not name.isascii() or not name.replace("-", "").replace(".", "").isalnum():
        raise ValueError("a name has letters, digits, - and . only")
    salt = secrets.token_bytes(16)
    return User(name, units, salt.hex(), _scrypt(password, salt).hex())


class Accounts:
    """The file; read at every use, so that a change counts at once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall-users.json"
        self._key_file = folder / "wall-key"

    def read(self) -> dict[str, User]:
        """All accounts by name. Raises Misconfigured."""
        try:
            found = json.loads(self._file.read_text())
            return {one["name"]: User(**one | {"units": tuple(one["units"])}) for one in found}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError):
            raise Misconfigured(f"{self._file} is no list of accounts: remove it and add them again") from None

    def write(self, users: Mapping[str, User]) -> None:
        """Replace them all, at once."""
        _write_private(self._file, json.dumps([asdict(user) for user in users.values()], indent=1).encode())

    def key(self) -> bytes:
        """What cookies are signed with; made at the first use."""
        try:
            return self._key_file.read_bytes()
        except FileNotFoundError:
            _write_private(self._key_file, secrets.token_bytes(32))
            return self._key_file.read_bytes()

    def check(self, name: str, password: str) -> User | None:
        """The account, if the password is its own; takes as long for a name that does not exist."""
        user = self.read().get(name)
        salt = bytes.fromhex(user.salt) if user else b"\0" * 16
        right = hmac.compare_digest(_scrypt(password, salt).hex(), user.digest if user else "")
        return user if right else None


def _write_private(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    draft.replace(file)


class Sessions:
    """Makes and reads cookies; ``now_s``: seconds since 1970 by the machine's clock."""

    def __init__(self, accounts: Accounts, now_s: Callable[[], float]) -> None:
        self._accounts = accounts
        self._now_s = now_s

    def start(self, user: User) -> str:
        """A cookie's value."""
        return self._signed(user, int(self._now_s()) + SESSION_S)

    def user(self, cookie: str) -> User | None:
        """Whose cookie it is; None: not one of ours, or not valid any more."""
        name, _, rest = cookie.partition("|")
        until, _, _ = rest.partition("|")
        user = self._accounts.read().get(name)
        if user is None or not until.isdecimal() or int(until) < self._now_s():
            return None
        return user if hmac.compare_digest(self._signed(user, int(until)), cookie) else None

    def _signed(self, user: User, until: int) -> str:
        text = f"{user.name}|{until}"
        mark = hmac.new(self._accounts.key(), f"{text}|{user.digest}".encode(), "sha256").hexdigest()
        return f"{text}|{mark}"


class Patience:
    """Counts wrong passwords by name and by address; ``now_s`` as above."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._failed: dict[str, list[float]] = {}

    def spent(self, *whos: str) -> bool:
        """Whether one of them has tried too often lately."""
        since = self._now_s() - TRIES_S
        for who in list(self._failed):
            self._failed[who] = [at for at in self._failed[who] if at > since]
            if not self._failed[who]:
                del self._failed[who]
        return any(len(self._failed.get(who, ())) >= TRIES for who in whos)

    def failed(self, *whos: str) -> None:
        """A wrong password."""
        for who in whos:
            self._failed.setdefault(who, []).append(self._now_s())
