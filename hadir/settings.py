"""Settings, read once from the environment (``HADIR_*``) and checked before anything starts."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hadir.errors import Misconfigured


class Address(NamedTuple):
    """Of a server that speaks HTTP: ``http`` or ``https``, host (IPv6 without brackets), port."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """As a client is given it."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Settings(BaseSettings):
    """
    Every setting of hadir. The environment variable is ``HADIR_`` and the field's name in capitals.

    Durations end in ``_s`` or ``_ms``; sizes in ``_bytes``. Frozen: nothing changes while a process runs.
    """

    model_config = SettingsConfigDict(env_prefix="HADIR_", frozen=True, extra="ignore")

    data: Path = Field(Path(".hadir"), description="Folder of everything that a local hadir keeps on disk.")
    epoch: str = Field("", pattern=r"^[a-z0-9]{0,16}$", description="Name of the epoch; empty: from the code itself.")
    partitions: int = Field(
        4,
        ge=1,
        le=1024,
        description="Partitions of the logs, at least as many as workers to a stage; fixed while an epoch lives.",
    )
    replication: int = Field(1, ge=1, le=5, description="Replicas of every topic.")

    kafka: str = Field("127.0.0.1:19092", description="Kafka's bootstrap servers, host:port with commas between.")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How Kafka is spoken to; a password is never sent in the clear."
    )
    kafka_ca: str = Field("", description="PEM file of who vouches for the brokers; empty: the machine's own list.")
    kafka_certificate: str = Field("", description="PEM file of our certificate for Kafka, where it asks for one.")
    kafka_key: str = Field("", description="PEM file of its key, not encrypted; empty: in the certificate's file.")
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How the password is shown to Kafka, with SASL_SSL."
    )
    kafka_user: str = Field("", description="User for Kafka, with SASL_SSL.")
    kafka_password: str = Field("", repr=False, description="Password for Kafka, with SASL_SSL.")
    kafka_controller_port: int = Field(19093, ge=1, le=65535, description="Controller port of the local Kafka.")
    kafka_quick: bool = Field(False, description="The local Kafka lives for minutes: start fast rather than run fast.")
    clickhouse: str = Field("http://127.0.0.1:18123", description="ClickHouse's HTTP address.")
    clickhouse_user: str = Field("default", description="User for ClickHouse.")
    clickhouse_password: str = Field("", repr=False, description="Password for ClickHouse.")
    clickhouse_ca: str = Field(
        "", description="PEM file of who vouches for an https ClickHouse; empty: the machine's own list."
    )
    clickhouse_database: str = Field("hadir", pattern=r"^[a-z_][a-z0-9_]*$", description="Database of all tables.")

    gateway_host: str = Field("127.0.0.1", description="Address on which terminals and phones reach the gateway.")
    gateway_port: int = Field(
        18080, ge=0, le=65535, description="Port on which terminals and phones reach the gateway."
    )
    gateway_url: str = Field(
        "", description="Address by which phones reach the gateway, as https://hadir.example.id; empty: host and port."
    )
    gateway_certificate: str = Field(
        "", description="PEM file of the gateway's chain; with it, HTTPS and nothing else."
    )
    gateway_key: str = Field("", description="PEM file of its key, not encrypted; empty: in the certificate's file.")
    gateway_body_bytes: int = Field(4_194_304, ge=1024, description="Largest body taken from a terminal.")
    gateway_phone_posts: int = Field(30, ge=1, description="Posts that a phone may make in a clock minute, or at once.")
    gateway_fingerspot_secret: str = Field(
        "",
        repr=False,
        pattern=r"^([A-Za-z0-9_-]{20,128})?$",
        description="Secret last part of the webhook's path for Fingerspot (fingerspot.md); empty: closed.",
    )
    gateway_fingerspot_hub_key: str = Field(
        "", repr=False, description="Key with which Fingerspot's hub signs (fingerspot.md); empty: closed."
    )
    gateway_silent_s: int = Field(300, ge=1, description="Clock seconds without contact until a terminal is silent.")
    gateway_ack_s: float = Field(5.0, gt=0, description="Wait for Kafka before a terminal is told to come again.")
    wall_host: str = Field("127.0.0.1", description="Address of the wall.")
    wall_port: int = Field(18090, ge=0, le=65535, description="Port of the wall.")
    wall_certificate: str = Field("", description="PEM file of the wall's chain; with it, HTTPS and nothing else.")
    wall_key: str = Field("", description="PEM file of its key, not encrypted; empty: in the certificate's file.")
    wall_name: str = Field("Pemerintah Daerah", description="Name of the region, at the head of the wall.")
    wall_stale_s: float = Field(150.0, gt=0, description="Age of the newest row from which the wall says it is old.")
    notify: str = Field(
        "", description="File of the channels for alerts (alerts.md); empty: notify.toml in HADIR_DATA."
    )
    notify_per_minute: int = Field(60, ge=1, description="Messages sent in a minute at most, over all channels.")
    notify_give_up_s: int = Field(3600, ge=60, description="Clock seconds after which an alert is not sent any more.")
    metrics_port: int = Field(
        0, ge=0, le=65000, description="Port of /metrics, the first of nine (metrics.md); 0: none."
    )

    tick_s: int = Field(60, ge=1, description="Clock seconds between two ticks.")
    timezone: str = Field("Asia/Jakarta", description="The region's zone, where a record names none.")

    linger_ms: int = Field(50, ge=0, description="How long the outbox gathers records into a batch.")
    coalesce_ms: int = Field(50, ge=0, description="How long the broker lets records gather before it answers a fetch.")
    checkpoint_s: float = Field(2.0, gt=0, description="Between two checkpoints of a partition.")
    slice_rows: int = Field(50, ge=1, description="People judged in one go before rows leave and punches get a turn.")
    flush_ms: int = Field(200, ge=10, description="Between two inserts of the sink.")

    @property
    def clickhouse_address(self) -> Address:
        """Of ``clickhouse``; where it names no port, the one that ClickHouse has for its scheme."""
        parts = urlsplit(self.clickhouse)
        return Address(parts.scheme, str(parts.hostname), parts.port or (8443 if parts.scheme == "https" else 8123))

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # what it raises holds the value
            raise ValueError("no such zone; Indonesia has Asia/Jakarta, Asia/Makassar, Asia/Jayapura") from None
        return value

    @field_validator("kafka")
    @classmethod
    def _servers(cls, value: str) -> str:
        for server in value.split(","):
            _, _, port = server.rpartition(":")
            if not re.fullmatch(r"[^\s,]+:\d{1,5}", server) or not 0 < int(port) < 65536:
                raise ValueError("host:port is needed, several with commas between")
        return value

    @field_validator("gateway_url")
    @classmethod
    def _public_address(cls, value: str) -> str:
        return cls._address(value) if value else value

    @field_validator("clickhouse")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            address = urlsplit(value)
            sound = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
        except ValueError:
            sound = False
        if not sound or "@" in value:
            raise ValueError("http://host:port is needed; user and password are settings of their own")
        return value

    @model_validator(mode="after")
    def _security_is_whole(self) -> Self:
        if self.kafka_security == "SASL_SSL" and not (self.kafka_user and self.kafka_password):
            raise ValueError("HADIR_KAFKA_SECURITY=SASL_SSL needs HADIR_KAFKA_USER and HADIR_KAFKA_PASSWORD")
        told = (self.kafka_ca, self.kafka_certificate, self.kafka_key)
        if self.kafka_security == "PLAINTEXT" and any((*told, self.kafka_user, self.kafka_password)):
            raise ValueError("HADIR_KAFKA_SECURITY=PLAINTEXT would leave the other HADIR_KAFKA_* of security unused")
        if self.kafka_security == "SSL" and (self.kafka_user or self.kafka_password):
            raise ValueError("HADIR_KAFKA_USER and HADIR_KAFKA_PASSWORD are used with HADIR_KAFKA_SECURITY=SASL_SSL")
        for server in ("kafka", "gateway", "wall"):
            if getattr(self, f"{server}_key") and not getattr(self, f"{server}_certificate"):
                raise ValueError(f"HADIR_{server.upper()}_KEY without HADIR_{server.upper()}_CERTIFICATE")
        if self.clickhouse_ca and not self.clickhouse.startswith("https:"):
            raise ValueError("HADIR_CLICKHOUSE_CA needs https in HADIR_CLICKHOUSE")
        return self


@cache
def settings() -> Settings:
    """
    The settings of this process.

    Raises:
        Misconfigured: a value can't be used; the text names the variable, never the value.
    """
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        faults = "; ".join(
            f"HADIR_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        raise Misconfigured(f"settings: {faults}") from None
