"""``hadir roster import``: what is written, in which order, and that the same files again write nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import fastavro
import pytest

from hadir.errors import NotAcknowledged
from producers.roster.load import Report, import_roster
from producers.roster.table import FaultyRoster
from producers.writing import Writer
from schemas.codec import decode, schema_of
from schemas.limits import BOUNDS
from schemas.registry import by_id
from tests.producers.conftest import days
from tests.producers.memory import PARTITIONS, MemoryKafka

NIP_A = "198001012005011001"
NIP_B = "197512312000032002"
PPPK = "199003152023991003"
NIK = "3576014505900001"
NOW = 1_795_000_000_000

FILES: dict[str, str] = {
    "policy.toml": (
        '[perbup-12-2026]\nvalid_from = "2026-01-01"\nvalid_to = ""\ngrace_s = 60\ncutoff_after_s = 0\n'
        'wait_s = 60\nin_punch = "first"\npapers_days = 3\nsource = "Perbup 12/2026"\n'
    ),
    "calendar.csv": "date,name,kind\n2026-12-25,Hari Raya Natal,public\n",
    "shifts.csv": (
        "shift_id,starts_at,ends_at,in_opens_before_min,in_closes_after_min,out_opens_before_min,"
        "out_closes_after_min,observes_holidays,valid_from,valid_to\n"
        "day,07:30,16:00,90,60,60,120,yes,2026-01-01,\n"
        "night,21:00,07:00,60,60,60,120,no,2026-01-01,\n"
    ),
    "units.csv": (
        "unit_id,name,parent_id,kind,timezone,mode,valid_from,valid_to\n"
        "bkd,BKD,pemda,office,Asia/Jakarta,in_force,2026-01-01,\n"
        "pemda,Pemerintah Daerah,,office,Asia/Jakarta,trial,2026-01-01,\n"
    ),
    "geofences.csv": (
        "unit_id,name,lat,lon,radius_m,valid_from,valid_to\nbkd,kantor,-7.4722,112.4338,100,2026-01-01,\n"
    ),
    "devices.csv": (
        "serial,unit_id,name,protocol,timezone,valid_from,valid_to\nCK1,bkd,Mesin BKD,adms,Asia/Jakarta,2026-01-01,\n"
    ),
    "people.csv": (
        "staff_no,name,category,unit_id,valid_from,valid_to\n"
        f"{NIP_A},Ani,PNS,bkd,2026-01-01,2026-06-30\n"
        f"{NIP_A},Ani,PNS,pemda,2026-07-01,\n"
        f'{NIP_B},"Budi, S.H.",CPNS,bkd,2026-01-01,\n'
        f"{PPPK},Cici,PPPK,bkd,2026-01-01,\n"
        f"{NIK},Dedi,THL,bkd,2026-01-01,\n"
    ),
    "schedules.csv": (
        "unit_id,staff_no,mon,tue,wed,thu,fri,sat,sun,valid_from,valid_to\n"
        "bkd,,day,day,day,day,day,,,2026-01-01,\n"
        f",{NIK},night,,,,,,,2026-01-05,2026-01-05\n"
    ),
    "enrolments.csv": (
        f"serial,pin,staff_no,valid_from,valid_to\nCK1,17,{NIP_A},2026-01-01,\nCK1,18,{NIP_B},2026-01-01,\n"
    ),
    "phones.csv": (
        f"staff_no,install_id,token_sha256,valid_from,valid_to\n{NIP_A},install-a,{'a1' * 32},2026-01-01,\n"
    ),
    "leave.csv": f"staff_no,kind,letter_no,valid_from,valid_to\n{NIP_B},dinas_luar,ST 800/1,2026-03-01,2026-03-02\n",
    "periods.csv": "period,state\n2026-11,open\n",
}
HEADS = {name: text.split("\n", 1)[0] for name, text in FILES.items()}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Put files into a folder; returns it."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def run(kafka: MemoryKafka, folder: Path, *, dry: bool = False) -> Report:
    """Import into Kafka in memory."""
    writer = None if dry else Writer(kafka, PARTITIONS)
    return await import_roster(folder, writer, kafka, now=lambda: NOW, recorded_by="tester")


def counted(report: Report) -> dict[str, tuple[int, int, int, int]]:
    """Counts as tuples: new, changed, unchanged, voided."""
    return {name: (c.new, c.changed, c.unchanged, c.voided) for name, c in report.counts.items()}


def size(kafka: MemoryKafka) -> int:
    """Records in all topics."""
    return sum(map(len, kafka.logs.values()))


async def test_first_import_writes_every_record(tmp_path: Path):
    """Records as the schemas have them, with the file's meaning."""
    kafka = MemoryKafka()
    report = await run(kafka, write(tmp_path, FILES))
    assert counted(report) == {
        "policy": (1, 0, 0, 0),
        "calendar": (1, 0, 0, 0),
        "shift": (2, 0, 0, 0),
        "unit": (2, 0, 0, 0),
        "unit_mode": (2, 0, 0, 0),
        "geofence": (1, 0, 0, 0),
        "device": (1, 0, 0, 0),
        "person": (4, 0, 0, 0),
        "assignment": (5, 0, 0, 0),
        "schedule": (2, 0, 0, 0),
        "enrolment": (2, 0, 0, 0),
        "phone": (1, 0, 0, 0),
        "leave": (1, 0, 0, 0),
        "period": (1, 0, 0, 0),
    }
    people = {p["staff_no"]: p for p in kafka.records("person")}
    assert people[NIP_B]["name"] == "Budi, S.H."
    ids = {p["employee_id"] for p in people.values()}
    assert len(ids) == 4
    (policy,) = kafka.records("reference", "policy")
    assert (policy["papers_s"], policy["grace_s"], policy["valid_from"], policy["valid_to"]) == (
        3 * 86_400,
        60,
        days("2026-01-01"),
        None,
    )
    night = next(s for s in kafka.records("reference", "shift") if s["shift_id"] == "night")
    assert (night["starts_s"], night["ends_s"], night["in_opens_before_s"]) == (75_600, 111_600, 3_600)
    assert {u["unit_id"]: u["parent_id"] for u in kafka.records("reference", "unit")} == {"bkd": "pemda", "pemda": None}
    assert {m["unit_id"]: m["mode"] for m in kafka.records("reference", "unit_mode")} == {
        "bkd": "in_force",
        "pemda": "trial",
    }
    schedules = kafka.records("reference", "schedule")
    assert (schedules[0]["unit_id"], schedules[0]["employee_id"], schedules[0]["fri"], schedules[0]["sat"]) == (
        "bkd",
        "",
        "day",
        "",
    )
    assert schedules[1]["employee_id"] == people[NIK]["employee_id"]
    for record in kafka.records("reference"):
        assert (record["recorded_at"], record["recorded_by"], record["reference_offset"]) == (NOW, "tester", -1)


