"""Faults by file and line: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.roster.cells import BadCell, staff_no
from producers.roster.table import FaultyRoster
from tests.producers.memory import MemoryKafka
from tests.roster.test_import import FILES, HEADS, NIK, NIP_A, NIP_B, PPPK, run, size, write


async def faults(folder: Path, **changed: str) -> list[str]:
    """Faults of the usual files with some replaced (``people_csv`` for ``people.csv``)."""
    kafka = MemoryKafka()
    write(folder, FILES | {name.replace("_", ".", 1): text for name, text in changed.items()})
    try:
        await run(kafka, folder)
    except FaultyRoster as caught:
        assert size(kafka) == 0
        return [str(f) for f in caught.faults]
    return []


def with_line(name: str, *lines: str) -> str:
    """The usual file with lines after its own."""
    return FILES[name] + "".join(f"{line}\n" for line in lines)


async def test_usual_files_have_none(tmp_path: Path):
    """The example that all other tests spoil."""
    assert await faults(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("units.csv", "u,U,,office,Asia/Jakart,trial,2026-01-01,", "timezone: Asia/Jakart is no zone"),
        ("units.csv", "u,U,nil,office,Asia/Jakarta,trial,2026-01-01,", "parent_id: nil is no unit"),
        ("units.csv", "u,U,,palace,Asia/Jakarta,trial,2026-01-01,", "kind: palace is none of"),
        ("units.csv", "u,U,,office,Asia/Jakarta,on,2026-01-01,", "mode: on is none of"),
        ("units.csv", "u,,,office,Asia/Jakarta,trial,2026-01-01,", "name: empty"),
        ("units.csv", "u,U,,office,Asia/Jakarta,trial,2026-01-32,", "2026-01-32: not a date YYYY-MM-DD"),
        ("units.csv", "u,U,,office,Asia/Jakarta,trial,01-02-2026,", "01-02-2026: not a date"),
        ("units.csv", "u,U,,office,Asia/Jakarta,trial,2026-02-01,2026-01-31", "valid_to lies before valid_from"),
        ("units.csv", "bkd,BKD,,office,Asia/Jakarta,trial,2026-06-01,", "overlaps in time with line 2"),
        ("units.csv", "bkd,BKD,,office,Asia/Jakarta,trial,2026-01-01,", "the same record as in line 2"),
        ("units.csv", "u,U", "2 cells, the header has 8"),
        ("geofences.csv", "nil,pintu,-7.4,112.4,100,2026-01-01,", "unit_id: nil is no unit"),
        ("geofences.csv", "bkd,,-7.4,112.4,100,2026-01-01,", "name: empty"),
        ("geofences.csv", 'bkd,pintu,"-7,4",112.4,100,2026-01-01,', "lat: -7,4 is no number of degrees"),
        ("geofences.csv", "bkd,pintu,-97.4,112.4,100,2026-01-01,", "lat: -97.4 is no number of degrees"),
        ("geofences.csv", "bkd,pintu,-7.4,nan,100,2026-01-01,", "lon: nan is no number of degrees"),
        ("geofences.csv", "bkd,pintu,-7.4,112.4,0,2026-01-01,", "radius_m: 0 is no whole number of metres"),
        ("geofences.csv", "bkd,pintu,-7.4,112.4,99999999999,2026-01-01,", "radius_m: 99999999999 is no whole"),
        ("geofences.csv", "bkd,kantor,-7.4,112.4,100,2026-06-01,", "overlaps in time with line 2"),
        ("devices.csv", "CK2,nil,X,adms,Asia/Jakarta,2026-01-01,", "unit_id: nil is no unit"),
        ("devices.csv", "C K,bkd,X,adms,Asia/Jakarta,2026-01-01,", "serial: empty, or characters"),
        ("devices.csv", "CK2,bkd,X,usb,Asia/Jakarta,2026-01-01,", "protocol: usb is none of"),
        ("devices.csv", "CK2,bkd,X,adms,WIB,2026-01-01,", "timezone: WIB is no zone"),
        ("devices.csv", "CK1,pemda,X,adms,Asia/Jakarta,2026-03-01,", "overlaps in time with line 2"),
        ("people.csv", f'{NIP_B},"Budi, S.H.",PNS,pemda,2026-05-01,', "overlaps in time with line 4"),
        ("people.csv", f"{NIP_B},Boedi,PNS,pemda,2025-05-01,2025-06-01", "name: another than in line 4"),
        ("people.csv", "198001012005011009,Eka,ASN,bkd,2026-01-01,", "category: ASN is none of"),
        ("people.csv", "198001012005011009,Eka,PNS,nil,2026-01-01,", "unit_id: nil is no unit"),
        ("people.csv", "19800101200501100,Eka,PNS,bkd,2026-01-01,", "staff_no: 18 digits are needed (PNS)"),
        ("enrolments.csv", f"CK9,1,{NIP_A},2026-01-01,", "serial: CK9 is no device"),
        ("enrolments.csv", "CK1,1,198001012005011009,2026-01-01,", "staff_no: nobody has this number"),
        ("enrolments.csv", f"CK1,1 2,{NIP_A},2026-01-01,", "pin: empty, over 24 characters"),
        ("enrolments.csv", f"CK1,17,{NIP_B},2026-08-01,", "overlaps in time with line 2"),
        ("enrolments.csv", f"CK1,17,{NIP_A},2026-01-01,2026-02-01", "the same record as in line 2"),
        ("phones.csv", f"{NIP_B},install,{'b2' * 32},2026-01-01,", "install_id: 8 to 64 letters"),
        ("phones.csv", f"{NIP_B},install b,{'b2' * 32},2026-01-01,", "install_id: 8 to 64 letters"),
        ("phones.csv", f"{NIP_B},install-b,{'b2' * 31},2026-01-01,", "token_sha256: 64 hex digits are needed"),
        ("phones.csv", f"198001012005011009,install-b,{'b2' * 32},2026-01-01,", "staff_no: nobody has this number"),
        ("phones.csv", f"{NIP_B},install-a,{'b2' * 32},2026-06-01,", "overlaps in time with line 2"),
        ("phones.csv", f"{NIP_B},install-a,{'b2' * 32},2026-01-01,", "the same record as in line 2"),
        ("phones.csv", f"{NIP_A},install-b,{'b2' * 32},2026-06-01,", "overlaps in time with line 2"),
        ("phones.csv", f"{NIP_B},install-b,{'A1' * 32},2026-01-01,", "token_sha256: the same as in line 2"),
        ("shifts.csv", "x,7:30,16:00,90,60,60,120,yes,2026-01-01,", "starts_at: 7:30 is no time HH:MM"),
        ("shifts.csv", "x,07:30,24:00,90,60,60,120,yes,2026-01-01,", "ends_at: 24:00 is no time"),
        ("shifts.csv", "x,07:30,16:00,-1,60,60,120,yes,2026-01-01,", "in_opens_before_min: -1 is no whole number"),
        ("shifts.csv", "x,07:30,16:00,90,60,60,1441,yes,2026-01-01,", "out_closes_after_min: 1441 is no whole number"),
        ("shifts.csv", "x,07:30,16:00,90,60,60,120,ya,2026-01-01,", "observes_holidays: ya is none of yes, no"),
        ("schedules.csv", "pemda,,dya,,,,,,,2026-01-01,", "mon: dya is no shift"),
        ("schedules.csv", f"pemda,{NIP_A},day,,,,,,,2026-01-01,", "exactly one of unit_id and staff_no"),
        ("schedules.csv", ",,day,,,,,,,2026-01-01,", "exactly one of unit_id and staff_no"),
        ("schedules.csv", "nil,,day,,,,,,,2026-01-01,", "unit_id: nil is no unit"),
        ("schedules.csv", "bkd,,day,,,,,,,2026-09-01,", "overlaps in time with line 2"),
        ("schedules.csv", ",198001012005011009,day,,,,,,,2026-01-01,", "staff_no: nobody has this number"),
        ("leave.csv", f"{NIP_A},libur,,2026-01-01,", "kind: libur is none of"),
        ("calendar.csv", "2026-12-25,Natal,public", "the same record as in line 2"),
        ("calendar.csv", "2026-12-26,Natal,cuti", "kind: cuti is none of"),
        ("periods.csv", "2026-13,open", "period: 2026-13 is no month"),
        ("periods.csv", "2026-11,closed", "the same record as in line 2"),
        ("periods.csv", "2026-12,half", "state: half is none of"),
    ],
)
async def test_fault_by_file_and_line(tmp_path: Path, name: str, line: str, expected: str):
    """Exactly one fault, at the line that was added."""
    text = with_line(name, line)
    (fault,) = await faults(tmp_path, **{name.replace(".", "_"): text})
    assert fault.startswith(f"{name}:{text.count(chr(10))}: ")
    assert expected in fault


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.1.2.3", "", "address: host:port is needed"),
        ("tcp:10.1.2.3:4370", "", "address: host:port is needed"),
        ("10.1.2.3:65536", "", "address: host:port is needed"),
        ("mesin bkd:4370", "", "address: host:port is needed"),
        ("", "10.1.2.3/24", "network: 10.1.2.3/24 has host bits set"),
        ("", "10.1.2.0/24,10.1.3.0/24", "network: "),
    ],
)
async def test_where_a_terminal_is(tmp_path: Path, address: str, network: str, expected: str):
    """The two columns that ``devices.csv`` may have more: each cell is looked at."""
    header, first = FILES["devices.csv"].splitlines()
    text = f"{header},address,network\n{first},,\nCK2,bkd,X,zk,Asia/Jakarta,2026-01-01,,{address},{network}\n"
    if "," in network:
        text = text.replace(network, f'"{network}"')
    (fault,) = await faults(tmp_path, devices_csv=text)
    assert fault.startswith("devices.csv:3: ")
    assert expected in fault


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("grace_s = 60", "grace_s = -1", "grace_s: a whole number"),
        ("grace_s = 60", "grace_s = true", "grace_s: a whole number"),
        ("grace_s = 60", "grase_s = 60", "unknown: grase_s; missing: grace_s"),
        ('in_punch = "first"', 'in_punch = "any"', "in_punch: any is none of first, last"),
        ('valid_from = "2026-01-01"', 'valid_from = "2026"', "2026: not a date"),
        ("[perbup-12-2026]", "[perbup-12-2026", "not TOML"),
        ("grace_s = 60", "grace_s = 60\npresence_gap_s = 59", "presence_gap_s: a whole number from 60 to 7200"),
        ("grace_s = 60", "grace_s = 60\npresence_worst_m = 5001", "presence_worst_m: a whole number from 10 to 5000"),
        ("grace_s = 60", "grace_s = 60\ntravel_kmh = 90.5", "travel_kmh: a whole number from 10 to 2000"),
        ("grace_s = 60", 'grace_s = 60\ntravel_m = "2 km"', "travel_m: a whole number from 100 to 100000"),
        ("grace_s = 60", "grace_s = 60\nclocks_s = 0", "clocks_s: a whole number from 1 to 3600"),
        ("grace_s = 60", "grace_s = 60\nmock_minutes = true", "mock_minutes: a whole number from 1 to 1440"),
        ("grace_s = 60", "grace_s = 60\npresence_gap = 600", "unknown: presence_gap"),
    ],
)
async def test_policy_faults(tmp_path: Path, old: str, new: str, expected: str):
    """A policy's fault stands at its heading."""
    (fault,) = await faults(tmp_path, policy_toml=FILES["policy.toml"].replace(old, new))
    assert fault.startswith("policy.toml:1: ")
    assert expected in fault


