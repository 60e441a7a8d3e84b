"""What ``make lint`` can't see: whatever must be registered is, and the pure packages stay pure (house style, 3)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadir.cli import VERBS
from hadir.cli.system import MEASURED, groups
from hadir.settings import Settings
from schemas.topics import topics
from streams.agents.stages import LOGS
from streams.sink.mapping import logs as sunk_logs

ROOT = Path(__file__).parents[1]
PACKAGES = ("hadir", "producers", "streams", "schemas", "wall", "notify")
PURE = ("streams/folds", "streams/rules", "streams/stages", "producers/protocols", "schemas")
MOST_LINES = 400

RULES_EXCUSED = {"examples": "builders for doctests, no rule", "evidence": "what rules of manipulation share"}
PROTOCOLS_EXCUSED = {"lines": "what protocols share, tested through them"}
CLI_EXCUSED = {
    "prepare": "run by the supervisor",
    "system": "run by `hadir up`",
    "reference": "run by whoever changes a help text",
    "screen": "the verbs' console",
    "answering": "whether the servers answer, for `system` and `prepare`",
    "healthy": "health checks of docker-compose.yml",
    "demo_run": "the run of `hadir demo`",
    "demo_report": "the end of `hadir demo`",
    "demo_flags": "the end of `hadir demo`, of cheats",
    "demo_outcome": "the end of `hadir demo`: what a comparison says",
    "demo_phones": "the end of `hadir demo`, of phones",
    "demo_alerts": "the web hook of `hadir demo`",
}


def modules(folder: str) -> set[str]:
    """Names of the modules of a folder."""
    return {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__", "__main__"}


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file below these folders, parsed, by its path in the checkout."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.Module) -> Iterator[str]:
    """What a module calls, as written."""
    return (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_every_protocol_has_its_tests() -> None:
    """A protocol is tried with captured frames in a test file of its own name."""
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "protocols").glob("test_*.py")}
    assert set(PROTOCOLS_EXCUSED) <= modules("producers/protocols"), "an excuse for what is not there"
    assert modules("producers/protocols") - tested - set(PROTOCOLS_EXCUSED) == set(), "add tests/protocols/test_x.py"


@pytest.mark.parametrize("rule", sorted(modules("streams/rules") - set(RULES_EXCUSED)))
def test_every_rule_names_its_legal_source(rule: str) -> None:
    """A function of the file says ``Source:``: which regulation, or which wrong of the past, it stands for."""
    tree = ast.parse((ROOT / "streams" / "rules" / f"{rule}.py").read_text())
    docs = [
        ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    assert any("Source:" in doc for doc in docs), f"streams/rules/{rule}.py: where does this rule stand?"


def test_every_module_of_the_command_line_has_a_verb_or_an_excuse() -> None:
    """A module that no verb loads is never run."""
    used = {verb.module.removeprefix("hadir.cli.") for verb in VERBS.values()}
    assert used | set(CLI_EXCUSED) == modules("hadir/cli")
    assert used & set(CLI_EXCUSED) == set()


def test_stages_read_what_status_and_the_supervisor_say_they_read() -> None:
    """``hadir status`` measures the lag of the very topics that the workers consume; each has a port for metrics."""
    settings = Settings()  # type: ignore[call-arg]
    reads = {group.stage: set(group.reads) for group in groups(settings)}
    names = {log: topic.name(groups(settings)[0].id.rsplit(".", 1)[1]) for log, topic in topics().items()}
    assert reads == {
        **{stage: {names[log] for log in logs} for stage, logs in LOGS.items()},
        "sink": {names[log] for log in sunk_logs()},
        "notify": {names["alert"]},
    }
    assert set(reads) <= set(MEASURED)


def test_only_the_clock_reads_the_clock() -> None:
    """Time is an event: nobody else asks what time it is (``ruff`` sees ``time.time``, not these)."""
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.localtime", "time.gmtime"}
    found = {(path, call) for path, tree in trees(*PACKAGES) for call in calls(tree) if call in readers}
    assert found == set(), "use hadir.clock"


def test_pure_packages_touch_neither_environment_nor_screen_nor_chance() -> None:
    """The same facts give the same rows; reading the schemas as they lie beside the code is all that they may."""
    forbidden = {"print", "input", "os.getenv", "os.environ.get", "random.random", "uuid.uuid4", "uuid4"}
    found = {(path, call) for path, tree in trees(*PURE) for call in calls(tree) if call in forbidden}
    opened = {(path, call) for path, tree in trees(*PURE[:-1]) for call in calls(tree) if call in ("open", "Path")}
    imported = {
        (path, alias.name)
        for path, tree in trees(*PURE[:-1])
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in ("os", "socket", "subprocess", "random", "time", "logging", "asyncio")
    }
    assert {(path, call) for path, call in found if path != "schemas/lock.py"} == set()
    assert opened == set()
    assert imported == set()


def test_files_are_split_before_they_grow_long() -> None:
    """A unit file has 60 to 250 lines; at 400 it is split."""
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_every_module_and_public_name_says_what_it_is() -> None:
    """Docstrings on modules, public classes and functions of the packages, and the truth that each test holds."""
    silent = []
    for path, tree in [*trees(*PACKAGES), *((p, t) for p, t in trees("tests") if Path(p).name.startswith("test_"))]:
        if ast.get_docstring(tree) is None:
            silent.append(path)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            told = path.startswith(PACKAGES) or node.name.startswith("test_")
            if told and not node.name.startswith("_") and ast.get_docstring(node) is None:
                silent.append(f"{path}: {node.name}")
    assert silent == []


def test_no_test_is_skipped_without_a_reason() -> None:
    """Skips and expected failures say why; the reasons are printed at the end of the run."""
    functions = ("pytest.skip", "pytest.xfail")
    marks = ("pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail")
    silent = []
    for path, tree in trees("tests"):
        told = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in functions + marks:
                reason = any(keyword.arg == "reason" for keyword in node.keywords)
                if reason or (node.args and ast.unparse(node.func) in functions):
                    told.add(node.func)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in functions + marks and node not in told:
                silent.append(f"{path}:{node.lineno}")
    assert silent == [], "say why: reason=..."