async def test_policy_says_its_own_limits_or_the_usual_ones(tmp_path: Path):
    """What the file leaves out is the schema's default; a policy that said none in the log is not changed by that."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    (policy,) = kafka.records("reference", "policy")
    assert {name: policy[name] for name in BOUNDS} == {
        "presence_gap_s": 900, "presence_worst_m": 200, "travel_kmh": 150, "travel_m": 2000, "clocks_s": 300,
        "mock_minutes": 3,
    }  # fmt: skip
    said = FILES["policy.toml"] + "".join(f"{name} = {least}\n" for name, (least, _) in BOUNDS.items())
    report = await run(kafka, write(tmp_path, {"policy.toml": said}))
    assert counted(report)["policy"] == (0, 1, 0, 0)
    policy = kafka.records("reference", "policy")[-1]
    assert {name: policy[name] for name in BOUNDS} == {name: least for name, (least, _) in BOUNDS.items()}


async def test_policy_of_an_older_version_is_the_same_policy(tmp_path: Path):
    """Written before there were limits, imported again: nothing to write."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    log = kafka.logs["hadir.reference", 0]
    (at,) = [n for n, (_, value) in enumerate(log) if schema_of(value).name == "policy"]
    key, value = log[at]
    old = by_id()[12]
    body = io.BytesIO()
    fastavro.schemaless_writer(body, old.plain, decode(value)[1])
    log[at] = (key, b"\0" + old.id.to_bytes(4, "big") + body.getvalue())
    assert "travel_kmh" not in {field["name"] for field in old.source["fields"]}
    assert (await run(kafka, tmp_path)).written == 0


async def test_names_and_numbers_are_in_person_only(tmp_path: Path):
    """Reference carries opaque ids."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    everything = b"".join((k or b"") + (v or b"") for k, v in kafka.logs["hadir.reference", 0])
    for secret in (NIP_A, NIP_B, PPPK, NIK, "Ani", "Budi", "Cici", "Dedi"):
        assert secret.encode() not in everything


async def test_what_a_record_names_stands_before_it(tmp_path: Path):
    """Shifts, units, geofences, devices, assignments, schedules, enrolments, phones, leave; months last of all."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    order = list(dict.fromkeys(schema_of(v).name for _, v in kafka.logs["hadir.reference", 0]))
    assert order == [
        "policy",
        "calendar",
        "shift",
        "unit",
        "unit_mode",
        "geofence",
        "device",
        "assignment",
        "schedule",
        "enrolment",
        "phone",
        "leave",
        "period",
    ]


async def test_same_files_again_write_nothing(tmp_path: Path):
    """A second import finds everything unchanged; the ids stay."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    before = size(kafka)
    report = await run(kafka, tmp_path)
    assert report.written == 0
    assert size(kafka) == before
    assert counted(report)["assignment"] == (0, 0, 5, 0)


async def test_only_differences_are_written(tmp_path: Path):
    """A closed month, a moved holiday name, an ended enrolment with its successor, a new name: four identities."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    before = size(kafka)
    changed = {
        "periods.csv": FILES["periods.csv"].replace("open", "closed"),
        "enrolments.csv": HEADS["enrolments.csv"]
        + f"\nCK1,17,{NIP_A},2026-01-01,2026-05-31\nCK1,17,{PPPK},2026-06-01,\nCK1,18,{NIP_B},2026-01-01,\n",
        "people.csv": FILES["people.csv"].replace("Cici", "Cici Baru"),
    }
    report = await run(kafka, write(tmp_path, changed))
    assert counted(report)["period"] == (0, 1, 0, 0)
    assert counted(report)["enrolment"] == (1, 1, 1, 0)
    assert counted(report)["person"] == (0, 1, 3, 0)
    assert report.written == size(kafka) - before == 4


