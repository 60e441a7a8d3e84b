"""The words of the screen, Indonesian: what a state is called before people."""

from __future__ import annotations

STATES: dict[str, str] = {
    "present": "Hadir",
    "late": "Terlambat",
    "awaited": "Ditunggu",
    "not_here": "Belum hadir",
    "undetermined": "Belum dapat dipastikan",
    "absent": "Tidak hadir",
    "unexplained": "Tanpa keterangan (TK)",
    "present_unmeasured": "Hadir, jam masuk tidak terukur",
    "leave": "Cuti/sakit/izin",
    "field_duty": "Dinas luar",
    "not_due_yet": "Belum waktunya",
    "off": "Libur/lepas dinas",
    "not_judged": "Belum diterapkan",
}
