"""Accounts and sessions of the wall."""

from __future__ import annotations

from pathlib import Path

import pytest

from hadir.errors import Misconfigured
from wall.users import SESSION_S, TRIES, TRIES_S, Accounts, Patience, Sessions, User, make_user

PASSWORD = "sangat rahasia"


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """One account, of the health office."""
    found = Accounts(tmp_path)
    found.write({"siti": make_user("siti", PASSWORD, ("dinkes",))})
    return found


def test_password_is_checked_and_kept_nowhere(accounts: Accounts, tmp_path: Path) -> None:
    """Only the right one; the file is for its owner alone."""
    user = accounts.check("siti", PASSWORD)
    assert user is not None
    assert user.units == ("dinkes",)
    assert accounts.check("siti", PASSWORD + "x") is None
    assert accounts.check("nobody", PASSWORD) is None
    (file,) = tmp_path.glob("wall-users.json")
    assert PASSWORD not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "password", "units"),
    [
        ("siti", "short", ("a",)),
        ("siti", PASSWORD, ()),
        ("", PASSWORD, ("a",)),
        ("a|b", PASSWORD, ("a",)),
        ("sité", PASSWORD, ("a",)),
    ],
)
def test_unfit_account_is_refused(name: str, password: str, units: tuple[str, ...]) -> None:
    """Short password, no unit, a name that a cookie could not carry."""
    with pytest.raises(ValueError, match=r"password|unit|name"):
        make_user(name, password, units)


def test_session_ends_with_its_time_its_account_and_a_new_password(accounts: Accounts) -> None:
    """And is its own user's until then."""
    hands = Hands()
    sessions = Sessions(accounts, hands)
    user = accounts.read()["siti"]
    cookie = sessions.start(user)
    assert sessions.user(cookie) == user
    hands.at += SESSION_S + 1
    assert sessions.user(cookie) is None
    hands.at -= SESSION_S
    assert sessions.user(cookie) == user
    accounts.write({"siti": make_user("siti", PASSWORD + "2", ("dinkes",))})
    assert sessions.user(cookie) is None
    accounts.write({})
    assert sessions.user(cookie) is None


def test_cookie_of_another_is_worth_nothing(accounts: Accounts, tmp_path: Path) -> None:
    """Neither changed, nor made with another key, nor any text."""
    hands = Hands()
    sessions = Sessions(accounts, hands)
    other = make_user("budi", PASSWORD, ("*",))
    accounts.write(accounts.read() | {"budi": other})
    cookie = sessions.start(accounts.read()["siti"])
    assert sessions.user(cookie.replace("siti", "budi")) is None
    name, until, mark = cookie.split("|")
    assert sessions.user(f"{name}|{int(until) + 1}|{mark}") is None
    for text in ("", "|", "siti", "siti||", "siti|x|y", f"siti|{until}|", "\xff|1|2"):
        assert sessions.user(text) is None
    elsewhere = Accounts(tmp_path / "elsewhere")
    elsewhere.write({"siti": accounts.read()["siti"]})
    assert sessions.user(Sessions(elsewhere, hands).start(accounts.read()["siti"])) is None


def test_broken_file_is_said(accounts: Accounts, tmp_path: Path) -> None:
    """Rather than nobody being let in without a reason."""
    (tmp_path / "wall-users.json").write_text('[{"name": 1}]')
    with pytest.raises(Misconfigured):
        accounts.read()


def test_patience_ends_by_name_and_by_address_and_comes_back() -> None:
    """After so many wrong passwords within a minute."""
    hands = Hands()
    patience = Patience(hands)
    for _ in range(TRIES):
        assert not patience.spent("name:siti", "address:1")
        patience.failed("name:siti", "address:1")
    assert patience.spent("name:siti", "address:2")
    assert patience.spent("name:budi", "address:1")
    assert not patience.spent("name:budi", "address:2")
    hands.at += TRIES_S + 1
    assert not patience.spent("name:siti", "address:1")


def test_accounts_are_replaced_whole(accounts: Accounts) -> None:
    """What is written is what is read."""
    users = {f"u{n}": User(f"u{n}", ("a", "b"), "00", "11") for n in range(3)}
    accounts.write(users)
    assert accounts.read() == users