async def test_two_policies_at_once(tmp_path: Path):
    """Only one may be in force on a date."""
    text = FILES["policy.toml"] + "\n" + FILES["policy.toml"].replace("perbup-12-2026", "perbup-13-2026")
    (fault,) = await faults(tmp_path, policy_toml=text)
    assert fault.startswith("policy.toml:11: overlaps in time with line 1 (valid from 2026-01-01)")


async def test_policy_with_dates_of_toml(tmp_path: Path):
    """A date without quotes is a date too."""
    assert await faults(tmp_path, policy_toml=FILES["policy.toml"].replace('"2026-01-01"', "2026-01-01")) == []


async def test_circle_of_units(tmp_path: Path):
    """Two units above each other: both lines are named."""
    text = FILES["units.csv"].replace("Daerah,,", "Daerah,bkd,")
    assert [f.split(" ", 1)[0] for f in await faults(tmp_path, units_csv=text)] == ["units.csv:2:", "units.csv:3:"]


async def test_fault_in_one_file_is_not_repeated_by_those_that_refer_to_it(tmp_path: Path):
    """A unit with a bad zone: its people, schedules and terminals are not called faulty as well."""
    (fault,) = await faults(
        tmp_path, units_csv=FILES["units.csv"].replace("bkd,BKD,pemda,office,Asia/Jakarta", "bkd,BKD,pemda,office,x")
    )
    assert fault.startswith("units.csv:2: timezone")


