"""Documents are tests: what they say of settings, verbs and metrics is what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hadir.cli import VERBS, reference
from hadir.settings import Settings
from hadir.stack.clickhouse import metrics as endpoint_metrics
from hadir.words import STATES
from schemas.limits import BOUNDS, defaults

ROOT = Path(__file__).parents[1]
CODE = ("hadir", "producers", "streams", "wall", "notify", "grafana", "schemas", "benchmarks", "tests")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "Makefile",
    *sorted((ROOT / ".ci").iterdir()),
    *sorted(ROOT.glob("docs/**/*.md")),
]
KNOWN = {f"HADIR_{name.upper()}" for name in Settings.model_fields} | set(reference.BESIDE)
VARIABLE = re.compile(r"\bHADIR_[A-Z][A-Z_]*[A-Z]\b")
REGENERATE = "run python -m hadir.cli.reference"


def sources(*folders: str) -> dict[Path, str]:
    """Every Python file of these folders, and its text."""
    return {path: path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))}


def test_roster_page_has_the_limits_of_the_policy() -> None:
    """Each number with its usual value and its bounds, and no other."""
    page = (ROOT / "docs" / "roster.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    said = {name: (int(usual), (int(least), int(most))) for name, usual, least, most in rows}
    assert said == {name: (defaults()[name], bounds) for name, bounds in BOUNDS.items()}


@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_written_page_is_what_the_code_says(page: str) -> None:
    """Settings, help and metrics stand in ``docs/`` as they are in the code."""
    assert (reference.DOCS / page).read_text() == reference.PAGES[page](), REGENERATE


def test_page_that_is_behind_is_found_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--check`` only says so; without it the page is written, and then nothing is behind."""
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    for page in reference.PAGES:
        (tmp_path / page).write_text(reference.PAGES[page]())
    (tmp_path / "cli.md").write_text("old")
    assert reference.write(check=True) == ["cli.md"]
    assert (tmp_path / "cli.md").read_text() == "old"
    assert reference.write() == ["cli.md"]
    assert reference.write(check=True) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_variables_in_documents_exist(document: Path) -> None:
    """A variable that a document names is a setting, or one of those listed beside them."""
    assert set(VARIABLE.findall(document.read_text())) - KNOWN == set()


def test_variables_in_the_code_are_documented() -> None:
    """Whatever the code reads or sets stands in ``docs/settings.md``: a field of Settings or a line of BESIDE."""
    texts = sources(*CODE) | {path: path.read_text() for path in (ROOT / "Makefile", ROOT / ".ci" / "run")}
    strange = {
        (path.name, name) for path, text in texts.items() for name in VARIABLE.findall(text) if name not in KNOWN
    }
    assert strange == set(), "add it to hadir.settings.Settings, or to BESIDE in hadir/cli/reference.py"


def test_variables_beside_the_settings_are_read_somewhere() -> None:
    """BESIDE names nothing that is gone."""
    here = {Path(reference.__file__), Path(__file__)}
    text = "\n".join(text for path, text in sources(*CODE).items() if path not in here)
    assert {name for name in reference.BESIDE if f'"{name}"' not in text} == set()


def test_every_setting_is_used() -> None:
    """A setting that nothing reads misleads whoever sets it."""
    read = {
        node.attr
        for path, text in sources("hadir", "producers", "streams", "wall", "notify").items()
        if path.name != "settings.py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
    }
    assert set(Settings.model_fields) - read == set()


def counted(*folders: str, without: str = "-") -> set[str]:
    """Names that the code of these folders takes from a module ``metrics``."""
    return {
        node.attr
        for path, text in sources(*folders).items()
        if path.name != "metrics.py" and not str(path.relative_to(ROOT)).startswith(without)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "metrics"
    }


def test_every_metric_is_counted_somewhere() -> None:
    """The catalogue names nothing that no process counts, and no process counts what is not in it."""
    constants = {metric.constant for metric in reference.catalogue()}
    used = counted("hadir", "producers", "streams", "wall", "notify", without="hadir/stack/clickhouse")
    assert used - {"expose"} == constants


def test_every_metric_of_the_local_clickhouse_is_counted() -> None:
    """Its process has a catalogue of its own."""
    constants = {metric.constant for metric in reference.catalogue(endpoint_metrics)}
    assert counted("hadir/stack/clickhouse") - {"render"} == constants


def test_metrics_are_named_alike() -> None:
    """``hadir_<noun>_<unit>``, counters with ``_total``; every one has its meaning, none stands twice."""
    metrics = [*reference.catalogue(), *reference.catalogue(endpoint_metrics)]
    assert [m.name for m in metrics if not re.fullmatch(r"hadir(_[a-z]+)+", m.name)] == []
    assert [m.name for m in metrics if (m.kind == "counter") != m.name.endswith("_total")] == []
    assert [m.name for m in metrics if m.kind == "histogram" and not m.name.endswith("_seconds")] == []
    assert [m.name for m in metrics if not m.meaning.endswith(".")] == []
    assert len({m.name for m in metrics}) == len(metrics)


def test_commands_in_the_readme_exist() -> None:
    """Verbs, options and make targets that a newcomer will copy."""
    text = (ROOT / "README.md").read_text()
    verbs = set(re.findall(r"^    \.venv/bin/hadir ([a-z-]+)", text, re.MULTILINE))
    assert verbs
    assert verbs <= set(VERBS)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^    make ([a-z]+)", text, re.MULTILINE)) <= targets
    help_ = reference.cli_page()
    for line in re.findall(r"^    \.venv/bin/hadir (.+?)(?:  +#.*)?$", text, re.MULTILINE):
        for option in re.findall(r"--[a-z-]+", line):
            assert f" {option} " in help_, line


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if d.suffix == ".md"], ids=lambda path: path.name)
def test_documents_that_are_named_exist(document: Path) -> None:
    """Links to files of the checkout, and every ``docs/...md`` that is mentioned."""
    text = document.read_text()
    linked = {document.parent / target for target in re.findall(r"\]\((?!https?:)([^)#]+)", text)}
    named = {ROOT / target for target in re.findall(r"\bdocs/[\w/-]+\.md\b", text)}
    assert {str(path) for path in linked | named if not path.exists()} == set()


def test_glossary_has_every_state_by_its_word() -> None:
    """What the screen says stands there, under the name that code and tables use."""
    lines = [line for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line.startswith("|")]
    for state, word in STATES.items():
        if state == "not_judged":  # told by the unit's mode
            continue
        assert [line for line in lines if f"`{state}`" in line], state
        first = re.split(r"[/(]", word)[0].strip().lower()
        assert [line for line in lines if f"`{state}`" in line and first in line.lower()], word