async def test_missing_files_are_left_alone(tmp_path: Path):
    """An enrolment alone: its terminal and person are known from before."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    later = tmp_path / "later"
    later.mkdir()
    write(later, {"enrolments.csv": HEADS["enrolments.csv"] + f"\nCK1,99,{PPPK},2026-11-23,\n"})
    report = await run(kafka, later)
    assert counted(report) == {"enrolment": (1, 0, 0, 0)}
    assert report.files == ["enrolments.csv"]
    people = {p["staff_no"]: p["employee_id"] for p in kafka.records("person")}
    assert kafka.records("reference", "enrolment")[-1]["employee_id"] == people[PPPK]


async def test_void_withdraws_once(tmp_path: Path):
    """void = yes: one record; again: none; and what never was is not withdrawn."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    text = HEADS["leave.csv"] + f",void\n{NIP_B},dinas_luar,ST 800/1,2026-03-01,2026-03-02,yes\n"
    report = await run(kafka, write(tmp_path, {"leave.csv": text}))
    assert counted(report)["leave"] == (0, 0, 0, 1)
    assert kafka.records("reference", "leave")[-1]["void"]
    assert (await run(kafka, tmp_path)).written == 0
    write(tmp_path, {"leave.csv": text.replace("ST 800/1", "ST 800/2")})
    assert (await run(kafka, tmp_path)).written == 0
    write(tmp_path, {"leave.csv": text + f"{NIP_A},sakit,,2026-04-01,2026-04-02,yes\n"})
    assert (await run(kafka, tmp_path)).written == 0


async def test_dry_run_counts_and_writes_nothing(tmp_path: Path):
    """The same counts as the import itself, and an empty log after it."""
    kafka = MemoryKafka()
    dry = await run(kafka, write(tmp_path, FILES), dry=True)
    assert size(kafka) == 0
    assert dry.dry_run
    assert counted(await run(kafka, tmp_path)) == counted(dry)


async def test_import_that_broke_off_is_completed_by_the_next(tmp_path: Path):
    """Kafka fails at the assignments: the people are there, keep their ids, and nothing is written twice."""
    kafka = MemoryKafka()
    write(tmp_path, FILES)
    send = kafka.send

    def failing(topic: str, partition: int, key: bytes | None, value: bytes | None):
        if topic == "hadir.reference" and (key or b"").startswith(b'["CK1","17"'):
            kafka.mode = "fail"
        return send(topic, partition, key, value)

    kafka.send = failing  # type: ignore[method-assign]
    with pytest.raises(NotAcknowledged):
        await run(kafka, tmp_path)
    kafka.send, kafka.mode = send, "ok"  # type: ignore[method-assign]
    ids = {p["staff_no"]: p["employee_id"] for p in kafka.records("person")}
    assert len(ids) == 4
    await run(kafka, tmp_path)
    assert {p["staff_no"]: p["employee_id"] for p in kafka.records("person")} == ids
    assert len(kafka.records("person")) == 4
    assert (await run(kafka, tmp_path)).written == 0


async def test_persons_are_acknowledged_before_what_names_them(tmp_path: Path):
    """Only the person topic fails: no record that names one of them may be there, its id would be nobody's."""
    kafka = MemoryKafka()
    write(tmp_path, FILES)
    send = kafka.send

    def failing(topic: str, partition: int, key: bytes | None, value: bytes | None):
        kafka.mode = "fail" if topic == "hadir.person" else "ok"
        return send(topic, partition, key, value)

    kafka.send = failing  # type: ignore[method-assign]
    with pytest.raises(NotAcknowledged):
        await run(kafka, tmp_path)
    assert kafka.records("reference", "device") != []
    assert kafka.records("reference", "assignment") == []


@pytest.mark.parametrize("without", sorted(FILES))
async def test_faulty_line_in_any_file_writes_nothing(tmp_path: Path, without: str):
    """One bad line among all files: a fault with file and line, an empty log."""
    kafka = MemoryKafka()
    write(tmp_path, FILES)
    bad = "x = [\n" if without == "policy.toml" else FILES[without] + "x" + "," * HEADS[without].count(",") + "\n"
    write(tmp_path, {without: bad})
    with pytest.raises(FaultyRoster) as caught:
        await run(kafka, tmp_path)
    assert size(kafka) == 0
    line = bad.count("\n")
    assert any((f.file, f.line) == (without, line) for f in caught.value.faults), str(caught.value)


async def test_empty_folder_is_said(tmp_path: Path):
    """A mistyped folder is no successful import."""
    with pytest.raises(FaultyRoster, match="none of"):
        await run(MemoryKafka(), tmp_path)