async def test_overlap_with_what_is_in_force_but_not_in_the_file(tmp_path: Path):
    """A row was taken out instead of ended: it is still in force, and its successor overlaps it."""
    kafka = MemoryKafka()
    await run(kafka, write(tmp_path, FILES))
    before = size(kafka)
    write(tmp_path, {"people.csv": HEADS["people.csv"] + f"\n{PPPK},Cici,PPPK,pemda,2026-08-01,\n"})
    with pytest.raises(FaultyRoster) as caught:
        await run(kafka, tmp_path)
    assert size(kafka) == before
    (fault,) = map(str, caught.value.faults)
    assert fault == (
        "people.csv:2: overlaps in time with a record in force that is not in the file (valid from 2026-01-01): "
        "end it with valid_to, or withdraw it with void"
    )


async def test_files_as_a_spreadsheet_saves_them(tmp_path: Path):
    """A byte order mark and CRLF are taken; semicolons are named; another charset is named with its line."""
    text = "\ufeff" + FILES["units.csv"].replace("\n", "\r\n")
    assert await faults(tmp_path, units_csv=text) == []
    (fault,) = await faults(tmp_path, calendar_csv=FILES["calendar.csv"].replace(",", ";"))
    assert fault.startswith("calendar.csv:1: the header must be date,name,kind")
    assert "semicolons" in fault
    (tmp_path / "calendar.csv").write_bytes(b"date,name,kind\n2026-12-25,Hari Raya N\xe4tal,public\n")
    with pytest.raises(FaultyRoster, match=r"calendar\.csv:2: not UTF-8"):
        await run(MemoryKafka(), tmp_path)


