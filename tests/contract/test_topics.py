"""Topics: everything that is written has a place, keys go where they always went, and code names its epoch."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.registry import HERE, by_name, written
from schemas.topics import code_epoch, partition_of, topics

STATUS = {name: source["hadir.status"] for name, (_, source) in written().items()}
ROOT = HERE.parent


def test_what_topics_carry_exists_and_is_no_draft() -> None:
    """A draft has no id, so nothing of it can lie in a topic."""
    named = {(log, name) for log, topic in topics().items() for name in (*topic.carries, *topic.copies)}
    assert {(log, name) for log, name in named if STATUS.get(name) != "used"} == set()


def test_every_used_schema_is_carried_by_a_topic() -> None:
    """Its own topic, not as a copy; otherwise it is a draft still."""
    carried = {name for topic in topics().values() for name in topic.carries}
    assert {name for name, status in STATUS.items() if status == "used"} - carried == set(), "add it to topics.yaml"


def test_copies_come_from_reference() -> None:
    """``distribute`` copies what ``reference`` carries, and nothing else."""
    for topic in topics().values():
        assert set(topic.copies) <= set(topics()["reference"].carries), topic.log
        assert set(topic.copies) & set(topic.carries) == set(), topic.log


def test_every_reference_record_is_copied_to_whoever_judges() -> None:
    """Ticks arrive as barriers, phones say whom to let in, decisions stand beside flags; all else is heard of."""
    assert set(topics()["reference"].carries) - set(topics()["staff_log"].copies) == {"tick", "phone", "decision"}


def test_derived_topics_are_named_by_epoch_and_sources_are_not() -> None:
    """Sources are kept for ever; what is derived is made anew by other code beside the old."""
    for log, topic in topics().items():
        assert topic.kind in ("source", "derived")
        assert topic.name("0a1b2c3d") == (f"hadir.{log}" if topic.kind == "source" else f"hadir.{log}.0a1b2c3d")
        assert topic.owner, log


def test_topics_keyed_alike_have_the_same_number_of_partitions() -> None:
    """What is read side by side lies side by side."""
    wide = {log for log, topic in topics().items() if topic.partitions is None}
    keyed = {"device_log", "phone_log", "staff_log", "attribution", "attendance", "face_check", "position"}
    keyed |= {"presence", "cutoff", "alert", "link", "flag"}
    assert wide == keyed | {log for log in topics() if log.startswith("state.")}
    assert {topics()[log].partitions for log in set(topics()) - wide} == {1}


@pytest.mark.parametrize(
    ("key", "of_4", "of_8", "of_1024"),
    [
        (b"", 0, 0, 0),
        (b"CKUH211960123", 0, 0, 600),
        (b"SDN3-KRANGGAN", 2, 2, 834),
        (b"5f0c1a52-7a0e-4c3b-9d55-0b6f7f1a2c31", 0, 4, 348),
        (b"c2d9f7e0-13b4-4f6a-8a1e-6f54f0b7d902", 0, 4, 236),
        ("Söl “1”".encode(), 1, 5, 565),
    ],
)
def test_partition_of_a_key_is_fixed_for_ever(key: bytes, of_4: int, of_8: int, of_1024: int) -> None:
    """Another function would send a person's new facts elsewhere than the old ones."""
    assert [partition_of(key, n) for n in (1, 4, 8, 1024)] == [0, of_4, of_8, of_1024]


@given(st.binary(max_size=60), st.integers(1, 1024))
def test_partition_is_one_that_there_is(key: bytes, partitions: int) -> None:
    """Any key, any number of partitions."""
    assert 0 <= partition_of(key, partitions) < partitions


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What names the epoch, as a checkout of its own."""
    root = tmp_path_factory.mktemp("checkout")
    nothing = shutil.ignore_patterns("__pycache__")
    for folder in ("schemas", "hadir", "streams/stages", "streams/rules", "streams/folds"):
        shutil.copytree(ROOT / folder, root / folder, ignore=nothing)
    return root


def epoch(root: Path) -> str:
    """The epoch of a checkout."""
    code = "from schemas.topics import code_epoch; print(code_epoch())"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_epoch_hangs_on_the_code_alone(copy: Path, tmp_path: Path) -> None:
    """Eight hex digits, the same for the same files wherever they lie."""
    assert re.fullmatch("[0-9a-f]{8}", code_epoch())
    elsewhere = shutil.copytree(copy, tmp_path / "elsewhere")
    assert epoch(elsewhere) == epoch(copy)


@pytest.mark.parametrize(
    "path",
    [
        "streams/rules/attendance.py",
        "streams/folds/punches.py",
        "streams/stages/judge.py",
        "schemas/derived/attendance.avsc",
    ],
)
def test_epoch_changes_with_rules_folds_stages_and_derived_schemas(copy: Path, path: str) -> None:
    """Rows of other rules must not pass for rows of these."""
    before, content = epoch(copy), (copy / path).read_bytes()
    try:
        (copy / path).write_bytes(content + b"\n")
        assert epoch(copy) != before
    finally:
        (copy / path).write_bytes(content)
    assert epoch(copy) == before


def test_epoch_changes_with_a_new_rule_and_not_with_anything_else(copy: Path) -> None:
    """A file more is another code; a help text or a source's schema is not."""
    before = epoch(copy)
    for path in (copy / "hadir" / "words.py", copy / "schemas" / "facts" / "punch.avsc"):
        path.write_bytes(path.read_bytes() + b"\n")
    assert epoch(copy) == before
    (copy / "streams" / "rules" / "zz_new.py").write_text("# a rule\n")
    assert epoch(copy) != before


def test_every_schema_that_is_written_has_an_id() -> None:
    """Used and locked are the same."""
    assert {name for name, schema in by_name().items() if schema.id} == {n for n, s in STATUS.items() if s == "used"}
