"""The offices of a town like Mojokerto, and how people and terminals are shared out among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CITY_NAME = "Kota Wringinjaya"
KECAMATAN = ("Sumberwangi", "Karangjati", "Tegalmulyo")
KELURAHAN = (
    "Gunungsari", "Sidomukti", "Purwosari", "Margomulyo", "Tirtosari", "Pandanwangi",
    "Jagalan", "Kaumanrejo", "Balongsari", "Kedungmulyo", "Watesari", "Sumbersari",
    "Tegalsari", "Bendosari", "Ringinanom", "Karangrejo", "Mojolegi", "Jatisari",
)  # fmt: skip
MIN_PER_UNIT = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """An office before it has people: ``weight`` is its size in a city of about 3,300."""

    unit_id: str
    name: str
    parent_id: str
    kind: str
    weight: int


def _opd() -> list[Plan]:
    rows = (
        ("dishub", "Dinas Perhubungan", 72),
        ("setwan", "Sekretariat DPRD", 38),
        ("inspektorat", "Inspektorat", 40),
        ("bappeda", "Badan Perencanaan Pembangunan Daerah", 42),
        ("bpkad", "Badan Pengelolaan Keuangan dan Aset Daerah", 62),
        ("bapenda", "Badan Pendapatan Daerah", 48),
        ("dpupr", "Dinas Pekerjaan Umum dan Penataan Ruang", 72),
        ("perkim", "Dinas Perumahan dan Kawasan Permukiman", 46),
        ("bpbd", "Badan Penanggulangan Bencana Daerah", 34),
        ("dinsos", "Dinas Sosial", 38),
        ("dpmptsp", "Dinas Penanaman Modal dan PTSP", 36),
        ("dlh", "Dinas Lingkungan Hidup", 98),
        ("perindag", "Dinas Koperasi, UKM, Perindustrian dan Perdagangan", 70),
        ("naker", "Dinas Tenaga Kerja", 34),
        ("dispora", "Dinas Kepemudaan, Olahraga dan Pariwisata", 32),
        ("dukcapil", "Dinas Kependudukan dan Pencatatan Sipil", 42),
        ("perpus", "Dinas Perpustakaan dan Kearsipan", 36),
        ("dkpp", "Dinas Ketahanan Pangan dan Pertanian", 40),
        ("dp3akb", "Dinas Pemberdayaan Perempuan, Anak dan KB", 34),
        ("bakesbangpol", "Badan Kesatuan Bangsa dan Politik", 22),
    )
    return [Plan(unit_id, name, "", "office", weight) for unit_id, name, weight in rows]


def _kecamatan(n: int) -> Plan:
    return Plan(f"kec-{n:02d}", f"Kecamatan {KECAMATAN[n - 1]}", "", "kecamatan", 24)


def _kelurahan(n: int) -> Plan:
    return Plan(f"kel-{n:02d}", f"Kelurahan {KELURAHAN[n - 1]}", f"kec-{(n - 1) // 6 + 1:02d}", "kecamatan", 9)


def _sd(n: int) -> Plan:
    place = KELURAHAN[(n - 1) % len(KELURAHAN)]
    return Plan(f"sdn-{n:02d}", f"SDN {place} {(n - 1) // len(KELURAHAN) + 1}", "dikbud", "school", 15)


def _smp(n: int) -> Plan:
    return Plan(f"smpn-{n:02d}", f"SMPN {n}", "dikbud", "school", 36)


def _puskesmas(n: int) -> Plan:
    return Plan(f"pkm-{n:02d}", f"Puskesmas {KELURAHAN[(n - 1) * 3]}", "dinkes", "puskesmas", 44)


CATALOGUE: tuple[Plan, ...] = (
    # The first sixteen make the smallest city: every kind of office and every terminal with a part to play.
    Plan("rsud", "RSUD Wringinjaya", "dinkes", "hospital", 430),
    Plan("dikbud", "Dinas Pendidikan dan Kebudayaan", "", "office", 66),
    Plan("dinkes", "Dinas Kesehatan", "", "office", 64),
    Plan("setda", "Sekretariat Daerah", "", "office", 110),
    Plan("kominfo", "Dinas Komunikasi dan Informatika", "", "office", 44),
    Plan("satpolpp", "Satuan Polisi Pamong Praja", "", "office", 84),
    Plan("bkpsdm", "Badan Kepegawaian dan Pengembangan SDM", "", "office", 44),
    _opd()[0],
    _kecamatan(1),
    _kelurahan(1),
    _kelurahan(2),
    _puskesmas(1),
    _sd(1),
    _sd(2),
    _sd(3),
    _smp(1),
    *_opd()[1:],
    *(_kecamatan(n) for n in (2, 3)),
    *(_kelurahan(n) for n in range(3, 19)),
    *(_puskesmas(n) for n in range(2, 7)),
    *(_sd(n) for n in range(4, 47)),
    *(_smp(n) for n in range(2, 10)),
    *(Plan(f"tkn-{n:02d}", f"TK Negeri {KELURAHAN[n * 4]}", "dikbud", "school", 8) for n in (1, 2)),
)
SMALLEST = 16
SINGLE = frozenset({"sdn-01", "sdn-02", "sdn-03", "smpn-01", "kominfo", "bkpsdm", "pkm-01", "kel-01", "kel-02"})


def choose_units(people: int, terminals: int) -> list[tuple[Plan, int, int]]:
    """
    The offices of a city with that many people and terminals in service, each with its share of both.

    Every office gets a terminal and at least six people; what is left goes by size. Offices of ``SINGLE`` keep one
    terminal, because somebody must depend on it.

    Raises:
        ValueError: too small for every part to be played (16 terminals, 160 people).
    """
    if terminals < SMALLEST or people < SMALLEST * 10:
        raise ValueError(f"a city needs at least {SMALLEST} terminals and {SMALLEST * 10} people")
    count = min(len(CATALOGUE), max(SMALLEST, terminals * 9 // 10), people // 10)
    plans = CATALOGUE[:count]
    heads = share_out(people, [plan.weight for plan in plans], MIN_PER_UNIT)
    machines = [1] * count
    for _ in range(terminals - count):
        free = [i for i in range(count) if plans[i].unit_id not in SINGLE]
        machines[max(free, key=lambda i: (heads[i] / machines[i], -i))] += 1
    return list(zip(plans, heads, machines, strict=True))


def share_out(total: int, weights: Sequence[int], least: int) -> list[int]:
    """
    Whole shares that sum to ``total``: ``least`` each, the rest by weight, largest remainders first.

    >>> share_out(10, [1, 1, 2], 1)
    [3, 3, 4]
    """
    rest, whole = total - least * len(weights), sum(weights)
    shares = [least + rest * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(rest * weights[i] % whole), i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares
