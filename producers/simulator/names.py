"""Made-up people: names composed from small lists, and staff numbers of the right form that belong to nobody."""

from __future__ import annotations

import random
from datetime import date, timedelta

FEMALE = (
    "Siti", "Dewi", "Sri", "Rina", "Wahyuni", "Lestari", "Endang", "Ratna", "Yuliana", "Indah", "Nur", "Fitri", "Retno",
    "Kartika", "Ayu", "Maya", "Tutik", "Sulastri", "Anisa", "Eka", "Winarti", "Umi", "Diah", "Novita", "Puji", "Murni",
)  # fmt: skip
MALE = (
    "Agus", "Bambang", "Slamet", "Hadi", "Joko", "Eko", "Dwi", "Rudi", "Heru", "Imam", "Sugeng", "Wahyu", "Budi",
    "Teguh", "Yudi", "Suryo", "Gatot", "Edi", "Nanang", "Fajar", "Rizal", "Didik", "Mulyono", "Taufik", "Hendra",
)  # fmt: skip
SECOND = (
    "Rahayu", "Utami", "Handayani", "Susanti", "Kusuma", "Permata", "Puspita", "Wulandari", "Hidayah", "Astuti",
    "Setyo", "Adi", "Tri", "Catur", "Nugraha", "Bayu", "Galih", "Yoga", "Surya", "Bagus", "Ari", "Danang",
)  # fmt: skip
LAST = (
    "Santoso", "Wibowo", "Prasetyo", "Kurniawan", "Setiawan", "Hidayat", "Suryadi", "Purnomo", "Saputra", "Hartono",
    "Nugroho", "Wijayanto", "Sutrisno", "Kristanto", "Widodo", "Raharjo", "Mahendra", "Firmansyah", "Iskandar",
    "Pranoto", "Suharto", "Gunawan", "Mardiono", "Sasmito", "Yulianto", "Basuki", "Cahyono", "Irawan", "Susilo",
)  # fmt: skip
DEGREES = {
    "school": ("S.Pd.", "S.Pd., M.Pd.", "S.Pd.SD."),
    "hospital": ("S.Kep., Ns.", "A.Md.Kep.", "S.Farm., Apt."),
    "puskesmas": ("A.Md.Keb.", "S.Kep., Ns.", "S.KM."),
    "office": ("S.E.", "S.H.", "S.Sos.", "S.T., M.T.", "S.Kom."),
    "kecamatan": ("S.Sos.", "S.IP."),
}
CATEGORIES = (("PNS", 60), ("PPPK", 20), ("CPNS", 4), ("PPPK_PW", 5), ("THL", 8), ("THLS", 3))


def make_name(rng: random.Random, female: bool, unit_kind: str, graduate: bool) -> str:
    """A plausible Javanese name, with a degree after a comma for graduates."""
    parts = [rng.choice(FEMALE if female else MALE)]
    if rng.random() < 0.6:
        parts.append(rng.choice(SECOND))
    parts.append(rng.choice(LAST if not female or rng.random() < 0.5 else SECOND))
    name = " ".join(dict.fromkeys(parts))
    return f"{name}, {rng.choice(DEGREES[unit_kind])}" if graduate else name


def make_staff_no(rng: random.Random, category: str, female: bool, day: date) -> str:
    """
    A number of the category's form that no real person bears.

    PNS, CPNS: NIP, 18 digits: birth YYYYMMDD, appointment YYYYMM, sex 1/2, serial. PPPK: birth 8, year 4, contract
    count 2, sex 1, serial 3. THL: NIK, 16 digits: area 6, birth DDMMYY (a woman's day + 40), serial 4. Serials of 900
    and above, and area 99, are not given out. Source for the NIP: Peraturan Kepala BKN 22/2007.
    """
    years = rng.randint(23, 33) if category == "CPNS" else rng.randint(26, 56)
    birth = day - timedelta(days=years * 365 + rng.randint(0, 364))
    serial = rng.randint(900, 999)
    if category in ("THL", "THLS"):
        return f"9971{rng.randint(1, 30):02d}{birth.day + 40 * female:02d}{birth:%m%y}9{serial}"
    sex = 2 if female else 1
    if category in ("PPPK", "PPPK_PW"):
        return f"{birth:%Y%m%d}{day.year - rng.randint(0, 4)}{rng.randint(21, 23)}{sex}{serial}"
    since = day.year - 1 if category == "CPNS" else min(day.year - 2, birth.year + rng.randint(21, 34))
    return f"{birth:%Y%m%d}{since}{rng.randint(1, 12):02d}{sex}{serial}"


def make_category(rng: random.Random) -> str:
    """PNS mostly, the rest by weight."""
    names, weights = zip(*CATEGORIES, strict=True)
    return str(rng.choices(names, weights)[0])
