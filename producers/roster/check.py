"""What must hold between lines of roster files: names that exist, nothing twice, nothing overlapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from producers.roster.cells import EPOCH_DAY, BadCell
from producers.roster.known import SUBJECTS, Known, Span, Token, key_of
from producers.roster.records import POLICY_FILE, SOURCES, WEEKDAYS, Record, Source, read, read_policies
from producers.roster.table import Faults, Row

# Files whose first column names a thing that others refer to.
_NAMED = {"units.csv": "unit", "devices.csv": "device", "shifts.csv": "shift"}
_FILE_OF = {"policy": POLICY_FILE, "shift": "shifts.csv", "unit": "units.csv", "device": "devices.csv"} | {
    "geofence": "geofences.csv",
    "assignment": "people.csv",
    "schedule": "schedules.csv",
    "enrolment": "enrolments.csv",
    "phone": "phones.csv",
    "bearer": "phones.csv",
}


class Check:
    """
    Reads all files once and collects every fault; writes nothing.

    Args:
        known: what the log holds; the files' records are noted on top of it, new people get their ids there.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self.faults = Faults()
        self._seen: dict[str, dict[bytes, int]] = {}
        self._mentioned: dict[str, set[str]] = {name: set() for name in _NAMED.values()}
        self._parents: dict[str, tuple[str, int]] = {}
        self._names: dict[str, tuple[str, int]] = {}

    def run(self, texts: Mapping[str, str]) -> Faults:
        """Check the files that are there, by name; the faults come in the order of the files."""
        if POLICY_FILE in texts:
            for row, records in read_policies(texts[POLICY_FILE], self.faults):
                self._row(POLICY_FILE, row, records)
        for source in SOURCES:
            if source.file in texts:
                self._file(source, texts[source.file])
        self._overlaps()
        self._tokens()
        return self.faults

    def _file(self, source: Source, text: str) -> None:
        first_of_two = source.columns[0] == "staff_no" and source.build.__name__ == "person"
        lookup = self.known.employee_id if source.file == "people.csv" else self._person
        faults = self.faults if source.build.__name__ != "assignment" else _Second(self.faults)
        for row, records in read(source, text, lookup, faults):
            if first_of_two:
                self._same_name(row)
            else:
                if source.file in _NAMED:  # also of a faulty line: what refers to it is not faulty as well
                    self._mentioned[_NAMED[source.file]].add(row.cells[source.columns[0]])
                self._row(source.file, row, records)
        self._parents_exist()

    def _person(self, staff_no: str) -> str:
        found = self.known.staff.get(staff_no)
        if found is None:
            raise BadCell("staff_no: nobody has this number, neither in people.csv nor before")
        return found

    def _same_name(self, row: Row) -> None:
        number, name = row.cells["staff_no"], row.cells["name"]
        before = self._names.setdefault(number, (name, row.line))
        if before[0] != name:
            self.faults.add("people.csv", row.line, f"name: another than in line {before[1]} for the same staff_no")

    def _row(self, file: str, row: Row, records: list[Record]) -> None:
        for name, record in records:
            key = key_of(name, record)
            seen = self._seen.setdefault(name, {})
            if key in seen:
                if name != "unit_mode":  # said once, for the unit
                    self.faults.add(file, row.line, f"the same record as in line {seen[key]}")
                continue
            seen[key] = row.line
            if not record["void"]:
                for message in self._refers(name, record):
                    self.faults.add(file, row.line, message)
            if name == "unit" and record["parent_id"] and not record["void"]:
                self._parents[record["unit_id"]] = (record["parent_id"], row.line)
            self.known.note(name, record, key, row.line or 1)

    def _is_there(self, name: str, subject: str) -> bool:
        return self.known.has(name, subject) or subject in self._mentioned[name]

    def _refers(self, name: str, record: dict[str, Any]) -> list[str]:
        wrong = []
        if name in ("device", "geofence", "assignment", "schedule"):
            unit_id = record["unit_id"]
            if (unit_id or name != "schedule") and not self._is_there("unit", unit_id):
                wrong.append(f"unit_id: {unit_id or 'empty'} is no unit")
        if name == "enrolment" and not self._is_there("device", record["device_id"]):
            wrong.append(f"serial: {record['device_id'] or 'empty'} is no device")
        if name == "schedule":
            shifts = {record[day]: day for day in WEEKDAYS if record[day]}
            wrong += [f"{day}: {s} is no shift" for s, day in shifts.items() if not self._is_there("shift", s)]
        return wrong

    def _parents_exist(self) -> None:
        for unit_id, (parent_id, line) in self._parents.items():
            if not self._is_there("unit", parent_id):
                self.faults.add("units.csv", line, f"parent_id: {parent_id} is no unit")
                continue
            above, seen = parent_id, {unit_id}
            while above not in seen and above in self._parents:
                seen.add(above)
                above = self._parents[above][0]
            if above == unit_id:
                self.faults.add("units.csv", line, "parent_id: the unit would stand above itself")
        self._parents.clear()

    def _overlaps(self) -> None:
        for name in SUBJECTS:
            for spans in self.known.spans[name].values():
                if len(spans) > 1 and any(s.line for s in spans):
                    self._overlap(name, sorted(spans, key=lambda s: (s.first, s.line)))

    def _tokens(self) -> None:
        """A token is one person's, on one installation: whoever shows it is taken for him."""
        first: dict[str, Token] = {}
        for token in sorted(self.known.tokens.values(), key=lambda token: token.line):
            other = first.setdefault(token.sha256, token)
            if token.line and other[1:3] != token[1:3]:
                where = f"line {other.line}" if other.line else "a record in force that is not in the file"
                self.faults.add("phones.csv", token.line, f"token_sha256: the same as in {where}: make another token")

    def _overlap(self, name: str, spans: list[Span]) -> None:
        reach = spans[0]
        for span in spans[1:]:
            if (reach.last is None or span.first <= reach.last) and (span.line or reach.line):
                here, other = (span, reach) if span.line >= reach.line else (reach, span)
                begin = date.fromordinal(EPOCH_DAY + other.first).isoformat()
                where = f"line {other.line}" if other.line else "a record in force that is not in the file"
                hint = "" if other.line else ": end it with valid_to, or withdraw it with void"
                self.faults.add(_FILE_OF[name], here.line, f"overlaps in time with {where} (valid from {begin}){hint}")
            if reach.last is not None and (span.last is None or span.last > reach.last):
                reach = span


class _Second(Faults):
    """The second reading of ``people.csv``: what the first has said is not said again."""

    def __init__(self, first: Faults) -> None:
        super().__init__()
        self._first = first
        self._said = set(first.lines)

    def add(self, file: str, line: int, message: str) -> None:
        """Pass on what is new."""
        if (file, line) not in self._said:
            self._first.add(file, line, message)
