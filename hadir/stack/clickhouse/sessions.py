"""
Sessions of the HTTP interface: what SET, USE and CREATE TEMPORARY TABLE leave for the requests that follow.

Most clients send a ``session_id`` with every request and never use what it gives, so a session is only a name until
a statement of these kinds comes; from then on it holds a connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hadir.stack.clickhouse.engine import Connection
from hadir.stack.clickhouse.errors import SESSION_IS_LOCKED, SESSION_NOT_FOUND, ClickHouseError, ours
from hadir.stack.clickhouse.sql import quote_name

DEFAULT_S, LONGEST_S = 60.0, 3600.0
"""ClickHouse's ``default_session_timeout`` and ``max_session_timeout``."""


@dataclass(slots=True)
class Session:
    """
    One session.

    Attributes:
        connection: holds what the session has; None until there is something to hold.
        remembered: the SET statements run in it, repeated after a request's own settings are taken off again.
        database: what USE chose.
    """

    name: str
    timeout_s: float
    expires: float = 0.0
    busy: bool = False
    connection: Connection | None = None
    remembered: list[str] = field(default_factory=list)
    database: str = "default"

    def restore(self, applied: dict[str, str], database: str) -> None:
        """
        Take the settings and the database of one request off the session's connection; its own stay. Blocks.

        A connection on which that cannot be done (``readonly=1`` sticks) is given up, and what the session had with it.
        """
        if self.connection is None:
            return
        try:
            names = [name for name in applied if not name.startswith("param_")]
            if names:
                self.connection.run("SET " + ", ".join(f"{name} = DEFAULT" for name in names))
            for statement in self.remembered:
                self.connection.run(statement)
            if database:
                self.connection.run(f"USE {quote_name(self.database)}")
        except ClickHouseError:
            self.connection.close()
            self.connection = None
            self.remembered.clear()


class Sessions:
    """All sessions of the process. Used from the event loop only; ``now`` gives monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all: dict[str, Session] = {}

    def acquire(self, name: str, timeout_s: float, must_exist: bool) -> Session:
        """
        The session of that name, made if needed, for this request alone.

        Raises:
            ClickHouseError: 372, ``session_check=1`` and there is none; 373, another request is running in it.
        """
        self.expire()
        session = self._all.get(name)
        if session is None:
            if must_exist:
                raise ours(SESSION_NOT_FOUND, f"Session {name} not found", "SESSION_NOT_FOUND")
            session = self._all[name] = Session(name, timeout_s)
        if session.busy:
            message = f"Session {name} is locked by a concurrent client"
            raise ours(SESSION_IS_LOCKED, message, "SESSION_IS_LOCKED")
        session.busy, session.timeout_s = True, timeout_s
        return session

    def release(self, session: Session, close: bool = False) -> None:
        """The request is over; ``close`` ends the session with it (``close_session=1``)."""
        session.busy = False
        session.expires = self._now() + session.timeout_s
        if close:
            self._end(session)

    def expire(self) -> None:
        """End the sessions that nobody used for their timeout."""
        now = self._now()
        for session in [s for s in self._all.values() if not s.busy and s.expires < now]:
            self._end(session)

    def close(self) -> None:
        """End all."""
        for session in list(self._all.values()):
            self._end(session)

    def _end(self, session: Session) -> None:
        self._all.pop(session.name, None)
        if session.connection is not None:
            session.connection.close()
            session.connection = None
