"""A throw-away certificate for 127.0.0.1, its own authority; made by the ``openssl`` of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    """PEM files: the certificate, its key, and both in one."""

    chain: Path
    key: Path
    both: Path


def make_certificate(folder: Path, name: str, *, address: str = "127.0.0.1") -> Certificate:
    """Valid for a day, for that address and ``localhost``."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key", folder / f"{name}-both.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-days", "1", "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{address},DNS:localhost"),
            *("-keyout", str(made.key), "-out", str(made.chain)),
        ],
        check=True,
        capture_output=True,
    )
    made.both.write_text(made.key.read_text() + made.chain.read_text())
    return made
