"""The dashboards: one question each. Their numbers are those of the wall, from the same views."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard

from grafana.flag_sql import evidence_sql, rule_sql
from grafana.panels import AWAITED, CALM, GONE, HERE, LATE, UNKNOWN, lines, number, rows, steps
from grafana.query import SOURCE
from hadir.flag_words import RULES
from hadir.words import RANK, STATES

TODAY = "work_date = (SELECT work_date FROM v_today)"
COUNTS: Sequence[tuple[str, str, str, str]] = (
    ("Wajib hadir", "wajib", "Semua yang harus hadir: jumlah keenam angka lain.", CALM),
    ("Hadir", "hadir", "Datang tepat waktu, atau jam masuknya tidak terukur.", HERE),
    ("Terlambat", "terlambat", "Datang setelah jam masuk dan toleransinya.", LATE),
    ("Ditunggu", "ditunggu", "Lewat batas; mesinnya masih ditanya.", AWAITED),
    ("Belum hadir", "belum_hadir", "Lewat batas; semua mesinnya sudah lengkap.", GONE),
    ("Tidak hadir / TK", "tidak_hadir + tk", "Jam masuk sudah ditutup.", GONE),
    ("Belum dapat dipastikan", "belum_dapat_dipastikan", "Ada mesin yang datanya belum lengkap.", UNKNOWN),
)
_TIME = "replaceAll(substring(in_time, 1, 5), ':', '.')"
_AT = {"present": f" || ' ' || {_TIME}", "late": f" || ' ' || toString(late_m) || ' menit (' || {_TIME} || ')'"}
_SAID = "".join(f"state = '{state}', '{word}'{_AT.get(state, '')}, " for state, word in STATES.items())
PERSON_STATE = f"multiIf({_SAID}'{STATES['not_judged']}')"
MISSING_FIRST = f"indexOf({list(RANK[: RANK.index('late') + 1])}, state)"


def _board(uid: str, title: str, about: str, refresh: str, since: str = "now-3h") -> builders.Dashboard:
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags(["hadir"])
        .timezone("browser")
        .readonly()
        .refresh(refresh)
        .time(since, "now")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    )


def _numbers(board: builders.Dashboard, where: str) -> None:
    for place, (title, count, about, colour) in enumerate(COUNTS):
        sql = f"SELECT sum({count}) AS n FROM v_office_day WHERE {where}"
        board.with_panel(number(title, about, sql, colour, width=6 if place == len(COUNTS) - 1 else 3))


def wall() -> builders.Dashboard:
    """For standby monitors of the leadership, in kiosk mode."""
    board = _board("hadir-wall", "Kehadiran hari ini", "Siapa yang belum hadir, di kantor mana?", "5s")
    _numbers(board, TODAY)
    offices = rows(
        "Kantor",
        "Yang paling banyak belum hadir di atas. Klik: nama-namanya.",
        f"""SELECT unit_id, unit_name AS "Kantor", wajib AS "Wajib", hadir AS "Hadir", terlambat AS "Terlambat",
        ditunggu AS "Ditunggu", belum_hadir AS "Belum hadir", tidak_hadir + tk AS "Tidak hadir",
        belum_dapat_dipastikan AS "Belum dapat dipastikan", mesin_belum_lengkap AS "Mesin belum lengkap"
        FROM v_office_day WHERE {TODAY} ORDER BY belum_hadir + tidak_hadir + tk DESC, belum_dapat_dipastikan DESC, unit_name""",
        width=16,
        link="/d/hadir-office?var-unit=${__data.fields.unit_id}&${__url_time_range}",
    )
    board.with_panel(offices)
    silent = rows(
        "Mesin tidak terhubung",
        "Data dari mesin ini belum ada: pegawainya tidak disebut tidak hadir.",
        """SELECT unit_name AS "Kantor", device_name AS "Mesin", silent_since AS "Sejak" FROM v_device
        WHERE missed ORDER BY silent_since, unit_name, device_name""",
        width=8,
    )
    return board.with_panel(silent)


def office() -> builders.Dashboard:
    """One office by name: for its head."""
    board = _board("hadir-office", "Satu kantor", "Siapa yang belum hadir di kantor ini, dan mengapa?", "10s")
    unit = (
        builders.QueryVariable("unit")
        .label("Kantor")
        .datasource(SOURCE)
        .query(f"SELECT unit_id, unit_name FROM v_office_day WHERE {TODAY} ORDER BY unit_name")
        .refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)
    )
    board.with_variable(unit)
    _numbers(board, f"{TODAY} AND unit_id = '${{unit}}'")
    people = rows(
        "Pegawai",
        "Keadaan tiap orang dengan alasannya.",
        f"""SELECT name AS "Nama", {PERSON_STATE} AS "Keadaan", shift_start AS "Jam masuk", in_time AS "Masuk",
        out_time AS "Pulang", in_device AS "Mesin", arrayStringConcat(missing.name, ', ') AS "Menunggu mesin",
        letter_no AS "Surat" FROM v_person_day WHERE {TODAY} AND unit_id = '${{unit}}'
        ORDER BY {MISSING_FIRST} = 0, {MISSING_FIRST}, name""",
        height=20,
    )
    return board.with_panel(people)


def terminals() -> builders.Dashboard:
    """For whoever looks after the machines."""
    board = _board(
        "hadir-terminals", "Mesin dan kelengkapan", "Mesin mana yang diam, salah jam, atau tidak dikenal?", "10s"
    )
    machines = rows(
        "Mesin",
        "Terhubung atau tidak, lengkap sampai kapan, selisih jam, rekaman terakhir.",
        """SELECT unit_name AS "Kantor", device_name AS "Mesin", device_id AS "Nomor seri", protocol AS "Cara",
        state AS "Keadaan", silent_since AS "Diam sejak", delivered_through AS "Lengkap sampai",
        drift_ms / 1000 AS "Selisih jam (detik)", last_received_at AS "Rekaman terakhir", in_service AS "Dipakai"
        FROM v_device ORDER BY state = 'online', unit_name, device_name""",
        height=16,
    )
    parked = rows(
        "PIN tanpa pemilik",
        "Rekaman ini menunggu pendaftaran PIN; tidak ada yang hilang.",
        """SELECT device_name AS "Mesin", device_id AS "Nomor seri", pin AS "PIN", reason AS "Alasan", punches AS "Rekaman",
        last_received_at AS "Terakhir" FROM v_parked ORDER BY punches DESC, device_id, pin""",
        height=10,
    )
    return board.with_panel(machines).with_panel(parked)


def pipeline() -> builders.Dashboard:
    """For whoever runs hadir."""
    board = _board("hadir-pipeline", "Pipeline", "Is hadir keeping up, and what could it not take in?", "10s")
    age = number(
        "Age of the newest row",
        "Seconds since anything was written to ClickHouse; ticks come once a minute.",
        "SELECT min(age_s) AS age FROM v_sink",
        GONE,
        width=6,
        unit="s",
    )
    letters = number(
        "Dead letters",
        "Records that could not be taken in; hadir dead-letters lists them.",
        "SELECT count() AS n FROM v_dead_letter",
        GONE,
        width=6,
    )
    board.with_panel(age.thresholds(steps((None, HERE), (90, LATE), (180, GONE)))).with_panel(letters)
    latency = lines(
        "From Kafka's append to queryable",
        "Half and 99 of 100 rows of attendance.",
        """SELECT $__timeInterval(appended_at) AS time, quantile(0.5)(latency_ms) AS p50, quantile(0.99)(latency_ms) AS p99
        FROM v_latency WHERE $__timeFilter(appended_at) AND table = 'attendance' GROUP BY time ORDER BY time""",
        "ms",
        width=12,
    )
    dead = rows(
        "What could not be taken in",
        "Newest first.",
        """SELECT last_failed_at AS "Last", stage AS "Stage", device_id AS "Terminal", reason AS "Reason", topic AS "Topic",
        times AS "Times" FROM v_dead_letter ORDER BY last_failed_at DESC LIMIT 100""",
        height=12,
    )
    sink = rows(
        "How far the sink is",
        "By topic and partition.",
        """SELECT topic AS "Topic", partition AS "Partition", next_offset AS "Next offset", age_s AS "Age (s)" FROM v_sink
        ORDER BY age_s DESC""",
        height=12,
    )
    return board.with_panel(latency).with_panel(dead).with_panel(sink)


def flags() -> builders.Dashboard:
    """For whoever reviews: which signs wait for a person, at which office, and how many were settled."""
    board = _board(
        "hadir-flags",
        "Tanda untuk diperiksa",
        "Tanda apa yang menunggu diperiksa, dan apa buktinya? Bukti, bukan putusan.",
        "1m",
        since="now-30d",
    )
    for title, state, about, colour in (
        ("Untuk diperiksa", "open", "Belum diputuskan, dari tanggal mana pun.", LATE),
        ("Dibenarkan", "confirmed", "Pegawainya sudah didengar; buktinya benar.", CALM),
        ("Dikesampingkan", "dismissed", "Ada penjelasannya.", CALM),
    ):
        sql = f"SELECT count() AS n FROM v_flag WHERE state = '{state}'"
        board.with_panel(number(title, about, sql, colour, width=8))
    waiting = rows(
        "Untuk diperiksa",
        "Yang paling lama menunggu di atas. Dengarkan dulu pegawainya; lalu hadir review dengan nomor tandanya.",
        f"""SELECT toString(work_date) AS "Tanggal", unit_name AS "Kantor", {rule_sql()} AS "Tanda", round(score, 2) AS "Bobot",
        {evidence_sql()} AS "Bukti", toString(flag_id) AS "Nomor tanda" FROM v_flag WHERE state = 'open'
        ORDER BY work_date, unit_name, rule, flag_id""",
        height=16,
    )
    day = "toDateTime(work_date, 'UTC') AS time"
    span = "$__dateFilter(work_date)"
    counts = ", ".join(f"""countIf(rule = '{rule}') AS "{words[0]}\"""" for rule, words in RULES.items())
    by_rule = lines(
        "Tanda per tanggal",
        "Semua, yang sudah diputuskan juga.",
        f"SELECT {day}, {counts} FROM v_flag WHERE {span} GROUP BY work_date ORDER BY work_date",
        "none",
    )
    settled = lines(
        "Sudah diputuskan dan belum",
        "Menurut tanggal kejadiannya, bukan tanggal keputusannya.",
        f"""SELECT {day}, countIf(state = 'open') AS "Untuk diperiksa", countIf(state != 'open') AS "Sudah diputuskan"
        FROM v_flag WHERE {span} GROUP BY work_date ORDER BY work_date""",
        "none",
    )
    offices = rows(
        "Kantor",
        "Tanda menurut kantor pada tanggal kejadiannya.",
        """SELECT unit_name AS "Kantor", countIf(state = 'open') AS "Untuk diperiksa", countIf(state = 'confirmed') AS "Dibenarkan",
        countIf(state = 'dismissed') AS "Dikesampingkan" FROM v_flag GROUP BY unit_id, unit_name
        ORDER BY countIf(state = 'open') DESC, unit_name""",
        height=10,
    )
    return board.with_panel(waiting).with_panel(by_rule).with_panel(settled).with_panel(offices)


BOARDS = (wall, office, terminals, pipeline, flags)
"""Every dashboard; the file is named like the function."""