PHONES = "staff_no,install_id,token_sha256,valid_from,valid_to,void\n"


async def test_token_that_somebody_else_holds_already_is_refused(tmp_path: Path):
    """Of the log as of the file; once it is withdrawn or replaced there, it is free, and a new token can be given."""
    kafka, a1, b2 = MemoryKafka(), "a1" * 32, "b2" * 32
    await run(kafka, write(tmp_path, FILES))
    taken = f"{NIP_B},install-b,{a1},2026-01-01,,\n"
    with pytest.raises(FaultyRoster, match=r"phones\.csv:2: token_sha256: the same as in a record in force") as caught:
        await run(kafka, write(tmp_path, {"phones.csv": PHONES + taken}))
    assert a1 not in str(caught.value)
    renewed = f"{NIP_A},install-a,{b2},2026-01-01,,\n"
    report = await run(kafka, write(tmp_path, {"phones.csv": PHONES + taken + renewed}))
    assert (report.counts["phone"].new, report.counts["phone"].changed) == (1, 1)


async def test_what_is_no_hash_is_not_repeated(tmp_path: Path):
    """Somebody puts the token itself into the file: the fault does not show it."""
    text = PHONES + f"{NIP_A},install-b,SecretTokenOfAPhone,2026-01-01,,\n"
    (fault,) = await faults(tmp_path, phones_csv=text)
    assert "Secret" not in fault


async def test_line_number_of_a_row_with_a_broken_name(tmp_path: Path):
    """A quoted cell over two lines: later faults keep their true line."""
    text = HEADS["people.csv"] + f'\n{NIK},"De\ndi",THL,bkd,2026-01-01,\n{NIP_A},Ani,PNS,nil,2026-01-01,\n'
    found = await faults(tmp_path, people_csv=text)
    assert "people.csv:4: unit_id: nil is no unit" in found


async def test_faults_are_cut_short_and_counted(tmp_path: Path):
    """A thousand faults: two hundred are shown, all are counted, no name or number is repeated."""
    text = HEADS["people.csv"] + "\n" + "".join(f"{n},Rahasia{n},PNS,bkd,2026-01-01,\n" for n in range(1000))
    with pytest.raises(FaultyRoster) as caught:
        await run(MemoryKafka(), write(tmp_path, {"people.csv": text}))
    assert caught.value.count == 1000
    assert len(caught.value.faults) == 200
    assert "and 800 more" in str(caught.value)
    assert "Rahasia" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "category"),
    [
        ("198001012005011001", "PNS"),
        ("199012312024122001", "CPNS"),
        ("199003152023991003", "PPPK"),  # digits 13 and 14 count contracts: 99 is no month and no fault
        ("199003152025001003", "PPPK_PW"),
        ("3576014505900001", "THL"),
        ("3576014505900001", "THLS"),
    ],
)
def test_staff_numbers_that_are_right(number: str, category: str):
    """NIP, NI PPPK and NIK."""
    assert staff_no(number, category) == number


@pytest.mark.parametrize(
    ("number", "category"),
    [
        ("198002302005011001", "PNS"),  # 30 February
        ("198001012005131001", "PNS"),  # month 13
        ("198001012005011001 ", "PNS"),
        ("198001012005013001", "PNS"),  # sex 3
        ("19800101200501100", "CPNS"),
        ("199013152023991003", "PPPK"),  # born in month 13
        ("3576014505900001", "PPPK"),
        ("198001012005011001", "THL"),
        ("357601450590000X", "THL"),
        ("٣٥٧٦٠١٤٥٠٥٩٠٠٠٠١", "THL"),
    ],
)
def test_staff_numbers_that_are_wrong(number: str, category: str):
    """Each breaks one rule of its category."""
    with pytest.raises(BadCell):
        staff_no(number, category)
