"""``hadir import`` as it is typed: the list of mappings, a file that no mapping knows, a mapping saved, no broker."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hadir.cli import imports, main
from hadir.settings import Settings
from producers.mappings import ready
from producers.sources import file_import
from producers.writing import Writer
from tests.producers.conftest import device
from tests.producers.memory import PARTITIONS, MemoryKafka

ROWS = "AC-No.,Name,Time,State\n" + "".join(f"{n},Siti,20/11/2025 07:31:0{n},C/In\n" for n in range(9)) + "no pin,,,\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export, in a folder where settings and data are its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(imports, "settings", lambda: Settings(data=tmp_path / "data"))
    (tmp_path / "export.csv").write_text(ROWS)
    return tmp_path / "export.csv"


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> MemoryKafka:
    """In memory, in place of the reader and the outbox that a command opens."""
    memory = MemoryKafka()

    class Outbox:
        """Its life is that of the command."""

        def __init__(self, *_: object, **__: object) -> None:
            self.send, self.settle = memory.send, memory.settle

        async def start(self) -> None:
            """Nothing to connect."""

        async def stop(self) -> None:
            """Nothing to wait for."""

    monkeypatch.setattr(file_import, "Outbox", Outbox)
    monkeypatch.setattr(file_import, "KafkaReader", lambda _config: memory)
    monkeypatch.setattr(file_import, "Writer", lambda outbox, _partitions: Writer(outbox, PARTITIONS))
    return memory


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and everything said."""
    done = CliRunner().invoke(main, ["import", *arguments])
    return done.exit_code, done.output


def test_mappings_are_listed() -> None:
    """Each by its name, and how to use one."""
    code, said = run("mappings")
    assert code == 0
    assert [name for name in ready() if name not in said] == []
    assert "--save-map" in said


def test_a_file_of_that_name_is_a_file(file: Path) -> None:
    """Whoever has one can import it."""
    file.rename(file.with_name("mappings"))
    assert run("mappings") == (
        1,
        "Error: --device and --timezone are needed: the rows of this file don't name their terminal\n",
    )


def test_dry_run_shows_what_would_be_written(file: Path, kafka: MemoryKafka) -> None:
    """Counts, the first punches, the terminal that would be entered; the log is empty after."""
    code, said = run("--dry-run", "--device", "CK1", "--timezone", "Asia/Jakarta", str(file))
    assert code == 0, said
    assert "form      zktime: CSV with commas, utf-8, header in row 1" in said
    assert "punches   9 of 9 people (PINs)" in said
    assert "  line 11: not a PIN" in said
    assert "2025-11-20 07:31:00" in said
    assert "nothing was written; 9 punches and a device record would be" in said
    assert kafka.logs == {}
    assert not (file.parent / "data").exists()


def test_import_with_rejects_and_a_mapping_saved(file: Path, kafka: MemoryKafka, tmp_path: Path) -> None:
    """The mapping in use is written as it was made, notes and all, and can be used at once; no state is left."""
    own, left = tmp_path / "own.toml", tmp_path / "rejects.csv"
    arguments = ["--device", "CK1", "--timezone", "Asia/Jakarta", str(file)]
    code, said = run("--save-map", str(own), "--rejects", str(left), *arguments)
    assert code == 0, said
    assert own.read_text() == ready()["zktime"].text
    assert left.read_text(encoding="utf-8-sig").splitlines() == ["line,reason,cells", "11,not a PIN,no pin,,,"]
    assert len(kafka.records("device_log", "punch")) == 9
    code, said = run("--map", str(own), *arguments)
    assert "form      own: CSV" in said
    assert len(kafka.records("dead_letter")) == 1
    assert list((file.parent / "data").rglob("*.json")) == []


def test_broker_that_goes_away_is_one_line(file: Path, kafka: MemoryKafka) -> None:
    """And what to do."""
    kafka.mode = "fail"
    code, said = run("--device", "CK1", "--timezone", "Asia/Jakarta", str(file))
    assert (code, said.count("\n")) == (1, 1)
    assert "Error: " in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--map", "zktim"], "--map zktim: no such file; ready mappings are fingerspot"),
        (["--map", "solution"], "the columns of mapping solution are not there"),
        (["--rejects", "export.csv"], "would write over the file itself"),
        (["--rejects", "no/such/folder/x.csv"], "No such file or directory"),
        (["--save-map", "no/such/folder/x.toml"], "No such file or directory"),
        (["--timezone", "Asia/Jakart"], "no such zone"),
    ],
)
def test_what_can_not_be_is_one_line(arguments: list[str], told: str, file: Path, kafka: MemoryKafka) -> None:
    """Nothing is written."""
    code, said = run("--device", "CK1", "--timezone", "Asia/Jakarta", *arguments, "export.csv")
    assert (code, said.count("\n")) == (1, 1)
    assert told in said
    assert kafka.logs == {}


def test_attlog_has_no_mapping_to_save(file: Path, kafka: MemoryKafka) -> None:
    """Said, not passed over."""
    file.write_text("1\t2025-11-20 07:31:02\t1\t0\t0\n")
    code, said = run("--device", "CK1", "--timezone", "Asia/Jakarta", "--save-map", "x.toml", str(file))
    assert (code, "an attlog.dat has no mapping" in said) == (1, True)


async def test_words_and_terminals_are_told(tmp_path: Path, kafka: MemoryKafka, file: Path) -> None:
    """A word without a code, and the terminals of a file that names several."""
    for serial in ("CK1", "CK2"):
        await Writer(kafka, PARTITIONS).reference("device", device(serial))
    report = file_import.ImportReport("f", 3, 2, ["CK1", "CK2"], 1, 2, 2, 0, 0, 0, [], 4, [], 77, warnings=["look"])
    runner = CliRunner()
    with runner.isolation() as (out, _, _):
        imports._tell(report, False)
        said = out.getvalue().decode()
    for line in ("terminals 2: CK1, CK2", "skipped   4 rows", "resumed   after row 77", "note      look"):
        assert line in said
