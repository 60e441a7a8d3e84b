"""
A roster made for three terminals' files: the two real ones, and one of our own for machines without them.

Everybody in it is made up; the PINs of the real terminals are those in their files.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Office(NamedTuple):
    """A unit with one terminal and one shift; ``first`` to ``last``: when its people were assigned and enrolled."""

    unit_id: str
    name: str
    kind: str
    serial: str
    shift_id: str
    pins: tuple[int, ...]
    first: str
    last: str


JAKARTA = Office(
    "toko", "UPT Toko Daerah", "office", "JKT2022", "panjang", tuple(range(1, 14)), "2022-11-01", "2022-12-31"
)
SOLUTION_PINS = (
    *(10021, 10073, 10502, 20071, 22928, 23272, 23469, 23686, 23923),
    *(24036, 24084, 24117, 24172, 24218, 24387, 24388, 24410, 24411),
)
SOLUTION = Office(
    "dinas-pasar", "Dinas Pasar", "office", "SOL2026", "kantor", SOLUTION_PINS, "2026-04-01", "2026-05-31"
)
MADE = Office("pkm-melati", "Puskesmas Melati", "puskesmas", "MADE01", "kantor", (1, 2, 3), "2026-04-01", "2026-05-31")
OFFICES = (JAKARTA, SOLUTION, MADE)
SILENT = "NEVER01"
"""A terminal that pushes its punches, and never has."""
EARLY_BIRD = 2  # of JAKARTA: comes hours before the others, on a shift of his own

SHIFTS = """\
shift_id,starts_at,ends_at,in_opens_before_min,in_closes_after_min,out_opens_before_min,out_closes_after_min,observes_holidays,valid_from,valid_to
panjang,07:30,20:00,180,60,60,180,no,2022-01-01,
subuh,04:30,20:00,150,120,60,180,no,2022-01-01,
kantor,07:50,16:30,60,60,30,120,yes,2022-01-01,
"""
POLICY = """\
[perbup-contoh]
valid_from = "2022-01-01"
grace_s = 60
cutoff_after_s = 0
wait_s = 60
in_punch = "first"
papers_days = 3
source = "Perbup Contoh 1/2022, made up"
"""
PERIODS = "period,state\n" + "".join(f"{month},open\n" for month in ("2022-11", "2022-12", "2026-04", "2026-05"))
MADE_LOG = """\
1\t2026-05-05 07:41:10\t1\t0\t0
2\t2026-05-05 08:01:00\t1\t0\t0
2\t2026-05-05 08:01:02\t1\t0\t0
1\t2026-05-05 16:31:59\t1\t1\t0
not a line of a terminal
"""


def name(office: Office, pin: int) -> str:
    """Of the made person who has this PIN."""
    return f"Pegawai {office.serial} {pin}"


def staff_no(office: Office, pin: int) -> str:
    """A NIP that nobody has: born on the first of January 1901, serial numbers from 0."""
    place = OFFICES.index(office)
    return f"1901010119{20 + place}011{office.pins.index(pin):03d}"


def write_roster(folder: Path) -> None:
    """All roster files into ``folder``."""
    folder.mkdir()
    week = ",".join(["{0}"] * 6) + ","  # Monday to Saturday; Sunday off
    units = ["unit_id,name,parent_id,kind,timezone,mode,valid_from,valid_to"]
    devices = ["serial,unit_id,name,protocol,timezone,valid_from,valid_to"]
    people = ["staff_no,name,category,unit_id,valid_from,valid_to"]
    enrolments = ["serial,pin,staff_no,valid_from,valid_to"]
    schedules = ["unit_id,staff_no,mon,tue,wed,thu,fri,sat,sun,valid_from,valid_to"]
    for office in OFFICES:
        units.append(f"{office.unit_id},{office.name},,{office.kind},Asia/Jakarta,in_force,2022-01-01,")
        devices.append(f"{office.serial},{office.unit_id},Mesin {office.name},file,Asia/Jakarta,2022-01-01,")
        schedules.append(f"{office.unit_id},,{week.format(office.shift_id)},2022-01-01,")
        span = f"{office.first},{office.last}"
        for pin in office.pins:
            number = staff_no(office, pin)
            people.append(f"{number},{name(office, pin)},PNS,{office.unit_id},{span}")
            enrolments.append(f"{office.serial},{pin},{number},{span}")
    schedules.append(f",{staff_no(JAKARTA, EARLY_BIRD)},{week.format('subuh')},2022-01-01,")
    devices.append(f"{SILENT},{MADE.unit_id},Mesin Belakang,adms,Asia/Jakarta,2022-01-01,")  # nobody is enrolled here
    files = {"units": units, "devices": devices, "people": people, "enrolments": enrolments, "schedules": schedules}
    for file, lines in files.items():
        (folder / f"{file}.csv").write_text("\n".join(lines) + "\n")
    (folder / "shifts.csv").write_text(SHIFTS)
    (folder / "periods.csv").write_text(PERIODS)
    (folder / "policy.toml").write_text(POLICY)
