"""
From the settings to encrypted, authenticated connections: what Kafka's clients, ClickHouse's and our servers are given.

Files are read each time, so that a renewed certificate counts from the next connection, or the next start of a server.
"""

from __future__ import annotations

import ssl
from typing import Any

from hadir.errors import Misconfigured
from hadir.settings import Settings

Broker = str | Settings
"""Where Kafka is: settings, with all that they say of security, or an address that is spoken to in the clear."""


def kafka_options(broker: Broker) -> dict[str, Any]:
    """
    Keyword arguments of any aiokafka client: address, protocol, certificates, name and password.

    Raises:
        Misconfigured: a file of the settings can't be used.
    """
    if isinstance(broker, str):
        return {"bootstrap_servers": broker}
    options: dict[str, Any] = {"bootstrap_servers": broker.kafka, "security_protocol": broker.kafka_security}
    context = kafka_context(broker)
    if context is not None:
        options["ssl_context"] = context
    if broker.kafka_security == "SASL_SSL":
        options["sasl_mechanism"] = broker.kafka_mechanism
        options["sasl_plain_username"] = broker.kafka_user
        options["sasl_plain_password"] = broker.kafka_password
    return options


def kafka_context(broker: Broker) -> ssl.SSLContext | None:
    """How brokers are known, and what we show them; None: in the clear. Raises Misconfigured."""
    if isinstance(broker, str) or broker.kafka_security == "PLAINTEXT":
        return None
    context = _trusting(broker.kafka_ca, "HADIR_KAFKA_CA")
    if broker.kafka_certificate:
        _show(context, broker.kafka_certificate, broker.kafka_key, "HADIR_KAFKA_CERTIFICATE")
    return context


def clickhouse_context(settings: Settings) -> ssl.SSLContext | None:
    """How ClickHouse is known; None: its address is http. Raises Misconfigured."""
    if not settings.clickhouse.startswith("https:"):
        return None
    return _trusting(settings.clickhouse_ca, "HADIR_CLICKHOUSE_CA")


def server_context(certificate: str, key: str, setting: str) -> ssl.SSLContext | None:
    """
    What one of our servers shows; None: it has no certificate and speaks in the clear.

    Args:
        certificate: PEM file, the chain behind it included.
        key: PEM file, not encrypted; empty: in the same file.
        setting: the variable of the certificate, for the text of an error.

    Raises:
        Misconfigured: a file can't be used.
    """
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _show(context, certificate, key, setting)
    return context


def unverified_context() -> ssl.SSLContext:
    """For one question to a server of our own on this machine, whose certificate bears another name: is it there?"""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(authority: str, setting: str) -> ssl.SSLContext:
    """Verifies names and chains against a file of authorities, or the machine's own where none is named."""
    try:
        return ssl.create_default_context(cafile=authority or None)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{setting}: {type(error).__name__}") from None


def _show(context: ssl.SSLContext, certificate: str, key: str, setting: str) -> None:
    def refuse() -> str:
        raise Misconfigured(f"{setting}: its key is encrypted, and a process can't be asked for the password")

    try:
        context.load_cert_chain(certificate, key or None, password=refuse)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{setting} or its key: {type(error).__name__}") from None
