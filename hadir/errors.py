"""Every exception of hadir's own, each naming where it ends up."""

from __future__ import annotations


class HadirError(Exception):
    """Root of hadir's exceptions; its text may be shown to an operator: no names, no secrets."""


class InvalidFact(HadirError):
    """A record that can't be what it claims. Ends in ``dead_letter``; the rest goes on."""


class Undecodable(InvalidFact):
    """Bytes from a device that no protocol rule reads. The sender is told, the bytes go to ``dead_letter``."""


class NotAcknowledged(HadirError):
    """Kafka did not acknowledge in time. The sender is told to come again; nothing was promised."""


class Fenced(HadirError):
    """Another owner has taken this partition over. Ends the process; the supervisor starts it anew."""


class Refused(HadirError):
    """A sender that may not: unknown serial, too large, wrong token. Counted, answered without detail."""


class Misconfigured(HadirError):
    """Settings, files or servers do not fit together. Ends the start with this text."""
