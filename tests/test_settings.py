"""Settings: from the environment, checked at once, and never repeated in an error."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from hadir.errors import Misconfigured
from hadir.settings import Settings, settings

WRONG = [
    ("HADIR_PARTITIONS", "s3cret"),
    ("HADIR_PARTITIONS", "0"),
    ("HADIR_PARTITIONS", "1025"),
    ("HADIR_PARTITIONS", "4.5"),
    ("HADIR_REPLICATION", "9"),
    ("HADIR_EPOCH", "S3CRET!"),
    ("HADIR_KAFKA", "s3cret"),
    ("HADIR_KAFKA", "s3cret:port"),
    ("HADIR_KAFKA", "s3cret:0"),
    ("HADIR_KAFKA", "s3cret:65536"),
    ("HADIR_KAFKA", "broker:9092,s3cret"),
    ("HADIR_KAFKA", "broker:9092, s3cret:9092"),
    ("HADIR_KAFKA_CONTROLLER_PORT", "65536"),
    ("HADIR_CLICKHOUSE", "s3cret"),
    ("HADIR_CLICKHOUSE", "ftp://s3cret"),
    ("HADIR_CLICKHOUSE", "http://"),
    ("HADIR_CLICKHOUSE", "http://host:s3cret"),
    ("HADIR_CLICKHOUSE", "http://host:99999"),
    ("HADIR_CLICKHOUSE", "http://admin:s3cret@host:8123"),
    ("HADIR_CLICKHOUSE_DATABASE", "s3cret; DROP"),
    ("HADIR_GATEWAY_PORT", "-1"),
    ("HADIR_GATEWAY_BODY_BYTES", "1023"),
    ("HADIR_GATEWAY_ACK_S", "0"),
    ("HADIR_METRICS_PORT", "s3cret"),
    ("HADIR_TICK_S", "0"),
    ("HADIR_TIMEZONE", "Mars/S3cret"),
    ("HADIR_TIMEZONE", "../../etc/s3cret"),
    ("HADIR_TIMEZONE", "Asia"),
    ("HADIR_TIMEZONE", ""),
    ("HADIR_CHECKPOINT_S", "nan s3cret"),
    ("HADIR_FLUSH_MS", "9"),
]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of the one who runs the tests, and no settings read before or left behind."""
    for name in [name for name in os.environ if name.startswith("HADIR_")]:
        monkeypatch.delenv(name)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_invalid_value_is_refused_by_name_and_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator hears which variable; whoever reads the log does not hear what stood in it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        settings()
    text = str(caught.value)
    assert f"{name}:" in text
    assert "s3cret" not in text.lower()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__, "the trace must not show the value either"


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one a start."""
    monkeypatch.setenv("HADIR_PARTITIONS", "many")
    monkeypatch.setenv("HADIR_TIMEZONE", "Nowhere/City")
    with pytest.raises(Misconfigured, match=r"HADIR_PARTITIONS: .*; HADIR_TIMEZONE: "):
        settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HADIR_KAFKA", "kafka-1:9092,kafka-2:9092,10.0.0.3:9092"),
        ("HADIR_KAFKA", "[::1]:9092"),
        ("HADIR_CLICKHOUSE", "https://clickhouse.example:8443"),
        ("HADIR_CLICKHOUSE", "http://10.0.0.1"),
        ("HADIR_TIMEZONE", "Asia/Jayapura"),
        ("HADIR_EPOCH", ""),
        ("HADIR_GATEWAY_PORT", "0"),
    ],
)
def test_sound_value_is_taken_as_it_is(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What production will set."""
    monkeypatch.setenv(name, value)
    assert str(getattr(settings(), name.removeprefix("HADIR_").lower())) == value


@pytest.mark.parametrize(
    ("told", "address", "url"),
    [
        ("http://10.0.0.1", ("http", "10.0.0.1", 8123), "http://10.0.0.1:8123"),
        ("https://ch.example", ("https", "ch.example", 8443), "https://ch.example:8443"),
        ("https://ch.example:443/", ("https", "ch.example", 443), "https://ch.example:443"),
        ("http://[::1]:18123", ("http", "::1", 18123), "http://[::1]:18123"),
    ],
)
def test_clickhouse_has_one_address_for_all_who_ask_it(told: str, address: tuple[str, str, int], url: str) -> None:
    """The port that is not named is ClickHouse's own, for views, sink and health alike."""
    found = Settings(clickhouse=told).clickhouse_address  # type: ignore[call-arg]
    assert (tuple(found), found.url) == (address, url)


def test_defaults_are_sound_and_every_setting_is_described() -> None:
    """A start without any variable works, and each has a sentence."""
    assert settings() == Settings()  # type: ignore[call-arg]
    assert [n for n, field in Settings.model_fields.items() if not str(field.description or "").endswith(".")] == []


def test_settings_are_read_once_and_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen: a process has one answer to every question."""
    first = settings()
    monkeypatch.setenv("HADIR_PARTITIONS", "3")
    assert settings() is first
    with pytest.raises(ValidationError):
        first.__setattr__("partitions", 4)


def test_password_is_not_shown() -> None:
    """Not when settings are printed in a trace."""
    assert "s3cret" not in repr(Settings(clickhouse_password="s3cret"))  # type: ignore[call-arg]
