"""The file of channels: refused when others may read it, and no fault ever repeats an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from hadir.errors import Misconfigured
from notify.channels import Channels, path_of, read_channels
from tests.notify.made import channel

SECRET = "rahasia123"
GOOD = f"""
wall = "https://hadir.example"
[channels.bkd]
url = "json://example/{SECRET}"
units = ["*"]
[channels.kadinkes]
url = "json://example/{SECRET}"
units = ["dinkes", "pkm-01"]
language = "en"
names = true
"""


def written(folder: Path, content: str, mode: int = 0o600) -> Path:
    """A file of channels."""
    path = folder / "notify.toml"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_channels_are_read_with_their_units(tmp_path: Path) -> None:
    """Defaults: Indonesian, no names."""
    found = read_channels(written(tmp_path, GOOD))
    assert found.wall == "https://hadir.example"
    bkd, kadinkes = found.all
    assert (bkd.name, bkd.language, bkd.names) == ("bkd", "id", False)
    assert (kadinkes.language, kadinkes.names) == ("en", True)
    assert bkd.wants("anything")
    assert (kadinkes.wants("dinkes"), kadinkes.wants("dikbud")) == (True, False)
    assert SECRET not in repr(found)


def test_without_a_file_there_is_no_channel(tmp_path: Path) -> None:
    """It is no fault to send nothing."""
    assert read_channels(tmp_path / "notify.toml") == Channels()


def test_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """It holds secrets."""
    for mode in (0o640, 0o604, 0o644, 0o620):
        with pytest.raises(Misconfigured, match="chmod 600"):
            read_channels(written(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    "content",
    [
        f'[channels.bkd]\nurl = "{SECRET}',
        f'[channels.bkd]\nurl = "json://{SECRET}"',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = "*"',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = []',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = [1]',
        f'[channels.bkd]\nurl = ["json://{SECRET}"]\nunits = ["*"]',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = ["*"]\nlanguage = "{SECRET}"',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = ["*"]\nnames = "{SECRET}"',
        f'[channels.bkd]\nurl = "json://{SECRET}"\nunits = ["*"]\ntoken = "{SECRET}"',
        '[channels.bkd]\nunits = ["*"]',
        f'[channels."{SECRET} x"]\nurl = "a"\nunits = ["*"]',
        f'channels = "{SECRET}"',
        f"wall = 1\n[channels]\n# {SECRET}",
        f'secret = "{SECRET}"',
    ],
)
def test_fault_names_the_place_and_no_secret(tmp_path: Path, content: str) -> None:
    """Whoever reads the log hears which channel, not where it goes."""
    with pytest.raises(Misconfigured) as caught:
        read_channels(written(tmp_path, content))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_path_is_the_settings_or_in_the_data_folder() -> None:
    """``HADIR_NOTIFY`` names another."""
    from hadir.settings import Settings

    assert path_of(Settings(data=Path("/x"))) == Path("/x/notify.toml")
    assert path_of(Settings(data=Path("/x"), notify="/etc/hadir/notify.toml")) == Path("/etc/hadir/notify.toml")
    assert channel().wants("u")
